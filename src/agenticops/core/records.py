"""Folds of the records of automation: firings, deliveries, notices, meetings. Pure; each takes one subject's events."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agenticops.core import fold
from agenticops.model.event import Event
from agenticops.model.record import Delivery, DeliveryStatus, Firing, Meeting, MeetingStatus, Notice


def firing(events: Sequence[Event]) -> Firing | None:
    """Say what a rule made of an event: the first word counts, for two branches may both have handled it."""
    for event in _ordered(events):
        if event.kind in ("rule_fired", "rule_cut"):
            data = event.data
            why = str(data.get("why", "")) if event.kind == "rule_cut" else ""
            depth = data.get("depth", 0)
            return Firing(
                id=_name(event),
                rule=str(data.get("rule", "")),
                event=str(data.get("event", "")),
                at=event.at,
                depth=depth if isinstance(depth, int) else 0,
                cut=why,
            )
    return None


def delivery(events: Sequence[Event]) -> Delivery | None:
    """Say how a delivery stands. What was delivered stays so; what was given up can be sent on its way again."""
    first: Event | None = None
    status: DeliveryStatus = "queued"
    due = error = ended = ""
    attempts = 0
    answer: dict[str, Any] = {}
    for event in _ordered(events):
        data = event.data
        if event.kind == "outbox_added" and first is None:
            first, due = event, str(data.get("due", "")) or event.at
        elif event.kind == "outbox_delivered":
            status, due, error, ended = "delivered", "", "", event.at
            answer = {**answer, **_mapping(data.get("answer"))}
        elif status == "delivered":
            continue
        elif event.kind == "outbox_tried" and status != "dead":
            status, due, error = "trying", str(data.get("next_at", "")), str(data.get("error", ""))
            attempts = max(attempts + 1, _number(data.get("attempt")))
        elif event.kind == "outbox_dead":
            status, due, error, ended = "dead", "", str(data.get("error", "")) or error, event.at
        elif event.kind == "outbox_retried" and status == "dead":
            status, due, attempts, ended = "queued", event.at, 0, ""
    if first is None:
        return None
    said = first.data
    return Delivery(
        id=_name(first),
        channel=str(said.get("channel", "")),
        status=status,
        due=due,
        attempts=attempts,
        error=error,
        key=str(said.get("key", "")),
        firing=str(said.get("firing", "")),
        action=str(said.get("action", "")),
        added=first.at,
        ended=ended,
        payload=said.get("payload"),
        answer=answer,
    )


def notices(events: Sequence[Event]) -> list[Notice]:
    """Give what one person was told, in order. A `notice_read` names the notices, or means all that came before."""
    told: dict[str, Event] = {}
    read: dict[str, str] = {}
    for event in _ordered(events):
        if event.kind == "notified":
            told[event.id] = event
        elif event.kind == "notice_read":
            named = event.data.get("notices")
            for name in named if isinstance(named, list) else list(told):
                read.setdefault(str(name), event.at)
    return [Notice(name, _name(e), e.at, read.get(name, ""), e.data) for name, e in told.items()]


def meeting(events: Sequence[Event]) -> Meeting | None:
    """Say how a meeting stands: called, moved (`starts`), called off (`off`), held."""
    data: dict[str, Any] = {}
    called: Event | None = None
    status: MeetingStatus = "called"
    for event in _ordered(events):
        if event.kind == "meeting_called":
            called = called or event
            data = {**event.data, **data}
            continue
        if event.kind == "meeting_held":
            status = "held"
        elif event.kind == "meeting_moved" and status != "held":
            status = "off" if event.data.get("off") else "called"
        else:
            continue
        data.update(event.data)
    if called is None:
        return None
    return Meeting(_name(called), status, str(data.get("purpose", "")), str(data.get("starts", "")), called.at, data)


def _ordered(events: Iterable[Event]) -> list[Event]:
    return sorted(fold.live(events), key=lambda e: (e.lamport, e.id))


def _name(event: Event) -> str:
    return event.subject.partition("/")[2]


def _mapping(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
