"""The forge's side of the sync: read whole, or what changed since, and kept for when there is no network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import msgspec

from agenticops.core.sync import body
from agenticops.errors import RemoteError, TrainError
from agenticops.flows.forge import opening
from agenticops.model.forge import Agreed, Issue, Remote
from agenticops.ports.forge import Forge, Moved, NoColumns
from agenticops.store.forgesnapshot import Head
from agenticops.workspace import Workspace

# Some changes touch no time of an issue (relations, a label's new name): once a day all is read. In milliseconds.
WHOLE = 86_400_000
# How a forge says that an issue is not there, or not there any more.
GONE = {
    301: "was moved to another repository",
    404: "is not there: it was deleted or moved, or the token may not see it",
    410: "was deleted",
}
# How it says that a token has no account, or may not tell.
REFUSED = (401, 403, 404)


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
        self.gone: dict[int, str] = {}

    def read(self, wanted: Collection[int], whole: bool = False, orphans: Collection[str] = ()) -> Remote:
        """Read all issues, labels and milestones; `wanted` are the issues whose text matters.

        `orphans` are items without an issue: one that has their marker may be theirs.
        """
        forge, old = self.forge, self.snapshot.head()
        labels = tuple(forge.labels.all())
        milestones = tuple(sorted(m.title for m in forge.milestones.all()))
        board = opening.settings(self.workspace).board
        columns = self._columns()
        now = self.workspace.clock.milliseconds()
        names = {label.name for label in labels}
        if old and (whole or old.repository != forge.repository or board or not 0 <= now - old.read <= WHOLE):
            old = None
        if old and names != {label.name for label in old.labels}:
            old = None
        since, found = "", []
        for issue in self.snapshot.through(self._all(old, wanted, set(self._strays(old, orphans)))):
            since = max(since, issue.updated_at)
            found.append(_lean(issue, wanted))
        self.lacks = forge.issues.lacks.union(old.lacks if old else ())
        read = old.read if old else now
        lacks = tuple(sorted(self.lacks))
        me = self._me() if any(body.marked(x.body) in orphans for x in found) else ""
        self.head = Head(forge.repository, read, since, board, labels, milestones, lacks, columns, me)
        self.snapshot.seal(self.head)
        return Remote(tuple(self._known(issue) for issue in found), labels, milestones, columns, self.gone, me)

    def _strays(self, old: Head | None, orphans: Collection[str]) -> Iterator[int]:
        """Name what was kept with the marker of an item that has no issue: it is taken only while it is there."""
        if old and orphans:
            yield from (issue.number for issue in self.snapshot.issues() if body.marked(issue.body) in orphans)

    def _me(self) -> str:
        """Name the account that reads: an issue with a marker may be its own. Not every token tells; then nobody's."""
        try:
            return self.forge.me()
        except RemoteError as e:
            if getattr(e, "status", 0) not in REFUSED:
                raise
            return ""

    def _columns(self) -> tuple[str, ...] | None:
        """List the columns of the board in sync; none when it, or its field with the columns, is not there."""
        if self.forge.board is None:
            return None
        try:
            return tuple(self.forge.board.columns())
        except NoColumns:
            return ()
        except RemoteError as e:
            if getattr(e, "status", 0) != 404:
                raise
            return ()

    def _all(self, old: Head | None, wanted: Collection[int], strays: set[int]) -> Iterator[Issue]:
        """Give all issues. One that is wanted and not in the list is asked for: a list is read while others write."""
        missing = strays.union(wanted)
        for issue in self._changed(old, wanted, strays) if old else self.forge.issues.all():
            missing.discard(issue.number)
            yield issue
        for number in sorted(missing):
            try:
                yield self.forge.issues.get(number)
            except RemoteError as e:
                status = getattr(e, "status", 0)
                if status not in GONE:
                    raise
                self.gone[number] = f"was moved to {e.to}" if isinstance(e, Moved) else GONE[status]

    def _changed(self, head: Head, wanted: Collection[int], strays: set[int]) -> Iterator[Issue]:
        """Give what changed and what was kept, but for what may be gone: no list of changes tells of that."""
        changed = {issue.number: issue for issue in self.forge.issues.all(head.since)}
        doubted = {number for issue in changed.values() for number in self._parted(issue)}.intersection(wanted) | strays
        for issue in self.snapshot.issues():
            if issue.number in changed or issue.number not in doubted:
                yield changed.pop(issue.number, issue)
        yield from changed.values()

    def _parted(self, issue: Issue) -> set[int]:
        """Name the issues to which one was related when that was agreed, and is no more: they may be gone."""
        before = self.bases.get(issue.number)
        names = {str(before.fields.get("parent", "")), *before.fields.get("depends", ())} if before else set()
        return {self.numbers[name] for name in names if name in self.numbers} - {issue.parent, *issue.blocked_by}

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
    return Remote(issues, head.labels, head.milestones, head.columns, me=head.me), head


def _lean(issue: Issue, wanted: Collection[int]) -> Issue:
    if issue.number in wanted or body.marked(issue.body):
        return issue
    return msgspec.structs.replace(issue, body="")
