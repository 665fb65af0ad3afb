"""The rehearsal: a transaction that takes no lock and writes nothing; it shows what one would write."""

from __future__ import annotations

from types import TracebackType

from agenticops.store.transaction import Transaction


class Rehearsal(Transaction):
    """Collects files and events as a transaction does, and lets go of them when the block is left."""

    def __enter__(self) -> Rehearsal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def flush(self) -> None:
        """Do nothing: what was collected is shown at the end."""

    @property
    def changed(self) -> dict[str, str]:
        """The paths whose content would be another, each with `create`, `update` or `delete`."""
        found = {}
        for path, content in sorted(self.files.items()):
            before = self.tree.read(path)
            if content != before:
                found[path] = "create" if before is None else "delete" if content is None else "update"
        return found
