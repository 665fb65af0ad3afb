"""Gates: run the named checks of a phase over a ticket and say whether it may leave."""

from __future__ import annotations

import hashlib
import json

import msgspec

from agenticops.core import checks
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.model.finding import Finding, Verdict
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import DEFAULT_GATE, Gate, Phase, Pipeline
from agenticops.model.ticket import Ticket

# What must hold of every ticket at any time, worked on or not.
INTEGRITY = ("ticket", "ticks", "session", "frozen")


def of_phase(pipeline: Pipeline, phase: Phase) -> Gate | None:
    """Give the gate of a phase; `default` exists even when the pipeline does not define it."""
    return pipeline.gates.get(phase.gate) or (DEFAULT_GATE if phase.gate == "default" else None)


def judge(case: Case) -> Verdict:
    """Run the gate of the ticket's phase. What is unknown fails it."""
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
    gate = of_phase(pipeline, phase)
    if gate is None:
        finding = Finding("VT402", f"phase {phase.name} names the unknown gate {phase.gate!r}", PIPELINE)
        return Verdict(phase.gate, ticket.id, (finding,), 0)
    findings: list[Finding] = []
    for call in gate.checks:
        check = checks.find(call.check)
        if check is None:
            known = ", ".join(checks.CHECKS)
            findings.append(
                Finding(
                    "VT401",
                    f"gate {gate.name} names the unknown check {call.check!r}",
                    PIPELINE,
                    hint=f"known: {known}",
                )
            )
        else:
            findings += check(case.using(call.parameters))
    return Verdict(gate.name, ticket.id, tuple(findings), len(gate.checks), digest(case.after, ticket))


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
    return hashlib.sha256(text.encode()).hexdigest()


def _sha(train: Train, path: str) -> str:
    content = train.tree.read(path)
    return "" if content is None else hashlib.sha256(content).hexdigest()
