"""The forge's side of the sync: read whole, or what changed since, and kept for when there is no network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from agenticops.core.sync import body
from agenticops.errors import RemoteError, TrainError
from agenticops.flows.forge import opening
from agenticops.model.forge import Agreed, Issue, Remote
from agenticops.ports.forge import Forge
from agenticops.store.forgesnapshot import Head
from agenticops.workspace import Workspace

# Some changes touch no time of an issue (relations, a label's new name): once a day all is read. In milliseconds.
WHOLE = 86_400_000
# How a forge says that an issue is not there, or not there any more: moved to another repository, deleted.
GONE = (301, 404, 410)


class There:
    """The forge as one command reads it. Of issues that are no item's, the text is let go of: it takes memory."""

    def __init__(self, workspace: Workspace, forge: Forge, agreed: Mapping[str, Agreed]) -> None:
        self.workspace = workspace
        self.forge = forge
        self.snapshot = opening.snapshot(workspace)
        self.numbers = {name: a.issue for name, a in agreed.items() if a.issue is not None}
        self.bases = {a.issue: a for a in agreed.values() if a.issue is not None}
        self.head: Head | None = None
        self.lacks: frozenset[str] = frozenset()

    def read(self, wanted: Collection[int], whole: bool = False) -> Remote:
        """Read all issues, labels and milestones; `wanted` are the issues whose text matters."""
        forge, old = self.forge, self.snapshot.head()
        labels = tuple(forge.labels.all())
        milestones = tuple(sorted(m.title for m in forge.milestones.all()))
        board = opening.settings(self.workspace).board
        now = self.workspace.clock.milliseconds()
        names = {label.name for label in labels}
        if old and (whole or old.repository != forge.repository or board or now - old.read > WHOLE):
            old = None
        if old and names != {label.name for label in old.labels}:
            old = None
        since, found = "", []
        for issue in self.snapshot.through(self._all(old, wanted)):
            since = max(since, issue.updated_at)
            found.append(_lean(issue, wanted))
        self.lacks = forge.issues.lacks.union(old.lacks if old else ())
        read = old.read if old else now
        self.head = Head(forge.repository, read, since, board, labels, milestones, tuple(sorted(self.lacks)))
        self.snapshot.seal(self.head)
        return Remote(tuple(self._known(issue) for issue in found), labels, milestones)

    def _all(self, old: Head | None, wanted: Collection[int]) -> Iterator[Issue]:
        """Give all issues. One that is wanted and not in the list is asked for: a list is read while others write."""
        missing = set(wanted)
        for issue in self._changed(old) if old else self.forge.issues.all():
            missing.discard(issue.number)
            yield issue
        for number in sorted(missing):
            try:
                yield self.forge.issues.get(number)
            except RemoteError as e:
                if getattr(e, "status", 0) not in GONE:
                    raise

    def _changed(self, head: Head) -> Iterator[Issue]:
        changed = {issue.number: issue for issue in self.forge.issues.all(head.since)}
        for issue in self.snapshot.issues():
            yield changed.pop(issue.number, issue)
        yield from changed.values()

    def get(self, number: int) -> Issue:
        """Give an issue as it is now."""
        return self._known(self.forge.issues.get(number))

    def begin(self) -> None:
        """Let go of what was kept, before something is written: if that is cut off, the next plan reads all."""
        self.snapshot.forget()

    def end(self, seen: Iterable[Issue]) -> None:
        """Keep what was read, with what is known since."""
        if self.head is None:
            return
        latest = {issue.number: issue for issue in seen}
        for _ in self.snapshot.through(self._updated(latest)):
            pass
        self.snapshot.seal(self.head)

    def _updated(self, latest: dict[int, Issue]) -> Iterator[Issue]:
        for issue in self.snapshot.issues():
            yield latest.pop(issue.number, issue)
        yield from (latest[number] for number in sorted(latest))

    def _known(self, issue: Issue) -> Issue:
        """Let an issue say what was agreed where this server does not know a field: it has no opinion of it."""
        before = self.bases.get(issue.number)
        fields = before.fields if before else {}
        if "depends" in self.lacks:
            blockers = (self.numbers.get(name) for name in fields.get("depends", ()))
            issue = msgspec.structs.replace(issue, blocked_by=tuple(n for n in blockers if n is not None))
        if "parent" in self.lacks:
            issue = msgspec.structs.replace(issue, parent=self.numbers.get(str(fields.get("parent", ""))))
        return issue


def kept(workspace: Workspace, wanted: Collection[int]) -> tuple[Remote, Head]:
    """Give what was last read. Raises TrainError when nobody has looked since something was written."""
    found = opening.snapshot(workspace)
    head = found.head()
    if head is None:
        raise TrainError("nothing is kept of the forge in this clone", hint="agenticops github plan reads it")
    issues = tuple(_lean(issue, wanted) for issue in found.issues())
    return Remote(issues, head.labels, head.milestones), head


def _lean(issue: Issue, wanted: Collection[int]) -> Issue:
    if issue.number in wanted or body.marked(issue.body):
        return issue
    return msgspec.structs.replace(issue, body="")
