"""Standing: what the default branch says of a ticket's drive: that it has it, or why it waits. ADR 0036."""

from __future__ import annotations

from typing import Any

from agenticops.core.drive import progress
from agenticops.flows import commit
from agenticops.flows import ticket as tickets
from agenticops.flows.drive.marks import Marks
from agenticops.flows.drive.trunk import Push, Trunk
from agenticops.model.drive import Drive
from agenticops.model.event import Draft
from agenticops.model.ticket import LIFE_CYCLE, Ticket
from agenticops.workspace import Workspace


def standing(there: Workspace, ticket: str) -> Drive:
    """Say where a ticket stands with the auto-pilot, as the default branch has it."""
    return progress.drive(ticket, there.log.of_subject(f"drive/{ticket}"))


def held(there: Workspace) -> dict[str, str]:
    """Name the items whose ticket the auto-pilot does not touch until a person lets it, and why."""
    events = there.log.of_kinds(*progress.STANDINGS)
    found: dict[str, str] = {}
    for ticket, item in {e.ticket: e.item for e in events}.items():
        stands = progress.drive(ticket, [e for e in events if e.ticket == ticket])
        if stands.standing == "blocked":
            found[item] = f"{ticket} is held: {stands.reason}; agenticops drive resume {ticket}"
        elif stands.standing == "left":
            found[item] = f"{ticket} is with {stands.owner}; agenticops drive resume {ticket} gives it back"
        else:
            found.pop(item, None)
    return found


def leave(main: Workspace, here: Workspace, line: Trunk, name: str, wish: str, push: Push) -> None:
    """Give a ticket to a person, as its mark asks; for who has claimed it. One that is aborted is blocked, too."""
    marks = Marks(main)
    mark = marks.of(name)
    words = mark.reason if mark is not None else ""
    ticket = here.train.ticket(name)
    if wish == "abort" and LIFE_CYCLE.allows(ticket.status, "blocked"):
        tickets.block(here, name, f"aborted: {words or 'no reason was given'}")
        commit.of_item(here, ticket.item, f"{name}: aborted", name)
    line.change(lambda there: note(there, "drive_left", ticket, {"reason": wish, "words": words}), push)
    marks.drop(name)


def note(there: Workspace, kind: str, ticket: Ticket, data: dict[str, Any]) -> None:
    """Write a fact about a ticket's drive on the default branch, in a commit of its own."""
    with there.transaction(kind.replace("_", " ")) as tx:
        tx.append(Draft(kind, f"drive/{ticket.id}", ticket.id, ticket.item, data))
    said = str(data.get("reason", ""))
    commit.of_step(there, [], f"{ticket.id}: {kind.partition('_')[2]}{f', {said}' if said else ''}", tx.events)


def named(there: Workspace, ticket: str, event: str) -> bool:
    """Tell whether the default branch has heard of a ticket's block."""
    return any(e.data.get("event") == event for e in there.log.of_subject(f"drive/{ticket}"))
