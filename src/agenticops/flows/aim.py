"""Aim: which ticket, item or session a command means when it is not told, and what the branch allows."""

from __future__ import annotations

from agenticops.errors import StateError, TrainError, UsageError
from agenticops.model import ids
from agenticops.model.layout import ROOT_SESSION
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace


def ticket(workspace: Workspace, wanted: str | None) -> Ticket:
    """Find the ticket: the one named, that of the phase branch, that of the session, or the only open one."""
    train = workspace.train
    _ = train.pipeline
    return train.ticket(ticket_id(workspace, wanted))


def ticket_id(workspace: Workspace, wanted: str | None) -> str:
    """Find a ticket's id. Raises UsageError when none or several could be meant."""
    if wanted:
        return ids.resolve(wanted, workspace.train.ticket_ids(), "ticket")
    if workspace.phase_ticket:
        return ids.resolve(workspace.phase_ticket, workspace.train.ticket_ids(), "ticket")
    session = workspace.index.part("session") or {}
    named = str(session.get("ticket", ""))
    if session.get("status") in ("active", "paused", "handed_off") and named in workspace.train.ticket_ids():
        return named
    still_open = [r[0] for r in workspace.index.rows("SELECT id FROM ticket WHERE closed=0 ORDER BY id")]
    if len(still_open) == 1:
        return str(still_open[0])
    if not still_open:
        broken = [p for p in workspace.index.problems() if p[0].startswith("tickets/")]
        if broken:
            raise StateError(broken[0][1], place=broken[0][2], hint=broken[0][3])
        raise UsageError("no ticket is open", hint='agenticops work new --kind PRD --title "…" --start')
    raise UsageError(
        f"{len(still_open)} tickets are open: say which",
        hint=f"for example {still_open[0]}; agenticops status lists them",
    )


def reason(words: str) -> str:
    """Give a reason on one line. Raises UsageError when there is none: what is recorded must explain."""
    if not words.strip():
        raise UsageError("the reason is empty", hint='--reason "…"')
    return " ".join(words.split())


def item_id(workspace: Workspace, wanted: str) -> str:
    """Find a work item's id by a unique prefix."""
    return ids.resolve(wanted, workspace.train.item_ids(), "item")


def session_path(workspace: Workspace, ticket: str = "") -> str:
    """Say which session counts: the root one on the default branch, the ticket's own on any other."""
    branch = workspace.branch
    if workspace.phase_ticket:
        return f"tickets/{workspace.phase_ticket}/ACTIVE_SESSION.md"
    if branch == workspace.train.pipeline.default_branch:
        return ROOT_SESSION
    if not branch:
        raise TrainError(
            "HEAD is detached: a session needs a branch", hint=f"git switch {workspace.train.pipeline.default_branch}"
        )
    if not ticket:
        hint = f"name a ticket, or git switch {workspace.train.pipeline.default_branch}"
        raise TrainError(f"branch {branch} has no session of its own", hint=hint)
    return f"tickets/{ticket}/ACTIVE_SESSION.md"


def conducting_branch(workspace: Workspace, ticket: str) -> bool:
    """Tell the default branch (True) from the ticket's own phase branch (False). Raises TrainError on any other."""
    busy = workspace.git.in_progress()
    if busy:
        raise TrainError(f"a {busy} is in progress", hint=f"finish it: git {busy} --continue")
    branch, default = workspace.branch, workspace.train.pipeline.default_branch
    if branch == default:
        return True
    if workspace.phase_ticket == ticket:
        return False
    if not branch:
        raise TrainError("HEAD is detached: work advances on a branch", hint=f"git switch {default}")
    hint = f"git switch {default}, or git switch phase/{ticket}"
    raise TrainError(f"branch {branch} neither is {default} nor belongs to {ticket}", hint=hint)
