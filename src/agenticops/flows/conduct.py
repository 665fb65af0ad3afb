"""The conductor: once the gate of a phase holds, close the ticket and open the item's next one."""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from agenticops.core import fold, gate
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.errors import TrainError, UsageError
from agenticops.flows import aim, rest
from agenticops.flows import ticket as tickets
from agenticops.flows.checklist import observe
from agenticops.model.event import Draft
from agenticops.model.finding import Verdict
from agenticops.model.layout import ARCHIVE, EVENTS, PIPELINE, ROOT_SESSION
from agenticops.model.pipeline import Phase
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

DONE = "done"


class Outcome(Struct, frozen=True):
    """What an advance did: `state` is `refused`, `in_review`, `advanced` or `finished`."""

    state: str
    ticket: Ticket
    verdict: Verdict
    successor: Ticket | None = None
    fresh: bool = False
    overridden: bool = False
    commit: str = ""


class Call(Struct, frozen=True):
    """What the caller asks for."""

    to: str = ""
    override: bool = False
    reason: str = ""
    commit: bool = False


def advance(workspace: Workspace, wanted: str | None, call: Call) -> Outcome:
    """Judge the ticket's gate; when it holds, move on. A refusal is an outcome, not an exception."""
    if call.override:
        _may_override(workspace, call)
    paths: list[str] = []
    with workspace.transaction("advance") as tx:
        ticket = aim.ticket(workspace, wanted)
        conducts = aim.conducting_branch(workspace, ticket.id)
        if ticket.closed:
            raise TrainError(
                f"{ticket.id} is {ticket.status} already", place=ticket.path, hint=f"agenticops work show {ticket.item}"
            )
        outcome = _judged(workspace, tx, ticket, call, conducts)
        if outcome.state != "refused":
            outcome = _moved(workspace, tx, outcome, call, conducts)
        paths = touched(workspace.train, tx, outcome)
    if call.commit and outcome.state != "refused":
        outcome = _committed(workspace, outcome, paths)
    return outcome


def _may_override(workspace: Workspace, call: Call) -> None:
    if not call.reason.strip():
        raise UsageError("an override needs its reason", hint='--override --reason "…"')
    if workspace.agent:
        hint = "ask the operator; AGENTICOPS_AGENT is set here"
        raise TrainError(f"an agent ({workspace.agent}) cannot override a gate", hint=hint)


def _judged(workspace: Workspace, tx: Transaction, ticket: Ticket, call: Call, conducts: bool) -> Outcome:
    """Run the gate of this phase and the entry of the next, and record what was found."""
    train = workspace.train
    observe(workspace, tx, ticket)
    verdict = gate.judge(Case(train, ticket, now=workspace.now))
    findings = list(verdict.findings)
    target = destination(train, ticket, call) if conducts else None
    if target is not None:
        findings += tickets.entry_findings(train, target, ticket.item)
    verdict = Verdict(verdict.gate, verdict.ticket, tuple(findings), verdict.checks, verdict.digest)
    log = train.log.of_ticket(ticket.id)
    passed = fold.last(log, "gate_passed", "gate_refused")
    fresh = passed is not None and passed.kind == "gate_passed" and passed.data.get("digest") == verdict.digest
    codes = sorted({f.code for f in findings if f.severity == "error"})
    subject = f"ticket/{ticket.id}"
    if verdict.holds:
        if not fresh:
            data = {"gate": verdict.gate, "digest": verdict.digest, "checks": verdict.checks}
            tx.append(Draft("gate_passed", subject, ticket.id, ticket.item, data))
        return Outcome("passed", ticket, verdict, fresh=fresh)
    if call.override:
        data = {"gate": verdict.gate, "codes": codes, "reason": call.reason, "digest": verdict.digest}
        tx.append(Draft("gate_overridden", subject, ticket.id, ticket.item, data))
        return Outcome("passed", ticket, verdict, overridden=True)
    seen = {"gate": verdict.gate, "codes": codes, "findings": len(findings), "digest": verdict.digest}
    if passed is None or passed.data != seen:
        tx.append(Draft("gate_refused", subject, ticket.id, ticket.item, seen))
    return Outcome("refused", ticket, verdict)


def destination(train: Train, ticket: Ticket, call: Call) -> Phase | None:
    """Say where the item goes; None means done. Raises UsageError when several ways are open and none is named."""
    pipeline = train.pipeline
    phase = train.phase(ticket.phase)
    travels = train.item(ticket.item).kind in pipeline.kinds
    ways = [*phase.next, *([DONE] if phase.done or not phase.next else [])] if travels else [DONE]
    if not call.to:
        if len(ways) > 1:
            raise UsageError(
                f"{phase.name} leads to {', '.join(ways)}: say which",
                hint=f"agenticops advance {ticket.id} --to {ways[0]}",
            )
        return None if ways[0] == DONE else train.phase(ways[0])
    if call.to != DONE:
        train.phase(call.to)
    if call.to not in ways and not call.override:
        hint = f"from there it may go to {', '.join(ways)}; an operator may --override --reason"
        raise TrainError(f"VT312 {phase.name} → {call.to} is no edge of the pipeline", place=PIPELINE, hint=hint)
    return None if call.to == DONE else train.phase(call.to)


def _moved(workspace: Workspace, tx: Transaction, outcome: Outcome, call: Call, conducts: bool) -> Outcome:
    train, ticket = workspace.train, outcome.ticket
    if not conducts:
        if ticket.status != "in_review":
            ticket = tickets.move(tx, _startable(tx, ticket), "in_review")
        return replace(outcome, state="in_review", ticket=ticket)
    target = destination(train, ticket, call)
    item = train.item(ticket.item)
    data: dict[str, Any] = {"gate": outcome.verdict.gate, "digest": outcome.verdict.digest}
    rest.archive_root(workspace, tx, ticket.id, "the ticket is done")
    closed = tickets.close(tx, train, _startable(tx, ticket), "done", data)
    if target is None:
        done = {"from": ticket.id, "to": "done", "result": "delivered"}
        tx.append(Draft("item_finished", f"item/{item.id}", ticket.id, item.id, done))
        return replace(outcome, state="finished", ticket=closed)
    successor = tickets.open_visit(tx, train, item, target, operator=ticket.operator)
    return replace(outcome, state="advanced", ticket=closed, successor=successor)


def _startable(tx: Transaction, ticket: Ticket) -> Ticket:
    """A blocked ticket that an operator overrides is let go first, so that its history stays on the life-cycle."""
    if ticket.status != "blocked":
        return ticket
    return tickets.move(tx, ticket, "in_progress", {"reason": "overridden"}, blocked_by="")


def touched(train: Train, tx: Transaction, outcome: Outcome) -> list[str]:
    """List what a commit of this step takes: what the transaction wrote, the ticket, its item and its artifacts."""
    ticket = outcome.ticket
    paths = [
        *tx.written,
        ticket.folder,
        f"docs/work/{ticket.item}.md",
        EVENTS,
        ROOT_SESSION,
        ARCHIVE,
    ]
    for name in (*ticket.artifacts, *ticket.optional):
        contract = train.pipeline.artifacts.get(name)
        if contract is not None:
            paths.append(train.artifact_path(contract, ticket.item))
    if outcome.successor is not None:
        paths.append(outcome.successor.folder)
    return paths


def _committed(workspace: Workspace, outcome: Outcome, paths: list[str]) -> Outcome:
    ticket = outcome.ticket
    goal = outcome.successor.phase if outcome.successor else {"in_review": "review"}.get(outcome.state, DONE)
    message = f"{ticket.id}: {ticket.phase} → {goal}\n\nTicket: {ticket.id}\nPhase: {ticket.phase}\n"
    return replace(outcome, commit=workspace.commit(paths, message))
