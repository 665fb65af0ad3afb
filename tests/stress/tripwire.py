"""A tripwire: kills the process, as `kill -9` does, before its nth step that changes the disk."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import Any, NoReturn

from agenticops.store import log

CALLS = ("replace", "rename", "fsync", "unlink", "mkdir", "ftruncate", "pwrite", "fchmod")
# Of the cache, which is one database transaction, its beginning, its bulk and its end.
BOUNDS = ("BEGIN", "COMMIT", "ROLLBACK")


class Tripwire:
    """Counts steps; at the one given it pulls. A write is three steps: before it, half of it, all of it."""

    def __init__(self, at: int) -> None:
        self.left = at
        self.passed = 0

    def step(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        self.passed += 1

    def lay(self) -> None:
        """Lay it over this process; only a child that ends soon does that."""
        for name in CALLS:
            setattr(os, name, self._before(getattr(os, name)))
        real_open, real_fdopen, real_file, real_connect = os.open, os.fdopen, open, sqlite3.connect

        def opened(path: Any, flags: int, *rest: Any, **named: Any) -> int:
            if flags & os.O_CREAT:
                self.step()
            return real_open(path, flags, *rest, **named)

        def noted(path: Any, mode: str = "r", **named: Any) -> Any:
            if "w" not in mode:
                return real_file(path, mode, **named)
            self.step()
            return Torn(real_file(path, mode, **named), self.step)

        wire = self

        class Fragile(sqlite3.Connection):
            def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
                if sql.startswith(BOUNDS):
                    wire.step()
                return super().execute(sql, *rest)

            def executemany(self, *rest: Any) -> sqlite3.Cursor:
                wire.step()
                return super().executemany(*rest)

        os.open = opened  # type: ignore[assignment]
        os.fdopen = lambda *a, **k: _torn(real_fdopen(*a, **k), self.step)  # type: ignore[assignment]
        log.open = noted  # type: ignore[attr-defined]
        sqlite3.connect = lambda *a, **k: real_connect(*a, factory=Fragile, **k)  # type: ignore[assignment,call-overload]

    def _before(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.step()
            return real(*arguments, **named)

        return call


class Torn:
    """A file whose content reaches the disk in two halves."""

    def __init__(self, file: Any, step: Callable[[], None]) -> None:
        self.file = file
        self.step = step

    def __enter__(self) -> Torn:
        return self

    def __exit__(self, *what: object) -> None:
        self.file.close()

    def write(self, content: Any) -> int:
        self.step()
        half = len(content) // 2
        self.file.write(content[:half])
        self.file.flush()
        self.step()
        self.file.write(content[half:])
        return len(content)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def _torn(file: Any, step: Callable[[], None]) -> Any:
    return Torn(file, step) if file.writable() else file


def in_child(work: Callable[[], object]) -> int:
    """Run work in a child; gives its exit code: 0, 70 for an exception, -9 when it was killed."""
    return ended(begin(work))


def begin(work: Callable[[], object]) -> int:
    """Start work in a child; gives its process id."""
    sys.stdout.flush()
    sys.stderr.flush()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        _end(work)
    return child


def ended(child: int) -> int:
    """Wait for a child and give its exit code."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _end(work: Callable[[], object]) -> NoReturn:
    try:
        work()
        os._exit(0)
    except BaseException as e:
        if "AGENTICOPS_DEBUG" in os.environ:
            traceback.print_exc()
        sys.stderr.write(f"{type(e).__name__}: {e}\n")
        sys.stderr.flush()
    finally:
        os._exit(70)


def killed_at(step: int, work: Callable[[], object], before: Callable[[], None] = lambda: None) -> int:
    """Run work in a child that dies before its nth step."""

    def fragile() -> None:
        before()
        Tripwire(step).lay()
        work()

    return in_child(fragile)
