"""An index that is built aside: in a file of its own, which takes the index's name when it is complete. ADR 0040.

So a first build needs no write-ahead log, and nobody meets half of it. In a clone with several worktrees it begins as a
copy of another worktree's: shards are known by their content, so only what differs is read.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import stat
import time
from collections.abc import Iterator

# A smaller index is built as fast as it is copied.
WORTH = 4_000_000
# What a process that was killed left lying.
OLD = 3_600


def begin(file: str, common: str, layout: int) -> str:
    """Name the file to build in; it is a copy of another worktree's index where there is one of this layout."""
    _sweep(file)
    name = f"{file}.{os.urandom(6).hex()}~"
    for other in _others(file, common):
        try:
            _copy(other, name, layout)
            break
        except (OSError, sqlite3.Error, LookupError):
            remove(name)
    return name


def place(name: str, file: str) -> bool:
    """Give the built file its name; False, and it is thrown away, when somebody else was faster."""
    with _alone(file):
        if free := not os.path.exists(file):
            for rest in ("-wal", "-shm"):  # of one that was deleted: they are not of this one
                remove(file + rest)
            os.rename(name, file)
    if not free:
        remove(name)
    return free


def remove(name: str) -> None:
    """Take a file away, if it is there."""
    with contextlib.suppress(OSError):
        os.unlink(name)


@contextlib.contextmanager
def _alone(file: str) -> Iterator[None]:
    handle = os.open(os.path.join(os.path.dirname(file), "index.place"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _sweep(file: str) -> None:
    folder, start = os.path.dirname(file), os.path.basename(file) + "."
    for name in os.listdir(folder):
        left = os.path.join(folder, name)
        with contextlib.suppress(OSError):
            if name.startswith(start) and "~" in name and time.time() - os.lstat(left).st_mtime > OLD:
                os.unlink(left)


def _others(file: str, common: str) -> list[str]:
    """List the indexes of the clone's other worktrees, the one that was written last first. Links are not followed."""
    if not common:
        return []
    folders = [common]
    with contextlib.suppress(OSError):
        folders += [entry.path for entry in os.scandir(os.path.join(common, "worktrees"))]
    found = []
    for folder in folders:
        name = os.path.join(folder, "agenticops", os.path.basename(file))
        with contextlib.suppress(OSError):
            status = os.lstat(name)
            plain = stat.S_ISREG(status.st_mode) and not os.path.islink(os.path.dirname(name))
            if plain and status.st_size >= WORTH and name != file:
                found.append((status.st_mtime_ns, name))
    return [name for _, name in sorted(found, reverse=True)]


def _copy(other: str, name: str, layout: int) -> None:
    """Copy an index, without what it says of its own worktree's files. Raises LookupError when it is of no use."""
    source = sqlite3.connect(other, timeout=1.0, isolation_level=None)
    try:
        complete = source.execute("SELECT 1 FROM meta WHERE key='git'").fetchone()
        if not complete or source.execute("PRAGMA user_version").fetchone()[0] != layout:
            raise LookupError(other)
        target = sqlite3.connect(name, isolation_level=None)
        try:
            target.execute("PRAGMA synchronous=OFF")
            source.backup(target)
            target.execute("PRAGMA journal_mode=MEMORY")
            target.execute("UPDATE watch SET stamp='-', racy=0")
            target.execute("DELETE FROM meta WHERE key='git'")
        finally:
            target.close()
    finally:
        source.close()
