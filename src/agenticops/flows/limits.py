"""Limits at work: which mode and ticket count in a worktree, as a table for the guard; and what an agent staged."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from agenticops.core import documents, globs
from agenticops.core import limits as limiting
from agenticops.core.checks.limits import written
from agenticops.core.limits import Limits
from agenticops.core.ruling import Absent
from agenticops.core.span import Span
from agenticops.errors import StateError, TrainError
from agenticops.model.finding import Finding
from agenticops.model.layout import PHASE_BRANCH, PIPELINE, ROOT_SESSION, TICKETS
from agenticops.model.pipeline import Pipeline
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.store.limitstable import Table, digest
from agenticops.workspace import Workspace

Note = Callable[[str], None]


def staged(workspace: Workspace, span: Span) -> Iterator[Finding]:
    """Judge what an agent is about to commit where no ticket has the branch: by the mode of the session that counts."""
    if not workspace.by_agent or workspace.phase_ticket:
        return
    try:
        found = _present(workspace, lambda name: None)
    except TrainError:
        return  # what is broken is told by itself
    if isinstance(found, Absent):
        return
    fine = (*written(span), TICKETS)
    for path in sorted(span.changes):
        refusal = "" if any(globs.fits(path, glob) for glob in fine) else limiting.write_refusal(found, path)
        if refusal:
            yield Finding("VT471", refusal, path, hint=limiting.way_out(found))


def table(root: str, git: str) -> Table:
    """Say what holds in a worktree, and what that rests on; what is broken rests on nothing, it is looked at again."""
    rests: list[tuple[str, str]] = []

    def note(name: str) -> None:
        # Before it is read: what changes in between is noticed the next time.
        rests.append((digest(root, git, name), name))

    try:
        return Table(_present(Workspace(root), note), rests)
    except TrainError as e:
        place = e.place.rpartition(":")
        path = place[0] if place[2].isdecimal() else e.place
        where = f" ({e.place})" if e.place else ""
        reason = f"the limits cannot be known: {e.message}{where}"
        return Table(Absent(reason, e.hint or "agenticops check says more", path), [])


def _present(workspace: Workspace, note: Note) -> Limits | Absent:
    note("git:HEAD")
    note("git:reftable/tables.list")
    pipeline = _pipeline(workspace, note)
    own, path = _session_path(workspace, pipeline, note)
    if not path:
        branch = workspace.branch
        reason = f"branch {branch} has no session of its own" if branch else "HEAD is detached, so no session counts"
        back = f"git switch {pipeline.default_branch}"
        return Absent(reason, f"agenticops begin TICKET --agent AGENT, or {back}" if branch else back)
    note(f"work:{path}")
    data = workspace.tree.read(path)
    session = None if data is None else documents.read_session(data, path)
    if session is None or session.status != "active":
        return _resting(session, own)
    ticket = _ticket(workspace, session, own, path, note)
    if ticket.closed:
        return Absent(f"the session works {ticket.id}, which is {ticket.status}", "agenticops session archive")
    mode = pipeline.modes.get(session.mode or ticket.mode)
    if mode is None:
        raise StateError(f"the session's mode {session.mode or ticket.mode!r} is not in the pipeline", place=PIPELINE)
    return limiting.of(pipeline, mode, ticket, path)


def _pipeline(workspace: Workspace, note: Note) -> Pipeline:
    note(f"work:{PIPELINE}")
    data = workspace.tree.read(PIPELINE)
    if data is None:
        raise StateError("the pipeline is not there", place=PIPELINE, hint=f"git restore {PIPELINE}")
    return documents.read_pipeline(data)


def _session_path(workspace: Workspace, pipeline: Pipeline, note: Note) -> tuple[str, str]:
    """Give the ticket that the branch means, if it means one, and the file of the session that counts."""
    branch = workspace.branch
    if branch.startswith(PHASE_BRANCH):
        return workspace.phase_ticket, f"{TICKETS}/{workspace.phase_ticket}/ACTIVE_SESSION.md"
    if branch == pipeline.default_branch:
        return "", ROOT_SESSION
    if not branch:
        return "", ""
    # As `begin` has it: the one ticket in progress. Which that is, each of the open ones may change.
    note(f"names:{TICKETS}")
    rows = workspace.index.rows("SELECT id, status FROM ticket WHERE closed=0 ORDER BY id")
    for name, _ in rows:
        note(f"work:{TICKETS}/{name}/ticket.yml")
    busy = [str(name) for name, status in rows if status == "in_progress"]
    return (busy[0], f"{TICKETS}/{busy[0]}/ACTIVE_SESSION.md") if len(busy) == 1 else ("", "")


def _resting(session: Session | None, ticket: str) -> Absent:
    begin = f"agenticops begin {ticket or 'TICKET'} --agent AGENT"
    if session is not None and session.status == "paused":
        return Absent(f"the session of {session.ticket} is paused", "agenticops session resume")
    if session is not None and session.status == "handed_off":
        to = session.handoff.to or "AGENT"
        return Absent(f"the session was handed to {to}", f"agenticops begin {session.ticket} --agent {to}")
    return Absent("no session is open", begin)


def _ticket(workspace: Workspace, session: Session, own: str, path: str, note: Note) -> Ticket:
    if own and session.ticket not in ("", own):
        hint = f"agenticops begin {own} --agent AGENT"
        raise StateError(f"the session belongs to {session.ticket}", place=path, hint=hint)
    name = session.ticket or own
    if not name:
        raise StateError("the session names no ticket", place=path, hint="agenticops session archive")
    note(f"work:{TICKETS}/{name}/ticket.yml")
    return documents.ticket_in(workspace.tree, name)
