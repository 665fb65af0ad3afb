"""The index: a SQLite cache in the worktree's git dir. Deleting it costs a rebuild and nothing else. ADR 0007.

It is fresh when HEAD, the git index and the watched files and folders are as they were. Files of closed tickets are
frozen, so they are looked at again only when HEAD or the git index has changed: refreshing follows the open tickets.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from agenticops import __version__
from agenticops.store import aside, tables

Look = tuple[str, str, int, int]
# A file written within this time of being read may change again without a new time stamp.
RACY_NS = 20_000_000


def boot() -> str:
    """Name this run of the machine; "" where the system does not tell."""
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


def layout(boot_id: str) -> int:
    """Number what may be in the file: what another version parsed, or a crash of the machine left, is not trusted."""
    return zlib.crc32(f"{tables.VERSION} {__version__} {boot_id}".encode()) & 0x7FFFFFFF


def stamp(status: os.stat_result) -> str:
    """A value that changes whenever a file or folder is written."""
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"


class Index:
    """Opens the cache; `git_stamp` tells when HEAD or the git index may have changed.

    With the clone's `common` folder, a first index begins as a copy of another worktree's.
    """

    def __init__(self, folder: str, root: str, git_stamp: Callable[[], str], common: str = "") -> None:
        self.file = os.path.join(folder, "index.sqlite")
        self.common = common
        self.aside = ""
        self.root = root
        self.git_stamp = git_stamp
        self.refill: Callable[[Index], None] = lambda index: None
        self.db = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            os.makedirs(os.path.dirname(self.file), exist_ok=True)
            return self.connect(self.file) if os.path.lexists(self.file) else self._aside()
        except sqlite3.DatabaseError:
            return self._anew()
        except OSError:
            return self.connect(":memory:")

    def _anew(self) -> sqlite3.Connection:
        """Throw away what is damaged, or of another layout: it is only a cache."""
        try:
            os.unlink(self.file)
            return self._aside()
        except (OSError, sqlite3.Error):
            return self.connect(":memory:")

    def _aside(self) -> sqlite3.Connection:
        """Build in a file that is not the index yet, without a write-ahead log."""
        self.aside = aside.begin(self.file, self.common, layout(boot()))
        db = self.connect(self.aside)
        db.execute("PRAGMA journal_mode=MEMORY")
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA temp_store=FILE")  # the whole log is sorted: not in memory
        return db

    @property
    def on_disk(self) -> bool:
        """Whether it is a file, and not in memory only."""
        return bool(self.db.execute("PRAGMA database_list").fetchone()[2])

    def place(self) -> bool:
        """Make what was built aside the index; False when another process was faster, whose index it is now."""
        if not self.aside:
            return True
        name, self.aside = self.aside, ""
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.close()
        first = aside.place(name, self.file)
        self.db = self._open()
        return first

    def discard(self) -> None:
        """Begin with an empty cache."""
        self.close()
        self.db = self._anew()

    def leave_disk(self) -> None:
        """Go on in memory: what is taken in now is not for others."""
        self.close()
        self.db = self.connect(":memory:")

    def reopen(self) -> None:
        """Come back to the file."""
        self.close()
        self.db = self._open()

    def connect(self, file: str) -> sqlite3.Connection:
        """Open a database file, or `:memory:`, with the tables of this layout."""
        db = sqlite3.connect(file, timeout=5.0, isolation_level=None)
        try:
            self._prepare(db)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        """Make the tables where they are missing. Raises sqlite3.DatabaseError for another layout."""
        # A power loss may tear what was not synced; where it can be told apart by the boot, the file is built anew.
        this = boot()
        wanted = layout(this)
        db.execute(f"PRAGMA synchronous={'OFF' if this else 'NORMAL'}")
        db.execute("PRAGMA temp_store=MEMORY")
        found = db.execute("PRAGMA user_version").fetchone()[0]
        if found == wanted:
            return
        if found:
            raise sqlite3.DatabaseError("another layout")
        if not self.aside:
            db.execute("PRAGMA journal_mode=WAL")
        db.execute("BEGIN IMMEDIATE")
        if not db.execute("PRAGMA user_version").fetchone()[0]:
            for statement in tables.TABLES.split(";\n"):
                db.execute(statement)
            db.execute("ANALYZE meta")  # makes the table of statistics
            db.executemany("INSERT INTO sqlite_stat1 VALUES(?,?,?)", tables.GUESSES)
            db.execute(f"PRAGMA user_version={wanted}")
        db.execute("COMMIT")

    def __del__(self) -> None:
        try:
            if hasattr(self, "db"):
                self.close()
        except sqlite3.ProgrammingError:
            pass  # another thread collects garbage; the file is let go of with the process

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()
        if self.aside:
            aside.remove(self.aside)
            self.aside = ""

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Run a query; when the cache turns out to be damaged, fill a new one and run it again."""
        try:
            return self.db.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as e:
            if isinstance(e, sqlite3.OperationalError) or self.db.in_transaction:
                raise
        self.discard()
        self.refill(self)
        return self.db.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """Run a query for one value; None when there is no row."""
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None

    def fresh(self) -> bool:
        """Tell whether nothing that counts has changed since the last refresh. Reads stamps only."""
        try:
            known = self.db.execute("SELECT value FROM meta WHERE key='git'").fetchone()
            if known is None or known[0] != self.git_stamp():
                return False
            return not self.changed("SELECT path, stamp, crc, racy FROM watch WHERE hot=1")
        except sqlite3.DatabaseError:
            return False  # the refresh sees to it

    def changed(self, sql: str, *values: str) -> list[str]:
        """List the watched paths whose stamp differs; a racy one is compared by content."""
        found = []
        settled = []
        root = self.root + "/"
        lstat = os.lstat
        for path, old, crc, racy in self.db.execute(sql, values):
            begun = time.time_ns()  # before looking: a process may stand still at any place
            try:
                s = lstat(root + path)
                new = f"{s.st_mtime_ns}:{s.st_size}:{s.st_ino}"
            except OSError:
                new = ""
            if new != old or (racy and self._crc(path) != crc):
                found.append(path)
            elif racy and begun - s.st_mtime_ns > RACY_NS:
                settled.append((path, old))
        if settled and not found:
            self._settle(settled)
        return found

    def _settle(self, rows: list[tuple[str, str]]) -> None:
        try:
            # Only what was looked at: a writer may have noted a newer stamp, which is racy again.
            self.db.executemany("UPDATE watch SET racy=0 WHERE path=? AND stamp=?", rows)
        except sqlite3.OperationalError:
            pass  # a busy or read-only cache: the next reader settles it

    def _crc(self, path: str) -> int:
        full = os.path.join(self.root, path)
        try:
            if os.path.isdir(full):
                # A file that is replaced keeps its name, but not its number; and one that grows, not its size.
                with os.scandir(full) as entries:
                    rows = sorted(f"{e.name}\0{e.inode()}\0{e.stat(follow_symlinks=False).st_size}" for e in entries)
                return zlib.crc32("\0".join(rows).encode("utf-8", "surrogateescape"))
            # No link is followed, and a pipe that stands where a file belongs must not make a reader wait.
            with open(os.open(full, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as f:
                return zlib.crc32(f.read())
        except OSError:
            return -time.time_ns()  # what goes away while it is looked at is like nothing before

    def watch(self, path: str, hot: bool) -> None:
        """Remember how a path looks now."""
        self.keep([self.look(path)], hot)

    def look(self, path: str) -> Look:
        """Say how a path looks now: path, stamp, check sum when it is racy, racy."""
        begun = time.time_ns()
        try:
            s = os.lstat(os.path.join(self.root, path))
        except OSError:
            return (path, "", 0, 0)
        racy = begun - s.st_mtime_ns < RACY_NS
        return (path, stamp(s), self._crc(path) if racy else 0, int(racy))

    def keep(self, looks: list[Look], hot: bool) -> None:
        """Remember how paths looked."""
        self.db.executemany("INSERT OR REPLACE INTO watch VALUES(?,?,?,?,?)", [(*look, int(hot)) for look in looks])

    def note(self, key: str, value: str) -> None:
        """Remember a value; a busy or read-only cache only costs the next one the same work."""
        try:
            self.db.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", (key, value))
        except sqlite3.OperationalError:
            pass

    def part(self, key: str) -> Any:
        """Give a stored part of the train (pipeline, session) as plain data, or None."""
        text = self.value("SELECT json FROM part WHERE key=?", key)
        return None if text is None else json.loads(text)

    def problems(self) -> list[tuple[str, str, str, str]]:
        """List the files that could not be read: path, message, place, hint."""
        return self.rows("SELECT path, message, place, hint FROM problem ORDER BY path")

    def events(self, where: str = "1", values: Iterable[Any] = (), order: str = "lamport, id") -> list[bytes]:
        """Give events as JSON, in order."""
        rows = self.rows(f"SELECT json FROM event WHERE {where} ORDER BY {order}", *values)
        return [r[0].encode() for r in rows]
