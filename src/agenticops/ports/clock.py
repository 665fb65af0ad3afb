"""The clock and the dice: handed in, so that what is written can be told in advance by a test."""

from __future__ import annotations

import os
import time


class Clock:
    """Wall-clock time in UTC, and random bytes for ids."""

    def milliseconds(self) -> int:
        """Milliseconds since 1970 (UTC). `AGENTICOPS_NOW` (the same unit) replaces it in tests."""
        fixed = os.environ.get("AGENTICOPS_NOW", "")
        return int(fixed) if fixed.isdecimal() else time.time_ns() // 1_000_000

    def entropy(self, size: int) -> bytes:
        """Random bytes."""
        return os.urandom(size)


def timestamp(milliseconds: int) -> str:
    """Write a time as RFC 3339 in UTC with milliseconds."""
    seconds, rest = divmod(milliseconds, 1000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{rest:03d}Z"
