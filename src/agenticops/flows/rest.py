"""Putting sessions to rest: the root session goes to the archive folder, a ticket's stays where it is."""

from __future__ import annotations

from agenticops.core import documents, yamltext
from agenticops.model.event import Draft
from agenticops.model.layout import ARCHIVE, ROOT_SESSION
from agenticops.model.session import Session
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

EMPTY = f"""---
{yamltext.dump({"status": "init"})}---

# Active session

No session is open. `agenticops next` says what to do; `agenticops begin TICKET --agent AGENT` opens one.
"""


def archive_root(workspace: Workspace, tx: Transaction, ticket: str, reason: str) -> str:
    """Archive the root session if it works this ticket ("" means any). Gives the path of the copy, or ""."""
    session = workspace.train.session(ROOT_SESSION)
    if session is None or session.status == "init" or not session.id or (ticket and session.ticket != ticket):
        return ""
    path = f"{ARCHIVE}/{session.started_at[:10] or 'undated'}-{session.id}.md"
    text = yamltext.decode(tx.read(ROOT_SESSION) or b"", ROOT_SESSION)
    tx.write(path, documents.edit_front(text, {"status": "archived"}, path))
    tx.write(ROOT_SESSION, EMPTY)
    tx.append(archived(session, path, reason))
    return path


def archived(session: Session, path: str, reason: str) -> Draft:
    """The event that says that a session rests."""
    return Draft(
        "session_archived", f"session/{session.id}", session.ticket, session.item, {"path": path, "reason": reason}
    )
