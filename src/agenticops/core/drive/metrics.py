"""Resource metrics: what agents use of the machine, graded by levels, rated, and with advice.

The port measures a `Reading`; here it becomes the data model's ResourceMetrics. Percentages are of the whole machine, a
megabyte is 10^6 bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from agenticops.core.drive.settings import Levels
from agenticops.model.drive import Assignment, Resource
from agenticops.model.ids import as_uuid

Percent = Annotated[float, Meta(ge=0, le=100)]
Amount = Annotated[float, Meta(ge=0)]
Count = Annotated[int, Meta(ge=0)]
AlertLevel = Literal["normal", "warning", "critical", "emergency"]
ALERTS: tuple[AlertLevel, ...] = ("normal", "warning", "critical", "emergency")
UUID = r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
BEST = 10.0
# What a resource takes from the score of 10 at its level; what the machine leaves unused takes a little.
COST: dict[AlertLevel, float] = {"normal": 0, "warning": 1, "critical": 2.5, "emergency": 5}
IDLE_COST = 0.5
IDLE_CPU, IDLE_MEMORY = 25.0, 50.0
# resource → what it is counted in, and its levels without a setting. A full processor slows work and breaks none: by
# itself it is no emergency. Connections fit PostgreSQL's default of 100.
RESOURCES: dict[Resource, tuple[str, Levels]] = {
    "cpu": ("%", Levels(85, 97, 101)),
    "memory": ("%", Levels(80, 90, 95)),
    "disk": ("%", Levels(85, 92, 97)),
    "network": ("MB/s", Levels(100, 500, 1000)),
    "sessions": ("", Levels(16, 32, 64)),
    "connections": ("", Levels(60, 85, 97)),
    "response": ("ms", Levels(900_000, 1_500_000, 3_600_000)),
    "errors": ("%", Levels(25, 50, 80)),
}
ADVICE: dict[Resource, str] = {
    "cpu": "run fewer agents at once (drive --parallel), or their tests with fewer processes",
    "memory": "run fewer agents at once (drive --parallel)",
    "disk": "remove desks of held tickets and old logs, or put desks: elsewhere (config/drive.yml)",
    "network": "see what is sent: agents seldom need so much",
    "sessions": "run fewer agents at once (drive --parallel)",
    "connections": "give agents a pool, or let fewer of them use the database",
    "response": "split work into smaller bullets, or prefer a faster model (config/drive.yml)",
    "errors": "look at agenticops cost report and the last failures before more is spent",
}


class Reading(Struct, frozen=True):
    """What was measured: of the system, or of an agent's process and all below it."""

    cpu: Percent = 0.0
    memory: Amount = 0.0
    memory_share: Percent = 0.0
    disk: Amount = 0.0
    disk_share: Percent = 0.0
    network: Amount = 0.0
    connections: Count = 0


class Conduct(Struct, frozen=True):
    """What the last runs say of the agents: how many are at work, how long a run takes (ms), how many in 100 fail."""

    sessions: Count = 0
    response: Count = 0
    errors: Percent = 0.0


class ResourceMetrics(Struct, frozen=True):
    """One measurement, judged; `agent_id` is None for the whole system. MB, MB/s, ms, percent; the score is 0 to 10.

    That of an agent names the workflow execution and the run (ModelAssignment) during which it was taken.
    """

    metric_id: Annotated[str, Meta(pattern=UUID)]
    measurement_time: str
    agent_id: str | None
    cpu_usage: Percent
    memory_usage: Amount
    disk_usage: Amount
    network_io: Amount
    active_sessions: Count
    database_connections: Count
    response_time: Count
    error_rate: Percent
    optimization_score: Annotated[float, Meta(ge=0, le=10)]
    optimization_suggestions: tuple[str, ...]
    alert_level: AlertLevel
    created_at: str
    levels: dict[Resource, AlertLevel] = {}
    execution_id: str = ""
    assignment_id: str = ""


def judge(
    name: str,
    at: str,
    reading: Reading,
    conduct: Conduct,
    alerts: Mapping[Resource, Levels] | None = None,
    agent: str = "",
    run: Assignment | None = None,
) -> ResourceMetrics:
    """Judge a reading; `name` is its ULID, `alerts` are the levels of the settings, `run` is the one that is on."""
    values: dict[Resource, float] = {
        "cpu": reading.cpu,
        "memory": reading.memory_share,
        "disk": reading.disk_share,
        "network": reading.network,
        "sessions": conduct.sessions,
        "connections": reading.connections,
        "response": conduct.response,
        "errors": conduct.errors,
    }
    levels = {what: grade(value, level_of(what, alerts)) for what, value in values.items()}
    score, advice = rate(values, levels)
    return ResourceMetrics(
        metric_id=as_uuid(name),
        measurement_time=at,
        agent_id=agent or None,
        cpu_usage=reading.cpu,
        memory_usage=reading.memory,
        disk_usage=reading.disk,
        network_io=reading.network,
        active_sessions=conduct.sessions,
        database_connections=reading.connections,
        response_time=conduct.response,
        error_rate=conduct.errors,
        optimization_score=score,
        optimization_suggestions=advice,
        alert_level=max(levels.values(), key=ALERTS.index),
        created_at=at,
        levels={what: level for what, level in levels.items() if level != "normal"},
        execution_id=run.execution_id if run else "",
        assignment_id=run.assignment_id if run else "",
    )


def together(samples: Sequence[ResourceMetrics]) -> ResourceMetrics:
    """Add up what the runs of one agent used at the same time; the levels are the worst. One sample stays as it is."""
    if len(samples) == 1:
        return samples[0]
    levels: dict[Resource, AlertLevel] = {}
    for one in sorted(samples, key=lambda s: ALERTS.index(s.alert_level)):
        levels |= {w: v for w, v in one.levels.items() if ALERTS.index(v) > ALERTS.index(levels.get(w, "normal"))}
    worst = max(samples, key=lambda s: ALERTS.index(s.alert_level))
    return msgspec.structs.replace(
        worst,
        cpu_usage=round(min(sum(s.cpu_usage for s in samples), 100.0), 1),
        memory_usage=round(sum(s.memory_usage for s in samples), 1),
        active_sessions=len(samples),
        database_connections=sum(s.database_connections for s in samples),
        optimization_score=min(s.optimization_score for s in samples),
        levels=levels,
        execution_id="",
        assignment_id="",
    )


def level_of(resource: Resource, alerts: Mapping[Resource, Levels] | None) -> Levels:
    """Give the levels of a resource: those of the settings, else ours."""
    return (alerts or {}).get(resource, RESOURCES[resource][1])


def grade(value: float, levels: Levels) -> AlertLevel:
    """Say at which level a value is; it is there when it reaches its figure."""
    if value >= levels.emergency:
        return "emergency"
    if value >= levels.critical:
        return "critical"
    return "warning" if value >= levels.warning else "normal"


def rate(values: Mapping[Resource, float], levels: Mapping[Resource, AlertLevel]) -> tuple[float, tuple[str, ...]]:
    """Rate the use of resources from 10 down, and say for each point that is missing what would bring it back.

    Each resource takes 1 at a warning, 2.5 when critical, 5 in an emergency. A machine that is mostly idle while agents
    work takes half a point: more of them would fit.
    """
    lost, advice = 0.0, []
    for what in sorted(levels, key=lambda w: -ALERTS.index(levels[w])):
        level = levels[what]
        if level != "normal":
            lost += COST[level]
            advice.append(f"{shown(what, values[what])}, {level} (-{COST[level]:g}): {ADVICE[what]}")
    if not advice and values["sessions"] and values["cpu"] < IDLE_CPU and values["memory"] < IDLE_MEMORY:
        lost += IDLE_COST
        advice.append(f"{shown('cpu', values['cpu'])} at work (-{IDLE_COST:g}): more agents fit (drive --parallel)")
    return round(max(BEST - lost, 0.0), 1), tuple(advice)


def shown(resource: Resource, value: float) -> str:
    """Write a figure with its resource and unit."""
    unit = RESOURCES[resource][0]
    return f"{resource} {value:.0f}{'' if unit == '%' else ' '}{unit}".strip()
