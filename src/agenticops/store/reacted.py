"""What rules have looked at: shards by their content, and which rules; and the events of the others. ADR 0038."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from agenticops.model.event import Event
from agenticops.store.index import Index

# Events that are in memory at once.
PAGE = 500
# The index of one worktree may begin as a copy of another's, which looked at other events: rows say whose they are.
TABLE = """CREATE TABLE IF NOT EXISTS reacted(place TEXT, path TEXT, blob TEXT, PRIMARY KEY(place, path))
WITHOUT ROWID"""
_WAITING = """SELECT s.n, s.path, s.blob FROM shard s LEFT JOIN reacted r ON r.place=? AND r.path=s.path
WHERE r.blob IS NOT s.blob ORDER BY s.n"""
_GONE = """SELECT 1 FROM reacted r WHERE r.place=? AND NOT EXISTS (SELECT 1 FROM shard s WHERE s.path=r.path)
LIMIT 1"""
_EVENTS = """SELECT lamport, id, json FROM event WHERE shard IN ({shards}) AND kind IN ({kinds})
AND (lamport > ? OR (lamport = ? AND id > ?)) ORDER BY lamport, id LIMIT {most}"""
_event = msgspec.json.Decoder(Event)
_RULES = "reacted-by:{place}"
Shard = tuple[int, str, str]
# A rule's code, and the place in the log from which on it counts.
Rules = Mapping[str, tuple[int, str]]


class Reacted:
    """Remembers in the index which shards rules are through with."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.place = index.file
        try:
            index.db.execute(TABLE)
        except sqlite3.OperationalError:
            pass  # a busy or read-only cache: then everything is looked at, and found to be handled

    def waiting(self) -> list[Shard]:
        """List the shards that are new, or have grown.

        When one that was looked at is gone (a reset, a branch without it), what rules did may be gone with it: then all
        are looked at again.
        """
        try:
            if self.index.rows(_GONE, self.place):
                self.index.db.execute("DELETE FROM reacted WHERE place=?", (self.place,))
            return [(n, path, blob) for n, path, blob in self.index.rows(_WAITING, self.place)]
        except sqlite3.OperationalError:
            return self.every()

    def every(self) -> list[Shard]:
        """List all shards."""
        return self.index.rows("SELECT n, path, blob FROM shard ORDER BY n")

    def missed(self, rules: Rules) -> set[str]:
        """Name the rules that had no part in it: their file was away, or what they say was another."""
        known = self._known()
        return {code for code, since in rules.items() if known.get(code) != since}

    def _known(self) -> Rules:
        kept = self.index.value("SELECT value FROM meta WHERE key=?", _RULES.format(place=self.place))
        return msgspec.json.decode(kept, type=dict[str, tuple[int, str]]) if kept else {}

    def events(self, shards: Iterable[Shard], kinds: Iterable[str], after: int) -> Iterator[list[Event]]:
        """Give the events of some kinds in these shards from a Lamport number on, in order, page by page."""
        numbers, wanted = [shard[0] for shard in shards], sorted(kinds)
        marks = ",".join("?" * len(wanted))
        sql = _EVENTS.format(shards=",".join(map(str, numbers)), kinds=marks, most=PAGE)
        at: tuple[int, str] = (after - 1, "~")
        while True:
            rows = self.index.rows(sql, *wanted, at[0], at[0], at[1])
            if not rows:
                return
            at = (rows[-1][0], rows[-1][1])
            yield [_event.decode(row[2]) for row in rows]
            if len(rows) < PAGE:
                return

    def note(self, shards: Iterable[Shard], rules: Rules) -> None:
        """Remember that these rules are through with these shards, as they were then."""
        if rules != self._known():
            self.index.note(_RULES.format(place=self.place), msgspec.json.encode(rules).decode())
        rows = [(self.place, path, blob) for _, path, blob in shards]
        try:
            self.index.db.executemany("INSERT OR REPLACE INTO reacted VALUES(?,?,?)", rows)
        except sqlite3.OperationalError:
            pass  # the next reaction looks at them once more
