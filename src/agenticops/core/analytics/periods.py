"""Periods: days, weeks and months in UTC, named by their first day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

# The layout of a time in the log is fixed; what is not so written is no time.
_DAY = 86_400.0


def beginning(day: str, per: str) -> str:
    """Give the first day of the day's period: itself, its Monday, or the first of its month."""
    if per == "day":
        return day[:10]
    if per == "month":
        return day[:8] + "01"
    found = date.fromisoformat(day[:10])
    return (found - timedelta(days=found.weekday())).isoformat()


def following(first: str, per: str) -> str:
    """Give the first day of the next period."""
    found = date.fromisoformat(first)
    if per == "month":
        return (found.replace(day=28) + timedelta(days=4)).replace(day=1).isoformat()
    return (found + timedelta(days=1 if per == "day" else 7)).isoformat()


def between(first: str, last: str, per: str) -> Iterator[str]:
    """Name all periods from the one to the other, those in which nothing happened too."""
    while first <= last:
        yield first
        first = following(first, per)


def days(earlier: str, later: str) -> float:
    """Count the days between two times. Clocks of two machines may disagree: less than nothing is nothing."""
    try:
        span = datetime.fromisoformat(later) - datetime.fromisoformat(earlier)
    except (ValueError, TypeError):
        return 0.0
    return max(span.total_seconds() / _DAY, 0.0)


def full(moment: str) -> str:
    """Write out a time that may be a day, or lack its milliseconds, as the log writes it; "" stays "".

    A day is its beginning.
    """
    return moment and moment + "T00:00:00.000Z"[len(moment) - 10 :]


def last_day(moment: str) -> str:
    """Give the day of what was just before a time."""
    try:
        return (datetime.fromisoformat(moment) - timedelta(milliseconds=1)).date().isoformat()
    except OverflowError:
        return date.min.isoformat()


def after(moment: str, number: float) -> str:
    """Give the day that is so many days later, never later than a calendar can say."""
    try:
        return (datetime.fromisoformat(moment) + timedelta(days=number)).date().isoformat()
    except OverflowError:
        return date.max.isoformat()


def before(moment: str, number: int) -> str:
    """Give the time so many days earlier, as the log writes it, never earlier than a calendar can say."""
    try:
        found = datetime.fromisoformat(moment) - timedelta(days=number)
    except OverflowError:
        return f"{date.min}T00:00:00.000Z"
    return found.replace(microsecond=0, tzinfo=None).isoformat(timespec="milliseconds") + "Z"
