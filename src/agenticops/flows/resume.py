"""Resuming: go on after a pause, or after a crash from what the log tells, whatever became of the session's file."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from agenticops.core import documents, noted, sessions, yamltext
from agenticops.errors import StateError, TrainError
from agenticops.flows import aim, desks, handoff, report
from agenticops.flows.session import BODY, Fields, side_ticket
from agenticops.model.digest import sha256
from agenticops.model.event import Draft
from agenticops.model.layout import LEGACY, ROOT_SESSION
from agenticops.model.session import OPEN, Session
from agenticops.store import journal
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# How the file stands: as the log tells; not there; unreadable; older than the log; of another session; edited by hand.
State = Literal["whole", "missing", "broken", "stale", "foreign", "edited"]
_STATIC = ("id", "started_at", "operator", "assistant", "branch", "parents")


class Hand(Struct, frozen=True):
    """What was in hand: to-dos in progress, the next thing to do with its command, changed files, a journal."""

    todos: tuple[str, ...] = ()
    do: str = ""
    command: str = ""
    changed: tuple[str, ...] = ()
    journal: str = ""


class Recovery(Struct, frozen=True):
    """What a resume does: how the file stands, the session as it will be, the fields that the log gives back."""

    path: str
    state: State
    session: Session
    restored: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    kept: str = ""
    hand: Hand = Hand()


class _File(Struct, frozen=True):
    """A session's file as it was found; `wrong` says why it cannot be read."""

    raw: bytes | None
    session: Session | None
    wrong: StateError | None = None


def look(workspace: Workspace, from_log: bool = False) -> Recovery:
    """Say what a resume would do, and what was in hand; changes nothing."""
    unfinished = _journal(workspace)
    found = _plan(workspace, from_log)
    return replace(found, hand=_hand(workspace, found, unfinished))


def resume(workspace: Workspace, from_log: bool = False) -> Recovery:
    """Make the session active again; a file that the log knows better is restored first, and nothing is lost."""
    unfinished = _journal(workspace)
    with workspace.transaction("session resume") as tx:
        done = _done(workspace, tx, _plan(workspace, from_log))
    return replace(done, hand=_hand(workspace, done, unfinished))


def _plan(workspace: Workspace, from_log: bool) -> Recovery:
    path = aim.session_path(workspace, side_ticket(workspace))
    file = _found(workspace, path)
    told = _told(workspace, path, file.session)
    if not told or told[-1].status not in OPEN:
        return _untold(path, file, told)
    want, mine = told[-1], file.session
    want = noted.standing(want, workspace.log.of_subject(f"session/{want.id}"))
    if mine is None or mine.id != want.id:
        state: State = "broken" if file.wrong else "missing" if _empty(file) else "foreign"
        kept = _kept_path(path, file.raw) if state in ("broken", "foreign") and file.raw else ""
        return _given(workspace, Recovery(path, state, want, (*_STATIC, *sessions.OWNED), kept=kept))
    stands = sessions.standing(mine, told)
    if stands == "current":
        return Recovery(path, "whole", mine)
    differs = tuple(sessions.differing(mine, want))
    if stands == "stale" or from_log:
        kept = _kept_path(path, file.raw or b"") if stands == "edited" else ""
        want = replace(mine, **{name: getattr(want, name) for name in differs})
        return _given(workspace, Recovery(path, stands, want, differs, kept=kept))
    return Recovery(path, "edited", mine, differs=differs)


def _given(workspace: Workspace, plan: Recovery) -> Recovery:
    """Add the tools of a mode that is given back: the pipeline owns them, not the log."""
    mode = workspace.train.pipeline.modes.get(plan.session.mode)
    if mode is None or "mode" not in plan.restored:
        return plan
    tools = {"allowed_tools": mode.allowed_tools, "restricted_tools": mode.restricted_tools}
    return replace(plan, session=replace(plan.session, **tools), restored=(*plan.restored, *tools))


def _found(workspace: Workspace, path: str) -> _File:
    raw = workspace.tree.read(path)
    if raw is None:
        return _File(None, None)
    try:
        return _File(raw, documents.read_session(raw, path))
    except StateError as e:
        return _File(raw, None, e)


def _empty(file: _File) -> bool:
    return file.session is None or (file.session.status == "init" and not file.session.id)


def _told(workspace: Workspace, path: str, mine: Session | None) -> list[Session]:
    """Give what the log tells of the session that stands in the file; if that is over, of the last one begun there."""
    told = sessions.told(workspace.log.of_subject(f"session/{mine.id}")) if mine and mine.id else []
    if told and told[-1].status in OPEN:
        return told
    name = sessions.last_at(workspace.log.of_kinds(sessions.BEGAN), path)
    return sessions.told(workspace.log.of_subject(f"session/{name}")) if name else told


def _untold(path: str, file: _File, told: list[Session]) -> Recovery:
    """Without an open session in the log, the file is all there is. Raises when it does not do."""
    if file.wrong is not None:
        raise file.wrong
    mine = file.session
    if mine is None or not mine.id or mine.status == "archived":
        raise TrainError("no session is open", place=path, hint="agenticops begin TICKET --agent AGENT")
    if told and told[-1].id == mine.id:
        message = f"the session was archived, and {path} is an older copy of it"
        raise TrainError(message, place=path, hint=f"git restore -- {path}")
    return Recovery(path, "whole", mine)


def _done(workspace: Workspace, tx: Transaction, plan: Recovery) -> Recovery:
    session = plan.session
    if not plan.restored:
        lively = session.status == "active" and not desks.silent(workspace, session)
        if lively or session.status not in ("active", "paused"):
            status = session.status.replace("_", " ")
            raise TrainError(
                f"the session is {status}", hint="agenticops session resume --dry-run shows what is in hand"
            )
    tx.actor = lambda: workspace.actor(session.agent)
    subject = f"session/{session.id}"
    fresh, text = session, _restored(workspace, tx, plan)
    if plan.restored:
        data: Fields = {"path": plan.path, "reason": "restored from the log", "state": plan.state}
        data |= {"fields": list(plan.restored), "kept": plan.kept}
        tx.append(Draft("session_saved", subject, session.ticket, session.item, data))
    if session.status in ("active", "paused"):
        fresh = replace(session, status="active")
        text = documents.edit_front(text, {"status": "active"}, plan.path)
        tx.append(Draft("session_resumed", subject, session.ticket, session.item, {"from": session.status}))
    tx.write(plan.path, text)
    return replace(plan, session=fresh)


def _restored(workspace: Workspace, tx: Transaction, plan: Recovery) -> str:
    """Give the text of the session with what the log gives back; a file that is replaced is kept beside."""
    raw = tx.read(plan.path) or b""
    if not plan.restored:
        return yamltext.decode(raw, plan.path)
    if plan.kept:
        tx.write(plan.kept, raw)
    readable = plan.state in ("stale", "edited")
    text = yamltext.decode(raw, plan.path) if readable else _ground(workspace, plan, raw)
    wanted: Fields = msgspec.to_builtins(plan.session)
    return documents.edit_front(text, {name: wanted[name] for name in plan.restored}, plan.path)


def _ground(workspace: Workspace, plan: Recovery, raw: bytes) -> str:
    """Give the text to restore into: what the last commit holds of this session, under the text that can be saved."""
    committed = workspace.git.run("show", f"HEAD:{plan.path}", check=False)
    front, body = "", BODY
    if not committed.returncode:
        try:
            data = committed.stdout.encode("utf-8", "surrogateescape")
            if documents.read_session(data, plan.path).id == plan.session.id:
                front, body, _ = yamltext.split(committed.stdout)
        except StateError:
            pass
    saved = _body(raw, plan.path) if plan.state == "broken" else ""
    return f"---\n{front}---\n{saved or body}"


def _body(raw: bytes, path: str) -> str:
    """Give the text below a front-matter that cannot be read, as far as a session may hold it."""
    try:
        text = yamltext.decode(raw, path)
    except StateError:
        return ""
    _, body, _ = yamltext.split(text)
    if body != text:
        return body
    if text.startswith("---"):
        return ""  # it ends within the front-matter
    _, rule, below = text.partition("\n---\n")
    return below if rule else text


def _kept_path(path: str, raw: bytes) -> str:
    """Name the copy of a file that is replaced: by its content, so that the same one is kept once."""
    owner = "root" if path == ROOT_SESSION else path.split("/")[1]
    return f"{LEGACY}/{owner}-{sha256(raw)[:12]}.md"


def _journal(workspace: Workspace) -> str:
    """Say which transaction a crash left, before the next writer settles it."""
    try:
        note, entries = journal.load(workspace.state_folder)
    except StateError as e:
        return e.message
    return f"{note.purpose or 'a change'}: {len(entries)} files" if entries else ""


def _hand(workspace: Workspace, plan: Recovery, unfinished: str) -> Hand:
    session = plan.session
    todos = tuple(f"{t.id} {t.content}" for t in session.todos if t.status == "in_progress")
    try:
        step = report.next_step(workspace, session.ticket) if session.ticket else {}
    except TrainError:
        step = {}
    changed = tuple(p for p in handoff.changed(workspace) if p not in (plan.path, plan.kept))
    return Hand(todos, step.get("do", ""), step.get("command", ""), changed, unfinished)
