"""Saving a session: its front-matter takes over what agents' hooks noted in the log (ADR 0024)."""

from __future__ import annotations

from typing import Protocol

from agenticops.core import documents, noted, yamltext
from agenticops.core.train import Log
from agenticops.model.event import Draft
from agenticops.model.session import Session
from agenticops.store.transaction import Transaction


class Logged(Protocol):
    """What has a log: a workspace, or a train."""

    @property
    def log(self) -> Log:
        """The log."""


def settle(place: Logged, tx: Transaction, session: Session, path: str, reason: str) -> Session:
    """Write what was noted into the front-matter, inside a transaction; gives the session as it then is."""
    fields = noted.pending(session, place.log.of_subject(f"session/{session.id}"))
    if not fields:
        return session
    text = yamltext.decode(tx.read(path) or b"", path)
    fresh = documents.edit_front(text, fields, path)
    tx.write(path, fresh)
    data = {"path": path, "reason": reason, "fields": sorted(fields)}
    tx.append(Draft("session_saved", f"session/{session.id}", session.ticket, session.item, data))
    return documents.read_session(fresh.encode(), path)


def unsaved(place: Logged, session: Session) -> bool:
    """Tell whether hooks noted what the front-matter does not hold yet."""
    return bool(noted.pending(session, place.log.of_subject(f"session/{session.id}")))
