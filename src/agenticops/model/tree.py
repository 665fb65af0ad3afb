"""The tree: a read-only view of files, be it the working tree, the index or a commit."""

from __future__ import annotations

from typing import Protocol


class Tree(Protocol):
    """Reads by repository path (`/` between parts). Paths that leave the repository raise StateError."""

    def read(self, path: str) -> bytes | None:
        """Give the content of a regular file, or None when there is none."""

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder; none when it does not exist."""

    def size(self, path: str) -> int | None:
        """Give the size of a regular file in bytes, or None."""


class MemoryTree:
    """A tree made of a mapping; tests and plans use it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path: str) -> bytes | None:
        """Give the content of a file."""
        return self.files.get(path)

    def names(self, path: str) -> list[str]:
        """Give the entries of a folder."""
        start = path.rstrip("/") + "/" if path else ""
        return sorted({f[len(start) :].split("/", 1)[0] for f in self.files if f.startswith(start)})

    def size(self, path: str) -> int | None:
        """Give the size of a file."""
        content = self.files.get(path)
        return None if content is None else len(content)
