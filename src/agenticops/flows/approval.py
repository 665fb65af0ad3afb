"""Approvals: ask for a review, take it up, say what was seen, decide with a signature, put it before somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct

from agenticops.core import approval, checks, execution, gate, roles
from agenticops.core.train import Train
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows import aim
from agenticops.flows import role as rolls
from agenticops.model.approval import Approval, Decision, Execution, Feedback, Opinion, Statement
from agenticops.model.event import Actor, Draft
from agenticops.model.ids import ulid
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import CheckCall, Gate, Pipeline
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace


class Call(Struct, frozen=True):
    """What a reviewer decides. `sign` None: as the gate wants it. `role` "": the first that the reviewer has."""

    decision: Decision
    score: float
    reason: str
    gate: str = ""
    role: str = ""
    suggestions: tuple[str, ...] = ()
    record: str = ""
    sign: bool | None = None


class Decided(Struct, frozen=True):
    """What was decided: the statement, whether it is signed, and the record as it is now."""

    statement: Statement
    signed: bool
    record: Approval


def decide(workspace: Workspace, wanted: str | None, call: Call) -> Decided:
    """Approve, reject or ask for a revision of what the ticket holds now. Raises TrainError without the role or a key.

    The key may want a finger or a moment, so it signs before the lock is taken; what changed meanwhile is a conflict.
    """
    if not 0 <= call.score <= 10:
        raise UsageError(f"a score of {call.score:g} is outside 0 to 10", hint="--score 7.5")
    reason = aim.reason(call.reason)
    ticket, found = _aimed(workspace, wanted, call.gate)
    actor, pipeline = rolls.actor(workspace, "approve"), rolls.base(workspace).pipeline
    who = roles.acting(actor)
    role = _role(pipeline, who, ticket, found, call.role)
    record, digest = _record(workspace.train, ticket, found), gate.digest(workspace.train, ticket)
    _refuse_again(record, who, digest, call.decision, role)
    statement = Statement(
        at=workspace.now,
        decision=call.decision,
        digest=digest,
        gate=found.name,
        nonce=_in_hand(record, who) or _nonce(workspace),
        reason=reason,
        role=role,
        score=float(call.score),
        signer=who.principal,
        suggestions=tuple(" ".join(s.split()) for s in call.suggestions),
        ticket=ticket.id,
        record=call.record,
    )
    text = approval.payload(statement)
    if not roles.by_key(pipeline):
        _entitled(pipeline, ticket, role, who)
    signature = _signature(workspace, text) if _signs(found, role, call.sign) else ""
    _entitled(pipeline, ticket, role, msgspec.structs.replace(who, key=approval.fingerprint(signature)))
    with workspace.transaction(f"approval {call.decision}") as tx:
        record = _record(workspace.train, ticket, found)
        if gate.digest(workspace.train, ticket) != digest or _in_hand(record, who) not in ("", statement.nonce):
            raise ConflictError(
                "it changed while you decided; nothing was written", place=ticket.path, hint="try again"
            )
        if not _in_hand(record, who):
            _begin(tx, ticket, found, statement.nonce, digest, actor)
        data = {**approval.fields(statement), "payload": text, "signature": signature}
        tx.append(_draft("approval_decided", ticket, found, data, actor))
    return Decided(statement, bool(signature), _record(workspace.train, ticket, found))


def begin(workspace: Workspace, wanted: str | None, name: str) -> Approval:
    """Take a review up. Raises TrainError when the caller has it in hand already."""
    ticket, found = _aimed(workspace, wanted, name)
    actor = rolls.actor(workspace, "approve")
    with workspace.transaction("approval begin") as tx:
        if _in_hand(_record(workspace.train, ticket, found), roles.acting(actor)):
            hint = f"agenticops approval show {ticket.id}"
            raise TrainError(f"you have the review of {ticket.id} in hand already", hint=hint)
        _begin(tx, ticket, found, _nonce(workspace), gate.digest(workspace.train, ticket), actor)
    return _record(workspace.train, ticket, found)


def request(workspace: Workspace, wanted: str | None, name: str, reviewers: Sequence[str]) -> Approval:
    """Ask people and agents for a review."""
    if not reviewers:
        raise UsageError("nobody is asked", hint="--reviewer grace@example.org, or --reviewer agent:evaluator")
    ticket, found = _aimed(workspace, wanted, name)
    for reviewer in reviewers:
        _known(workspace.train, reviewer)
    with workspace.transaction("approval request") as tx:
        digest = gate.digest(workspace.train, ticket)
        data = {"reviewers": list(dict.fromkeys(reviewers)), "digest": digest}
        tx.append(_draft("approval_requested", ticket, found, data, rolls.actor(workspace, "approve")))
    return _record(workspace.train, ticket, found)


def review(workspace: Workspace, wanted: str | None, name: str, said: Opinion) -> Approval:
    """Give feedback without deciding: a verdict, a score, suggestions."""
    if not 0 <= said.score <= 10:
        raise UsageError(f"a score of {said.score:g} is outside 0 to 10", hint="--score 7.5")
    ticket, found = _aimed(workspace, wanted, name)
    with workspace.transaction("approval review") as tx:
        data = {**msgspec.to_builtins(said), "digest": gate.digest(workspace.train, ticket)}
        tx.append(_draft("review_given", ticket, found, data, rolls.actor(workspace, "approve")))
    return _record(workspace.train, ticket, found)


def escalate(workspace: Workspace, wanted: str | None, name: str, to: Sequence[str], reason: str) -> Approval:
    """Put a review before others: until one of them approves, nobody else's approval is enough."""
    words = aim.reason(reason)
    ticket, found = _aimed(workspace, wanted, name)
    for one in to:
        _known(workspace.train, one)
    with workspace.transaction("approval escalate") as tx:
        data = {"to": list(dict.fromkeys(to)), "reason": words, "digest": gate.digest(workspace.train, ticket)}
        tx.append(_draft("approval_escalated", ticket, found, data, rolls.actor(workspace, "approve")))
    return _record(workspace.train, ticket, found)


def listing(workspace: Workspace, wanted: str | None = None) -> list[Approval]:
    """List the reviews of a ticket's gates, or of those of every open ticket: what was asked for, and what is owed."""
    train = workspace.train
    names = [aim.ticket_id(workspace, wanted)] if wanted else train.ticket_ids()
    tickets = [t for t in (train.ticket(n) for n in names) if wanted or not t.closed]
    return [_record(train, t, g) for t in tickets for g in _reviewed(train, t)]


def show(workspace: Workspace, wanted: str | None, name: str = "") -> tuple[Approval, list[Execution]]:
    """Give the review of a gate and the gate's runs."""
    ticket, found = _aimed(workspace, wanted, name, closed=True)
    runs = [e for e in execution.of_ticket(workspace.train, ticket.id) if e.gate_name == found.name]
    return _record(workspace.train, ticket, found), runs


def executions(workspace: Workspace, wanted: str | None = None) -> list[Execution]:
    """List the runs of a ticket's gates, or of all tickets'."""
    train = workspace.train
    names = [aim.ticket_id(workspace, wanted)] if wanted else train.ticket_ids()
    return [e for n in names for e in execution.of_ticket(train, n)]


def stale(workspace: Workspace, record: Approval) -> list[Feedback]:
    """Give the decisions that are of other content than the ticket holds now."""
    train = workspace.train
    digest = gate.digest(train, train.ticket(record.ticket))
    old = {(g.statement.signer, g.statement.at) for g in record.given if g.statement.digest != digest}
    return [f for f in record.feedback if (f.reviewer, f.at) in old]


def _aimed(workspace: Workspace, wanted: str | None, name: str, closed: bool = False) -> tuple[Ticket, Gate]:
    """Find the ticket and the gate that wants a review. Raises UsageError when there is none, or when several do."""
    ticket = aim.ticket(workspace, wanted)
    if ticket.closed and not closed:
        raise TrainError(f"{ticket.id} is {ticket.status}: it is not reviewed any more", place=ticket.path)
    gates = _reviewed(workspace.train, ticket)
    for one in gates:
        for wrong in filter(None, (gate.misuse(one, c) for c in approval.calls(one))):
            raise StateError(wrong.message, place=PIPELINE, hint=wrong.hint)
    known = ", ".join(g.name for g in gates)
    if not gates:
        hint = "a gate asks for one by `- check: approval`; docs/how-to/review-and-approve.md"
        raise UsageError(f"no gate of {ticket.phase} wants an approval", place=PIPELINE, hint=hint)
    if name and name not in [g.name for g in gates]:
        raise UsageError(f"no gate {name!r} of {ticket.phase} wants an approval", hint=f"there is {known}")
    if not name and len(gates) > 1:
        raise UsageError(f"{len(gates)} gates want an approval: say which", hint=f"--gate, one of {known}")
    return ticket, next(g for g in gates if name in ("", g.name))


def _reviewed(train: Train, ticket: Ticket) -> list[Gate]:
    phase = train.phase(ticket.phase)
    return approval.wanted(train.pipeline, dict.fromkeys((phase.gate, phase.entry_gate, phase.done_gate)))


def _record(train: Train, ticket: Ticket, found: Gate) -> Approval:
    return approval.record(ticket.id, found.name, train.log.of_subject(approval.subject(ticket.id, found.name)))


def _role(pipeline: Pipeline, who: roles.Who, ticket: Ticket, found: Gate, wanted: str) -> str:
    """Say in which role the reviewer decides: the one named, else the first that the gate asks for and they have."""
    named = list(dict.fromkeys(checks.asked(c).role for c in approval.calls(found)))
    if wanted and wanted not in named:
        raise UsageError(f"gate {found.name} asks for no role {wanted!r}", hint=f"it asks for {', '.join(named)}")
    held = (r for r in named if not r or not roles.lacks(pipeline, who, r, ticket.phase))
    return wanted or next(held, named[0])


def _entitled(pipeline: Pipeline, ticket: Ticket, role: str, who: roles.Who) -> None:
    """Refuse somebody who may not approve, or has not got the role, by the roles of the base."""
    reason = roles.allowed(pipeline, who, "approve", ticket.phase)
    reason = reason or (roles.lacks(pipeline, who, role, ticket.phase) if role else "")
    if reason:
        raise rolls.refusal(reason)


def _refuse_again(record: Approval, who: roles.Who, digest: str, decision: str, role: str) -> None:
    """A decision is not given twice on the same content; another one is, since minds change."""
    mine = [g.statement for g in approval.latest(record.given, role) if g.statement.signer == who.principal]
    if mine and (mine[0].decision, mine[0].digest, mine[0].role) == (decision, digest, role):
        hint = f"agenticops approval show {record.ticket}"
        raise TrainError(f"you said so at {mine[0].at} already: {decision.replace('_', ' ')}", hint=hint)


def _in_hand(record: Approval, who: roles.Who) -> str:
    """The nonce of the review that somebody has in hand, or ""."""
    return next((nonce for nonce, held in record.reviews.items() if held == who.principal), "")


def _nonce(workspace: Workspace) -> str:
    return ulid(workspace.clock.milliseconds(), workspace.clock.entropy(10))


def _begin(tx: Transaction, ticket: Ticket, found: Gate, nonce: str, digest: str, actor: Actor) -> None:
    tx.append(_draft("approval_begun", ticket, found, {"nonce": nonce, "digest": digest}, actor))


def _signs(found: Gate, role: str, wanted: bool | None) -> bool:
    if wanted is not None:
        return wanted
    mine = [c for c in approval.calls(found) if checks.asked(c).role == role]
    return any(_wants_signature(found, c) for c in mine)


def _wants_signature(found: Gate, call: CheckCall) -> bool:
    return bool(checks.asked(call).signed) or (call.level or found.level) == "attested"


def _signature(workspace: Workspace, text: str) -> str:
    from agenticops.ports import signature

    return signature.sign(workspace.git, text.encode()).signature


def _known(train: Train, name: str) -> None:
    """A reviewer is a role, an agent of the pipeline, or an identity."""
    if name in train.pipeline.roles:
        return
    who = roles.parse(name)
    if who.agent:
        train.agent(who.agent)


def _draft(kind: str, ticket: Ticket, found: Gate, data: Mapping[str, object], actor: Actor) -> Draft:
    return Draft(kind, approval.subject(ticket.id, found.name), ticket.id, ticket.item, dict(data), actor)
