"""Sampling: into the local log, at most so often; what goes too far opens one decision."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.core.drive.settings import Levels, Settings
from agenticops.errors import ConflictError
from agenticops.flows import papers
from agenticops.flows.drive import ledger, sampling
from agenticops.flows.drive.sampling import Running, Sampler
from agenticops.model.drive import Assignment
from agenticops.model.event import Event
from agenticops.model.paper import Decision
from agenticops.workspace import Workspace
from tests.stations import Board
from tests.support import NOW, FixedClock, git, ticket, workspace

CALM = Settings(alerts={name: Levels(101, 101, 1e12) for name in ("cpu", "memory", "disk", "errors")})
CRITICAL = Settings(alerts={**CALM.alerts, "memory": Levels(0, 0, 101)})
EMERGENCY = Settings(alerts={**CALM.alerts, "memory": Levels(0, 0, 0)})


class Place:
    """A repository with a sampler whose clock a test moves on."""

    def __init__(self, repo: Path, settings: Settings = CALM) -> None:
        self.repo = repo
        self.clock = FixedClock(NOW)
        self.main = Workspace(str(repo), self.clock)
        self.sampler = Sampler(self.main, settings)

    def sample(self, settings: Settings | None = None, **more: object) -> list[str]:
        """Sample half a minute later; give whose resources were measured."""
        self.clock.now += 30_000
        self.sampler.settings = settings or self.sampler.settings
        return [sampling.subject(one) for one in self.sampler.sample(**more)]  # type: ignore[arg-type]

    @property
    def alerts(self) -> list[Event]:
        return workspace(self.repo).log.of_kinds(sampling.ALERTED)

    @property
    def decisions(self) -> list[Decision]:
        return papers.listing(workspace(self.repo), "decision")[0]


@pytest.fixture
def place(at: Board) -> Place:
    return Place(at("tiny-working"))


def test_a_sample_goes_into_the_local_log_only(place: Place) -> None:
    head, before = git(place.repo, "rev-parse", "HEAD"), git(place.repo, "status", "--porcelain")
    assert place.sample() == ["resource/system"]
    [event] = place.main.local.events()
    assert (event.kind, event.subject) == ("resource_sampled", "resource/system")
    assert event.data["alert_level"] == "normal" and event.data["memory_usage"] > 0
    assert (git(place.repo, "rev-parse", "HEAD"), git(place.repo, "status", "--porcelain")) == (head, before)
    assert place.alerts == []


def test_it_is_taken_at_most_every_so_often(place: Place) -> None:
    place.sample()
    place.clock.now += 29_000
    assert place.sampler.sample() == []
    place.clock.now += 1_000
    assert len(place.sampler.sample()) == 1
    place.clock.now -= 3_600_000
    assert len(place.sampler.sample()) == 1, "a clock that was set back does not silence it"


def test_agents_are_measured_each_for_itself(place: Place) -> None:
    maker = [Running("maker", os.getpid())]
    assert place.sample(running=maker) == ["resource/system"], "a new one is measured from now on"
    assert place.sample(running=maker) == ["resource/system", "resource/maker"]
    found = sampling.last(place.main)
    assert found["resource/maker"].agent_id == "maker" and found["resource/system"].agent_id is None
    assert 0 < found["resource/maker"].memory_usage < found["resource/system"].memory_usage
    assert found["resource/system"].active_sessions == 1
    assert place.sample() == ["resource/system"]


def run(status: str, taken: int, agent: str = "maker", **more: str) -> Assignment:
    fields = {"assignment_id": "a", "assignment_status": status, "processing_time": taken, **more}
    known = {"task_id": "t", "provider_name": "p", "model_name": "m", "assignment_reason": "fallback"}
    return Assignment(agent_id=agent, task_complexity=5, estimated_cost=0.0, **known, **fields)  # type: ignore[arg-type]


def test_a_sample_of_a_run_names_it_and_its_execution(place: Place) -> None:
    on = run("active", 0, assignment_id="r1", execution_id="e1")
    place.sample(running=[Running("maker", os.getpid(), on)])
    place.sample(running=[Running("maker", os.getpid(), on)])
    found = sampling.last(place.main)
    assert (found["resource/maker"].execution_id, found["resource/maker"].assignment_id) == ("e1", "r1")
    assert (found["resource/system"].execution_id, found["resource/system"].assignment_id) == ("", "")


def test_an_agent_at_two_desks_is_measured_at_both(place: Place) -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        running = [Running("maker", os.getpid()), Running("maker", other.pid)]
        place.sample(running=running)
        assert place.sample(running=running) == ["resource/system", "resource/maker", "resource/maker"]
        other.kill()
    samples = [e.data for e in place.main.local.events() if e.subject == "resource/maker"]
    both = sampling.last(place.main)["resource/maker"]
    assert both.active_sessions == 2 and both.memory_usage == round(sum(s["memory_usage"] for s in samples), 1)


def test_the_decision_that_an_alert_opens_is_what_later_runs_rest_on_once_it_is_taken(place: Place) -> None:
    about = ticket("shape")
    on = run("active", 0, execution_id="e1")
    place.sample(EMERGENCY, running=[Running("maker", os.getpid(), on)])
    [opened] = place.decisions
    assert opened.executions == ("e1",)
    assert ledger.decision(workspace(place.repo), about, "e1") == "", "nobody has decided yet"
    papers.edit(workspace(place.repo), "decision", opened.id, {"outcome": "Two agents at most."})
    assert ledger.decision(workspace(place.repo), about, "e1") == opened.decision_id
    assert ledger.decision(workspace(place.repo), about, "e2") == ""


def test_the_last_runs_say_how_long_one_takes_and_how_many_fail() -> None:
    runs = [run("failed", 100), *(run("completed", 300) for _ in range(4)), run("active", 0), run("cancelled", 9)]
    assert sampling.conduct_of(runs, 2) == sampling.Conduct(2, 260, 20.0)
    assert sampling.conduct_of(runs[:2], 0) == sampling.Conduct(0, 200, 0.0), "with so few there is no rate"


def test_what_stays_critical_opens_one_decision(place: Place) -> None:
    place.sample(CRITICAL)
    assert place.alerts == [], "a peak is no need"
    place.sample(CRITICAL)
    place.sample(CRITICAL)
    [event] = place.alerts
    [decision] = place.decisions
    assert (event.subject, event.data["resource"], event.data["level"]) == ("resource/system", "memory", "critical")
    assert event.data["decision"] == decision.id and decision.decision_type == "resource_allocation"
    assert decision.context_data["alert_level"] == "critical" and "memory" in decision.resource_optimization
    assert not git(place.repo, "status", "--porcelain", "docs"), "it is committed"


def test_an_emergency_counts_at_once_and_a_worse_level_is_told_too(place: Place) -> None:
    place.sample(EMERGENCY)
    assert [e.data["level"] for e in place.alerts] == ["emergency"]
    other = Settings(alerts={**EMERGENCY.alerts, "disk": Levels(0, 0, 101)})
    place.sample(other)
    place.sample(other)
    assert [e.data["resource"] for e in place.alerts] == ["memory", "disk"] and len(place.decisions) == 2
    place.sample(Settings(alerts={**EMERGENCY.alerts, "disk": Levels(0, 0, 0)}))
    assert [e.data["level"] for e in place.alerts] == ["emergency", "critical", "emergency"]
    assert len(place.decisions) == 2


def test_what_came_back_is_told_again_and_opens_a_decision_when_the_last_one_was_taken(place: Place) -> None:
    place.sample(EMERGENCY)
    place.sample(CALM)
    place.sample(EMERGENCY)
    assert len(place.alerts) == 2 and len(place.decisions) == 1
    papers.edit(workspace(place.repo), "decision", place.decisions[0].id, {"outcome": "A larger machine is ordered."})
    place.sample(CALM)
    place.sample(EMERGENCY)
    assert len(place.alerts) == 3 and len(place.decisions) == 2


def test_an_alert_stands_over_the_end_of_a_drive(place: Place) -> None:
    place.sample(EMERGENCY)
    later = Place(place.repo, EMERGENCY)
    later.clock.now = place.clock.now
    later.sample()
    assert len(later.alerts) == 1


def test_what_cannot_be_written_is_told_by_the_next_sample(place: Place) -> None:
    refused: list[int] = []

    def change(do: Callable[[Workspace], None]) -> None:
        if not refused:
            refused.append(1)
            raise ConflictError("the checkout has changes")
        do(place.main)

    place.sampler = Sampler(place.main, EMERGENCY, change)
    place.sample()
    assert refused and place.alerts == []
    place.sample()
    assert len(place.alerts) == 1
