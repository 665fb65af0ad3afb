"""The local log: heartbeats, samples and raw output of one clone, in git's common dir. Never committed. ADR 0014.

It has the form of the committed log, and fewer promises: an append is one write without fsync, so a power loss may
cost the last lines, and a torn last line is skipped. Writers need no lock: a line goes in by one call.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Protocol

import msgspec

from agenticops.errors import StateError
from agenticops.model.event import Actor, Draft, Event
from agenticops.model.ids import ulid
from agenticops.model.layout import LOCAL
from agenticops.model.tree import Tree
from agenticops.store import paths
from agenticops.store.tree import WorkingTree

if TYPE_CHECKING:
    from agenticops.core.pack import Line

FULL = 262_144
MAX_LINE = 65_536
PAST = "local-archive"
_decoder = msgspec.json.Decoder(Event)


class Times(Protocol):
    """The clock and the dice."""

    def milliseconds(self) -> int:
        """Milliseconds since 1970."""

    def entropy(self, size: int) -> bytes:
        """Random bytes."""


class Local:
    """The local log of a clone; `folder` is the tool's folder in git's common dir."""

    def __init__(self, folder: str, times: Times, stamp: Callable[[int], str]) -> None:
        self.folder = folder
        self.times = times
        self.stamp = stamp
        os.makedirs(folder, exist_ok=True)
        self.tree = WorkingTree(folder)

    def append(self, drafts: Iterable[Draft], actor: Actor) -> list[Event]:
        """Write events down. Raises StateError for one that is larger than a line may be."""
        now = self.times.milliseconds()
        at = self.stamp(now)
        # Seconds are a Lamport number that needs no reading: what one clone does is in order by its clock.
        events = [
            Event(
                id=ulid(now, self.times.entropy(10)),
                lamport=now // 1000,
                at=at,
                actor=draft.actor or actor,
                kind=draft.kind,
                subject=draft.subject,
                ticket=draft.ticket,
                item=draft.item,
                data=draft.data,
            )
            for draft in drafts
        ]
        rows = [msgspec.json.encode(event) + b"\n" for event in events]
        if any(len(row) > MAX_LINE for row in rows):
            raise StateError(f"an event of more than {MAX_LINE} bytes", hint="write it down in parts")
        if rows:
            self._write(at, events[0].id, rows)
        return events

    def _write(self, at: str, name: str, rows: list[bytes]) -> None:
        month = f"{LOCAL}/{at[:4]}/{at[5:7]}"
        names = [n for n in paths.names(self.tree.handle, month) if n.endswith(".jsonl")]
        last = f"{month}/{names[-1]}" if names else ""
        size = self.tree.size(last) if last else None
        path = last if size is not None and size < FULL else f"{month}/{name.lower()}.jsonl"
        *folder, file = paths.parts(path)
        where = paths.open_folder(self.tree.handle, folder, create=True)
        if where is None:
            raise StateError("the folder of the local log vanished", place=path, hint="try again")
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(file, flags, 0o600, dir_fd=where)
        finally:
            os.close(where)
        try:
            end = os.fstat(handle).st_size
            torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
            os.write(handle, b"\n" * torn + b"".join(rows))
        finally:
            os.close(handle)

    def shards(self) -> list[str]:
        """List the files, oldest first."""
        return list(_shards(self.tree, LOCAL))

    def lines(self, path: str) -> list[Line]:
        """Read a file; a line that is no event, as a power loss leaves, is skipped."""
        found = []
        for raw in (self.tree.read(path) or b"").split(b"\n"):
            try:
                found.append((_decoder.decode(raw), raw))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
        return found

    def events(self) -> list[Event]:
        """Give all events in order."""
        found = [event for path in self.shards() for event, _ in self.lines(path)]
        return sorted(found, key=lambda e: e.order)

    @property
    def source(self) -> str:
        """The id of this local log, made when it is first asked for: its summaries say where they come from."""
        known = self.tree.read("local-id")
        if known is None:
            known = (ulid(self.times.milliseconds(), self.times.entropy(10)) + "\n").encode()
            paths.replace(self.tree.handle, "local-id", known)
        return known.decode("ascii", "replace").strip()

    def prune(self, fate: Callable[[Line], str], dry_run: bool = False) -> None:
        """Drop or archive events; the newest file of a month is left alone, somebody may be writing to it."""
        from agenticops.core import pack

        shards = self.shards()
        newest = {path.rsplit("/", 1)[0]: path for path in shards}
        for path in shards:
            if path == newest[path.rsplit("/", 1)[0]] and path.startswith(self._month()):
                continue
            lines = self.lines(path)
            fates = [fate(line) for line in lines]
            if dry_run or all(f == "keep" for f in fates):
                continue
            kept = [line for line, f in zip(lines, fates, strict=True) if f == "keep"]
            past = [line for line, f in zip(lines, fates, strict=True) if f == "archive"]
            folder = path.rsplit("/", 1)[0].replace(LOCAL, PAST, 1)
            for target, content in pack.packs(folder, past, archive=True).items():
                paths.replace(self.tree.handle, target, content)
            if kept:
                paths.replace(self.tree.handle, path, b"".join(raw + b"\n" for _, raw in kept))
            else:
                paths.remove(self.tree.handle, path)

    def _month(self) -> str:
        at = self.stamp(self.times.milliseconds())
        return f"{LOCAL}/{at[:4]}/{at[5:7]}/"


def _shards(tree: Tree, folder: str) -> Iterable[str]:
    for year in tree.names(folder):
        for month in tree.names(f"{folder}/{year}"):
            names = tree.names(f"{folder}/{year}/{month}")
            yield from (f"{folder}/{year}/{month}/{name}" for name in names if name.endswith(".jsonl"))
