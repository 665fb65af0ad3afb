"""The transaction: the only write path. Lock, journal, files and events, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

import msgspec

from agenticops.errors import ConflictError, StateError, TrainError
from agenticops.model.event import STATE_KINDS, Actor, Draft, Event
from agenticops.model.ids import ulid
from agenticops.model.layout import EVENTS
from agenticops.store import guard, journal, log, paths
from agenticops.store.interrupt import HeldBack
from agenticops.store.lock import Lock
from agenticops.store.tree import WorkingTree


class Ground(Protocol):
    """What the transaction must know of git."""

    root: str
    git_dir: str
    common_dir: str

    def head(self) -> str:
        """Give the commit that HEAD names."""

    def position(self) -> str:
        """Give a value that differs once HEAD has moved, also when it came back."""

    def stamp(self) -> str:
        """Give a value that differs once HEAD or the index may have changed."""

    def tracked(self, path: str) -> bool:
        """Tell whether the index knows a path."""


class Past(Protocol):
    """What the transaction must know of the log."""

    def refresh(self) -> None:
        """Take in what changed on disk."""

    def restart(self) -> None:
        """Take in everything as it is on disk, whatever was seen before."""

    def last_lamport(self) -> int:
        """Give the highest Lamport number."""

    def last_state(self, subject: str) -> str:
        """Give the id of a subject's last state event, or ""."""


class Times(Protocol):
    """The clock and the dice."""

    def milliseconds(self) -> int:
        """Milliseconds since 1970."""

    def entropy(self, size: int) -> bytes:
        """Random bytes."""


class Transaction:
    """Collects files and events under the lock; leaving the block without an exception makes them durable.

    Raises ConflictError (exit 5) when the lock is held, or when a file changed under a read that it rests on.
    """

    # How many this process made that wrote something: by that it is known of a command whether it did.
    made = 0

    def __init__(
        self,
        tree: WorkingTree,
        ground: Ground,
        past: Past,
        times: Times,
        actor: Callable[[], Actor],
        stamp: Callable[[int], str],
        purpose: str,
        permit: Callable[[str], None] = lambda path: None,
    ) -> None:
        self.tree = tree
        self.ground = ground
        self.past = past
        self.times = times
        self.actor = actor
        self.stamp = stamp
        self.purpose = purpose
        self.permit = permit
        self.folder = os.path.join(ground.git_dir, "agenticops")
        self.lock = Lock(os.path.join(ground.common_dir, "agenticops"), purpose)
        self.files: dict[str, bytes | None] = {}
        self.seen: dict[str, bytes | None] = {}
        self.drafts: list[Draft] = []
        self.events: list[Event] = []
        self.recovered = ""
        self.shard = ""
        self.stamped = ""
        self.flushed: set[str] = set()

    def __enter__(self) -> Transaction:
        self.lock.__enter__()
        try:
            self._recover()
            if self.tree.overlay:
                # It was read before the lock was ours: others may have finished it, and written more.
                self.tree.overlay = {}
                self.past.restart()
            else:
                self.past.refresh()
            # What a flow reads by way of the tree, it rests on as well.
            self.tree.witness = self.seen
        except BaseException:
            self.lock.__exit__(None, None, None)
            raise
        return self

    def _recover(self) -> None:
        name = ulid(self.times.milliseconds(), self.times.entropy(10))
        try:
            os.makedirs(self.folder, exist_ok=True)
            with HeldBack():
                self.recovered = journal.recover(self.folder, self.tree.handle, name, self._adapted)
        except OSError as e:
            message = f"an unfinished change cannot be finished: {os.strerror(e.errno or 0)}"
            raise TrainError(message, place=self.folder, hint="see to the disk, then try again") from e

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.tree.witness = None
        try:
            if kind is None and self._wrote():
                self._show()
        finally:
            self.lock.__exit__(None, None, None)

    def flush(self) -> None:
        """Make durable what was collected so far; the lock stays held until the block is left."""
        if self._wrote():
            self.past.refresh()

    def _wrote(self) -> bool:
        if not self.files and not self.drafts:
            return False
        with HeldBack():
            self._commit()
        Transaction.made += 1
        self.flushed.update(self.files)
        # What was read before is as it was written now.
        self.files, self.drafts = {}, []
        self.seen.clear()
        return True

    def _show(self) -> None:
        """Bring the index up to date. The change counts already: a disk that cannot be read now must not deny it."""
        try:
            self.past.refresh()
        except (OSError, StateError):
            pass  # the next reader meets the same, and says so

    def read(self, path: str) -> bytes | None:
        """Read a file as this transaction leaves it."""
        if path in self.files:
            return self.files[path]
        content = self.tree.read(path)
        self.seen.setdefault(path, content)
        return content

    def write(self, path: str, content: bytes | str) -> None:
        """Set the whole content of a file."""
        paths.parts(path)
        self.permit(path)
        self.files[path] = content.encode() if isinstance(content, str) else content

    def remove(self, path: str) -> None:
        """Take a file away."""
        paths.parts(path)
        self.permit(path)
        self.files[path] = None

    def append(self, draft: Draft) -> None:
        """Add an event; it gets id, time, order, actor and `prev` at the end."""
        self.drafts.append(draft)

    @property
    def written(self) -> list[str]:
        """The paths that this transaction wrote, the shard among them."""
        return sorted({*self.flushed, *self.files})

    def _commit(self) -> None:
        head, position = self.ground.head(), self.ground.position()
        if self.drafts:
            self._append_events(position)
        guard.refuse_secrets(self.files, self.events)
        entries = []
        for path, content in sorted(self.files.items()):
            before = self.tree.read(path)
            if path in self.seen and self.seen[path] != before:
                raise ConflictError("the file changed while it was edited here", place=path, hint="try again")
            if before != content:
                entries.append(journal.Entry(path, journal.digest(before), content))
        if entries:
            note = journal.Note(self.ground.root, head, position, self.purpose)
            journal.commit(self.folder, self.tree.handle, entries, note)
            self._remember(position)

    def _append_events(self, position: str) -> None:
        self.events = self._stamped()
        self.stamped = self.ground.stamp()
        path = log.OpenShard(self.folder).find(position, self.tree.mark, self.ground.tracked, self.stamped)
        before = self.tree.read(path) if path else None
        if before is None:
            path, before = log.new_path(self.events[0].at, self.events[0].id), b""
        content = before + log.encode(self.events)
        self.files[path] = content
        self.shard = path

    def _remember(self, position: str) -> None:
        """Note the open shard as it was written; a crash before this only begins a new shard."""
        content = self.files.get(self.shard)
        if content:
            count, mark = content.count(b"\n"), self.tree.mark(self.shard)
            log.OpenShard(self.folder).remember(self.shard, position, count, self.stamped, mark)

    def _adapted(self, note: journal.Note, entries: list[journal.Entry]) -> list[journal.Entry]:
        """Give events that were on their way into a shard that is sealed by now a shard of their own."""
        moved = note.position != self.ground.position()
        found = []
        for entry in entries:
            if entry.before and entry.content and entry.path.startswith(f"{EVENTS}/"):
                now = paths.read(self.tree.handle, entry.path) or b""
                sealed = now != entry.content and entry.content.startswith(now)
                if sealed and (moved or self.ground.tracked(entry.path)):
                    tail = entry.content[len(now) :]
                    first = log.decode(tail, entry.path)[0]
                    entry = journal.Entry(log.new_path(first.at, first.id), "", tail)
            found.append(entry)
        return found

    def _stamped(self) -> list[Event]:
        now = self.times.milliseconds()
        lamport = self.past.last_lamport()
        if lamport + len(self.drafts) >= log.MAX_LAMPORT:
            raise ConflictError("the log's counter is at its bound", hint="agenticops doctor")
        me = self.actor()
        last: dict[str, str] = {}
        events = []
        for number, draft in enumerate(self.drafts, 1):
            event = Event(
                id=ulid(now, self.times.entropy(10)),
                lamport=lamport + number,
                at=self.stamp(now),
                actor=draft.actor or me,
                kind=draft.kind,
                subject=draft.subject,
                ticket=draft.ticket,
                item=draft.item,
                data=draft.data,
            )
            if draft.kind in STATE_KINDS:
                prev = last.get(draft.subject)
                event = msgspec.structs.replace(
                    event, prev=self.past.last_state(draft.subject) if prev is None else prev
                )
                last[draft.subject] = event.id
            events.append(event)
        return events
