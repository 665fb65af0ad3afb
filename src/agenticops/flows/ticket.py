"""Tickets: opening a visit, moving its status, closing it. Every change is one transaction with its event."""

from __future__ import annotations

from typing import Any

import msgspec

from agenticops.core import checklist as checklists
from agenticops.core import documents, fold, yamltext
from agenticops.core.checks import inputs
from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError, UsageError
from agenticops.flows import aim, rest
from agenticops.model.digest import sha256
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.pipeline import Phase
from agenticops.model.ticket import LIFE_CYCLE, Status, Ticket
from agenticops.model.work import WorkItem
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

KIND_OF: dict[Status, str] = {
    "todo": "ticket_opened",
    "in_progress": "ticket_started",
    "blocked": "ticket_blocked",
    "in_review": "ticket_in_review",
    "done": "ticket_done",
    "cancelled": "ticket_cancelled",
}
# The anchor of the bullet that `artifact record` ticks.
RECORDED = "recorded-"
# Parts the last bullet from one that is added below it: without a line between, ticking and adding would conflict.
CHECKLIST_END = "<!-- New bullets go above this line; it lets branches merge. -->"
SESSION_BODY = "\n# Session notes\n\nFree text below the front-matter is yours.\n"


def open_visit(
    tx: Transaction, train: Train, item: WorkItem, phase: Phase, operator: str = "", steps: tuple[str, ...] = ()
) -> Ticket:
    """Write a new ticket with checklist and session, and its events. What is written holds no time (ADR 0002).

    `steps` are the next steps that the phase before left; the session of this ticket begins with them.
    """
    name = train.next_visit(phase.name, item.id)
    mode = train.mode(phase.mode)
    train.agent(phase.owner)
    ticket = Ticket(
        id=name,
        item=item.id,
        phase=phase.name,
        mode=phase.mode,
        agent=phase.owner,
        status="todo",
        operator=operator,
        artifacts=phase.artifacts,
        optional=phase.optional,
        entry=mode.entry,
        exit=mode.exit,
    )
    tx.write(ticket.path, documents.write_ticket(ticket))
    checklist = _checklist(train, ticket, item)
    tx.write(ticket.checklist_path, checklist)
    session: dict[str, Any] = {
        "status": "init",
        "ticket": name,
        "phase": phase.name,
        "mode": phase.mode,
        "agent": phase.owner,
    }
    if steps:
        session["next_steps"] = list(steps)
    tx.write(ticket.session_path, f"---\n{yamltext.dump(session)}---\n{SESSION_BODY}")
    before = train.item_chain(item.id).state if item.id in train.item_ids() else ""
    tx.append(Draft("item_moved", f"item/{item.id}", name, item.id, {"from": before, "to": name}))
    # The bullets and artifacts that this visit owes; the gate remembers them, whatever becomes of the files.
    owed = [b.key for b in checklists.parse(checklist).bullets if b.required]
    data = {"to": "todo", "phase": phase.name, "owed": owed, "artifacts": list(ticket.artifacts)}
    tx.append(Draft("ticket_opened", f"ticket/{name}", name, item.id, data))
    return ticket


def _checklist(train: Train, ticket: Ticket, item: WorkItem) -> str:
    template = train.checklist_template(train.mode(ticket.mode))
    bullets = []
    for name in ticket.artifacts:
        contract = train.contract(name)
        path = train.artifact_path(contract, ticket.item)
        bullets.append(f"- [ ] {contract.title or name} is recorded: {path} * <!-- id: {RECORDED}{name} -->")
    owed = "\n\n".join(bullets) or "This phase owes no artifact."
    text = documents.render(template, {**train.values(ticket, item.title), "artifacts": owed})
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{text.rstrip()}{newline}{newline}{CHECKLIST_END}{newline}"


def start(workspace: Workspace, tx: Transaction, item: WorkItem, phase: str = "") -> Ticket:
    """Open an item's first ticket: at the pipeline's start or, for a kind that does not travel, where it is told."""
    train = workspace.train
    pipeline = train.pipeline
    if workspace.phase_ticket:
        raise TrainError("a phase branch opens no tickets", hint=f"git switch {pipeline.default_branch}")
    chain = train.item_chain(item.id) if item.id in train.item_ids() else fold.Chain()
    if chain.state == "done":
        result = str(chain.events[-1].data.get("result", "done"))
        raise TrainError(f"work item {item.id} is {result}", hint="open a new work item for more work")
    if chain.state not in ("", "created"):
        hint = f"agenticops advance {chain.state} moves it along the pipeline"
        raise TrainError(f"work item {item.id} already travels: {chain.state}", hint=hint)
    travels = item.kind in pipeline.kinds
    if travels and phase and phase != pipeline.start:
        hint = "leave --phase out; advance moves it along the edges"
        raise TrainError(f"a {item.kind} enters this train at {pipeline.start}, not at {phase}", hint=hint)
    if not travels and not phase:
        raise UsageError(
            f"a {item.kind} visits one phase: say which",
            hint=f"--phase {pipeline.start}; agenticops pipeline show lists them",
        )
    return open_visit(tx, train, item, train.phase(phase or pipeline.start))


def new(workspace: Workspace, wanted: str, phase: str = "") -> Ticket:
    """Open the first ticket of a work item."""
    with workspace.transaction("ticket new") as tx:
        item = workspace.train.item(aim.item_id(workspace, wanted))
        return start(workspace, tx, item, phase)


def entry_findings(train: Train, phase: Phase, item: str) -> list[Finding]:
    """What an item still owes before it may enter a phase."""
    return list(inputs.owed(train, phase, item))


def move(tx: Transaction, ticket: Ticket, status: Status, data: dict[str, Any] | None = None, **fields: Any) -> Ticket:
    """Set a ticket's status with the event that explains it. Raises TrainError when the life-cycle has no such edge."""
    if not LIFE_CYCLE.allows(ticket.status, status):
        ways = ", ".join(LIFE_CYCLE.edges[ticket.status]) or "nothing; open a new visit for more work"
        raise TrainError(
            f"{ticket.id} is {ticket.status}: it cannot become {status}",
            place=ticket.path,
            hint=f"from there it may become {ways}",
        )
    raw = tx.read(ticket.path)
    if raw is None:
        raise StateError(f"ticket {ticket.id} has no ticket.yml", place=ticket.path)
    text = yamltext.splice(yamltext.decode(raw, ticket.path), {"status": status, **fields}, ticket.path)
    tx.write(ticket.path, text)
    kind = "ticket_unblocked" if ticket.status == "blocked" and status == "in_progress" else KIND_OF[status]
    tx.append(
        Draft(
            kind, f"ticket/{ticket.id}", ticket.id, ticket.item, {"from": ticket.status, "to": status, **(data or {})}
        )
    )
    return msgspec.structs.replace(ticket, status=status, **fields)


def guard(train: Train, ticket: Ticket) -> None:
    """Refuse to move a ticket whose status was edited by hand. Raises TrainError with the way back."""
    said = train.status_chain(ticket.id).state
    if said and said != ticket.status:
        hint = f"set it back to {said}, then use begin, ticket block|unblock|cancel or advance"
        raise TrainError(
            f"VT305 status {ticket.status} was edited by hand: the log says {said}", place=ticket.path, hint=hint
        )


def block(workspace: Workspace, wanted: str | None, reason: str) -> Ticket:
    """Hold a ticket, with the reason."""
    reason = aim.reason(reason)
    with workspace.transaction("ticket block") as tx:
        ticket = aim.ticket(workspace, wanted)
        guard(workspace.train, ticket)
        return move(tx, ticket, "blocked", {"reason": reason}, blocked_by=reason)


def unblock(workspace: Workspace, wanted: str | None, reason: str) -> Ticket:
    """Let a blocked ticket go on."""
    with workspace.transaction("ticket unblock") as tx:
        ticket = aim.ticket(workspace, wanted)
        if ticket.status != "blocked":
            raise TrainError(f"{ticket.id} is not blocked: it is {ticket.status}", place=ticket.path)
        guard(workspace.train, ticket)
        return move(tx, ticket, "in_progress", {"reason": reason}, blocked_by="")


def cancel(workspace: Workspace, wanted: str | None, reason: str) -> Ticket:
    """End a visit without a result; its item stops here too, and its files are kept."""
    reason = aim.reason(reason)
    with workspace.transaction("ticket cancel") as tx:
        ticket = aim.ticket(workspace, wanted)
        guard(workspace.train, ticket)
        if not workspace.phase_ticket:
            rest.archive_root(workspace, tx, ticket.id, "the ticket is cancelled")
        closed = close(tx, workspace.train, ticket, "cancelled", {"reason": reason})
        data = {"from": ticket.id, "to": "done", "result": "cancelled", "reason": reason}
        tx.append(Draft("item_finished", f"item/{ticket.item}", ticket.id, ticket.item, data))
        return closed


def close(tx: Transaction, train: Train, ticket: Ticket, status: Status, data: dict[str, Any]) -> Ticket:
    """Close a visit: status, its session archived in place, and the digests of the files that are frozen now."""
    rest.close(tx, train, ticket, f"the ticket is {status}")
    held = {"blocked_by": ""} if ticket.blocked_by else {}
    closed = move(tx, ticket, status, None, **held)
    files = {}
    for path in (ticket.path, ticket.checklist_path, ticket.session_path):
        content = tx.read(path)
        if content is not None:
            files[path] = sha256(content)
    last = tx.drafts.pop()
    tx.append(msgspec.structs.replace(last, data={**last.data, **data, "files": files}))
    return closed


def edit(workspace: Workspace, wanted: str | None, changes: dict[str, Any], hours: float = 0.0) -> Ticket:
    """Change what people own of a ticket (operator, description, estimates), or note hours of effort in the log."""
    if not changes and not hours:
        raise UsageError("nothing to change", hint="agenticops ticket edit --help")
    with workspace.transaction("ticket edit") as tx:
        ticket = aim.ticket(workspace, wanted)
        if ticket.closed:
            raise TrainError(f"{ticket.id} is {ticket.status}: its files do not change any more", place=ticket.path)
        if changes:
            text = yamltext.decode(tx.read(ticket.path) or b"", ticket.path)
            tx.write(ticket.path, yamltext.splice(text, changes, ticket.path))
            tx.append(
                Draft("ticket_edited", f"ticket/{ticket.id}", ticket.id, ticket.item, {"fields": sorted(changes)})
            )
        if hours:
            tx.append(Draft("effort_spent", f"ticket/{ticket.id}", ticket.id, ticket.item, {"hours": hours}))
    return workspace.train.ticket(ticket.id)
