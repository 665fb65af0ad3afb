"""Processes of this machine by their number and when they began: a number alone may be another's by now."""

from __future__ import annotations

# How far two readings of one beginning may differ (the clock was set).
TOLERANCE = 2.0


def born(pid: int) -> float:
    """Say when a process began, in seconds since 1970; 0.0 when there is none, or it has ended."""
    import psutil

    try:
        found = psutil.Process(pid)
        return 0.0 if found.status() == psutil.STATUS_ZOMBIE else float(found.create_time())
    except (psutil.Error, ValueError, OverflowError):
        return 0.0


def alive(pid: int, began: float) -> bool:
    """Tell whether this is still the process that began then."""
    return pid > 0 and abs(born(pid) - began) <= TOLERANCE
