"""Sampling: what agents use of the machine, into the local log; what goes too far opens a decision. ADR 0036."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import papers as shelves
from agenticops.core.drive import metrics
from agenticops.core.drive.metrics import ALERTS, AlertLevel, Conduct, ResourceMetrics
from agenticops.core.drive.settings import Settings
from agenticops.errors import TrainError
from agenticops.flows import commit, papers
from agenticops.model.drive import Assignment, Resource
from agenticops.model.event import Draft, Event
from agenticops.model.ids import ulid
from agenticops.model.paper import SHELVES, Paper
from agenticops.ports.machine import Machine
from agenticops.workspace import Workspace

SAMPLED, ALERTED = "resource_sampled", "resource_alerted"
SYSTEM = "system"
# A peak is no need: what is critical has to be so in this many samples; an emergency counts at once.
IN_A_ROW = 2
# So many of the last runs say how long one takes and how many fail; with fewer there is no rate.
LAST, FEW = 20, 5
# Of the local log, so many of the newest files are looked at.
NEWEST = 2
# How a change comes into the repository: on the trunk while the auto-pilot drives, else right here.
Change = Callable[[Callable[[Workspace], None]], object]


class Running(Struct, frozen=True):
    """An agent at work: its process, and the run that it is of, where the ledger has it."""

    agent: str
    process: int
    run: Assignment | None = None


class Sampler:
    """Measures at most every so many seconds, whoever asks; made once for a drive."""

    def __init__(self, main: Workspace, settings: Settings, change: Change | None = None, every: float = 30.0) -> None:
        self.main, self.settings, self.every = main, settings, every
        self.change: Change = change or (lambda do: do(main))
        self.machines: dict[tuple[str, int], Machine] = {(SYSTEM, 0): Machine(main.root)}
        self.due = 0.0
        self.lock = threading.Lock()
        self.actor = main.actor()  # asked for here: whoever samples is of another thread
        self.standing = _standing(main)
        self.rows: dict[tuple[str, str], int] = {}

    def sample(self, running: Sequence[Running] = (), runs: Sequence[Assignment] = ()) -> list[ResourceMetrics]:
        """Measure the system and each agent at work, when it is time; else give nothing. `runs` are the last ones.

        A level that is new opens a decision of its own.
        """
        if not self.lock.acquire(blocking=False):
            return []
        try:
            now = self.main.clock.milliseconds() / 1000
            if 0 < self.due - now <= self.every:  # a clock that was set back must not silence us
                return []
            self.due = now + self.every
            found = self._measure(running, runs)
            self._write(found)
            executions = tuple(dict.fromkeys(r.run.execution_id for r in running if r.run and r.run.execution_id))
            for name in dict.fromkeys(subject(one) for one in found):
                self._alert([one for one in found if subject(one) == name], executions)
            return found
        finally:
            self.lock.release()

    def _measure(self, running: Sequence[Running], runs: Sequence[Assignment]) -> list[ResourceMetrics]:
        """Measure the system, then each run: an agent may be at work at several desks at once."""
        wanted = {(SYSTEM, 0): Running("", 0), **{(one.agent, one.process): one for one in running}}
        self.machines = {key: one for key, one in self.machines.items() if key in wanted}
        found = []
        for key, one in wanted.items():
            machine = self.machines.get(key)
            if machine is None:  # a process that is new is measured from now on
                self.machines[key] = Machine(self.main.root, one.process)
                continue
            own = [run for run in runs if one.agent in ("", run.agent_id)]
            conduct = conduct_of(own, 1 if one.agent else len(running))
            clock, levels = self.main.clock, self.settings.alerts
            made = ulid(clock.milliseconds(), clock.entropy(10))
            found.append(metrics.judge(made, self.main.now, machine.read(), conduct, levels, one.agent, one.run))
        return found

    def _write(self, found: Sequence[ResourceMetrics]) -> None:
        """Write to the clone's own log. A disk that refuses costs the sample, not the drive."""
        drafts = [Draft(SAMPLED, subject(one), data=msgspec.to_builtins(one)) for one in found]
        try:
            self.main.refuse_links()
            self.main.local.append(drafts, self.actor)
        except (TrainError, OSError):
            return

    def _alert(self, found: Sequence[ResourceMetrics], executions: tuple[str, ...]) -> None:
        """Open a decision for each resource that has come to a level, once as long as it stays there.

        `found` are samples of one agent, whose worst one counts; `executions` are what was worked meanwhile.
        """
        for resource in metrics.RESOURCES:
            one = max(found, key=lambda sample: ALERTS.index(sample.levels.get(resource, "normal")))
            key, level = (subject(one), resource), one.levels.get(resource, "normal")
            if not grave(level):
                self.standing.pop(key, None)
                self.rows.pop(key, None)
                continue
            self.rows[key] = self.rows.get(key, 0) + 1
            known = self.standing.get(key, "normal")
            if ALERTS.index(level) <= ALERTS.index(known) or (level == "critical" and self.rows[key] < IN_A_ROW):
                continue
            try:
                self.change(partial(alert, one=one, resource=resource, level=level, executions=executions))
            except TrainError:
                continue  # it is told by the next sample, when the branch may be written
            self.standing[key] = level


def conduct_of(runs: Sequence[Assignment], sessions: int) -> Conduct:
    """Say what the last runs tell: how long one takes, and how many in 100 failed."""
    over = [run for run in runs if run.assignment_status in ("completed", "failed")][-LAST:]
    timed = [run.processing_time for run in over if run.processing_time]
    failed = sum(run.assignment_status == "failed" for run in over)
    return Conduct(
        sessions,
        round(sum(timed) / len(timed)) if timed else 0,
        round(100 * failed / len(over), 1) if len(over) >= FEW else 0.0,
    )


def subject(one: ResourceMetrics) -> str:
    """Name whose resources these are, in the log."""
    return f"resource/{one.agent_id or SYSTEM}"


def grave(level: AlertLevel) -> bool:
    """Tell whether a level asks for a decision."""
    return level in ("critical", "emergency")


def alert(
    there: Workspace,
    one: ResourceMetrics,
    resource: Resource,
    level: AlertLevel,
    executions: Sequence[str] = (),
) -> None:
    """Write down that a resource came to a level, and the decision that it asks for; commit both.

    The decision is about the execution of the run that was measured; of the system's, about all that were at work.
    What was critical and becomes an emergency is told by the log; its decision is there and open.
    """
    with there.transaction("resource alert") as tx:
        decision = _open_decision(there, subject(one), resource)
        paths = []
        if not decision:
            about = [one.execution_id] if one.execution_id else list(executions)
            paper = papers.add(there, tx, "decision", {**_decision(one, resource, level), "executions": about})
            decision = paper.id
            paths.append(SHELVES["decision"].path(paper.id))
        data: dict[str, Any] = {"resource": resource, "level": level, "decision": decision, **_figures(one)}
        tx.append(Draft(ALERTED, subject(one), data=data))
    commit.of_step(there, paths, f"resources: {resource} is {level}", tx.events)


def _open_decision(there: Workspace, name: str, resource: str) -> str:
    """Name the decision of the last alert of this resource, while nobody has taken it."""
    told = [e for e in there.log.of_subject(name) if e.kind == ALERTED and e.data.get("resource") == resource]
    decision = str(told[-1].data.get("decision", "")) if told else ""
    if not decision or decision not in shelves.ids(there.tree, "decision"):
        return ""
    found: Paper = shelves.get(there.tree, "decision", decision)
    return "" if getattr(found, "outcome", "") else decision


def _decision(one: ResourceMetrics, resource: Resource, level: AlertLevel) -> dict[str, Any]:
    whose = one.agent_id or "the machine"
    told = next((s for s in one.optimization_suggestions if s.startswith(f"{resource} ")), resource)
    return {
        "title": f"{resource} is {level} for {whose}",
        "reasoning_process": f"Measured while agents worked: {told}. Say in the outcome what is done about it.",
        "decision_type": "resource_allocation",
        "confidence_score": 5,
        "context_data": _figures(one),
        "resource_optimization": {resource: metrics.ADVICE[resource]},
    }


def _figures(one: ResourceMetrics) -> dict[str, Any]:
    said = msgspec.to_builtins(one)
    return {name: said[name] for name in ("metric_id", "measurement_time", "agent_id", *_LINKS, *_SHOWN)}


_LINKS = ("execution_id", "assignment_id")
_SHOWN = (
    *("cpu_usage", "memory_usage", "disk_usage", "network_io", "active_sessions", "database_connections"),
    *("response_time", "error_rate", "optimization_score", "alert_level"),
)


def last(workspace: Workspace) -> dict[str, ResourceMetrics]:
    """Give what each used when last measured, as the local log has it: `resource/system`, `resource/<agent>`."""
    found: dict[str, tuple[str, list[ResourceMetrics]]] = {}
    for event in _recent(workspace):
        if event.kind == SAMPLED:
            try:
                one = msgspec.convert(event.data, ResourceMetrics)
            except msgspec.ValidationError:
                continue  # of another version
            at, before = found.get(event.subject, ("", []))
            found[event.subject] = event.at, [*before, one] if at == event.at else [one]
    return {name: metrics.together(samples) for name, (_, samples) in found.items()}


def _standing(workspace: Workspace) -> dict[tuple[str, str], AlertLevel]:
    """Say which alerts stand since an earlier drive: the last sample was grave, and nobody has decided yet."""
    found: dict[tuple[str, str], AlertLevel] = {}
    for name, one in last(workspace).items():
        graves = {r: level for r, level in one.levels.items() if grave(level)}
        found |= {(name, r): level for r, level in graves.items() if _open_decision(workspace, name, r)}
    return found


def _recent(workspace: Workspace) -> list[Event]:
    local = workspace.local
    return [event for path in local.shards()[-NEWEST:] for event, _ in local.lines(path)]
