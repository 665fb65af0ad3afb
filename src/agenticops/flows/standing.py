"""The session that counts, as it stands: its front-matter and what hooks noted since. Hot: hooks ask all the time."""

from __future__ import annotations

import json
from typing import Any

from agenticops.flows import report
from agenticops.model.layout import ROOT_SESSION
from agenticops.workspace import Workspace

Row = dict[str, Any]
OPEN = ("active", "paused", "handed_off")
NOTED = "('artifact_touched', 'todos_noted', 'session_saved')"


def session(workspace: Workspace) -> Row | None:
    """Give the session that counts on this branch with its `path`, or None when none is open."""
    path = _path(workspace)
    if path == ROOT_SESSION:
        found = workspace.index.part("session") or {}
    else:
        found = (report.ticket_session(workspace, path) if path else None) or {}
    return {**found, "path": path} if found.get("id") and found.get("status") in OPEN else None


def _path(workspace: Workspace) -> str:
    """Say which file it is, as `aim.session_path` does; "" where no session is possible."""
    ticket, branch = workspace.phase_ticket, workspace.branch
    if not ticket and branch and branch == report.pipeline_of(workspace)["default_branch"]:
        return ROOT_SESSION
    if not ticket and branch:
        rows = workspace.index.rows("SELECT id FROM ticket WHERE closed=0 AND status='in_progress' ORDER BY id LIMIT 2")
        ticket = rows[0][0] if len(rows) == 1 else ""
    return f"tickets/{ticket}/ACTIVE_SESSION.md" if ticket else ""


def noted(workspace: Workspace, session: Row) -> list[Row]:
    """Give the events that hooks noted and that the front-matter has not taken over, in order."""
    sql = f"SELECT kind, json FROM event WHERE subject=? AND kind IN {NOTED} ORDER BY lamport, id"
    rows = workspace.index.rows(sql, f"session/{session['id']}")
    since = max((n for n, (kind, _) in enumerate(rows, 1) if kind == "session_saved"), default=0)
    return [json.loads(text) for _, text in rows[since:]]


def todos(session: Row, noted: list[Row], mirrored: str) -> tuple[list[Row], list[Row]]:
    """Give the to-dos as they stand: those that commands added, and the agent's own list."""
    lists = [e["data"].get("todos") for e in noted if e["kind"] == "todos_noted"]
    own = [t for t in session["todos"] if not t["id"].startswith(mirrored)]
    theirs = lists[-1] if lists else [t for t in session["todos"] if t["id"].startswith(mirrored)]
    return own, [t for t in theirs if isinstance(t, dict)] if isinstance(theirs, list) else []


def touched(session: Row, noted: list[Row]) -> set[str]:
    """Give the paths that the session is known to have created or modified."""
    known = session["artifacts"]
    events = (str(e["data"].get("path", "")) for e in noted if e["kind"] == "artifact_touched")
    return {*known["created"], *known["modified"], *events}
