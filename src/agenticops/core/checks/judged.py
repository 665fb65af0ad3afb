"""What is closed is judged again: the gates, as the base has them, on the tree that closes the ticket. ADR 0023."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from agenticops.core import fold, gate
from agenticops.core.case import Case
from agenticops.core.checks import inputs
from agenticops.core.span import Span, Until
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import DEFAULT_GATE, Pipeline
from agenticops.model.ticket import Ticket

CLOSING = ("done", "in_review")
VERDICTS = ("gate_passed", "gate_refused", "gate_overridden")
RECORDS = ("artifact_recorded", "artifact_kept")


def check(span: Span) -> Iterator[Finding]:
    """Judge each ticket that was closed, or put in review, and that nobody overrode."""
    for name, event in closings(span):
        if word(span, name, event) != "overridden":
            yield from _judged(span, name, event)


def closings(span: Span) -> Iterator[tuple[str, Event]]:
    """Give the tickets that the step closed or put in review, each with its last event that did; by what it leads to,
    for a kind is easily forged. One that was taken up again since is not among them.
    """
    found: dict[str, Event] = {}
    for event in span.fresh:
        noun, _, name = event.subject.partition("/")
        closes = noun == "ticket" and event.prev is not None and event.kind != "fork_resolved"
        if closes and fold.target(event) in CLOSING:
            found[name] = event
    for name, event in found.items():
        if span.after.has_ticket(name) and span.after.status_chain(name).state == fold.target(event):
            yield name, event


def word(span: Span, name: str, event: Event) -> str:
    """Say what the log claims of the gate when this event was written: `passed`, `overridden` or `unproven`."""
    last = fold.last(Until(span.after.log, event).of_ticket(name), *VERDICTS)
    if last is None or event.data.get("digest", last.data.get("digest")) != last.data.get("digest"):
        return "unproven"
    return {"gate_passed": "passed", "gate_overridden": "overridden"}.get(last.kind, "unproven")


def case_of(span: Span, ticket: Ticket, event: Event, pipeline: Pipeline) -> Case:
    """The case as it was when the ticket was closed: the tree of the step, the log and the time of the event."""
    train = span.after.under(pipeline, Until(span.after.log, event))
    moving = fold.target(event) == "done"
    return Case(train, ticket, judge=span.base, now=event.at, moving=moving, verify=span.verify)


def way_on(span: Span, ticket: Ticket, event: Event) -> str:
    """Say where the item went when its ticket was closed: a phase, `done`, or "" when it stayed."""
    for move in span.after.log.of_subject(f"item/{ticket.item}"):
        if move.order > event.order and move.data.get("from") == ticket.id:
            if move.kind == "item_moved":
                return fold.target(move).partition("_")[0]
            if move.kind == "item_finished" and move.data.get("result") != "cancelled":
                return gate.DONE
    return ""


def _judged(span: Span, name: str, event: Event) -> Iterator[Finding]:
    path = f"tickets/{name}/ticket.yml"
    try:
        ticket = span.after.ticket(name)
        case = case_of(span, ticket, event, _rails(span))
        way = way_on(span, ticket, event) if case.moving else ""
        findings = list(gate.judge(case, way).findings)
        told = {f.path for f in findings}
        findings += [f for f in _entry(case, way) if f.path not in told]
    except StateError as e:
        yield Finding("VT810", f"the gate of {name} cannot be judged in this commit: {e.message}", path, hint=e.hint)
        return
    if ticket.phase not in span.judge.phases and ticket.phase in case.after.pipeline.phases:
        message = f"the base does not know the phase {ticket.phase}: {name} was judged by the pipeline of this change"
        yield Finding("VT811", message, PIPELINE, severity="info", hint="agenticops pipeline diff shows what changed")
    later = _recorded_later(span, ticket, event)
    for finding in findings:
        if finding.severity == "error" and finding.path not in later:
            message = f"the gate of {ticket.phase} does not hold in this commit: {finding.code} {finding.message}"
            yield Finding("VT810", message, finding.path or path, finding.line, hint=finding.hint)


def _entry(case: Case, way: str) -> Iterator[Finding]:
    """What the next phase wants to find."""
    phase = case.after.pipeline.phases.get(way)
    if phase is not None:
        yield from inputs.owed(case.after, phase, case.ticket.item)


def _rails(span: Span) -> Pipeline:
    """The base's pipeline; what it does not know counts as this change has it."""
    judge = span.judge
    try:
        head = span.after.pipeline
    except StateError:
        return judge
    if head is judge:
        return judge
    tables = ("phases", "modes", "agents", "roles", "artifacts")
    known = {t: {**getattr(head, t), **getattr(judge, t)} for t in tables}
    # The default gate is the base's also where the base does not write it down.
    gates = {**head.gates, DEFAULT_GATE.name: DEFAULT_GATE, **judge.gates}
    return replace(judge, gates=gates, **known)


def _recorded_later(span: Span, ticket: Ticket, event: Event) -> set[str]:
    """The artifacts that a later visit recorded anew within the same step: they are not what was judged then."""
    log = fold.live(span.after.log.of_item(ticket.item))
    later = (e for e in log if e.kind in RECORDS and e.order > event.order and e.ticket != ticket.id)
    return {str(e.data.get("path")) for e in later}
