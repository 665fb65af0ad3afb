"""The log only grows: no event vanishes or gets another content, on whichever side of a merge it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agenticops.core import pack
from agenticops.core.span import Span
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.layout import EVENTS

RETAINED = "log_retained"


def check(span: Span) -> Iterator[Finding]:
    """Find what the trees before knew and the tree after does not; what a retention record names may go."""
    for side in span.sides:
        lost = list(side.gone.values())
        if lost:
            lost = _uncovered(lost, span.after.log.of_subject("train"))
        for code, events, what in (
            ("VT705", lost, "left the log"),
            ("VT702", list(side.rewritten.values()), "got another content"),
        ):
            if events:
                hint = f"bring back what was written: git restore --source {side.name} -- {EVENTS}"
                yield Finding(code, f"{_named(events)} {what}", EVENTS, hint=hint)


def _uncovered(lost: list[Event], log: Iterable[Event]) -> list[Event]:
    """Leave out what retention dropped: its record counts the events of a pack and holds the digest of their ids."""
    for record in log:
        for entry in pack.dropped(record) if record.kind == RETAINED else ():
            inside = pack.covered(lost, entry)
            lost = [e for e in lost if e not in inside]
    return lost


def _named(events: list[Event]) -> str:
    first = min(events, key=lambda e: e.order)
    name = f"{first.kind} of {first.subject} ({first.id})"
    return name if len(events) == 1 else f"{len(events)} events, the first {name},"
