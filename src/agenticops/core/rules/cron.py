"""Schedules: what a cron expression means in a time zone, and the last of its times between two moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

# An expression with no time in this span is a mistake: 30 February.
_YEARS = 50


def faults(expression: str, timezone: str) -> Iterator[str]:
    """Say what is wrong with a schedule."""
    import zoneinfo

    from cronsim import CronSim, CronSimError

    try:
        zone = zoneinfo.ZoneInfo(timezone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        yield f"{timezone!r} is no time zone"
        return
    if len(expression.split()) != 5:
        yield f"{expression!r} is no schedule: minute, hour, day, month and weekday are wanted"
        return
    try:
        next(iter(CronSim(expression, datetime(2024, 1, 1, tzinfo=zone))))
    except CronSimError as e:
        yield f"{expression!r} is no schedule: {str(e).lower()}"
    except StopIteration:
        yield f"{expression!r} never comes within {_YEARS} years"


def last(expression: str, timezone: str, since: datetime, until: datetime) -> datetime | None:
    """Give the last time after `since`, up to and with `until`: what was missed before it is not made up for."""
    import zoneinfo

    from cronsim import CronSim

    zone = zoneinfo.ZoneInfo(timezone)
    # Backwards from just after `until`, so that a long pause costs nothing.
    begin = (until.replace(microsecond=0) + timedelta(seconds=1)).astimezone(zone)
    for moment in CronSim(expression, begin, reverse=True):
        found = moment.astimezone(UTC)
        return found if since < found <= until else None
    return None


def following(expression: str, timezone: str, after: datetime) -> datetime:
    """Give the first time after a moment, in UTC."""
    import zoneinfo

    from cronsim import CronSim

    return next(iter(CronSim(expression, after.astimezone(zoneinfo.ZoneInfo(timezone))))).astimezone(UTC)
