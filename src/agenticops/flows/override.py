"""The emergency exit: an override is written down with its end and its risk, and is paid back later."""

from __future__ import annotations

from typing import Any

from agenticops.core import override, papers
from agenticops.errors import StateError, TrainError
from agenticops.flows import aim, judge, role
from agenticops.flows import papers as shelves
from agenticops.flows import ticket as tickets
from agenticops.model.event import Draft
from agenticops.model.finding import Verdict
from agenticops.model.paper import Paper, Risk
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

OFF_THE_RAILS = "VT312"


def record(
    workspace: Workspace, tx: Transaction, ticket: Ticket, verdict: Verdict, reason: str, expires: str, to: str
) -> str:
    """Write an override down with its risk; gives the risk's id. One that is open for the ticket keeps its risk."""
    until = override.expiry(expires or override.TERM, workspace.now)
    errors = [f for f in verdict.findings if f.severity == "error"]
    codes = sorted({f.code for f in errors})
    earlier = override.open_overrides(workspace.train.log.of_ticket(ticket.id))
    kept = next((o.risk for o in reversed(earlier) if o.risk in papers.ids(workspace.train.tree, "risk")), "")
    risk = kept or _raise(workspace, tx, ticket, reason, until, [f"{f.place}: {f.code} {f.message}" for f in errors]).id
    data: dict[str, Any] = {"gate": verdict.gate, "digest": verdict.digest, "codes": codes, "findings": len(errors)}
    data |= {"reason": reason, "way": to, "expires": until, "risk": risk}
    who = role.actor(workspace, "override")
    tx.append(Draft(override.OVERRIDDEN, f"ticket/{ticket.id}", ticket.id, ticket.item, data, who))
    return risk


def _raise(
    workspace: Workspace, tx: Transaction, ticket: Ticket, reason: str, until: str, findings: list[str]
) -> Paper:
    stands = "\n".join(f"- {' '.join(f.split())}" for f in findings[:20])
    fields = {
        "title": f"{ticket.id} moved on although its gate did not hold",
        "type": "workflow",
        "cause": reason,
        "impact": "What the gate asks for may be missing in what follows.",
        "signal": f"The override is open after {until[:10]}.",
        "owner": workspace.operator,
        "items": [ticket.item],
        "ticket": ticket.id,
        "description": f"What stood open when it was overridden:\n\n{stands}",
    }
    return shelves.add(workspace, tx, "risk", fields, ticket.id)


def listing(workspace: Workspace) -> list[override.Override]:
    """Give the overrides that are not paid back."""
    return override.open_overrides(workspace.log.of_kinds(*override.KINDS))


def repay(workspace: Workspace, wanted: str | None, reason: str, decision: str = "") -> list[override.Override]:
    """Pay a ticket's overrides back: its gate holds now, or an operator names the decision that settles them.

    The risks that they raised are closed in the same transaction.
    """
    reason = aim.reason(reason)
    with workspace.transaction("override repay") as tx:
        ticket = aim.ticket(workspace, wanted)
        found = override.open_overrides(workspace.train.log.of_ticket(ticket.id))
        if not found:
            raise TrainError(f"no override of {ticket.id} is open", hint="agenticops override list")
        settled: dict[str, Any] = {"reason": reason, "overrides": [o.id for o in found]}
        if decision:
            settled["decision"] = _decided(workspace, ticket, decision)
        else:
            settled |= _held(workspace, ticket, found)
        for name in dict.fromkeys(o.risk for o in found):
            _close(workspace, tx, name)
        tx.append(Draft(override.REPAID, f"ticket/{ticket.id}", ticket.id, ticket.item, settled))
    return found


def _decided(workspace: Workspace, ticket: Ticket, decision: str) -> str:
    if workspace.by_agent:
        hint = "ask the operator to run it in a terminal of their own"
        raise TrainError(f"an agent ({workspace.by_agent}) cannot settle an override by a decision", hint=hint)
    role.require(workspace, "override", ticket.phase)
    return shelves.named(workspace, "decision", decision)


def _held(workspace: Workspace, ticket: Ticket, found: list[override.Override]) -> dict[str, Any]:
    """Judge again what was let through: the gate, and what the phases that were entered need."""
    verdict = judge.ticket(workspace, ticket.id)
    phases = workspace.train.pipeline.phases
    entered = [phases[o.to] for o in found if o.to in phases]
    more = [f for phase in entered for f in tickets.entry_findings(workspace.train, phase, ticket.item)]
    errors = [f for f in (*verdict.findings, *more) if f.severity == "error"]
    hint = f"agenticops check {ticket.id}; or name what settles it: --decision DECISION"
    if errors:
        first = errors[0]
        message = f"what was overridden does not hold yet: {first.code} {first.message}"
        raise TrainError(message, place=first.place, hint=hint)
    if any(OFF_THE_RAILS in o.codes for o in found):
        raise TrainError("the way that was taken is no edge of the pipeline: no gate can hold on it", hint=hint)
    return {"gate": verdict.gate, "digest": verdict.digest}


def _close(workspace: Workspace, tx: Transaction, name: str) -> None:
    """Close the risk; one that is not there, or closed by hand, needs nothing."""
    try:
        risk = papers.get(workspace.train.tree, "risk", name)
    except StateError:
        return
    if isinstance(risk, Risk) and risk.status != "closed":
        shelves.change(workspace, tx, "risk", name, {"status": "closed"})
