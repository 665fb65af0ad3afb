"""Desks: the worktrees of one clone, which session is worked in each, and when its agent was last heard of."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from agenticops.core import documents
from agenticops.errors import ConflictError, StateError, TrainError
from agenticops.model.layout import ARCHIVE, LOCAL, ROOT_SESSION
from agenticops.model.session import OPEN, Session
from agenticops.workspace import Workspace

# An agent that was heard of, and is not heard of for so long, is taken for gone.
SILENCE = timedelta(minutes=30)
SIGNS = ("agent_seen", "heartbeat")
# Of the local log, so many of the newest files are looked at: they hold the last signs of life.
NEWEST = 2


class Desk(Struct, frozen=True):
    """One worktree: its folder, and its branch ("" when HEAD is detached)."""

    path: str
    branch: str


class Place(Struct, frozen=True):
    """A session and where it is worked. `seen` is the last sign of life; `silent`: active, and it is long ago."""

    path: str
    session: Session
    worktree: str = ""
    branch: str = ""
    seen: str = ""
    silent: bool = False


def desks(workspace: Workspace) -> list[Desk]:
    """List the worktrees of this clone that are there, this one among them."""
    if not os.path.isdir(os.path.join(workspace.git.common_dir, "worktrees")):
        return [Desk(workspace.root, workspace.branch)]
    found = []
    for block in workspace.git.run("worktree", "list", "--porcelain").stdout.split("\n\n"):
        fields = dict(row.partition(" ")[::2] for row in block.splitlines())
        path = fields.get("worktree", "")
        if path and "bare" not in fields and os.path.isdir(path):
            found.append(Desk(path, fields.get("branch", "").removeprefix("refs/heads/")))
    return found


def listing(workspace: Workspace, everywhere: bool = False) -> list[Place]:
    """List the sessions of this worktree and its archive; with `everywhere`, those at work in the others too."""
    signs = _signs(workspace)
    found = [_place(workspace, path, session, signs) for path, session in _here(workspace)]
    for desk, other in _others(workspace) if everywhere else []:
        worked = _worked(other, desk, _open_tickets(other))
        found += [_place(other, path, session, signs, desk) for path, session in worked]
    return found


def refuse_second(workspace: Workspace, ticket: str) -> None:
    """Raise ConflictError when an agent works the ticket in another worktree: one session has one writer."""
    for desk, other in _others(workspace):
        for path, session in _worked(other, desk, [ticket]):
            if session.ticket == ticket and session.status == "active":
                message = f"{session.agent or 'somebody'} works {ticket} in another worktree, on {desk.branch}"
                hint = f"agenticops -C {shlex.quote(desk.path)} session archive, or hand it on there"
                raise ConflictError(message, place=os.path.join(desk.path, path), hint=hint)


def silent(workspace: Workspace, session: Session) -> bool:
    """Tell whether a session is active and its agent was not heard of for long."""
    return _place(workspace, "", session, _signs(workspace)).silent


def _others(workspace: Workspace) -> Iterator[tuple[Desk, Workspace]]:
    """Open the other worktrees; one that git itself could not use is passed over."""
    here = os.path.realpath(workspace.root)
    for desk in desks(workspace):
        if os.path.realpath(desk.path) != here:
            try:
                other = Workspace(desk.path, workspace.clock)
            except TrainError:
                continue
            # In a git hook the environment may name one repository for every folder.
            if os.path.realpath(other.root) == os.path.realpath(desk.path):
                yield desk, other


def _here(workspace: Workspace) -> list[tuple[str, Session]]:
    """The root session, those of open tickets, the archive. A broken one is left to `check`."""
    paths = [ROOT_SESSION, *(f"tickets/{name}/ACTIVE_SESSION.md" for name in _open_tickets(workspace))]
    paths += [f"{ARCHIVE}/{n}" for n in workspace.tree.names(ARCHIVE) if n.endswith(".md")]
    return [(path, session) for path in paths if (session := _read(workspace, path)) is not None and session.id]


def _worked(other: Workspace, desk: Desk, tickets: Iterable[str]) -> list[tuple[str, Session]]:
    """The sessions that were begun on the branch of a worktree, and are open; a copy from another branch is none."""
    found = []
    for path in (ROOT_SESSION, *(f"tickets/{name}/ACTIVE_SESSION.md" for name in tickets)):
        session = _read(other, path)
        if session is not None and session.id and session.status in OPEN and session.branch == desk.branch:
            found.append((path, session))
    return found


def _open_tickets(workspace: Workspace) -> list[str]:
    """List the open tickets that the index of a worktree knows."""
    return [row[0] for row in workspace.index.rows("SELECT id FROM ticket WHERE closed=0 ORDER BY id")]


def _read(workspace: Workspace, path: str) -> Session | None:
    try:
        data = workspace.tree.read(path)
        return None if data is None else documents.read_session(data, path)
    except StateError:
        return None


def _place(workspace: Workspace, path: str, session: Session, signs: dict[str, str], desk: Desk | None = None) -> Place:
    heard = signs.get(session.id, "")
    try:
        events = workspace.log.of_subject(f"session/{session.id}") if session.status == "active" else []
    except TrainError:
        events = []  # the log of another worktree may be broken: that is its own affair
    seen = max([heard, *(e.at for e in events)])
    here = desk or Desk(workspace.root, workspace.branch)
    silent = session.status == "active" and _long_ago(seen, workspace.now)
    return Place(path, session, here.path, here.branch, seen, silent)


def _long_ago(at: str, now: str) -> bool:
    try:
        return datetime.fromisoformat(now) - datetime.fromisoformat(at) > SILENCE
    except ValueError:
        return True  # never heard of


def _signs(workspace: Workspace) -> dict[str, str]:
    """Map sessions to when an agent's hook was last called for them, as the clone's local log tells."""
    if not os.path.isdir(os.path.join(workspace.git.common_dir, "agenticops", LOCAL)):
        return {}
    local = workspace.local
    found: dict[str, str] = {}
    for path in local.shards()[-NEWEST:]:
        for event, _ in local.lines(path):
            noun, _, name = event.subject.partition("/")
            if event.kind in SIGNS and noun == "session":
                found[name] = max(found.get(name, ""), event.at)
    return found
