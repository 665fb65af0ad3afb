"""The session that counts is readable, belongs to its ticket, and no hand-off is left in the air."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import sessions
from agenticops.core.case import Case
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.layout import ROOT_SESSION
from agenticops.model.session import OPEN, Session


def check(case: Case) -> Iterator[Finding]:
    """Judge the ticket's own session, and the root session when it works this ticket."""
    for path in (case.ticket.session_path, ROOT_SESSION):
        try:
            session = case.after.session(path)
        except StateError as e:
            yield Finding("VT501", e.message, e.place.split(":")[0] or path, _line(e.place), hint=e.hint)
            continue
        if session is None or (path == ROOT_SESSION and session.ticket != case.ticket.id):
            continue
        if session.ticket not in ("", case.ticket.id):
            yield Finding(
                "VT502",
                f"the session belongs to {session.ticket}",
                path,
                hint=f"agenticops begin {case.ticket.id} --agent {case.ticket.agent}",
            )
        if session.status in ("active", "paused") and (session.phase, session.mode) != (
            case.ticket.phase,
            case.ticket.mode,
        ):
            stands = f"{session.phase or 'no phase'}, {session.mode or 'no mode'}"
            hint = f"agenticops mode enter {case.ticket.mode}"
            yield Finding(
                "VT503",
                f"the session stands in {stands}; the ticket in {case.ticket.phase}, {case.ticket.mode}",
                path,
                hint=hint,
            )
        yield from _stale(case, session, path)
        if session.status == "handed_off":
            hint = f"agenticops begin {case.ticket.id} --agent {session.handoff.to}"
            yield Finding("VT504", f"handed to {session.handoff.to or 'nobody'}, who has not begun", path, hint=hint)


def _stale(case: Case, session: Session, path: str) -> Iterator[Finding]:
    """A file that shows what the log said once was taken back by git, or restored from an older commit."""
    if not session.id or session.status not in OPEN:
        return
    told = sessions.told(case.after.log.of_subject(f"session/{session.id}"))
    if sessions.standing(session, told) == "stale":
        fields = ", ".join(sessions.differing(session, told[-1]))
        hint = f"on branch {session.branch}: agenticops session resume"
        yield Finding("VT507", f"the session is older than the log: {fields}", path, severity="warning", hint=hint)


def _line(place: str) -> int:
    tail = place.rsplit(":", 1)[-1]
    return int(tail) if tail.isdecimal() else 0
