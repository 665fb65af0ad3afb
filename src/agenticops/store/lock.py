"""The lock: one writer in all worktrees of a clone. `flock` on a file that is never removed nor broken by age."""

from __future__ import annotations

import fcntl
import json
import os
import time
from types import TracebackType

from agenticops.errors import ConflictError

WAIT_SECONDS = 10.0
_PAUSE = 0.02


def _limit() -> float:
    """The seconds to wait; what is no number counts as not set."""
    try:
        return float(os.environ.get("AGENTICOPS_LOCK_WAIT", WAIT_SECONDS))
    except ValueError:
        return WAIT_SECONDS


class Lock:
    """An exclusive lock in the git common dir; waits a bounded time, then says who holds it (exit 5).

    `AGENTICOPS_LOCK_WAIT` sets the seconds to wait.
    """

    def __init__(self, folder: str, purpose: str) -> None:
        self.path = os.path.join(folder, "lock")
        self.purpose = purpose
        self.handle = -1

    def __enter__(self) -> Lock:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        limit = _limit()
        deadline = time.monotonic() + limit
        while True:
            try:
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise self._busy(limit) from None
                time.sleep(_PAUSE)
        holder = json.dumps({"pid": os.getpid(), "command": self.purpose})
        os.ftruncate(self.handle, 0)
        os.pwrite(self.handle, holder.encode(), 0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.ftruncate(self.handle, 0)
        os.close(self.handle)
        self.handle = -1

    def _busy(self, waited: float) -> ConflictError:
        try:
            holder = json.loads(os.pread(self.handle, 4096, 0) or b"{}")
        except ValueError:
            holder = {}
        os.close(self.handle)
        who = f"process {holder['pid']} ({holder.get('command', '?')})" if "pid" in holder else "another process"
        return ConflictError(
            f"{who} is writing; waited {waited:g} s",
            place=self.path,
            hint="try again; it lets go by itself when it ends",
        )
