"""The log: append-only JSON Lines in sealed shards, `.agenticops/events/YYYY/MM/<ulid>.jsonl`. ADR 0002.

A shard is open to one worktree at one HEAD commit. It is sealed when HEAD has moved, when the index knows it, when
anybody else has written its file, or at 256 events; so no two branches ever append to the same file, and shards merge
without conflict on any git.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable

import msgspec

from agenticops.core import fold
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.layout import EVENTS
from agenticops.model.tree import Tree

FULL = 256
MAX_LAMPORT = 2**40
_GRAIN = (b'actor":', b'kind":', b'subject":', b'data":')
_decoder = msgspec.json.Decoder(Event)


def shards(tree: Tree, top: str = EVENTS) -> list[str]:
    """List the shards of a tree and their packs, oldest folder first."""
    found = []
    for year in tree.names(top):
        for month in tree.names(f"{top}/{year}"):
            folder = f"{top}/{year}/{month}"
            found += [f"{folder}/{name}" for name in tree.names(folder) if name.endswith(".jsonl")]
    return found


def decode(data: bytes, path: str) -> list[Event]:
    """Read a shard. Raises StateError with the line that is no event."""
    events = []
    for number, row in enumerate(data.split(b"\n"), 1):
        if not row:
            continue
        try:
            event = _decoder.decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
            hint = "restore the shard from git: its lines are never edited"
            raise StateError(f"not an event: {e}", place=f"{path}:{number}", hint=hint) from None
        if not 0 < event.lamport < MAX_LAMPORT:
            raise StateError(f"lamport {event.lamport} is out of bounds", place=f"{path}:{number}")
        events.append(event)
    return events


def encode(events: Iterable[Event]) -> bytes:
    """Write events as lines."""
    return b"".join(_line(e) + b"\n" for e in events)


def _line(event: Event) -> bytes:
    """Write one line, with up to seven blanks before each of four keys; the event's id says how many.

    Git compares files in pieces of 64 bytes from the start of a line. Without the blanks a shard looks like any other
    of the same ticket, and a revert on one side is taken for a folder that was renamed: a conflict. ADR 0017.
    """
    row = msgspec.json.encode(event)
    for key, char in zip(_GRAIN, event.id[-len(_GRAIN) :].encode(), strict=False):
        row = row.replace(b',"' + key, b"," + b" " * (char & 7) + b'"' + key, 1)
    return row


def read(tree: Tree) -> list[Event]:
    """Read the whole log in order; an event that two shards hold counts once."""
    found: dict[str, Event] = {}
    for path in shards(tree):
        for event in decode(tree.read(path) or b"", path):
            found.setdefault(event.id, event)
    return sorted(found.values(), key=lambda e: e.order)


class Shards:
    """The log of any tree, read whole; for commits and the staged tree, which have no index."""

    def __init__(self, tree: Tree) -> None:
        self.events = read(tree)
        self._named: dict[tuple[str, str], list[Event]] = {}
        for event in self.events:
            for key in (("ticket", event.ticket), ("item", event.item), ("subject", event.subject)):
                self._named.setdefault(key, []).append(event)

    def of_ticket(self, ticket: str) -> list[Event]:
        """Events that name a ticket, in order."""
        return list(self._named.get(("ticket", ticket), ()))

    def of_item(self, item: str) -> list[Event]:
        """Events that name a work item, in order."""
        return list(self._named.get(("item", item), ()))

    def of_subject(self, subject: str) -> list[Event]:
        """Events of one subject, in order."""
        return list(self._named.get(("subject", subject), ()))

    def of_kinds(self, *kinds: str) -> list[Event]:
        """Events of some kinds that count, in order."""
        return [e for e in fold.live(self.events) if e.kind in kinds]


class OpenShard:
    """Which shard this worktree may append to; remembered in its git dir."""

    def __init__(self, folder: str) -> None:
        self.file = os.path.join(folder, "shard.json")

    def find(self, head: str, mark: Callable[[str], str], tracked: Callable[[str], bool], stamp: str = "") -> str:
        """Give the path of the open shard, or "" when a new one must be begun; `head` is git's position.

        The shard must be the very file that was written here last (`mark`): one that a stash, a checkout or a copy of
        the clone has put there is known elsewhere too. While git's stamp is the one that was noted, the index is as it
        was, and need not be asked.
        """
        try:
            with open(self.file, encoding="utf-8") as f:
                state = json.load(f)
        except (OSError, ValueError):
            return ""
        if not isinstance(state, dict) or state.get("head") != head or state.get("count", FULL) >= FULL:
            return ""
        path = str(state.get("path", ""))
        same = bool(stamp) and state.get("stamp") == stamp
        now = mark(path)
        if not now or state.get("mark") != now or (not same and tracked(path)):
            return ""
        return path

    def remember(self, path: str, head: str, count: int, stamp: str, mark: str) -> None:
        """Note the shard; losing this note only begins a new shard earlier."""
        temporary = f"{self.file}~"
        try:
            with open(temporary, "w", encoding="utf-8") as f:
                json.dump({"path": path, "head": head, "count": count, "stamp": stamp, "mark": mark}, f)
            os.replace(temporary, self.file)
        except OSError:
            pass


def new_path(at: str, ulid: str) -> str:
    """Name a new shard by the month of its first event."""
    return f"{EVENTS}/{at[:4]}/{at[5:7]}/{ulid.lower()}.jsonl"
