"""Status: how both sides stood when they last met, what waits since, and what is left of the rate limit."""

from __future__ import annotations

from msgspec import Struct

from agenticops.core.sync import base
from agenticops.errors import TrainError
from agenticops.flows.forge import opening, planning
from agenticops.model.forge import Conflict
from agenticops.ports.clock import timestamp
from agenticops.ports.forge import Limit
from agenticops.workspace import Workspace


class Status(Struct, frozen=True):
    """`agreed` is when something was last agreed on, `items` how many have an issue, `read` when all was last read.

    `waiting` counts the actions of a plan of what was last read, None when nothing is kept; `offline` says why the
    forge was not asked for its limit.
    """

    repository: str = ""
    agreed: str = ""
    items: int = 0
    read: str = ""
    waiting: int | None = None
    conflicts: tuple[Conflict, ...] = ()
    limit: Limit | None = None
    offline: str = ""


def status(workspace: Workspace, offline: bool = False) -> Status:
    """Look at what is known here; ask the forge only for its limit."""
    last = workspace.log.of_kinds(base.AGREED)[-1:]
    found: dict[str, object] = {"agreed": last[0].at if last else "", "items": len(planning.bases(workspace))}
    head = opening.snapshot(workspace).head()
    if head is not None:
        planned = planning.plan(workspace, offline=True)
        found |= {"repository": head.repository, "read": timestamp(head.read), "conflicts": planned.plan.conflicts}
        found["waiting"] = len(planned.plan.actions)
    if offline:
        return Status(**found, offline="not asked")  # type: ignore[arg-type]
    try:
        with opening.opened(workspace) as forge:
            found |= {"repository": forge.repository, "limit": forge.limit()}
    except TrainError as e:
        found["offline"] = e.message
    return Status(**found)  # type: ignore[arg-type]
