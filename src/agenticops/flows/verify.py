"""Verifying: in CI, run again what the gates since a base rest on. Nothing is written: the exit code is the answer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from msgspec import Struct

from agenticops.core import evidence, fold, gate, reports
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.errors import StateError, UsageError
from agenticops.flows.evidence import commands, execute
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.pipeline import CheckCall, Gate, Pipeline
from agenticops.model.ticket import Ticket
from agenticops.ports.history import History
from agenticops.ports.trees import CommitTree
from agenticops.store.log import Shards
from agenticops.workspace import Workspace

PASSED = ("gate_passed", "ticket_done")
JUDGED = ("gate_passed", "gate_refused", "gate_overridden")


class Verified(Struct, frozen=True):
    """What was run again, and what is wrong."""

    base: str
    head: str
    gates: tuple[str, ...]
    runs: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]


def verify(workspace: Workspace, base: str, head: str = "") -> Verified:
    """Run again the commands of each gate that passed between two commits, on the files that are checked out."""
    history = History(workspace.git)
    start, here = history.commit(base), history.commit("HEAD")
    if head and history.commit(head) != here:
        message = f"{head} is not checked out, and commands run on the files that are"
        raise UsageError(message, hint=f"git switch --detach {head}")
    log = Shards(CommitTree(workspace.git, here))
    before = workspace.train_at(start)
    names: list[str] = []
    runs: list[dict[str, Any]] = []
    findings: list[Finding] = []
    for event in _passed(log, Shards(CommitTree(workspace.git, start))):
        ticket = workspace.train.ticket(event.ticket)
        for one in _gates(workspace, before, ticket, _way(log, event)):
            names.append(f"{ticket.id} {one.name}")
            for call in commands(one):
                rests = [
                    e for e in evidence.of(log.of_ticket(ticket.id), one.name, call.title) if e.order < event.order
                ]
                found, wrong = _again(workspace, before, ticket, one, call, rests)
                runs += [found] if found else []
                findings += wrong
            findings += _reports(workspace, ticket, one)
    return Verified(start, here, tuple(names), tuple(runs), tuple(findings))


def _passed(log: Shards, before: Shards) -> list[Event]:
    """Give the last new event of each ticket that says that its gate held; an override says that it did not."""
    known = {e.id for e in before.events}
    last: dict[str, Event] = {}
    overridden: set[str] = set()
    for event in fold.live(log.events):
        if event.kind in JUDGED:
            (overridden.add if event.kind == "gate_overridden" else overridden.discard)(event.ticket)
        if event.kind in PASSED and event.id not in known and event.ticket not in overridden:
            last[event.ticket] = event
    return list(last.values())


def _way(log: Shards, event: Event) -> str:
    """Say where the item went: a phase, `done`, or "" while its ticket is in review."""
    moves = (e for e in log.of_item(event.item) if e.data.get("from") == event.ticket and e.order > event.order)
    target = next((fold.target(e) for e in moves if e.kind in ("item_moved", "item_finished")), "")
    return target.partition("_")[0]


def _gates(workspace: Workspace, base: Train, ticket: Ticket, way: str) -> list[Gate]:
    """Give the gates on a ticket's way as the base has them; as they are now where the base does not know the phase."""
    pipelines = [_judge(workspace, base), workspace.train.pipeline]
    for pipeline in pipelines:
        phase = pipeline.phases.get(ticket.phase)
        if phase is not None:
            found = (gate.named(pipeline, name) for name in gate.guards(pipeline, phase, way))
            return [one for one in found if one is not None]
    return []


def _judge(workspace: Workspace, base: Train) -> Pipeline:
    """Give the pipeline of the base, which says what was owed; the present one where the base has none."""
    try:
        return base.pipeline
    except StateError:
        return workspace.train.pipeline


def _again(
    workspace: Workspace, base: Train, ticket: Ticket, one: Gate, call: CheckCall, rests: list[Event]
) -> tuple[dict[str, Any], list[Finding]]:
    """Run one command again and compare it with what the gate rests on."""
    again = f"agenticops gate run {ticket.id} --gate {one.name} --check {call.title}"
    if not rests:
        return {}, [Finding("VT405", f"{call.title}: the gate passed without evidence", ticket.path, hint=again)]
    last = rests[-1]
    if last.kind == evidence.ATTESTED:
        from agenticops.ports import signature

        verify = partial(signature.verify, root=workspace.root)
        case = Case(workspace.train, ticket, judge=base, verify=verify)
        broken = evidence.forged(case, last)
        wrong = f"{call.title}: the attestation does not hold: {broken}"
        return {}, [Finding("VT421", wrong, ticket.path, hint=again)] if broken else []
    found = execute(workspace, ticket, one, call)
    findings = list(found.findings)
    if found.record and not evidence.fresh([last], found.record["tree"], found.record["argv"]):
        message = f"{call.title}: the gate passed on other content: {evidence.why_stale(last, found.record['argv'])}"
        findings.append(Finding("VT406", message, ticket.path, hint=again))
    record = {n: found.record.get(n) for n in ("gate", "check", "outcome", "code", "milliseconds", "tree")}
    return {"ticket": ticket.id, **record} if found.record else {}, findings


def _reports(workspace: Workspace, ticket: Ticket, one: Gate) -> Iterator[Finding]:
    """Judge the reports that were written just now; that they are not those of the first run is no finding here."""
    written = {r for c in commands(one) for r in evidence.command(c).reports}
    case = Case(workspace.train, ticket, now=workspace.now)
    calls = [c for c in one.checks if c.check in reports.READERS and c.parameters.get("file") in written]
    plain = Gate(name=one.name, level=one.level, checks=tuple(c for c in one.checks if c.check != evidence.COMMAND))
    for call in calls:
        yield from gate.one(case, plain, call)
