"""Overrides: what an operator let through for a time, and whether it was paid back since. ADR 0022."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.train import Train
from agenticops.errors import UsageError
from agenticops.model.event import Event
from agenticops.model.finding import Finding

OVERRIDDEN, REPAID = "gate_overridden", "override_repaid"
KINDS = (OVERRIDDEN, REPAID)
TERM = "14d"
LONGEST = timedelta(days=366)
_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_HINT = "write a time from now (12h, 14d, 2w) or a date (2026-12-31), within a year"


class Override(Struct, frozen=True):
    """One override that is not paid back: who let what through, why, until when, and the risk that it raised."""

    id: str
    ticket: str
    item: str
    gate: str
    to: str
    operator: str
    at: str
    reason: str
    expires: str
    risk: str
    codes: tuple[str, ...]


def expiry(words: str, now: str) -> str:
    """Turn a duration or a date into the time at which an override ends. Raises UsageError for what is neither."""
    here = datetime.fromisoformat(now)
    duration = re.fullmatch(r"([1-9][0-9]{0,4})([hdw])", words.strip())
    try:
        if duration:
            until = here + timedelta(**{_UNITS[duration[2]]: int(duration[1])})
        elif re.fullmatch(r"\d{4}-\d\d-\d\d", words.strip()):
            until = datetime.fromisoformat(words.strip()).replace(tzinfo=UTC) + timedelta(days=1, milliseconds=-1)
        else:
            raise ValueError
    except (ValueError, OverflowError):
        raise UsageError(f"{words!r} is no time at which an override could end", hint=_HINT) from None
    if not here < until <= here + LONGEST:
        raise UsageError(f"an override cannot end at {until.date()}", hint=_HINT)
    return until.strftime("%Y-%m-%dT%H:%M:%S.") + f"{until.microsecond // 1000:03d}Z"


def open_overrides(events: Iterable[Event]) -> list[Override]:
    """Fold what was overridden and is not paid back, oldest first."""
    found: dict[str, Override] = {}
    for event in fold.live(events):
        if event.kind == OVERRIDDEN:
            found[event.id] = _read(event)
        elif event.kind == REPAID:
            for name in _words(event, "overrides"):
                found.pop(name, None)
    return list(found.values())


def _read(event: Event) -> Override:
    said = event.data
    return Override(
        event.id,
        event.ticket,
        event.item,
        str(said.get("gate", "")),
        str(said.get("way", "")),
        event.actor.operator,
        event.at,
        str(said.get("reason", "")),
        str(said.get("expires", "")),
        str(said.get("risk", "")),
        _words(event, "codes"),
    )


def findings(train: Train, now: str) -> list[Finding]:
    """Find the overrides that have run out and are not paid back. One without an end is open, and never runs out."""
    found = []
    for one in open_overrides(train.log.of_kinds(*KINDS)):
        if one.expires and one.expires <= now:
            message = f"the override of {one.ticket} ran out on {one.expires[:10]} and is not paid back: {one.reason}"
            hint = f"agenticops override repay {one.ticket}"
            found.append(Finding("VT460", message, f"tickets/{one.ticket}/ticket.yml", hint=hint))
    return found


def _words(event: Event, key: str) -> tuple[str, ...]:
    value = event.data.get(key)
    return tuple(str(v) for v in value) if isinstance(value, list) else ()
