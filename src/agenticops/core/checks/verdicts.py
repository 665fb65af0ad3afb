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
        noun, _, name = event.subject.partition("/")
        # By what it leads to: an event of another kind closes as well.
        if noun != "ticket" or event.prev is None or event.kind == "fork_resolved" or fold.target(event) != "done":
            continue
        log = fold.live(span.after.log.of_ticket(name))
        judged = {str(e.data.get("digest")) for e in log if e.kind in VERDICTS and e.order < event.order}
        if str(event.data.get("digest")) not in judged:
            message = f"{name} was closed, and no gate passed on what it was then"
            path = f"tickets/{name}/ticket.yml"
            yield Finding("VT803", message, path, hint=f"agenticops advance {name} judges and closes")
