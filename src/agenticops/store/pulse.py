"""The pulse: lets one caller through in an interval, whoever else asks at the same time."""

from __future__ import annotations

import fcntl
import os

SECONDS = 30


class Pulse:
    """A file of the worktree's state folder; the time of its last change says when somebody was let through."""

    def __init__(self, folder: str, name: str) -> None:
        self.path = os.path.join(folder, name)

    def due(self, milliseconds: int) -> bool:
        """Tell whether it is time, and note that it was; where nothing can be noted it is not."""
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            seen = os.fstat(handle)
            # A clock that was set back must not silence us for long.
            if seen.st_size and abs(milliseconds - seen.st_mtime_ns // 1_000_000) < SECONDS * 1000:
                return False
            os.pwrite(handle, b"\n", 0)
            os.utime(handle, ns=(milliseconds * 1_000_000,) * 2)
            return True
        except OSError:
            return False
        finally:
            os.close(handle)
