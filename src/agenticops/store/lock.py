"""The lock: one writer in all worktrees of a clone. `flock` on a file that is never removed nor broken by age."""

from __future__ import annotations

import fcntl
import json
import math
import os
import time
from types import TracebackType

from agenticops.errors import ConflictError, TrainError

WAIT_SECONDS = 10.0
# While others take turns, nobody is stuck: a waiter stays in the queue this many times as long.
_PATIENCE = 6
_PAUSE = 0.02


def _limit() -> float:
    """The seconds to wait; what is no number counts as not set."""
    try:
        limit = float(os.environ.get("AGENTICOPS_LOCK_WAIT", WAIT_SECONDS))
    except ValueError:
        return WAIT_SECONDS
    return WAIT_SECONDS if math.isnan(limit) else limit


class Lock:
    """An exclusive lock in the git common dir; waits a bounded time, then says who holds it (exit 5).

    `AGENTICOPS_LOCK_WAIT` sets the seconds to wait for one holder. When the lock changes hands meanwhile the time
    begins anew, up to six times as long in all.
    """

    def __init__(self, folder: str, purpose: str) -> None:
        self.path = os.path.join(folder, "lock")
        self.purpose = purpose
        self.handle = -1

    def __enter__(self) -> Lock:
        limit = _limit()
        begun = since = time.monotonic()
        seen = b""
        try:
            while not self._taken():
                now, holder = time.monotonic(), self._signature()
                if holder != seen:
                    since, seen = now, holder
                if now >= since + limit or now >= begun + limit * _PATIENCE:
                    raise self._busy(now - begun)
                time.sleep(_PAUSE)
        except OSError as e:
            self._drop()
            message = f"the lock cannot be taken: {os.strerror(e.errno or 0)}"
            raise TrainError(message, place=self.path, hint="see to the disk and its permissions") from e
        except BaseException:
            self._drop()
            raise
        return self

    def _taken(self) -> bool:
        """Try once. A lock on a file that somebody has removed since protects nothing: begin again then."""
        if self.handle < 0:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        if not self._stands():
            self._drop()
            return False
        self._sign(json.dumps({"pid": os.getpid(), "command": self.purpose, "since": time.time()}))
        return True

    def _signature(self) -> bytes:
        return os.pread(self.handle, 4096, 0) if self.handle >= 0 else b""

    def _stands(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self.handle), os.stat(self.path))
        except FileNotFoundError:
            return False

    def _sign(self, holder: str) -> None:
        """Say who holds it; on a full disk the lock holds without a name."""
        try:
            os.ftruncate(self.handle, 0)
            os.pwrite(self.handle, holder.encode(), 0)
        except OSError:
            pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._sign("")
        finally:
            self._drop()

    def _drop(self) -> None:
        handle, self.handle = self.handle, -1
        if handle >= 0:
            os.close(handle)

    def _busy(self, waited: float) -> ConflictError:
        try:
            holder = json.loads(self._signature() or b"{}")
        except ValueError:
            holder = {}
        who = f"process {holder['pid']} ({holder.get('command', '?')})" if "pid" in holder else "another process"
        return ConflictError(
            f"{who} is writing; waited {round(waited, 1):g} s",
            place=self.path,
            hint="try again; it lets go by itself when it ends",
        )
