"""Simulation: what differs between two pipelines, in words, and what the newer one means for tickets in flight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from msgspec import Struct

from agenticops.core import checklist as checklists
from agenticops.core import gate
from agenticops.core.case import Case, Verifier, unable
from agenticops.core.checks import inputs
from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import DEFAULT_GATE, CheckCall, Phase, Pipeline
from agenticops.model.ticket import Ticket

TABLES = {
    "phases": "phase",
    "modes": "mode",
    "agents": "agent",
    "roles": "role",
    "artifacts": "artifact",
    "gates": "gate",
}
SHORT = 60


class Change(Struct, frozen=True):
    """One difference: of which noun, how, and in words."""

    noun: str
    name: str
    change: Literal["added", "removed", "changed"]
    words: str = ""


def changes(old: Pipeline, new: Pipeline) -> list[Change]:
    """List what differs between two pipelines, in the order of the file."""
    found = [
        Change("pipeline", name, "changed", _words(getattr(old, name), getattr(new, name)))
        for name in Pipeline.__struct_fields__
        if name not in TABLES and getattr(old, name) != getattr(new, name)
    ]
    for table, noun in TABLES.items():
        before, after = _table(old, table), _table(new, table)
        for name in dict.fromkeys((*before, *after)):
            if name not in after:
                found.append(Change(noun, name, "removed"))
            elif name not in before:
                found.append(Change(noun, name, "added"))
            else:
                found += _inside(noun, before[name], after[name])
    return found


def _table(pipeline: Pipeline, table: str) -> dict[str, Any]:
    """Give the definitions of one kind; the default gate exists also where nobody wrote it down."""
    found: dict[str, Any] = getattr(pipeline, table)
    return {DEFAULT_GATE.name: DEFAULT_GATE, **found} if table == "gates" else found


def _inside(noun: str, old: Any, new: Any) -> Iterator[Change]:
    """Compare one definition field by field; a phase's ways are edges."""
    fields = [f for f in old.__struct_fields__ if getattr(old, f) != getattr(new, f)]
    edges = ("next", "done") if noun == "phase" else ()
    rows = [f"{f}: {_words(getattr(old, f), getattr(new, f))}" for f in fields if f not in edges]
    if rows:
        yield Change(noun, old.name, "changed", "; ".join(rows))
    if noun == "phase":
        before, after = ways(old), ways(new)
        for way in dict.fromkeys((*before, *after)):
            if way not in after:
                yield Change("edge", f"{old.name} → {way}", "removed")
            elif way not in before:
                yield Change("edge", f"{old.name} → {way}", "added")


def ways(phase: Phase) -> list[str]:
    """List where a phase leads: its edges, and `done` where the journey may end."""
    return [*phase.next, *([gate.DONE] if phase.done or not phase.next else [])]


def _words(old: Any, new: Any) -> str:
    if isinstance(old, tuple) and isinstance(new, tuple):
        gained = [_name(e) for e in new if e not in old]
        lost = [_name(e) for e in old if e not in new]
        parts = [f"gains {', '.join(gained)}"] if gained else []
        parts += [f"loses {', '.join(lost)}"] if lost else []
        return " and ".join(parts) or "another order"
    before, after = (_name(v) if v not in (None, "") else "nothing" for v in (old, new))
    return f"{before} → {after}" if len(before) + len(after) <= SHORT else "other content"


def _name(value: Any) -> str:
    if isinstance(value, CheckCall):
        level = {"level": value.level} if value.level else {}
        asked = ", ".join(f"{k}={v}" for k, v in {**value.parameters, **level}.items())
        return f"{value.title} ({asked})" if asked else value.title
    if isinstance(value, Struct):
        return str(getattr(value, "name", "")) or type(value).__name__
    return str(value)


class Rails(Struct, frozen=True):
    """What a ticket is judged on: the trains of two commits, each with its pipeline, the time, and the verifier.

    The files and the log are those of `after`; so what is found anew is found because of the pipeline alone.
    """

    before: Train
    after: Train
    now: str
    verify: Verifier = unable

    def train(self, newer: bool) -> Train:
        """The train of today under the older or the newer pipeline."""
        return self.after.under((self.after if newer else self.before).pipeline)


def hurt(rails: Rails, ticket: Ticket) -> list[Finding]:
    """Tell what a change of the pipeline makes of a ticket in flight: what becomes illegal, what it owes anew."""
    return [*_illegal(rails, ticket), *_owed(rails, ticket)]


def _illegal(rails: Rails, ticket: Ticket) -> Iterator[Finding]:
    old, new = rails.before.pipeline, rails.after.pipeline
    for noun, name, before, after in (
        ("phase", ticket.phase, old.phases, new.phases),
        ("mode", ticket.mode, old.modes, new.modes),
        ("agent", ticket.agent, old.agents, new.agents),
    ):
        if name in before and name not in after:
            hint = f"keep the {noun} until no ticket needs it, or close the ticket first"
            yield Finding("VT812", f"{ticket.id}: its {noun} {name} is gone", ticket.path, hint=hint)
    if ticket.phase in old.phases and ticket.phase in new.phases:
        had, has = _ways(rails.before, ticket), _ways(rails.after, ticket)
        lost = [w for w in had if w not in has]
        for way in lost:
            message = f"{ticket.id} may no longer go from {ticket.phase} to {way}"
            left = [w for w in has if w in had]
            hint = f"it may still go to {', '.join(left)}" if left else f"what is left is new: {', '.join(has)}"
            yield Finding("VT812", message, PIPELINE, severity="warning" if left else "error", hint=hint)


def _ways(train: Train, ticket: Ticket) -> list[str]:
    try:
        travels = train.item(ticket.item).kind in train.pipeline.kinds
    except StateError:
        travels = True
    return ways(train.pipeline.phases[ticket.phase]) if travels else [gate.DONE]


def _owed(rails: Rails, ticket: Ticket) -> Iterator[Finding]:
    """What is missing under the newer pipeline, and was not under the older one; then what only a new visit owes."""
    new = rails.after.pipeline
    if ticket.phase not in new.phases:
        return
    was, now = ({_key(f): f for f in _missing(rails, ticket, newer)} for newer in (False, True))
    for key, finding in now.items():
        if key not in was and finding.code not in ("VT301", "VT302", "VT303"):
            message = f"{ticket.id} owes anew: {finding.code} {finding.message}"
            yield Finding("VT813", message, finding.path, finding.line, "warning", finding.hint)
    for words in (*_checks(rails, ticket), *_settled(rails, ticket)):
        yield Finding("VT813", f"{ticket.id}: {words}", PIPELINE, severity="info")


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.code, finding.path, finding.message


def _missing(rails: Rails, ticket: Ticket, newer: bool) -> list[Finding]:
    """Judge a ticket, and what the phases after it want, under one of the pipelines."""
    train = rails.train(newer)
    phase = train.pipeline.phases.get(ticket.phase)
    if phase is None:
        return []
    case = Case(train, ticket, judge=rails.before, now=rails.now, verify=rails.verify)
    found: list[Finding] = []
    for way in ("", *_ways(train, ticket)):
        found += gate.judge(case, way).findings
        if way in train.pipeline.phases:
            found += inputs.owed(train, train.pipeline.phases[way], ticket.item)
    return [f for f in found if f.severity == "error"]


def _checks(rails: Rails, ticket: Ticket) -> Iterator[str]:
    """Name the checks that the gate asks for, too, and that hold already."""
    new = gate.of_phase(rails.after.pipeline, rails.after.pipeline.phases[ticket.phase])
    phase = rails.before.pipeline.phases.get(ticket.phase)
    old = gate.of_phase(rails.before.pipeline, phase) if phase else None
    if new is None or old is None:
        return
    case = Case(rails.train(True), ticket, judge=rails.before, now=rails.now, verify=rails.verify)
    for call in new.checks:
        if call not in old.checks and not any(f.severity == "error" for f in gate.one(case, new, call)):
            yield f"the gate {new.name} asks for {_name(call)}, too; it holds today"


def _settled(rails: Rails, ticket: Ticket) -> Iterator[str]:
    """Name what the phase asks of new visits only: what a ticket owes was settled when it was opened."""
    old, new = rails.before.pipeline.phases.get(ticket.phase), rails.after.pipeline.phases[ticket.phase]
    for name in new.artifacts:
        if old is not None and name not in old.artifacts and name not in ticket.artifacts:
            yield f"{new.name} owes the artifact {name} from the next visit on; this one was opened without it"
    was, now = (_bullets(t, new.mode) for t in (rails.before, rails.after))
    for key, text in now.items():
        if was and key not in was:
            yield f"the checklist of {new.mode} requires, from the next visit on: {text}"


def _bullets(train: Train, mode: str) -> dict[str, str]:
    try:
        found = checklists.parse(train.checklist_template(train.mode(mode)))
    except TrainError:
        return {}
    return {b.key: b.text for b in found.bullets if b.required}


def in_flight(before: Train, after: Train) -> list[Ticket]:
    """List the open tickets of both trains; one that either has closed is not in flight."""
    found: dict[str, Ticket] = {}
    closed: set[str] = set()
    for train in (before, after):
        for name in train.ticket_ids():
            ticket = train.ticket(name)
            if ticket.closed:
                closed.add(name)
            else:
                found[name] = ticket
    return [found[name] for name in sorted(found) if name not in closed]
