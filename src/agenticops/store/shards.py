"""Shards in the index: takes in those that came, went or changed, and what follows from them. ADR 0040.

A shard whose content the index knows is not parsed again, whoever touched its file; one that has grown is parsed from
where it ended. Of the log's folders only those are listed that changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import msgspec

from agenticops.errors import StateError
from agenticops.model.digest import blob_id
from agenticops.model.event import Event
from agenticops.model.layout import EVENTS
from agenticops.model.tree import Tree
from agenticops.store import log, voids
from agenticops.store.index import Index, Look
from agenticops.store.tables import LOG_INDEXES, RECORDED

_encode = msgspec.json.encode
_INSERT = "INSERT OR IGNORE INTO event VALUES(?,?,?,?,?,?,?,?,?,?,?,?)"
# From so many shards on, OpenSSL's SHA-1 is worth loading: it is five times as fast.
MANY = 64
# So many at once come by a pull; they are more than most logs have.
FLOOD = 512
_FOLDER = EVENTS.count("/")
_MONTH = _FOLDER + 2


def refresh(index: Index, tree: Tree, changed: set[str]) -> None:
    """Bring the log's tables up to date; `changed` are the watched paths that look otherwise."""
    if any(path.startswith(EVENTS) for path in changed) or not _known(index, EVENTS):
        _Intake(index, tree, changed).run()


def _known(index: Index, path: str) -> bool:
    return index.value("SELECT 1 FROM watch WHERE path=?", path) is not None


def _fast() -> Callable[[bytes], str]:
    """Give the id that git gives to a content, by OpenSSL."""
    from hashlib import sha1

    return lambda content: sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


class _Intake:
    """One refresh of the log."""

    def __init__(self, index: Index, tree: Tree, changed: set[str]) -> None:
        self.index = index
        self.tree = tree
        self.changed = {path for path in changed if path.startswith(EVENTS)}
        # When nothing was known, all records are folded: none has to be remembered.
        self.cold = index.value("SELECT 1 FROM event LIMIT 1") is None
        self.touched: set[str] = set()
        self.looks: list[Look] = []
        self.due: set[str] = set()
        self.gone: set[str] = set()
        self.dropped = False
        self.name: Callable[[bytes], str] = blob_id

    def run(self) -> None:
        """Find what changed, take it in, and settle what follows."""
        self._folder(EVENTS)
        self.due |= {path for path in self.changed if path.count("/") > _MONTH} - self.gone
        for path in sorted(self.gone):
            self._drop(path)
            self._forget(path)
        if len(self.due) > FLOOD and self.index.on_disk and not self.index.aside:
            # A year that comes by one pull: aside it needs neither a write-ahead log of its size nor so much memory.
            raise sqlite3.DatabaseError("most of the log is new: the index is built anew")
        if len(self.due) > MANY:
            self.name = _fast()
        for path in sorted(self.due):
            self.index.watch(path, hot=False)
            self._take(path)
        if self.dropped:
            self._take_doubles()
        for statement in LOG_INDEXES.split(";\n"):
            self.index.db.execute(statement)
        self.touched |= voids.settle(self.index)
        self._settle_records()
        self.index.keep(self.looks, hot=True)

    def _settle_records(self) -> None:
        touched = {subject for subject in self.touched if subject.partition("/")[0] in RECORDED}
        if self.cold or touched:  # most writes touch none, and load nothing for them
            from agenticops.store import records

            records.settle(self.index, None if self.cold else touched)

    def _folder(self, path: str) -> None:
        """Look at a folder, from the top down, before it is listed: what a writer does meanwhile is seen next time."""
        depth = path.count("/")
        new = not _known(self.index, path)
        if new or path in self.changed:
            self.looks.append(self.index.look(path))
            names = self.tree.names(path)
            if depth == _MONTH:
                self._month(path, {f"{path}/{name}" for name in names if name.endswith(".jsonl")})
                return
            below = {f"{path}/{name}" for name in names}
            for lost in self._below(path, depth + 1) - below:
                self._vanished(lost)
        elif depth < _MONTH:
            below = self._below(path, depth + 1)
        else:
            return
        for one in sorted(below):
            self._folder(one)

    def _month(self, path: str, now: set[str]) -> None:
        known = self._below(path, _MONTH + 1)
        self.gone |= known - now
        moved = "SELECT path, stamp, crc, racy FROM watch WHERE path > ? AND path < ?"
        self.due |= now - known
        self.due |= now & set(self.index.changed(moved, f"{path}/", f"{path}0"))

    def _vanished(self, path: str) -> None:
        """A folder is not there any more, nor what was in it."""
        for (known,) in self.index.rows("SELECT path FROM watch WHERE path > ? AND path < ?", f"{path}/", f"{path}0"):
            if known.count("/") > _MONTH:
                self.gone.add(known)
            else:
                self._forget(known)
        self._forget(path)

    def _below(self, path: str, depth: int) -> set[str]:
        # Folders are hot and shards are not: of thousands of shards none is looked at to find the folders.
        sql = "SELECT path FROM watch WHERE hot=? AND path > ? AND path < ?"
        rows = self.index.rows(sql, int(depth <= _MONTH), f"{path}/", f"{path}0")
        return {row[0] for row in rows if row[0].count("/") == depth}

    def _forget(self, path: str) -> None:
        self.index.db.execute("DELETE FROM watch WHERE path=?", (path,))
        self.index.db.execute("DELETE FROM problem WHERE path=?", (path,))

    def _drop(self, path: str) -> None:
        rows = self.index.rows("SELECT n FROM shard WHERE path=?", path)
        for (n,) in rows:
            if not self.cold:
                self.touched.update(r[0] for r in self.index.rows("SELECT subject FROM event WHERE shard=?", n))
            self.index.db.execute("DELETE FROM event WHERE shard=?", (n,))
            self.index.db.execute("DELETE FROM shard WHERE n=?", (n,))
            self.dropped = True

    def _take(self, path: str) -> None:
        """Take one shard in; a broken one becomes a problem that is shown wherever it matters."""
        self.index.db.execute("DELETE FROM problem WHERE path=?", (path,))
        try:
            content = self.tree.read(path) or b""
            blob = self.name(
                content
            )  # as git names it: a reader of another tree knows by that whether it holds the same
            rows = self.index.rows("SELECT n, blob, size FROM shard WHERE path=?", path)
            if rows and rows[0][1] == blob:
                return
            if rows and len(content) > rows[0][2] and self.name(content[: rows[0][2]]) == rows[0][1]:
                n, _, size = rows[0]
                self._insert(n, self._decoded(content, path, size))
                self.index.db.execute("UPDATE shard SET blob=?, size=? WHERE n=?", (blob, len(content), n))
                return
            events = log.decode(content, path)
            self._drop(path)
            sql = "INSERT INTO shard(path, blob, size, doubled) VALUES(?,?,?,0)"
            n = self.index.db.execute(sql, (path, blob, len(content))).lastrowid or 0
            self._insert(n, events)
        except StateError as e:
            self._drop(path)
            self.index.db.execute("INSERT OR REPLACE INTO problem VALUES(?,?,?,?)", (path, e.message, e.place, e.hint))

    def _decoded(self, content: bytes, path: str, start: int) -> list[Event]:
        """Read what a shard has grown by; a broken line is named by its number in the whole."""
        try:
            return log.decode(content[start:], path)
        except StateError:
            log.decode(content, path)
            raise

    def _insert(self, n: int, events: list[Event]) -> None:
        rows = []
        for e in events:
            data = e.data
            name = str(data.get("artifact") or data.get("bullet") or data.get("note") or "")
            ticket, item, target, text = e.ticket or None, e.item or None, str(data.get("to", "")), _encode(e).decode()
            rows.append((e.id, e.lamport, e.at, e.kind, e.subject, ticket, item, e.prev, target, name, n, text))
        added = self.index.db.executemany(_INSERT, rows).rowcount
        if added < len(rows):
            self.index.db.execute("UPDATE shard SET doubled=1 WHERE n=?", (n,))
        if not self.cold:
            self.touched.update(e.subject for e in events)

    def _take_doubles(self) -> None:
        """An event that went with a shard may stand in another one, too: take those in again that gave way."""
        for n, path in self.index.rows("SELECT n, path FROM shard WHERE doubled"):
            try:
                self._insert(n, log.decode(self.tree.read(path) or b"", path))
            except StateError:
                pass  # it changed since it was read a moment ago: its stamp tells the next refresh
