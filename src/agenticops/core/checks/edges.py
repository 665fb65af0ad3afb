"""A work item moves along the edges of the base's pipeline, with an event that says so, or by an override."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.span import Span
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ids import TICKET, split_ticket
from agenticops.model.layout import PIPELINE

HINT = "agenticops advance moves it along the edges; a change of the pipeline counts once it is in the base"
DONE = "done"


def check(span: Span) -> Iterator[Finding]:
    """Judge each new move of an item, and each ticket that was opened."""
    for event in span.fresh:
        if event.kind == "item_moved":
            yield from _moved(span, event)
        elif event.kind == "item_finished" and event.data.get("result") != "cancelled":
            yield from _finished(span, event)
        elif event.kind == "ticket_opened" and not _came(span, event):
            message = f"{event.ticket} was opened, but {event.item} never moved there"
            yield Finding("VT312", message, f"tickets/{event.ticket}/ticket.yml", hint=HINT)


def _moved(span: Span, event: Event) -> Iterator[Finding]:
    source, target = span.state_before(event), fold.target(event)
    if not TICKET.fullmatch(target):
        yield Finding("VT312", f"{event.item} moved to {target!r}, which is no ticket", PIPELINE, hint=HINT)
        return
    phase = split_ticket(target)[0]
    if TICKET.fullmatch(source):
        start = split_ticket(source)[0]
        known = span.judge.phases.get(start)
        if known is None or phase not in known.next or not _travels(span, event):
            yield from _off(span, source, phase)
    elif source not in ("", "created") and event.prev:
        yield Finding("VT312", f"{event.item} moved on from {source}", PIPELINE, hint="open a new work item")
    elif phase not in span.judge.phases or (_travels(span, event) and phase != span.judge.start):
        message = f"{event.item} entered at {phase}; the train starts at {span.judge.start}"
        yield Finding("VT312", message, PIPELINE, hint=HINT)


def _finished(span: Span, event: Event) -> Iterator[Finding]:
    source = span.state_before(event)
    if not TICKET.fullmatch(source):
        return
    phase = span.judge.phases.get(split_ticket(source)[0])
    if phase is None or (phase.next and not phase.done and _travels(span, event)):
        yield from _off(span, source, DONE)


def _off(span: Span, source: str, target: str) -> Iterator[Finding]:
    for event in fold.live(span.after.log.of_ticket(source)):
        if event.kind == "gate_overridden" and event.data.get("way", target) in (target, ""):
            return
    phase = split_ticket(source)[0]
    yield Finding("VT312", f"{phase} → {target} is no edge of the base's pipeline", PIPELINE, hint=HINT)


def _travels(span: Span, event: Event) -> bool:
    try:
        return span.after.item(event.item).kind in span.judge.kinds
    except StateError:
        return True  # that its document is broken is said elsewhere


def _came(span: Span, event: Event) -> bool:
    return any(
        fold.target(e) == event.ticket
        for e in span.after.log.of_subject(f"item/{event.item}")
        if e.kind == "item_moved"
    )
