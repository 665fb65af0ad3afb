"""Phase issues: by option a ticket has an issue of its own at the forge, below that of its item.

It is made once, and closed when the ticket is. It is no work item: the sync leaves it alone. A marker in its body finds
it again when its making was cut off.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from agenticops.core import fold, sticky
from agenticops.core.sync import labels
from agenticops.errors import TrainError
from agenticops.model.event import Draft
from agenticops.model.forge import Issue
from agenticops.model.ticket import CLOSED, Ticket
from agenticops.model.work import WorkItem
from agenticops.ports.forge import Edit, Forge, New
from agenticops.workspace import Workspace

ISSUED = "ticket_issued"


class Children(Struct, frozen=True):
    """The issue of a ticket, whether it was made now, and those of earlier visits that were closed."""

    number: int = 0
    url: str = ""
    made: bool = False
    closed: tuple[int, ...] = ()


def issue(workspace: Workspace, forge: Forge, ticket: Ticket) -> Children:
    """See to it that an open ticket has its issue, and that those of the item's closed tickets are closed.

    Raises TrainError while the item has no issue itself.
    """
    item = workspace.train.item(ticket.item)
    if item.issue is None:
        raise TrainError(f"work item {item.id} has no issue yet", place=item.path, hint="agenticops github apply")
    known = _known(workspace, item.id)
    found = Children()
    if ticket.status not in CLOSED:
        found = _made(workspace, forge, item, item.issue, ticket, known.get(ticket.id, 0))
    return msgspec.structs.replace(found, closed=tuple(_closed(workspace, forge, known)))


def _known(workspace: Workspace, item: str) -> dict[str, int]:
    """Map the item's tickets to their issues, as the log has them."""
    events = (e for e in fold.live(workspace.log.of_item(item)) if e.kind == ISSUED)
    return {e.ticket: n for e in events if isinstance(n := e.data.get("issue"), int)}


def _made(workspace: Workspace, forge: Forge, item: WorkItem, above: int, ticket: Ticket, known: int) -> Children:
    if known:
        return Children(known)
    marker = sticky.marker(ticket.id)
    found = forge.issues.find(marker, above)
    made = found is None
    if found is None:
        body = f"Ticket {ticket.id}: the {sticky.plain(ticket.phase)} of #{above}.\n\n{marker}\n"
        wears = tuple(labels.label(name, value) for name, value in (("phase", ticket.phase), ("agent", ticket.agent)))
        found = forge.issues.create(New(f"{sticky.title(item.title)}: {ticket.phase}", marker, body, wears))
    if found.parent != above:
        forge.issues.set_parent(found, forge.issues.get(above))
    data = {"issue": found.number, "parent": above, "url": found.url}
    with workspace.transaction("github publish") as tx:
        tx.append(Draft(ISSUED, f"ticket/{ticket.id}", ticket.id, item.id, data))
    return Children(found.number, found.url, made)


def _closed(workspace: Workspace, forge: Forge, known: dict[str, int]) -> list[int]:
    closed = []
    for name, number in known.items():
        status = workspace.train.ticket(name).status if workspace.train.has_ticket(name) else ""
        if status in CLOSED:
            seen: Issue = forge.issues.get(number)
            if seen.state == "open":
                forge.issues.edit(seen, Edit(state="completed" if status == "done" else "not_planned"))
                closed.append(number)
    return closed
