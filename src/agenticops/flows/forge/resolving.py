"""Resolving: a person says which side counts where both changed a field; the next apply does it."""

from __future__ import annotations

from agenticops.core.sync import base, merge
from agenticops.errors import TrainError, UsageError
from agenticops.flows import aim, role
from agenticops.flows.forge import applying, planning
from agenticops.model.forge import FIELDS, Conflict, Side
from agenticops.workspace import Workspace


def resolve(workspace: Workspace, wanted: str, field: str, take: Side) -> tuple[Conflict, str]:
    """Decide a conflict as it stands now; give it, and the command that only an operator may give, if there is one.

    Raises TrainError when there is none, UsageError when the side cannot be taken.
    """
    if field not in FIELDS:
        raise UsageError(f"there is no field {field!r}", hint=f"fields: {', '.join(FIELDS)}")
    item = aim.item_id(workspace, wanted)
    planned = planning.plan(workspace)  # a decision counts for just what both sides say now
    ticket = planned.here.tickets.get(item)
    role.require(workspace, "resolve", ticket.phase if ticket else "")
    conflict = next((c for c in planned.plan.conflicts if (c.item, c.field) == (item, field)), None)
    if conflict is None:
        raise TrainError(f"{field} of {item} is in no conflict", hint="agenticops github status lists what is")
    if field == "state" and take == "remote" and conflict.remote == "open":
        hint = f'agenticops github resolve {item} --field state --take local closes it; agenticops work new --title "…"'
        raise UsageError(f"{item} has ended, and nothing begins again: open a new item for more work", hint=hint)
    found = merge.resolve(conflict, take)
    with workspace.transaction("github resolve") as tx:
        tx.append(base.resolved_draft(found))
    ends = field == "state" and take == "remote"
    return conflict, applying.ending(planned, item) if ends else ""
