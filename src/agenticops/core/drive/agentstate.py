"""The state of agents, the data model's AgentState: a fold of what is registered and said, and of signs of life.

The committed log has who is known, turns to error or offline and back, and what agents told each other; heartbeats are
in the clone's local log. One that says `turn` is no mere sign of life: the driver tells by it that a run failed, that
the next one begins, or that the drive is over. Each agent of the train is known without being registered: `lab` is
`lab-dev`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, get_args

import msgspec
from msgspec import Meta, Struct

from agenticops.core import fold
from agenticops.core.drive.metrics import ResourceMetrics
from agenticops.errors import UsageError
from agenticops.model.drive import Assignment, Role
from agenticops.model.event import Event
from agenticops.model.graph import Graph
from agenticops.model.pipeline import Agent

Status = Literal["active", "busy", "idle", "error", "offline"]
ROLES: tuple[Role, ...] = get_args(Role)
STATUSES: tuple[Status, ...] = get_args(Status)
# Who has an error works again only after somebody looked at it; who was away comes up before it has work.
STATUS = Graph.of(
    start="offline",
    edges={
        "offline": ("active", "idle", "error"),
        "idle": ("active", "busy", "error", "offline"),
        "active": ("busy", "idle", "error", "offline"),
        "busy": ("active", "idle", "error", "offline"),
        "error": ("idle", "offline"),
    },
    ends=("offline",),
)
# The train's agents in the data model's words; `roles:` in the settings changes and adds to it.
TABLE: dict[str, Role] = {
    "conductor": "coordinator",
    "onboarder": "pm",
    "lab": "developer",
    "studio": "architect",
    "ops": "specialist",
    "evaluator": "qa",
    "improver": "analyst",
}
SHORT: dict[str, Role] = {"dev": "developer"}
PATTERN = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*-(pm|architect|developer|dev|qa|ux|analyst|coordinator|specialist)$"
# Without a sign of life for so long an agent is offline; a heartbeat is due at least every INTERVAL.
SILENCE, INTERVAL = timedelta(seconds=90), timedelta(seconds=30)
REGISTERED, TURNED, TOLD = "agent_registered", "agent_turned", "agent_told"
BEAT, SEEN = "heartbeat", "agent_seen"
HISTORY = 20


class Message(Struct, frozen=True, rename={"sender": "from", "to": "to"}):
    """What an agent told another one."""

    sender: str
    to: str
    text: str
    at: str


class Performance(Struct, frozen=True):
    """What the runs of an agent came to; means are of the runs that are over."""

    runs: int = 0
    completed: int = 0
    failed: int = 0
    success: float | None = None
    mean_score: float | None = None
    cost: float = 0.0
    tokens: int = 0
    mean_milliseconds: int = 0


class AgentState(Struct, frozen=True):
    """An agent as it stands now. `agent` is the train's agent that it is, `reason` why it is in error or offline."""

    agent_id: Annotated[str, Meta(pattern=PATTERN)]
    agent_name: str
    agent_role: Role
    status: Status = "offline"
    capabilities: tuple[str, ...] = ()
    active_tasks: tuple[str, ...] = ()
    resource_utilization: ResourceMetrics | None = None
    performance_metrics: Performance = Performance()
    communication_history: tuple[Message, ...] = ()
    extension_config: dict[str, Any] = {}
    last_activity: str = ""
    created_at: str = ""
    updated_at: str = ""
    agent: str = ""
    registered: bool = False
    reason: str = ""


class Known(NamedTuple):
    """What a fold is made of besides events: runs, the last metrics by agent, open tickets at work by agent."""

    runs: Sequence[Assignment] = ()
    metrics: Mapping[str, ResourceMetrics] = {}
    tickets: Mapping[str, Sequence[str]] = {}


def role_of(name: str, roles: Mapping[str, Role]) -> Role:
    """Give the role of a train's agent: as the settings say, else by the table, else a specialist's."""
    return roles.get(name) or TABLE.get(name, "specialist")


def id_of(name: str, roles: Mapping[str, Role]) -> str:
    """Name a train's agent as the data model does: `lab` → `lab-dev`. What is such a name stays."""
    if re.fullmatch(PATTERN, name):
        return name
    role = role_of(name, roles)
    return f"{name.replace('_', '-')}-{next((short for short, whole in SHORT.items() if whole == role), role)}"


def suffix_role(name: str) -> Role:
    """Give the role that an id ends with. Raises UsageError for what is no id."""
    if not re.fullmatch(PATTERN, name):
        hint = f"a name and a role, for example john-pm; roles: {', '.join((*ROLES, *SHORT))}"
        raise UsageError(f"{name!r} is no id of an agent", hint=hint)
    word = name.rpartition("-")[2]
    return SHORT.get(word) or word  # type: ignore[return-value]


def refuse_illegal(name: str, source: str, target: str) -> None:
    """Raise UsageError when an agent cannot go from one status to the other."""
    if target not in STATUSES:
        raise UsageError(f"{target!r} is no status of an agent", hint=f"one of {', '.join(STATUSES)}")
    if source != target and not STATUS.allows(source, target):
        ways = ", ".join(STATUS.edges[source])
        raise UsageError(f"{name} is {source} and cannot become {target}", hint=f"from {source} on it may be: {ways}")


def states(
    agents: Mapping[str, Agent],
    roles: Mapping[str, Role],
    events: Iterable[Event],
    local: Iterable[Event],
    now: str,
    known: Known = Known(),  # noqa: B008
) -> list[AgentState]:
    """Fold the states of all agents: those of the train, those that were registered, by id."""
    counting = sorted(fold.live(events), key=lambda e: e.order)
    signs: dict[str, list[Event]] = {}
    for event in local:
        if event.kind in (BEAT, SEEN) and (name := _heard(event)) and _is_name(name):
            signs.setdefault(id_of(name, roles), []).append(event)
    names = {id_of(name, roles): name for name in agents}
    wanted = [*names, *(_named(e) for e in counting if e.kind == REGISTERED)]
    found = []
    for name in sorted({n for n in wanted if re.fullmatch(PATTERN, n)}):
        own = names.get(name, "")
        told = [e for e in counting if e.subject == f"agent/{name}" or name in (e.data.get("from"), e.data.get("to"))]
        state = _identity(name, agents.get(own), own, told)
        found.append(_now(state, told, sorted(signs.get(name, ()), key=lambda e: e.at), now, known))
    return found


def _heard(event: Event) -> str:
    """Say whose sign of life it is: the driver names the agent, a hook of a coding agent acts as it."""
    return _named(event) or event.actor.agent


def _named(event: Event) -> str:
    noun, _, name = event.subject.partition("/")
    return name if noun == "agent" else ""


def _is_name(name: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9-]{0,63}", name) is not None


def _identity(name: str, agent: Agent | None, own: str, events: Sequence[Event]) -> AgentState:
    """Say who an agent is: what its last registration says, else what the train says of it."""
    state = AgentState(name, (agent.title if agent else "") or own or name, suffix_role(name), agent=own)
    if agent is not None:
        state = msgspec.structs.replace(state, capabilities=agent.responsibilities)
    fields: dict[str, Any] = {}
    at = [e.at for e in events if e.kind == REGISTERED]
    for event in events:
        if event.kind == REGISTERED:
            fields |= {k: event.data[k] for k in ("agent_name", "capabilities", "extension_config") if k in event.data}
    if not at:
        return state
    fields |= {"registered": True, "created_at": at[0]}
    return msgspec.convert({**msgspec.to_builtins(state), **fields}, AgentState)


def _now(state: AgentState, events: Sequence[Event], beats: Sequence[Event], now: str, known: Known) -> AgentState:
    turns = [e for e in events if e.kind == TURNED and e.subject == f"agent/{state.agent_id}"]
    status, reason = _status([*turns, *beats], now)
    names = [n for n in (state.agent_id, state.agent) if n]
    tasks = [*_tasks(beats, now), *(t for n in names for t in known.tickets.get(n, ()))]
    moments = [e.at for e in events]
    own = [run for run in known.runs if run.agent_id in names]
    return msgspec.structs.replace(
        state,
        status=status,
        reason=reason,
        active_tasks=tuple(sorted({t for t in tasks if t})),
        resource_utilization=next((m for n in names if (m := known.metrics.get(n)) is not None), None),
        performance_metrics=performance(own),
        communication_history=_history(events),
        last_activity=max([*moments, *(e.at for e in beats), *(r.completed_at for r in own)], default=""),
        updated_at=max([*moments, *(e.at for e in beats)], default=""),
    )


def _status(signals: Sequence[Event], now: str) -> tuple[Status, str]:
    """Follow the turns and the signs of life by time. What is illegal changes nothing; silence ends in offline."""
    status, reason, last = STATUS.start, "", ""
    busy: dict[str, str] = {}
    said_by = ""
    for event in sorted(signals, key=lambda e: e.at):
        if last and status not in ("error", "offline") and not _near(last, event.at):
            status = "offline"
        wanted = str(event.data.get("to", "")) if event.kind == TURNED else _wanted(event, status, busy)
        last = event.at
        if status == "error" and not (event.kind == TURNED or (said_by == BEAT and event.data.get("turn"))):
            continue  # a sign of life heals nothing, and what a person said is taken back by a person
        if STATUS.allows(status, wanted):
            status, reason, said_by = wanted, str(event.data.get("reason", "")), event.kind
    if status not in ("error", "offline") and not _near(last, now):
        return "offline", f"silent since {last}"
    return status, reason  # type: ignore[return-value]


def _wanted(event: Event, status: str, busy: dict[str, str]) -> str:
    """Give the status that a sign of life asks for. One agent may be at several desks: it is busy while it is at one.

    `busy` maps its tasks to when it was last heard that it works on them. A hook says that it is there, no more.
    """
    said = str(event.data.get("status", ""))
    task = str(event.data.get("task", "") or event.ticket)
    if event.data.get("turn"):
        busy.pop(task, None)
        return said
    if said == "busy":
        if status == "busy" or STATUS.allows(status, "busy"):
            busy[task] = event.at
    elif said and task:
        busy.pop(task, None)
    elif said:
        busy.clear()
    return "busy" if any(_near(at, event.at) for at in busy.values()) else said or "active"


def _tasks(beats: Iterable[Event], now: str) -> list[str]:
    """List the tasks whose last sign of life is near, and is not that nothing is done."""
    found = {str(e.data.get("task", "") or e.ticket): e for e in beats if _near(e.at, now)}
    return [task for task, e in found.items() if e.data.get("status") != "idle"]


def _near(at: str, now: str) -> bool:
    try:
        return abs(datetime.fromisoformat(now) - datetime.fromisoformat(at)) <= SILENCE
    except (ValueError, TypeError):
        return False


def _history(events: Sequence[Event]) -> tuple[Message, ...]:
    told = [e for e in events if e.kind == TOLD][-HISTORY:]
    said = [[str(e.data.get(name, "")) for name in ("from", "to", "text")] for e in told]
    return tuple(Message(sender, to, text, e.at) for e, (sender, to, text) in zip(told, said, strict=True))


def performance(runs: Sequence[Assignment]) -> Performance:
    """Say what runs came to."""
    over = [run for run in runs if run.assignment_status in ("completed", "failed")]
    completed = sum(run.assignment_status == "completed" for run in over)
    scores = [run.performance_score for run in over if run.performance_score is not None]
    times = [run.processing_time for run in over if run.processing_time]
    return Performance(
        runs=len(runs),
        completed=completed,
        failed=len(over) - completed,
        success=round(completed / len(over), 3) if over else None,
        mean_score=round(sum(scores) / len(scores), 2) if scores else None,
        cost=round(sum(run.money for run in runs if run.over), 6),
        tokens=sum(run.tokens for run in runs if run.over),
        mean_milliseconds=round(sum(times) / len(times)) if times else 0,
    )
