"""The transaction: the only write path. Lock, journal, files and events, all or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Protocol

import msgspec

from agenticops.errors import ConflictError
from agenticops.model.event import STATE_KINDS, Actor, Draft, Event
from agenticops.model.ids import ulid
from agenticops.store import journal, log, paths
from agenticops.store.lock import Lock
from agenticops.store.tree import WorkingTree


class Ground(Protocol):
    """What the transaction must know of git."""

    git_dir: str
    common_dir: str

    def head(self) -> str:
        """Give the commit that HEAD names."""

    def position(self) -> str:
        """Give a value that differs once HEAD has moved, also when it came back."""

    def tracked(self, path: str) -> bool:
        """Tell whether the index knows a path."""


class Past(Protocol):
    """What the transaction must know of the log."""

    def refresh(self) -> None:
        """Take in what changed on disk."""

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
        self.files: dict[str, bytes] = {}
        self.seen: dict[str, bytes | None] = {}
        self.drafts: list[Draft] = []
        self.events: list[Event] = []
        self.recovered = ""

    def __enter__(self) -> Transaction:
        os.makedirs(self.folder, exist_ok=True)
        self.lock.__enter__()
        try:
            name = ulid(self.times.milliseconds(), self.times.entropy(10))
            self.recovered = journal.recover(self.folder, self.tree.handle, name)
            self.tree.overlay = {}
            self.past.refresh()
        except BaseException:
            self.lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None and (self.files or self.drafts):
                self._commit()
                self.past.refresh()
        finally:
            self.lock.__exit__(None, None, None)

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

    def append(self, draft: Draft) -> None:
        """Add an event; it gets id, time, order, actor and `prev` at the end."""
        self.drafts.append(draft)

    @property
    def written(self) -> list[str]:
        """The paths that this transaction wrote, the shard among them."""
        return sorted(self.files)

    def _commit(self) -> None:
        head = self.ground.head()
        if self.drafts:
            self._append_events(self.ground.position())
        entries = []
        for path, content in sorted(self.files.items()):
            before = self.tree.read(path)
            if path in self.seen and self.seen[path] != before:
                raise ConflictError("the file changed while it was edited here", place=path, hint="try again")
            if before != content:
                entries.append(journal.Entry(path, journal.digest(before), content))
        if not entries:
            return
        journal.write(self.folder, entries, head, self.purpose)
        journal.apply(self.tree.handle, entries)
        journal.close(self.folder)

    def _append_events(self, position: str) -> None:
        self.events = self._stamped()
        shard = log.OpenShard(self.folder)
        path = shard.find(position, self.tree.size, self.ground.tracked)
        before = self.tree.read(path) if path else None
        if before is None:
            path, before = log.new_path(self.events[0].at, self.events[0].id), b""
        content = before + log.encode(self.events)
        self.files[path] = content
        shard.remember(path, position, content.count(b"\n"))

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
