"""Notices: over which channels somebody is told something, when, and how much of it. Pure. ADR 0042.

The inbox has every notice. What goes further keeps quiet hours, and no more of it than the settings allow.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from agenticops.core.automation import Automation, Channel, Quiet, Throttle
from agenticops.errors import UsageError

SECONDS = {"minute": 60, "hour": 3600, "day": 86_400}
# What these channels show is in the inbox already: nothing is delivered.
HERE = ("log", "terminal")
LONGEST = 4_000


class Notice(Struct, frozen=True, omit_defaults=True):
    """What somebody is told. `about` is a subject of the log; `urgent` knows no quiet hours and no limit."""

    to: str
    subject: str
    text: str = ""
    about: str = ""
    template: str = ""
    channel: str = ""
    urgent: bool = False
    rule: str = ""

    @property
    def data(self) -> dict[str, Any]:
        """What the event says."""
        return {key: value for key in self.__struct_fields__ if (value := getattr(self, key))}


def channels(settings: Automation, notice: Notice) -> list[tuple[str, Channel]]:
    """Name the channels that lead out of the repository: the one that is wanted, else those of the person."""
    person = settings.people.get(notice.to)
    wanted = (notice.channel,) if notice.channel else person.channels if person else ()
    found = [(name, settings.channel(name)) for name in dict.fromkeys(wanted)]
    return [(name, channel) for name, channel in found if channel.type not in HERE]


def due(quiet: Quiet | None, at: datetime) -> datetime | None:
    """Tell when quiet hours end that it is now; None when it is not quiet."""
    if quiet is None:
        return None
    zone = ZoneInfo(quiet.timezone)
    here = at.astimezone(zone)
    begin, end, now = _minutes(quiet.begin), _minutes(quiet.end), here.hour * 60 + here.minute
    if not (begin <= now < end if begin <= end else now >= begin or now < end):
        return None
    over = here.replace(hour=end // 60, minute=end % 60, second=0, microsecond=0, fold=0)
    return (over if now < end else over + timedelta(days=1)).astimezone(UTC)


def full(throttle: Throttle | None, told: Sequence[datetime], at: datetime) -> bool:
    """Tell whether somebody was told enough lately."""
    if throttle is None:
        return False
    since = at - timedelta(seconds=SECONDS[throttle.per])
    return sum(when > since for when in told) >= throttle.most


def payload(settings: Automation, name: str, channel: Channel, notice: Notice) -> tuple[str, dict[str, Any]]:
    """Write what the worker is to deliver: the outbox's channel, and what goes over it.

    Raises UsageError for who has no address.
    """
    if channel.type == "email":
        person = settings.people.get(notice.to)
        address = channel.to or (person.email if person else "") or (notice.to if "@" in notice.to else "")
        if not address:
            raise UsageError(f"{notice.to!r} has no e-mail address", hint="people: in config/automation.yml")
        return "email", {"to": [address], "subject": notice.subject, "text": notice.text}
    if channel.type == "webhook":
        return "webhook", {"url": channel.url, "body": notice.data, "secret": settings.webhooks.secret}
    text = f"{notice.subject}\n{notice.text}".strip()[:LONGEST]
    return channel.type, {"name": name, "text": text}


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
