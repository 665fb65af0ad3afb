"""This side of the sync: the work items with their open tickets and their ends."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from agenticops.core import work_state
from agenticops.core.sync import items
from agenticops.errors import StateError
from agenticops.flows import progress
from agenticops.flows.forge import opening
from agenticops.model.forge import Local
from agenticops.model.layout import TICKETS, WORK
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem
from agenticops.workspace import Workspace


class Here(Struct, frozen=True):
    """The items by id: as they are written, as a merge sees them, and their open tickets."""

    items: dict[str, WorkItem]
    locals: dict[str, Local]
    tickets: dict[str, Ticket]


def read(workspace: Workspace) -> Here:
    """Read all items. Raises StateError for a document that is broken: what it says would count as taken away."""
    _ = workspace.train.pipeline
    for path, message, place, hint in workspace.index.problems():
        if path.startswith((f"{WORK}/", f"{TICKETS}/")):
            raise StateError(message, place=place, hint=hint)
    rows = workspace.index.rows("SELECT json FROM item ORDER BY id")
    found = {item.id: item for item in (msgspec.json.decode(row[0], type=WorkItem) for row in rows)}
    rows = workspace.index.rows("SELECT json FROM ticket WHERE closed = 0")
    tickets = items.open_tickets(msgspec.json.decode(row[0], type=Ticket) for row in rows)
    ended = work_state.ends(workspace.log)
    told = progress.told(workspace, tickets.values()) if opening.settings(workspace).comments else {}
    local = {n: items.local(item, tickets.get(n), ended.get(n, "open"), told.get(n, "")) for n, item in found.items()}
    return Here(found, local, tickets)


def one(workspace: Workspace, name: str) -> tuple[WorkItem, Local]:
    """Read one item as it is now. Raises StateError when it is broken or gone."""
    item = workspace.train.item(name)
    rows = workspace.index.rows("SELECT json FROM ticket WHERE closed = 0 AND item = ?", name)
    tickets = items.open_tickets(msgspec.json.decode(row[0], type=Ticket) for row in rows)
    ended = work_state.ends(workspace.log, name)
    return item, items.local(item, tickets.get(name), ended.get(name, "open"))
