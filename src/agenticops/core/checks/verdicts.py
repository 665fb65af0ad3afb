"""A ticket is done by a verdict: the gate passed on what the closing event names, or an operator overrode it."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.span import Span
from agenticops.model.finding import Finding

VERDICTS = ("gate_passed", "gate_overridden")


def check(span: Span) -> Iterator[Finding]:
    """Find tickets that were closed as done without a verdict on the same digest."""
    for event in span.fresh:
        if event.kind != "ticket_done":
            continue
        log = fold.live(span.after.log.of_ticket(event.ticket))
        judged = {str(e.data.get("digest")) for e in log if e.kind in VERDICTS and e.order < event.order}
        if str(event.data.get("digest")) not in judged:
            message = f"{event.ticket} was closed, and no gate passed on what it was then"
            path = f"tickets/{event.ticket}/ticket.yml"
            yield Finding("VT803", message, path, hint=f"agenticops advance {event.ticket} judges and closes")
