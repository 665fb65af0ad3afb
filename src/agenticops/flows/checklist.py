"""Checklists: tick, add, reword. Each is an event; a tick made in an editor is legal and recorded as observed."""

from __future__ import annotations

from collections.abc import Sequence

from agenticops.core import checklist as checklists
from agenticops.core import fold
from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import aim
from agenticops.model.checklist import Bullet, Checklist
from agenticops.model.event import Actor, Draft
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace


def show(workspace: Workspace, wanted: str | None) -> tuple[Ticket, Checklist]:
    """Give a ticket's checklist."""
    ticket = aim.ticket(workspace, wanted)
    return ticket, workspace.train.checklist(ticket)


def observe(workspace: Workspace, tx: Transaction, ticket: Ticket) -> int:
    """Record ticks that no command made, with the author of the line where it is committed. Gives their number."""
    train = workspace.train
    known = fold.ticked(train.log.of_ticket(ticket.id))
    unknown = [b for b in train.checklist(ticket).bullets if b.checked and b.key not in known]
    for bullet in unknown:
        author = workspace.git.author_of(ticket.checklist_path, bullet.line)
        actor = Actor(operator=author) if author else None
        tx.append(Draft("bullet_observed", f"ticket/{ticket.id}", ticket.id, ticket.item, bullet_data(bullet), actor))
    return len(unknown)


def tick(
    workspace: Workspace, wanted: str | None, bullets: list[str], sections: Sequence[str] = ()
) -> tuple[Ticket, list[Bullet]]:
    """Check bullets (by key, number, unique text, or section) in one transaction. Gives those that were open."""
    with workspace.transaction("checklist tick") as tx:
        ticket = _open(aim.ticket(workspace, wanted))
        text = _text(workspace.train, ticket)
        parsed = checklists.parse(text)
        chosen = [checklists.find(parsed, b) for b in bullets]
        _refuse_proven(chosen, ticket)
        # A section's bullets are ticked but for those that their evidence ticks.
        chosen += [b for section in sections for b in _of_section(parsed, section, ticket) if not b.proof]
        if not chosen:
            raise UsageError("no bullet is named", hint=f"agenticops checklist show {ticket.id}")
        observe(workspace, tx, ticket)
        fresh = list({b.key: b for b in chosen if not b.checked}.values())
        if fresh:
            tx.write(ticket.checklist_path, checklists.tick(text, [b.key for b in fresh]))
        for bullet in fresh:
            tx.append(Draft("bullet_ticked", f"ticket/{ticket.id}", ticket.id, ticket.item, bullet_data(bullet)))
    return ticket, fresh


def add(workspace: Workspace, wanted: str | None, bullet: str, section: str, required: bool) -> tuple[Ticket, Bullet]:
    """Add a bullet at the end of a section."""
    with workspace.transaction("checklist add") as tx:
        ticket = _open(aim.ticket(workspace, wanted))
        text = _text(workspace.train, ticket)
        before = {b.key for b in checklists.parse(text).bullets}
        fresh = checklists.add(text, section, bullet, required)
        added = next(b for b in checklists.parse(fresh).bullets if b.key not in before)
        observe(workspace, tx, ticket)
        tx.write(ticket.checklist_path, fresh)
        data = {**bullet_data(added), "required": required}
        tx.append(Draft("bullet_added", f"ticket/{ticket.id}", ticket.id, ticket.item, data))
    return ticket, added


def reword(workspace: Workspace, wanted: str | None, bullet: str, words: str) -> tuple[Ticket, Bullet, Bullet]:
    """Give a bullet other words; its tick is carried over by the event."""
    with workspace.transaction("checklist reword") as tx:
        ticket = _open(aim.ticket(workspace, wanted))
        text = _text(workspace.train, ticket)
        parsed = checklists.parse(text)
        old = checklists.find(parsed, bullet)
        position = parsed.bullets.index(old)
        fresh = checklists.reword(text, old.key, words)
        now = checklists.parse(fresh).bullets[position]
        observe(workspace, tx, ticket)
        tx.write(ticket.checklist_path, fresh)
        data = {"bullet": old.key, "now": now.key, "text": old.text, "words": now.text}
        tx.append(Draft("bullet_reworded", f"ticket/{ticket.id}", ticket.id, ticket.item, data))
    return ticket, old, now


def bullet_data(bullet: Bullet) -> dict[str, object]:
    """What an event says of a bullet."""
    return {"bullet": bullet.key, "text": bullet.text, "section": bullet.section}


def prove(workspace: Workspace, tx: Transaction, ticket: Ticket, check: str, rests: dict[str, object]) -> list[Bullet]:
    """Tick the bullets that name a check which has passed; `rests` says on which run. Gives the bullets."""
    train = workspace.train
    text = train.checklist_text(ticket) or ""
    mine = [b for b in checklists.parse(text).bullets if b.proof == check]
    if not mine:
        return []
    from agenticops.core import evidence  # most ticks rest on none

    observe(workspace, tx, ticket)
    log = train.log.of_ticket(ticket.id)
    ticked = fold.ticked(log)
    owed = [b for b in mine if not b.checked or not evidence.carries(ticked.get(b.key), check, log)]
    still_open = [b.key for b in owed if not b.checked]
    if still_open:
        tx.write(ticket.checklist_path, checklists.tick(text, still_open))
    for bullet in owed:
        data = {**bullet_data(bullet), "check": check, **rests}
        tx.append(Draft("bullet_ticked", f"ticket/{ticket.id}", ticket.id, ticket.item, data))
    return owed


def _refuse_proven(bullets: list[Bullet], ticket: Ticket) -> None:
    for bullet in bullets:
        if bullet.proof and not bullet.checked:
            raise TrainError(
                f"only evidence of {bullet.proof} ticks {bullet.text!r}",
                place=f"{ticket.checklist_path}:{bullet.line}",
                hint=f"agenticops gate run {ticket.id} --check {bullet.proof}",
            )


def _open(ticket: Ticket) -> Ticket:
    if ticket.closed:
        raise TrainError(
            f"{ticket.id} is {ticket.status}: its files do not change any more",
            place=ticket.path,
            hint="more work is a new visit",
        )
    return ticket


def _text(train: Train, ticket: Ticket) -> str:
    text = train.checklist_text(ticket)
    if text is None:
        raise StateError("the ticket has no checklist", place=ticket.checklist_path, hint="restore it from git")
    return text


def _of_section(parsed: Checklist, section: str, ticket: Ticket) -> list[Bullet]:
    wanted = section.casefold()
    found = [
        b for b in parsed.bullets if b.section.casefold() == wanted or b.section.casefold().endswith(f"› {wanted}")
    ]
    if not found:
        known = ", ".join(dict.fromkeys(b.section for b in parsed.bullets))
        raise UsageError(f"the checklist of {ticket.id} has no section {section!r}", hint=f"sections: {known}")
    return found
