"""The new events carry the histories on: each follows one that is known, along the life-cycle, to what is there."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.span import Span
from agenticops.model.event import STATE_KINDS, Event
from agenticops.model.finding import Finding
from agenticops.model.layout import EVENTS
from agenticops.model.ticket import LIFE_CYCLE

RESTORE = "bring the missing part of the log: git add .agenticops, or take the commits in their order"


def check(span: Span) -> Iterator[Finding]:
    """Judge each new state event by the one that it follows."""
    for event in span.fresh:
        if event.kind not in STATE_KINDS or event.prev is None:
            continue
        noun, _, name = event.subject.partition("/")
        if event.prev and span.before(event) is None:
            message = f"{event.kind} of {event.subject} follows {event.prev}, which is not in the log"
            yield Finding("VT703", message, EVENTS, hint=RESTORE)
        elif noun == "ticket":
            yield from _ticket(span, event, name)
        if event.kind == "item_created" and not span.after.has_item(name):
            yield Finding("VT802", f"the log created {name}, which has no document", f"docs/work/{name}.md", hint=ADD)


ADD = "git add it together with the log"


def _ticket(span: Span, event: Event, name: str) -> Iterator[Finding]:
    was, now = span.state_before(event), fold.target(event)
    if event.kind == "ticket_opened":
        if not span.after.has_ticket(name):
            path = f"tickets/{name}"
            yield Finding("VT802", f"the log opened {name}, which has no folder", path, hint=ADD)
    elif event.kind != "fork_resolved" and not LIFE_CYCLE.allows(was, now):
        message = f"{event.kind} leads {name} from {was or 'nothing'} to {now or 'nothing'}: no way of a ticket's life"
        hint = "statuses move by begin, ticket block|unblock|cancel and advance"
        yield Finding("VT801", message, EVENTS, hint=hint)
