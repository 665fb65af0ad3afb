"""The conductor: once the gate of a phase holds, close the ticket and open the item's next one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from agenticops.core import fold, gate
from agenticops.core.gate import DONE
from agenticops.core.train import Train
from agenticops.errors import TrainError, UsageError
from agenticops.flows import aim, case, rest, role
from agenticops.flows import ticket as tickets
from agenticops.flows.checklist import observe
from agenticops.model.event import Draft
from agenticops.model.finding import Finding, Verdict
from agenticops.model.layout import PIPELINE, ROOT_SESSION
from agenticops.model.pipeline import Gate, Phase, Pipeline
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# Why a command gave no evidence at all: it is not trusted, not there, or not to be meant.
DID_NOT_RUN = "VT422"
COMMAND = "command"


class Outcome(Struct, frozen=True):
    """What an advance did: `state` is `refused`, `in_review`, `advanced` or `finished`."""

    state: str
    ticket: Ticket
    verdict: Verdict
    successor: Ticket | None = None
    fresh: bool = False
    overridden: bool = False
    risk: str = ""
    commit: str = ""


class Call(Struct, frozen=True):
    """What the caller asks for."""

    to: str = ""
    override: bool = False
    reason: str = ""
    expires: str = ""
    commit: bool = False


def advance(workspace: Workspace, wanted: str | None, call: Call) -> Outcome:
    """Judge the ticket's gate; when it holds, move on. A refusal is an outcome, not an exception."""
    paths: list[str] = []
    staged: dict[str, str] = {}
    unproven = () if call.override else _prove(workspace, wanted, call)
    with workspace.transaction("advance") as tx:
        ticket = aim.ticket(workspace, wanted)
        if call.commit:
            from agenticops.flows import commit

            mine = [*commit.documents(workspace, ticket.item), *_artifacts(workspace.train, ticket), ROOT_SESSION]
            staged = commit.staged(workspace, mine)
        outcome = step(workspace, tx, ticket, call, unproven)
        paths = [*tx.written, *_artifacts(workspace.train, ticket)]
    if call.commit and outcome.state != "refused":
        outcome = _committed(workspace, outcome, paths, staged)
    return outcome


def _prove(workspace: Workspace, wanted: str | None, call: Call) -> Sequence[Finding]:
    """Run the commands of the gates on the way whose evidence does not hold, before the lock is taken.

    Gives why one could not run; what a run showed is in the log then, where the gate reads it.
    """
    if not _commands(workspace.train.pipeline):
        return ()
    ticket = aim.ticket(workspace, wanted)
    gates = proven_gates(workspace, ticket, call)
    if not gates:
        return ()
    from agenticops.flows import evidence

    moving = aim.conducting_branch(workspace, ticket.id)
    return [f for f in evidence.prove(workspace, ticket, gates, moving) if f.code == DID_NOT_RUN]


def _commands(pipeline: Pipeline) -> bool:
    """Tell whether any gate names a command: most trains have none, and need not look further."""
    return any(c.check == COMMAND for g in pipeline.gates.values() for c in g.checks)


def proven_gates(workspace: Workspace, ticket: Ticket, call: Call) -> list[Gate]:
    """Give the gates on the ticket's way, when any gate of the train names a command; else none."""
    pipeline = workspace.train.pipeline
    phase = pipeline.phases.get(ticket.phase)
    if ticket.closed or phase is None or not _commands(pipeline):
        return []
    moving = aim.conducting_branch(workspace, ticket.id)
    names = gate.guards(pipeline, phase, _way_of(workspace.train, ticket, call, moving))
    return [g for name in names if (g := gate.named(pipeline, name)) is not None]


def step(
    workspace: Workspace, tx: Transaction, ticket: Ticket, call: Call, unproven: Sequence[Finding] = ()
) -> Outcome:
    """Do what an advance does, within a transaction; in a rehearsal nothing of it is written."""
    conducts = aim.conducting_branch(workspace, ticket.id)
    if ticket.closed:
        raise TrainError(
            f"{ticket.id} is {ticket.status} already", place=ticket.path, hint=f"agenticops work show {ticket.item}"
        )
    if call.override:
        _may_override(workspace, ticket, call)
    elif conducts:
        role.require(workspace, "advance", ticket.phase)
    outcome = _judged(workspace, tx, ticket, call, conducts)
    if unproven and outcome.state == "refused":
        outcome = replace(outcome, verdict=replace(outcome.verdict, findings=(*unproven, *outcome.verdict.findings)))
    return outcome if outcome.state == "refused" else _moved(workspace, tx, outcome, call, conducts)


def _may_override(workspace: Workspace, ticket: Ticket, call: Call) -> None:
    if not call.reason.strip():
        raise UsageError("an override needs its reason", hint='--override --reason "…"')
    if workspace.by_agent:
        hint = "ask the operator to run it in a terminal of their own"
        raise TrainError(f"an agent ({workspace.by_agent}) cannot override a gate", hint=hint)
    role.require(workspace, "override", ticket.phase)


def _judged(workspace: Workspace, tx: Transaction, ticket: Ticket, call: Call, conducts: bool) -> Outcome:
    """Run the gate of this phase and the entry of the next, and record what was found."""
    train = workspace.train
    observe(workspace, tx, ticket)
    way = _way_of(train, ticket, call, conducts)
    verdict = gate.judge(case.of_ticket(workspace, ticket, conducts), way)
    if conducts:
        # What this ticket owes itself is told once, not again as the next phase's missing input.
        told = {f.path for f in verdict.findings}
        more = [f for f in _way(train, ticket, call) if f.path not in told]
        verdict = replace(verdict, findings=(*verdict.findings, *more))
    past = fold.last(train.log.of_ticket(ticket.id), "gate_passed", "gate_refused")
    fresh = past is not None and past.kind == "gate_passed" and past.data.get("digest") == verdict.digest
    errors = [f for f in verdict.findings if f.severity == "error"]
    judged: dict[str, Any] = {"gate": verdict.gate, "digest": verdict.digest}
    if not errors:
        if not fresh:
            _note(tx, ticket, "gate_passed", {**judged, "checks": verdict.checks})
        return Outcome("passed", ticket, verdict, fresh=fresh)
    judged |= {"codes": sorted({f.code for f in errors}), "findings": len(errors)}
    if call.override:
        from agenticops.flows import override

        risk = override.record(workspace, tx, ticket, verdict, call.reason, call.expires, way)
        return Outcome("passed", ticket, verdict, overridden=True, risk=risk)
    if past is None or past.data != judged:
        _note(tx, ticket, "gate_refused", judged)
    return Outcome("refused", ticket, verdict)


def _note(tx: Transaction, ticket: Ticket, kind: str, data: dict[str, Any]) -> None:
    tx.append(Draft(kind, f"ticket/{ticket.id}", ticket.id, ticket.item, data))


def _way_of(train: Train, ticket: Ticket, call: Call, moving: bool) -> str:
    """Name the way as gates know it: the next phase, `done`, or "" while the ticket stays."""
    if not moving:
        return ""
    target = destination(train, ticket, call)
    return target.name if target else DONE


def ways(train: Train, ticket: Ticket) -> list[str]:
    """List where an item may go from a ticket's phase: the phase's edges, and `done` where it may end."""
    phase = train.phase(ticket.phase)
    if train.item(ticket.item).kind not in train.pipeline.kinds:
        return [DONE]
    return [*phase.next, *([DONE] if phase.done or not phase.next else [])]


def destination(train: Train, ticket: Ticket, call: Call) -> Phase | None:
    """Say where the item goes; None means done. Raises UsageError when several ways are open and none is named."""
    open_ways = ways(train, ticket)
    if not call.to and len(open_ways) > 1:
        hint = f"agenticops advance {ticket.id} --to {open_ways[0]}"
        raise UsageError(f"{ticket.phase} leads to {', '.join(open_ways)}: say which", hint=hint)
    to = call.to or open_ways[0]
    return None if to == DONE else train.phase(to)


def _way(train: Train, ticket: Ticket, call: Call) -> list[Finding]:
    """Judge the way on: it must be an edge of the pipeline, and what the next phase needs must be there."""
    target = destination(train, ticket, call)
    found = [] if target is None else tickets.entry_findings(train, target, ticket.item)
    open_ways = ways(train, ticket)
    if call.to and call.to not in open_ways:
        hint = f"from there it may go to {', '.join(open_ways)}; an operator may --override --reason"
        message = f"{ticket.phase} → {call.to} is no edge of the pipeline"
        found.append(Finding("VT312", message, PIPELINE, hint=hint))
    return found


def _moved(workspace: Workspace, tx: Transaction, outcome: Outcome, call: Call, conducts: bool) -> Outcome:
    train, ticket = workspace.train, outcome.ticket
    if not conducts:
        if ticket.status != "in_review":
            ticket = tickets.move(tx, _startable(tx, ticket), "in_review")
        return replace(outcome, state="in_review", ticket=ticket)
    target = destination(train, ticket, call)
    item = train.item(ticket.item)
    data: dict[str, Any] = {"gate": outcome.verdict.gate, "digest": outcome.verdict.digest}
    steps = _steps(train, ticket)
    rest.archive_root(workspace, tx, ticket.id, "the ticket is done")
    closed = tickets.close(tx, train, _startable(tx, ticket), "done", data)
    if target is None:
        done = {"from": ticket.id, "to": "done", "result": "delivered"}
        tx.append(Draft("item_finished", f"item/{item.id}", ticket.id, item.id, done))
        return replace(outcome, state="finished", ticket=closed)
    successor = tickets.open_visit(tx, train, item, target, ticket.operator, steps)
    return replace(outcome, state="advanced", ticket=closed, successor=successor)


def _steps(train: Train, ticket: Ticket) -> tuple[str, ...]:
    """The next steps that the ticket's session leaves for the phase that follows."""
    for path in (ROOT_SESSION, ticket.session_path):
        session = train.session(path)
        if session is not None and session.ticket == ticket.id and session.id:
            return session.next_steps
    return ()


def _startable(tx: Transaction, ticket: Ticket) -> Ticket:
    """A blocked ticket that an operator overrides is let go first, so that its history stays on the life-cycle."""
    if ticket.status != "blocked":
        return ticket
    return tickets.move(tx, ticket, "in_progress", {"reason": "overridden"}, blocked_by="")


def _artifacts(train: Train, ticket: Ticket) -> list[str]:
    known = train.pipeline.artifacts
    names = [n for n in (*ticket.artifacts, *ticket.optional) if n in known]
    return [train.artifact_path(known[n], ticket.item) for n in names]


def _committed(workspace: Workspace, outcome: Outcome, paths: list[str], staged: dict[str, str]) -> Outcome:
    from agenticops.flows import commit

    ticket = outcome.ticket
    goal = outcome.successor.phase if outcome.successor else {"in_review": "review"}.get(outcome.state, DONE)
    subject = f"{ticket.id}: {ticket.phase} → {goal}"
    return replace(outcome, commit=commit.of_item(workspace, ticket.item, subject, ticket.id, paths, staged))
