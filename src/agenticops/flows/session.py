"""Sessions: begin, note, decide, to-dos, blockers, pause, archive, modes. One writer at a time."""

from __future__ import annotations

import os
from typing import Any

from agenticops.core import documents, fold, noted, yamltext
from agenticops.core.train import Train
from agenticops.errors import TrainError, UsageError
from agenticops.flows import aim, rest, saving
from agenticops.flows import ticket as tickets
from agenticops.model.event import Draft
from agenticops.model.ids import base32, ulid
from agenticops.model.layout import PIPELINE, ROOT_SESSION
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

Fields = dict[str, Any]
BODY = "\n# Session notes\n\nFree text below the front-matter is yours.\n"


def begin(workspace: Workspace, wanted: str | None, agent: str) -> tuple[Session, str, Ticket]:
    """Open the session of a ticket for an agent; takes over what was handed to it. Gives session, path and ticket."""
    with workspace.transaction("begin") as tx:
        train = workspace.train
        ticket = aim.ticket(workspace, wanted)
        if ticket.closed:
            raise TrainError(f"{ticket.id} is {ticket.status}", place=ticket.path, hint="agenticops next")
        if ticket.status == "blocked":
            raise TrainError(
                f"{ticket.id} is blocked: {ticket.blocked_by}",
                place=ticket.path,
                hint=f"agenticops ticket unblock {ticket.id}",
            )
        agent = agent or ticket.agent
        may_work(train, ticket, agent)
        tickets.guard(train, ticket)
        from agenticops.flows import desks

        desks.refuse_second(workspace, ticket.id)
        path = aim.session_path(workspace, ticket.id)
        old = train.session(path)
        _free(old, ticket, agent, path, workspace, tx)
        tx.actor = lambda: workspace.actor(agent)
        session = _begun(workspace, tx, ticket, agent, path, old)
        if ticket.status in ("todo", "in_review"):
            tickets.move(tx, ticket, "in_progress")
    return session, path, train.ticket(ticket.id)


def may_work(train: Train, ticket: Ticket, agent: str) -> None:
    """Raise TrainError when the ticket's phase and mode do not know the agent."""
    train.agent(agent)
    phase, mode = train.phase(ticket.phase), train.mode(ticket.mode)
    allowed = dict.fromkeys((phase.owner, *phase.helpers, *mode.agents))
    if agent not in allowed:
        hint = f"these may: {', '.join(allowed)}"
        raise TrainError(f"{agent} does not work in {ticket.phase} (mode {ticket.mode})", place=PIPELINE, hint=hint)


def _free(old: Session | None, ticket: Ticket, agent: str, path: str, workspace: Workspace, tx: Transaction) -> None:
    """Make sure that nobody else writes this session."""
    if old is None or old.status in ("init", "done", "archived"):
        return
    if old.ticket == ticket.id:
        if old.status == "handed_off" and old.handoff.to != agent:
            hint = f"agenticops begin {ticket.id} --agent {old.handoff.to}"
            raise TrainError(f"the session was handed to {old.handoff.to}, not to {agent}", place=path, hint=hint)
        if old.status == "active" and old.agent != agent:
            hint = f"agenticops handoff --to {agent}, or agenticops session archive"
            raise TrainError(f"{old.agent} works {ticket.id} in this session", place=path, hint=hint)
        return
    if old.ticket in workspace.train.ticket_ids() and not workspace.train.ticket(old.ticket).closed:
        hint = "agenticops session archive puts it to rest; or work on a branch: git switch -c phase/" + ticket.id
        raise TrainError(f"the session works {old.ticket} for {old.agent or 'nobody'}", place=path, hint=hint)
    rest.archive_root(workspace, tx, old.ticket, "its ticket is closed")


def _begun(
    workspace: Workspace, tx: Transaction, ticket: Ticket, agent: str, path: str, old: Session | None
) -> Session:
    train, mode = workspace.train, workspace.train.mode(ticket.mode)
    continues = old is not None and old.ticket == ticket.id and bool(old.id)
    name = (
        old.id
        if continues and old
        else "s-" + ulid(workspace.clock.milliseconds(), workspace.clock.entropy(10)).lower()
    )
    fields: Fields = {"id": name, "status": "active"}
    if not continues:
        fields |= {
            "started_at": workspace.now,
            "operator": workspace.operator,
            "assistant": os.environ.get("AGENTICOPS_ASSISTANT", ""),
        }
    above = parents(train, ticket)
    fields |= {
        "agent": agent,
        "mode": ticket.mode,
        "phase": ticket.phase,
        "ticket": ticket.id,
        "branch": workspace.branch,
        "parents": above,
    }
    if continues and old and old.status == "handed_off":
        fields["handoff"] = {"to": "", "requirements": [], "notes": ""}
        accepted = {"to": agent, "from": old.agent, "notes": old.handoff.notes}
        tx.append(Draft("handoff_accepted", f"session/{name}", ticket.id, ticket.item, accepted))
    if not continues:
        fields |= {"todos": [], "decisions": [], "blockers": [], "notes": []}
        prepared = train.session(ticket.session_path)
        fields["next_steps"] = list(prepared.next_steps) if prepared else []
    fields |= {"allowed_tools": list(mode.allowed_tools), "restricted_tools": list(mode.restricted_tools)}
    raw = tx.read(path) if continues or path != ROOT_SESSION else None
    text = yamltext.decode(raw, path) if raw is not None else f"---\n---\n{BODY}"
    fresh = documents.edit_front(text, fields, path)
    tx.write(path, fresh)
    kind = "session_resumed" if continues else "session_began"
    # With these the log alone gives the front-matter back.
    told = ("started_at", "assistant", "branch", "parents", "next_steps")
    data: Fields = {"agent": agent, "mode": ticket.mode, "phase": ticket.phase, "path": path}
    data |= {name: fields[name] for name in told if fields.get(name)}
    tx.append(Draft(kind, f"session/{name}", ticket.id, ticket.item, data))
    return documents.read_session(fresh.encode(), path)


def parents(train: Train, ticket: Ticket) -> dict[str, str]:
    """Find the product requirement and the change request above an item, itself included."""
    found = {"prd": "", "crd": ""}
    name, seen = ticket.item, set()
    while name and name not in seen and name in train.item_ids():
        seen.add(name)
        item = train.item(name)
        if item.kind.lower() in found:
            found[item.kind.lower()] = found[item.kind.lower()] or item.id
        name = item.parent
    return found


def handed(workspace: Workspace, session: Session) -> str:
    """Give the id of the session's last hand-off that holds a packet, or ""."""
    event = fold.last(workspace.log.of_subject(f"session/{session.id}"), "handed_off")
    return event.id if event is not None and "packet" in event.data else ""


def standing(workspace: Workspace) -> tuple[Session, Session, str]:
    """Give the session that counts here: as its file has it, with what hooks noted since, and the path."""
    session, path = current(workspace)
    return session, noted.standing(session, workspace.log.of_subject(f"session/{session.id}")), path


def current(workspace: Workspace) -> tuple[Session, str]:
    """Give the session that counts here. Raises TrainError when none was begun."""
    path = aim.session_path(workspace, side_ticket(workspace))
    session = workspace.train.session(path)
    if session is None or not session.id or session.status == "archived":
        raise TrainError("no session is open", place=path, hint="agenticops begin TICKET --agent AGENT")
    return session, path


def save(workspace: Workspace, reason: str) -> tuple[Session, str, bool]:
    """Let the front-matter take over what hooks noted; gives session, path, and whether there was anything."""
    session, path = current(workspace)
    if not saving.unsaved(workspace, session):
        return session, path, False
    with workspace.transaction("session save") as tx:
        session, path = current(workspace)
        fresh = saving.settle(workspace, tx, session, path, reason)
    return fresh, path, fresh != session


def side_ticket(workspace: Workspace) -> str:
    """On a branch of its own, the one ticket whose session was begun there."""
    rows = workspace.index.rows("SELECT id FROM ticket WHERE closed=0 AND status='in_progress' ORDER BY id")
    return str(rows[0][0]) if len(rows) == 1 else ""


def change(workspace: Workspace, kind: str, edit: Any) -> tuple[Session, str]:
    """Edit the session's front-matter: `edit(session)` gives the fields to set and the event's data."""
    with workspace.transaction(kind.replace("_", " ")) as tx:
        session, path = current(workspace)
        session = saving.settle(workspace, tx, session, path, kind)
        fields, data = edit(session)
        text = yamltext.decode(tx.read(path) or b"", path)
        fresh = documents.edit_front(text, fields, path) if fields else text
        tx.write(path, fresh)
        tx.append(Draft(kind, f"session/{session.id}", session.ticket, session.item, data))
    return documents.read_session(fresh.encode(), path), path


def append(workspace: Workspace, field: str, text: str, kind: str) -> tuple[Session, str]:
    """Add a line to one of the session's lists (notes, decisions, blockers, next_steps)."""
    words = " ".join(text.split())
    if not words:
        raise UsageError("nothing to write down")
    return change(workspace, kind, lambda s: ({field: [*getattr(s, field), words]}, {"text": words}))


def unblock(workspace: Workspace, text: str) -> tuple[Session, str]:
    """Take blockers out: those that contain the text, or all."""

    def edit(session: Session) -> tuple[Fields, Fields]:
        gone = [b for b in session.blockers if text.casefold() in b.casefold()]
        if not gone:
            raise UsageError(
                f"no blocker says {text!r}" if text else "the session has no blockers", hint="agenticops session show"
            )
        return {"blockers": [b for b in session.blockers if b not in gone]}, {"text": "; ".join(gone), "blockers": gone}

    return change(workspace, "session_unblocked", edit)


def add_todo(workspace: Workspace, content: str, priority: str) -> tuple[Session, str]:
    """Add a to-do with an id of its own."""
    name = "d" + base32(int.from_bytes(workspace.clock.entropy(3), "big"), 4)
    entry = {"id": name, "content": content, "status": "pending", "priority": priority}
    data = {"todo": name, "text": content, "priority": priority}
    return change(workspace, "todo_added", lambda s: ({"todos": [*_todos(s), entry]}, data))


def finish_todo(workspace: Workspace, wanted: str) -> tuple[Session, str]:
    """Mark a to-do completed, by id or by a part of its text."""

    def edit(session: Session) -> tuple[Fields, Fields]:
        hits = [t for t in session.todos if t.id == wanted] or [
            t for t in session.todos if wanted.casefold() in t.content.casefold()
        ]
        if len(hits) != 1:
            raise UsageError(
                f"{len(hits)} to-dos match {wanted!r}", hint="agenticops session show lists them with their ids"
            )
        todos = [{**t, "status": "completed"} if t["id"] == hits[0].id else t for t in _todos(session)]
        return {"todos": todos}, {"todo": hits[0].id, "text": hits[0].content}

    return change(workspace, "todo_completed", edit)


def _todos(session: Session) -> list[dict[str, str]]:
    return [{"id": t.id, "content": t.content, "status": t.status, "priority": t.priority} for t in session.todos]


def turn(workspace: Workspace, status: str, kind: str, wanted: tuple[str, ...]) -> tuple[Session, str]:
    """Pause or resume. Raises TrainError from any other status than those wanted."""

    def edit(session: Session) -> tuple[Fields, Fields]:
        if session.status not in wanted:
            raise TrainError(f"the session is {session.status}", hint="agenticops session show")
        return {"status": status}, {"from": session.status}

    return change(workspace, kind, edit)


def archive(workspace: Workspace, words: str = "") -> str:
    """Put the session to rest with a summary: the words given, or what the log tells. Gives where it is kept."""
    words = " ".join(words.split())
    from agenticops.core.summary import LONGEST

    if len(words) > LONGEST:
        raise UsageError(f"the summary has {len(words)} characters; at most {LONGEST} are taken", hint="write less")
    with workspace.transaction("session archive") as tx:
        _, path = current(workspace)
        if path == ROOT_SESSION:
            return rest.archive_root(workspace, tx, "", "archived by hand", words)
        rest.archive_own(tx, workspace.train, path, "archived by hand", words)
    return path


def enter(workspace: Workspace, mode: str) -> tuple[Session, str]:
    """Enter a mode: the ticket's own, or one that the present mode leads to."""
    train = workspace.train

    def edit(session: Session) -> tuple[Fields, Fields]:
        wanted = train.mode(mode)
        home = train.ticket(session.ticket).mode if session.ticket else ""
        allowed = dict.fromkeys((home, *(train.mode(session.mode).transitions if session.mode else ())))
        if mode not in allowed:
            ways = ", ".join(a for a in allowed if a)
            raise TrainError(
                f"{session.mode} does not lead to {mode}",
                place=PIPELINE,
                hint=f"from there you may enter {ways}",
            )
        tools = {"allowed_tools": list(wanted.allowed_tools), "restricted_tools": list(wanted.restricted_tools)}
        return {"mode": mode, **tools}, {"from": session.mode, "mode": mode}

    return change(workspace, "mode_entered", edit)
