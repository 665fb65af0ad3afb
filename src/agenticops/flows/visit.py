"""Visits: what is shown of tickets: lists from the index, and one ticket with all that the log says of it."""

from __future__ import annotations

from typing import Any

import msgspec

from agenticops.core import fold, gate
from agenticops.errors import UsageError
from agenticops.flows import aim, case
from agenticops.flows.report import rows
from agenticops.flows.session import parents
from agenticops.model.ticket import LIFE_CYCLE, Ticket
from agenticops.workspace import Workspace

Row = dict[str, Any]


def listing(
    workspace: Workspace, status: str = "", phase: str = "", item: str = "", everything: bool = False
) -> list[Row]:
    """List tickets from the index. Raises an error for an unknown status, phase or item: an empty list would lie."""
    if status and status not in LIFE_CYCLE.edges:
        raise UsageError(f"there is no status {status!r}", hint=f"statuses: {', '.join(LIFE_CYCLE.edges)}")
    item = aim.item_id(workspace, item) if item else ""
    where, values = ["1" if everything or status else "t.closed = 0"], []
    for column, value in (("status", status), ("phase", phase), ("item", item)):
        if value:
            where.append(f"t.{column} = ?")
            values.append(value)
    found = rows(workspace, " AND ".join(where), *values)
    if not found:  # tell "none" from "no train here" and from a slip of the pen
        _ = workspace.train.phase(phase) if phase else workspace.train.pipeline
    return found


def full(workspace: Workspace, wanted: str | None) -> Row:
    """Give all of a ticket: what it owns, its item's fields, the folds of the log, how its evaluations stand."""
    ticket = aim.ticket(workspace, wanted)
    train = workspace.train
    item = train.item(ticket.item)
    bullets = train.checklist(ticket)
    log = train.log.of_ticket(ticket.id)
    started = fold.last([e for e in log if e.data.get("from") == "todo"], "ticket_started")
    ended = fold.last(log, "ticket_done", "ticket_cancelled")
    first_open = next((b.section for b in bullets.open), "")
    found: Row = msgspec.to_builtins(ticket)
    found |= {
        "work_item": item.id,
        "issue": item.issue,
        "url": item.url,
        "title": item.title,
        "kind": item.kind,
        "priority": item.priority,
        "description": ticket.description or item.body,
        "team": item.team,
        "project": item.project,
        "client": item.client,
        "parents": parents(train, ticket),
        "revenue_value": item.revenue_value,
        "stage": first_open,
        "started_at": started.at if started else "",
        "completed_at": ended.at if ended else "",
        "checklist": {
            "required": len(bullets.owed),
            "ticked": len(bullets.owed) - len(bullets.open),
            "total": len(bullets.bullets),
        },
        "effort_hours": sum(float(e.data.get("hours", 0)) for e in log if e.kind == "effort_spent"),
        "evaluation": evaluation(workspace, ticket),
    }
    return found


def evaluation(workspace: Workspace, ticket: Ticket) -> dict[str, bool | None]:
    """Say which parts of the ticket's gate hold now. What only the forge can tell is None."""
    verdict = gate.judge(case.of_ticket(workspace, ticket))
    codes = {f.code for f in verdict.findings if f.severity == "error"}
    bullets = workspace.train.checklist(ticket)
    left = {b.section for b in bullets.open}
    return {
        "checklist": not any(c.startswith("VT1") for c in codes),
        "artifacts": not any(c.startswith("VT2") for c in codes),
        "entry": "Entry criteria" not in left,
        "exit": "Exit criteria" not in left,
        "issue_closed": None,
        "labels_valid": None,
        "ready_for_next_phase": verdict.holds,
    }
