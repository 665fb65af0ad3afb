"""What a coding agent's hooks do: tell the agent where it stands, note what it did, save its session. ADR 0026.

A hook notes events; only save points write the session's front-matter. Whatever it cannot do, it leaves undone.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from agenticops.core import agentjson, tokens
from agenticops.core.agentjson import Payload, Todo
from agenticops.errors import TrainError
from agenticops.flows import report, standing
from agenticops.model.layout import PIPELINE
from agenticops.model.plain import clean
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from agenticops.model.event import Draft

Row = dict[str, Any]
Output = dict[str, Any]
ASSISTANT = "Claude Code"
WRITES = {"Write": "file_path", "Edit": "file_path", "MultiEdit": "file_path", "NotebookEdit": "notebook_path"}
LISTS = ("TodoWrite", "TaskCreate", "TaskUpdate")
SHOWN = 5
# What no system takes as a path.
LONGEST = 4096
# Characters of names that a session takes in: its page must stay readable, and a sweeping change is for git to list.
ROOM = 20_000


class Answer(NamedTuple):
    """What the agent is told ({}: nothing), and what could not be done."""

    output: Output
    problem: TrainError | None = None


def here(payload: Payload) -> Workspace | None:
    """Open the train that the agent works in: around its folder, else around its project; None outside of one."""
    for start in (payload.text("cwd"), os.environ.get("CLAUDE_PROJECT_DIR", ""), "."):
        try:
            found = Workspace(start) if os.path.isdir(start) else None
        except (TrainError, OSError):
            continue
        if found and found.root and os.path.lexists(os.path.join(found.root, PIPELINE)):
            return found
    return None


def answer(event: str, payload: Payload) -> Answer:
    """Answer one hook. Raises TrainError where the train cannot be read or written."""
    workspace = here(payload)
    return EVENTS[event](workspace, payload) if workspace else Answer({})


def _session_start(workspace: Workspace, payload: Payload) -> Answer:
    from agenticops.flows import prime

    text, session = prime.text(workspace)
    if session:
        _beat(workspace, session, payload)
    return Answer(_context("SessionStart", text))


def _prompt(workspace: Workspace, payload: Payload) -> Answer:
    session = _active(workspace)
    if session is None:
        return Answer({})
    _beat(workspace, session, payload)
    return Answer(_context("UserPromptSubmit", line(workspace, session)))


def line(workspace: Workspace, session: Row) -> str:
    """Say in one line which ticket is worked in which mode, and the next command."""
    step = report.next_step(workspace, session["ticket"])
    where = f"Train: {session['ticket'] or 'no ticket'} in mode {session['mode']}, as {session['agent']}."
    for command in (step["command"], "agenticops next"):
        words = clean(f"{where} Next: {command}")
        if tokens.estimate(words) <= tokens.BUDGET["prompt line"]:
            return words
    return "Train: agenticops next"


def _tool(workspace: Workspace, payload: Payload) -> Answer:
    session = _active(workspace)
    if session is None:
        return Answer({})
    _beat(workspace, session, payload)
    tool = payload.text("tool_name")
    if tool in WRITES:
        _touched(workspace, session, tool, payload)
    elif tool in LISTS and not payload.text("agent_id"):  # a helper's list is its own
        _todos(workspace, session, tool, payload)
    return Answer({})


def _touched(workspace: Workspace, session: Row, tool: str, payload: Payload) -> None:
    path = _inside(workspace, payload.below("tool_input").text(WRITES[tool]), payload.text("cwd"))
    known = standing.touched(session, standing.noted(workspace, session))
    if not path or path in known or sum(map(len, known)) + len(path) > ROOM:
        return
    verb = _verb(workspace, path)
    if not verb:
        return

    def data(session: Row, noted: list[Row]) -> Row | None:
        known = standing.touched(session, noted)
        return None if path in known else {"path": path, "verb": verb, "tool": tool, "assistant": _assistant()}

    _note(workspace, "artifact_touched", data)


def _todos(workspace: Workspace, session: Row, tool: str, payload: Payload) -> None:
    call, said = payload.below("tool_input"), payload.below("tool_response")

    def data(session: Row, noted: list[Row]) -> Row | None:
        before: list[Todo] = standing.todos(session, noted, agentjson.MIRRORED)[1]
        if tool == "TodoWrite":
            # An answer of ours in another form is no list: leave what there is.
            now = agentjson.listed(call) if isinstance(call.raw.get("todos"), list) else before
        else:
            now = agentjson.created(call, said, before) if tool == "TaskCreate" else agentjson.updated(call, before)
        return None if now == before else {"todos": now, "tool": tool, "assistant": _assistant()}

    if data(session, standing.noted(workspace, session)) is not None:
        _note(workspace, "todos_noted", data)


def _note(workspace: Workspace, kind: str, data: Callable[[Row, list[Row]], Row | None]) -> None:
    """Append an event of the session; under the lock it is asked again whether there is anything to say."""
    with workspace.transaction(f"agents hook ({kind.replace('_', ' ')})") as tx:
        session = _active(workspace)
        found = data(session, standing.noted(workspace, session)) if session else None
        if session and found:
            tx.actor = lambda: workspace.actor(str(session["agent"]))
            tx.append(_draft(kind, session, found))


def _stop(workspace: Workspace, payload: Payload) -> Answer:
    session = standing.session(workspace)
    if session is None:
        return Answer({})
    _beat(workspace, session, payload)
    problem = _save(workspace, session, "stop")
    if session["status"] != "active" or not session["ticket"]:
        return Answer({}, problem)
    left = report.open_bullets(report.detail(workspace, session["ticket"])[1])
    words = _words(session["ticket"], left, report.next_step(workspace, session["ticket"])["command"])
    asked = os.environ.get("AGENTICOPS_STOP") == "block" and not payload.flag("stop_hook_active")
    if left and asked:
        return Answer({"decision": "block", "reason": words}, problem)
    return Answer({"systemMessage": words}, problem)


def _words(ticket: str, left: list[Row], command: str) -> str:
    if not left:
        return f"{ticket}: no required bullet is open. Next: {command}"
    from agenticops.core import prime

    rows = [f"{ticket}: {len(left)} required bullet{'' if len(left) == 1 else 's'} open"]
    rows += [f"- {prime.shorten(b['text'])} ({b['key']})" for b in left[:SHOWN]]
    if len(left) > SHOWN:
        rows.append(f"… {len(left) - SHOWN} more: agenticops checklist show {ticket}")
    return "\n".join([*rows, f"Next: {command}"])


def _pre_compact(workspace: Workspace, payload: Payload) -> Answer:
    session = standing.session(workspace)
    if session is None:
        return Answer({})
    _beat(workspace, session, payload)
    return Answer({}, _save(workspace, session, "before the context is compacted"))


def _subagent_stop(workspace: Workspace, payload: Payload) -> Answer:
    return _leave(workspace, payload, "subagent-stop", "a helper stopped")


def _session_end(workspace: Workspace, payload: Payload) -> Answer:
    return _leave(workspace, payload, "session-end", "the agent's session ended")


def _leave(workspace: Workspace, payload: Payload, event: str, reason: str) -> Answer:
    session = standing.session(workspace)
    if session is None:
        return Answer({})
    problem = _save(workspace, session, reason)
    _seen(workspace, session, payload, event)
    return Answer({}, problem)


def _save(workspace: Workspace, session: Row, reason: str) -> TrainError | None:
    """Save the session when hooks noted something; what stands in the way is given back, for a save can wait."""
    if not standing.noted(workspace, session):
        return None
    from agenticops.flows import session as sessions

    try:
        sessions.save(workspace, reason)
    except TrainError as e:
        return e
    return None


def _active(workspace: Workspace) -> Row | None:
    session = standing.session(workspace)
    return session if session and session["status"] == "active" else None


def _inside(workspace: Workspace, name: str, cwd: str) -> str:
    """Give a file's path in this worktree; "" for what lies elsewhere, in another repository or in git's own."""
    if not name or "\0" in name or len(name) > LONGEST:
        return ""
    real = os.path.realpath(os.path.join(cwd if os.path.isabs(cwd) else workspace.root, name))
    path = os.path.relpath(real, workspace.root)
    parts = path.split(os.sep)
    if parts[0] in (os.pardir, os.curdir, ".git", ".agenticops"):
        return ""
    folders = (os.path.join(workspace.root, *parts[:n], ".git") for n in range(1, len(parts)))
    return "" if any(map(os.path.lexists, folders)) else path


def _verb(workspace: Workspace, path: str) -> str:
    """Tell by git whether a file is new to it; "" for one that it ignores."""
    asked = ("ls-files", "-z", "-t", "--cached", "--others", "--exclude-standard", "--", f":(literal){path}")
    state = workspace.git.run(*asked).stdout[:1]
    return {"": "", "?": "created"}.get(state, "modified")


def _draft(kind: str, session: Row, data: Row) -> Draft:
    from agenticops.model.event import Draft
    from agenticops.model.ids import TICKET

    ticket = str(session["ticket"])
    named = TICKET.fullmatch(ticket)
    return Draft(kind, f"session/{session['id']}", ticket, named["item"] if named else "", data)


def _assistant() -> str:
    return os.environ.get("AGENTICOPS_ASSISTANT") or ASSISTANT


def _context(event: str, text: str) -> Output:
    return {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}} if text else {}


def _beat(workspace: Workspace, session: Row, payload: Payload) -> None:
    """Note in the local log that an agent is alive; every half minute at most."""
    from agenticops.store.pulse import Pulse

    if Pulse(workspace.state_folder, "agent-pulse").due(workspace.clock.milliseconds()):
        _local(workspace, "heartbeat", session, payload, {})


def _seen(workspace: Workspace, session: Row, payload: Payload, event: str) -> None:
    told = {k: payload.text(k)[:100] for k in ("source", "reason", "agent_id", "agent_type") if payload.text(k)}
    _local(workspace, "agent_seen", session, payload, {"event": event, **told})


def _local(workspace: Workspace, kind: str, session: Row, payload: Payload, data: Row) -> None:
    """Write to this clone's own log. Nobody waits for it: a disk that refuses costs only the line."""
    try:
        workspace.refuse_links()
        data = {**data, "agent_session": payload.text("session_id")[:100], "assistant": _assistant()}
        draft = _draft(kind, session, data)
        workspace.local.append([draft], workspace.actor(str(session["agent"])))
    except (TrainError, OSError):
        return


EVENTS: dict[str, Callable[[Workspace, Payload], Answer]] = {
    "session-start": _session_start,
    "prompt": _prompt,
    "post-tool": _tool,
    "pre-compact": _pre_compact,
    "stop": _stop,
    "subagent-stop": _subagent_stop,
    "session-end": _session_end,
}
