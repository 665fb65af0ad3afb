"""Progress: how far tickets are, as the comment at their items' issues tells it."""

from __future__ import annotations

from collections.abc import Iterable

from agenticops.core import fold, sticky
from agenticops.core.sticky import Progress
from agenticops.core.train import Train
from agenticops.model.layout import ROOT_SESSION
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace

OPEN = ("active", "paused", "handed_off")


def of(train: Train, ticket: Ticket) -> Progress:
    """Gather how far a ticket is in a train."""
    bullets = train.checklist(ticket)
    recorded = fold.recorded(train.log.of_ticket(ticket.id))
    session, blockers = _session(train, ticket)
    return Progress(
        ticket.id,
        ticket.phase,
        ticket.agent,
        ticket.status,
        len(bullets.owed) - len(bullets.open),
        len(bullets.owed),
        sum(name in recorded for name in ticket.artifacts),
        len(ticket.artifacts),
        session,
        (*([ticket.blocked_by] if ticket.blocked_by else []), *blockers),
    )


def told(workspace: Workspace, tickets: Iterable[Ticket]) -> dict[str, str]:
    """Write by item what the comment at its issue is to tell: of the tickets that somebody has begun here.

    What is worked on a branch is begun there only, and that branch tells it.
    """
    return {t.item: sticky.progress(of(workspace.train, t)) for t in tickets if t.status != "todo"}


def _session(train: Train, ticket: Ticket) -> tuple[str, tuple[str, ...]]:
    """Say who works a ticket, by the session that is open for it, and what that session is blocked by."""
    for path in (ticket.session_path, ROOT_SESSION):
        session = train.session(path)
        if session is not None and session.id and session.ticket == ticket.id and session.status in OPEN:
            who = f"{session.agent or session.operator}, {session.mode}, {session.status.replace('_', ' ')}"
            return who, session.blockers
    return "", ()
