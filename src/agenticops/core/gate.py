"""Gates: run the named checks of a phase over a ticket and say whether it may leave."""

from __future__ import annotations

import json

import msgspec

from agenticops.core import checks
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.model.digest import sha256
from agenticops.model.finding import Finding, Verdict
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import DEFAULT_GATE, CheckCall, Gate, Phase, Pipeline
from agenticops.model.ticket import Ticket

# The way that ends an item's journey.
DONE = "done"
# What must hold of every ticket at any time, worked on or not.
INTEGRITY = ("ticket", "ticks", "session", "frozen")


def of_phase(pipeline: Pipeline, phase: Phase) -> Gate | None:
    """Give the gate of a phase; `default` exists even when the pipeline does not define it."""
    return named(pipeline, phase.gate)


def named(pipeline: Pipeline, name: str) -> Gate | None:
    """Give a gate by its name, or None."""
    return pipeline.gates.get(name) or (DEFAULT_GATE if name == DEFAULT_GATE.name else None)


def judge(case: Case, way: str = "") -> Verdict:
    """Run the gates that guard the ticket's way: a phase that it goes to, `done`, or "" while it stays.

    What is unknown fails them. The verdict bears the name of the phase's own gate.
    """
    ticket, pipeline = case.ticket, case.after.pipeline
    phase = pipeline.phases.get(ticket.phase)
    if phase is None:
        finding = Finding(
            "VT301",
            f"unknown phase {ticket.phase!r}",
            ticket.path,
            hint=f"the pipeline knows: {', '.join(pipeline.phases)}",
        )
        return Verdict("", ticket.id, (finding,), 0)
    findings: dict[Finding, None] = {}
    count = 0
    for name in guards(pipeline, phase, way):
        gate = named(pipeline, name)
        if gate is None:
            finding = Finding("VT402", f"the way out of {phase.name} names the unknown gate {name!r}", PIPELINE)
            return Verdict(name, ticket.id, (finding,), 0)
        findings |= dict.fromkeys(guard(case, gate).findings)
        count += len(gate.checks)
    return Verdict(phase.gate, ticket.id, tuple(findings), count, digest(case.after, ticket))


def guards(pipeline: Pipeline, phase: Phase, way: str) -> list[str]:
    """Name the gates on a way: the phase's own, and the entry of the next one, or that of the journey's end."""
    target = pipeline.phases.get(way)
    more = phase.done_gate if way == DONE else target.entry_gate if target else ""
    return [phase.gate, *([more] if more else [])]


def guard(case: Case, gate: Gate) -> Verdict:
    """Run the checks of one gate over a ticket."""
    findings = [f for call in gate.checks for f in one(case, gate, call)]
    return Verdict(gate.name, case.ticket.id, tuple(findings), len(gate.checks), digest(case.after, case.ticket))


def one(case: Case, gate: Gate, call: CheckCall) -> list[Finding]:
    """Run one check of a gate; an unknown name or parameter is a finding."""
    wrong = misuse(gate, call)
    if wrong is not None:
        return [wrong]
    check = checks.find(call.check)
    return [] if check is None else list(check(case.at(gate, call, checks.asked(call))))


def misuse(gate: Gate, call: CheckCall) -> Finding | None:
    """Tell what is wrong with how a gate calls a check, or None."""
    if call.check not in checks.CHECKS:
        known = ", ".join(checks.CHECKS)
        message = f"gate {gate.name!r} names the unknown check {call.check!r}"
        return Finding("VT401", message, PIPELINE, hint=f"known: {known}")
    try:
        checks.asked(call)
    except msgspec.ValidationError as e:
        message = f"gate {gate.name!r}: the check {call.title!r} cannot be asked so: {e}"
        return Finding("VT404", message, PIPELINE, hint="docs/reference/gates.md lists what each check takes")
    return None


def integrity(case: Case) -> list[Finding]:
    """Run what must hold of every ticket; a block, a hand-off and a new wording are no breach."""
    found = [f for name in INTEGRITY for f in checks.run(name, case)]
    return [f for f in found if f.code not in ("VT107", "VT306", "VT504")]


def digest(train: Train, ticket: Ticket) -> str:
    """Name what a verdict is about: the checklist, the owed artifacts and what the phase demands."""
    files = {ticket.checklist_path: _sha(train, ticket.checklist_path)}
    for name in (*ticket.artifacts, *ticket.optional):
        contract = train.pipeline.artifacts.get(name)
        if contract is not None:
            path = train.artifact_path(contract, ticket.item)
            files[path] = _sha(train, path)
    phase = train.pipeline.phases.get(ticket.phase)
    demand = msgspec.json.encode([phase, [train.pipeline.artifacts.get(n) for n in ticket.artifacts]]).decode()
    text = json.dumps([files, demand], sort_keys=True)
    return sha256(text.encode())


def _sha(train: Train, path: str) -> str:
    content = train.tree.read(path)
    return "" if content is None else sha256(content)
