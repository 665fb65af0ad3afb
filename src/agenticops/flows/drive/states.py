"""Agents as they stand: registering, turning, signs of life, messages, and who is at work. ADR 0036."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from agenticops.core.drive import agentstate, settings
from agenticops.core.drive.agentstate import REGISTERED, STATUS, TOLD, TURNED, AgentState, Known, Status
from agenticops.core.drive.settings import Settings
from agenticops.errors import ConflictError, UsageError
from agenticops.flows.drive import ledger, sampling
from agenticops.model.event import Draft, Event
from agenticops.workspace import Workspace

# Of the local log, so many of the newest files are looked at: they hold the last signs of life.
NEWEST = 2
MOST = 2000
TURNS: tuple[Status, ...] = ("error", "offline", "idle", "active")
AT_WORK = "SELECT agent, id FROM ticket WHERE closed = 0 AND status = 'in_progress' ORDER BY id"


def register(
    workspace: Workspace,
    name: str,
    title: str = "",
    role: str = "",
    capabilities: Sequence[str] = (),
    config: Mapping[str, Any] | None = None,
    update: bool = False,
) -> AgentState:
    """Make an agent known, or with `update` change what is said of it.

    Raises UsageError for a name or role that is none, ConflictError when it is registered already.
    """
    found = agentstate.suffix_role(name)
    wanted = agentstate.SHORT.get(role) or role
    if wanted and wanted != found:
        known = ", ".join(agentstate.ROLES)
        hint = f"its id says {found}; roles: {known}" if wanted in agentstate.ROLES else f"roles: {known}"
        raise UsageError(f"{name} cannot have the role {role!r}", hint=hint)
    data: dict[str, Any] = {"agent_role": found}
    if title.strip():
        data["agent_name"] = " ".join(title.split())
    if capabilities:
        data["capabilities"] = list(dict.fromkeys(" ".join(c.split()) for c in capabilities if c.strip()))
    if config:
        data["extension_config"] = dict(config)
    with workspace.transaction("agents register") as tx:
        _ = workspace.train.pipeline
        known_before = any(e.kind == REGISTERED and e.subject == f"agent/{name}" for e in _told(workspace))
        if known_before and not update:
            message = f"{name} is registered already"
            raise ConflictError(message, hint=f"agenticops agents register {name} --update …")
        if update and not known_before:
            raise UsageError(f"{name} is not registered", hint=f"agenticops agents register {name}")
        tx.append(Draft(REGISTERED, f"agent/{name}", data=data))
    return show(workspace, name)


def turn(workspace: Workspace, wanted: str, status: str, reason: str) -> AgentState:
    """Turn an agent's status to error or offline, or back. Raises UsageError for a way that there is not."""
    if status == "busy":
        raise UsageError("an agent is busy by what it does, not by a word", hint=f"say one of {', '.join(TURNS)}")
    if not reason.strip():
        raise UsageError("a turn needs a reason", hint='--reason "…"')
    with workspace.transaction("agents turn") as tx:
        found = show(workspace, wanted)
        agentstate.refuse_illegal(found.agent_id, found.status, status)
        if found.status == status and status in ("error", "offline") and found.reason == reason:
            return found
        data = {"to": status, "from": found.status, "reason": " ".join(reason.split())}
        tx.append(Draft(TURNED, f"agent/{found.agent_id}", data=data))
    return show(workspace, found.agent_id)


def beat(workspace: Workspace, agent: str, status: Status, task: str = "") -> bool:
    """Give a sign of life of an agent that is active, busy or idle, with the ticket that it is about.

    False when it cannot have this status (it is in error): then it is only heard of. Raises UsageError for a task that
    is no ticket. To be called every 30 seconds at least.
    """
    if status not in ("active", "busy", "idle"):
        raise UsageError(f"a heartbeat does not say {status!r}", hint="agenticops agents turn says error and offline")
    if task and not workspace.train.has_ticket(task):
        raise UsageError(f"there is no ticket {task!r}", hint="agenticops ticket list")
    name = agentstate.id_of(agent, _settings(workspace).roles)
    now = _status(workspace, name)
    if now == "offline" and status == "busy":
        _beat(workspace, name, "active", task)  # it comes up first
    elif now == "error" or (now != status and not STATUS.allows(now, status)):
        workspace.local.append([Draft(agentstate.SEEN, f"agent/{name}", task)], workspace.actor(agent))
        return False
    _beat(workspace, name, status, task)
    return True


def fail(workspace: Workspace, agent: str, task: str, reason: str) -> None:
    """Say that an agent's run failed: it is in error until its next run begins, or somebody turns it."""
    name = agentstate.id_of(agent, _settings(workspace).roles)
    _beat(workspace, name, "error", task, turn=True, reason=" ".join(reason.split())[:MOST])


def begin(workspace: Workspace, agent: str, task: str) -> bool:
    """Say that an agent's run begins: it is busy. An error of its last run is over; one that a person told stands."""
    name = agentstate.id_of(agent, _settings(workspace).roles)
    if _status(workspace, name) == "error":
        _beat(workspace, name, "idle", task, turn=True)
    return beat(workspace, agent, "busy", task)


def leave(workspace: Workspace, agent: str, reason: str) -> None:
    """Say that an agent is away, unless it is at work elsewhere in this clone, or in error: that is not over."""
    name = agentstate.id_of(agent, _settings(workspace).roles)
    if _status(workspace, name) in ("active", "idle"):
        _beat(workspace, name, "offline", "", turn=True, reason=reason)


def _status(workspace: Workspace, name: str) -> Status:
    return next((s.status for s in _states(workspace) if s.agent_id == name), "offline")


def _beat(workspace: Workspace, name: str, status: Status, task: str, **more: Any) -> None:
    workspace.refuse_links()
    draft = Draft(agentstate.BEAT, f"agent/{name}", task, data={"status": status, "task": task, **more})
    workspace.local.append([draft], workspace.actor(name))


def tell(workspace: Workspace, sender: str, to: str, text: str) -> AgentState:
    """Note what an agent told another one; gives who was told. Raises UsageError when one of them is not known."""
    words = text.strip()
    if not words or len(words) > MOST:
        raise UsageError(f"a message has 1 to {MOST} characters", hint="put what is longer into a file, and tell where")
    with workspace.transaction("agents tell") as tx:
        there = listing(workspace)
        told = {"from": _named(workspace, there, sender).agent_id, "to": _named(workspace, there, to).agent_id}
        if told["from"] == told["to"]:
            raise UsageError("an agent tells itself nothing", hint="name two agents")
        tx.append(Draft(TOLD, f"agent/{told['to']}", data={**told, "text": words}))
    return show(workspace, told["to"])


def listing(workspace: Workspace) -> list[AgentState]:
    """Give all agents as they stand: those of the train, and those that were registered."""
    return _states(workspace, whole=True)


def show(workspace: Workspace, wanted: str) -> AgentState:
    """Give an agent by its id, the start of it, or the name that the train has for it. Raises UsageError."""
    return _named(workspace, listing(workspace), wanted)


def _named(workspace: Workspace, found: Sequence[AgentState], wanted: str) -> AgentState:
    hits = [s for s in found if wanted in (s.agent_id, s.agent)] or [
        s for s in found if wanted and s.agent_id.startswith(wanted)
    ]
    if len(hits) == 1:
        return hits[0]
    known = ", ".join(s.agent_id for s in hits or found)
    message = f"{wanted!r} is the start of {len(hits)} agents" if hits else f"there is no agent {wanted!r}"
    raise UsageError(message, hint=f"{'' if hits else 'agenticops agents register, or '}one of {known}")


def _states(workspace: Workspace, whole: bool = False) -> list[AgentState]:
    """Fold the states; without `whole` what no status depends on is left out."""
    known = Known()
    if whole:
        metrics = {name.partition("/")[2]: one for name, one in sampling.last(workspace).items()}
        tickets: dict[str, list[str]] = {}
        for agent, name in workspace.index.rows(AT_WORK):
            tickets.setdefault(str(agent), []).append(str(name))
        known = Known(ledger.known(workspace), metrics, tickets)
    agents, roles = workspace.train.pipeline.agents, _settings(workspace).roles
    return agentstate.states(agents, roles, _told(workspace), recent(workspace), workspace.now, known)


def _told(workspace: Workspace) -> list[Event]:
    # By subject there is an index, by kind there is none.
    where = "subject >= 'agent/' AND subject < 'agent0' AND kind NOT GLOB 'voided:*'"
    return workspace.log.select(where, ())


def recent(workspace: Workspace) -> list[Event]:
    """Give the newest events of the clone's local log."""
    local = workspace.local
    return [event for path in local.shards()[-NEWEST:] for event, _ in local.lines(path)]


def _settings(workspace: Workspace) -> Settings:
    return settings.read(workspace.tree.read(settings.PATH))
