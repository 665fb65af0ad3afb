"""Putting sessions to rest: the root session goes to the archive folder, a ticket's stays where it is.

Before that the front-matter takes over what hooks noted, and the text gets a summary: what rests is complete.
"""

from __future__ import annotations

from msgspec import to_builtins

from agenticops.core import documents, yamltext
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.flows import saving
from agenticops.model.event import Draft
from agenticops.model.layout import ARCHIVE, ROOT_SESSION
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

EMPTY = f"""---
{yamltext.dump({"status": "init"})}---

# Active session

No session is open. `agenticops next` says what to do; `agenticops begin TICKET --agent AGENT` opens one.
"""
ARCHIVED = {"status": "archived"}


def archive_root(workspace: Workspace, tx: Transaction, ticket: str, reason: str, words: str | None = None) -> str:
    """Archive the root session if it works this ticket ("" means any). Gives the path of the copy, or "".

    `words` are a person's summary ("" lets the log tell it, with times); without any, the log tells it without times.
    """
    train = workspace.train
    session = train.session(ROOT_SESSION)
    if session is None or session.status == "init" or not session.id or (ticket and session.ticket != ticket):
        return ""
    path = f"{ARCHIVE}/{session.started_at[:10] or 'undated'}-{session.id}.md"
    text = _rested(tx, train, session, ROOT_SESSION, path, reason, words)
    tx.write(path, text)
    tx.write(ROOT_SESSION, EMPTY)
    return path


def archive_own(tx: Transaction, train: Train, path: str, reason: str, words: str | None = None) -> None:
    """Archive a ticket's session in place; one that nobody began only gets the status."""
    text = yamltext.decode(tx.read(path) or b"", path)
    session = _readable(train, path)
    if session is None or not session.id or session.status == "archived":
        tx.write(path, documents.edit_front(text, ARCHIVED, path))
    else:
        tx.write(path, _rested(tx, train, session, path, path, reason, words))


def close(tx: Transaction, train: Train, ticket: Ticket, reason: str) -> None:
    """Archive the session in a ticket's folder, when there is one, before its files are frozen."""
    if tx.read(ticket.session_path) is not None:
        archive_own(tx, train, ticket.session_path, reason)


def _readable(train: Train, path: str) -> Session | None:
    try:
        return train.session(path)
    except StateError:
        return None  # the gate says so; what can be edited is


def _rested(
    tx: Transaction, train: Train, session: Session, path: str, target: str, reason: str, words: str | None
) -> str:
    """Give the session's text at rest, and append the event that says so."""
    from agenticops.core import summary

    session = saving.settle(train, tx, session, path, reason)
    own = train.log.of_subject(f"session/{session.id}")
    found = summary.facts(own, train.log.of_ticket(session.ticket))
    told = words or summary.text(session, found, timed=words is not None)
    text = yamltext.decode(tx.read(path) or b"", path)
    data = {"path": target, "reason": reason, "summary": told, "facts": to_builtins(found)}
    tx.append(Draft("session_archived", f"session/{session.id}", session.ticket, session.item, data))
    return summary.placed(documents.edit_front(text, ARCHIVED, target), told)
