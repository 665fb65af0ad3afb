"""Agents as flows: registering, turning, signs of life, messages."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agenticops.core.drive.settings import Levels, Settings
from agenticops.errors import ConflictError, SecretError, UsageError
from agenticops.flows.drive import states
from agenticops.flows.drive.sampling import Running, Sampler
from agenticops.workspace import Workspace
from tests.stations import SHAPE, Board
from tests.support import NOW, FixedClock, git, workspace

PLANNER = "planner-specialist"


@pytest.fixture
def repo(at: Board) -> Path:
    return at("tiny-working")


def test_an_agent_is_registered_once_and_then_changed(repo: Path) -> None:
    found = states.register(workspace(repo), "john-pm", " John ", "pm", ["roadmap", "roadmap"], {"n": 3})
    assert (found.agent_name, found.agent_role, found.capabilities) == ("John", "pm", ("roadmap",))
    assert found.extension_config == {"n": 3} and found.status == "offline"
    with pytest.raises(ConflictError, match="already"):
        states.register(workspace(repo), "john-pm")
    changed = states.register(workspace(repo), "john-pm", "John B.", update=True)
    assert (changed.agent_name, changed.capabilities) == ("John B.", ("roadmap",))


@pytest.mark.parametrize(
    ("name", "role", "update"),
    [("john", "", False), ("john-pm", "qa", False), ("x-pm", "boss", False), ("a-qa", "", True)],
)
def test_a_wrong_registration_writes_nothing(repo: Path, name: str, role: str, update: bool) -> None:
    before = git(repo, "status", "--porcelain")
    with pytest.raises(UsageError):
        states.register(workspace(repo), name, role=role, update=update)
    assert git(repo, "status", "--porcelain") == before


def test_a_secret_is_no_configuration(repo: Path) -> None:
    with pytest.raises(SecretError):
        states.register(workspace(repo), "a-qa", config={"token": "ghp_0123456789abcdefghijABCDEFGHIJ456789"})


def test_agents_of_the_train_are_there_with_their_tickets(repo: Path) -> None:
    found = {s.agent_id: s for s in states.listing(workspace(repo))}
    assert set(found) == {PLANNER, "maker-specialist"}
    assert found[PLANNER].active_tasks == (SHAPE,)


def test_a_turn_is_legal_and_has_a_reason(repo: Path) -> None:
    assert states.turn(workspace(repo), "planner", "error", "disk is full").status == "error"
    with pytest.raises(UsageError, match="cannot become active"):
        states.turn(workspace(repo), PLANNER, "active", "again")
    with pytest.raises(UsageError, match="by what it does"):
        states.turn(workspace(repo), PLANNER, "busy", "work")
    with pytest.raises(UsageError, match="reason"):
        states.turn(workspace(repo), PLANNER, "idle", " ")
    assert states.turn(workspace(repo), PLANNER, "idle", "emptied").status == "idle"


def test_heartbeats_are_local_and_end_in_silence(repo: Path) -> None:
    clock = FixedClock(NOW)
    here = Workspace(str(repo), clock)
    before = git(repo, "status", "--porcelain")
    assert states.beat(here, "planner", "busy", SHAPE)
    found = states.show(here, PLANNER)
    assert (found.status, found.active_tasks) == ("busy", (SHAPE,))
    assert git(repo, "status", "--porcelain") == before
    clock.now += 91_000
    assert states.show(here, PLANNER).status == "offline"
    assert states.beat(here, "planner", "idle") and states.show(here, PLANNER).status == "idle"


def test_a_heartbeat_names_a_ticket_that_is_there(repo: Path) -> None:
    with pytest.raises(UsageError, match="no ticket"):
        states.beat(workspace(repo), "planner", "busy", "shape_999")
    with pytest.raises(UsageError, match="does not say"):
        states.beat(workspace(repo), "planner", "error")


def test_who_is_in_error_is_heard_of_and_stays_in_it(repo: Path) -> None:
    states.turn(workspace(repo), "planner", "error", "broken")
    assert not states.beat(workspace(repo, NOW + 5000), "planner", "busy", SHAPE)
    found = states.show(workspace(repo, NOW + 6000), "planner")
    assert found.status == "error" and found.last_activity.endswith("10:00:05.000Z")


def test_an_error_of_a_run_ends_when_the_next_one_begins(repo: Path) -> None:
    states.begin(workspace(repo), "planner", SHAPE)
    states.fail(workspace(repo, NOW + 1000), "planner", SHAPE, "timeout:  no end")
    found = states.show(workspace(repo, NOW + 2000), "planner")
    assert (found.status, found.reason, found.active_tasks) == ("error", "timeout: no end", (SHAPE,))
    assert not states.beat(workspace(repo, NOW + 3000), "planner", "idle", SHAPE), "a heartbeat heals nothing"
    assert states.show(workspace(repo, NOW + 4000), "planner").status == "error"
    assert states.begin(workspace(repo, NOW + 5000), "planner", SHAPE)
    assert states.show(workspace(repo, NOW + 6000), "planner").status == "busy"


def test_an_error_that_a_person_told_is_not_ended_by_a_run(repo: Path) -> None:
    states.turn(workspace(repo), "planner", "error", "disk is full")
    assert not states.begin(workspace(repo, NOW + 1000), "planner", SHAPE)
    states.leave(workspace(repo, NOW + 2000), "planner", "the drive is over")
    assert states.show(workspace(repo, NOW + 3000), "planner").status == "error"


def test_who_is_at_work_elsewhere_does_not_leave(repo: Path) -> None:
    states.begin(workspace(repo), "planner", SHAPE)
    states.leave(workspace(repo, NOW + 1000), "planner", "the drive is over")
    assert states.show(workspace(repo, NOW + 2000), "planner").status == "busy"
    states.beat(workspace(repo, NOW + 3000), "planner", "idle", SHAPE)
    states.leave(workspace(repo, NOW + 4000), "planner", "the drive is over")
    found = states.show(workspace(repo, NOW + 5000), "planner")
    assert (found.status, found.reason) == ("offline", "the drive is over")


def test_workers_beat_at_the_same_time(repo: Path) -> None:
    def work() -> None:
        here = workspace(repo)
        for _ in range(5):
            states.beat(here, "planner", "busy", SHAPE)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    beats = [e for e in workspace(repo).local.events() if e.kind == "heartbeat"]
    assert len(beats) >= 20 and states.show(workspace(repo), "planner").status == "busy"


def test_agents_tell_each_other(repo: Path) -> None:
    found = states.tell(workspace(repo), "planner", "maker", "  The plan is ready.  ")
    [message] = found.communication_history
    assert (message.sender, message.to, message.text) == (PLANNER, "maker-specialist", "The plan is ready.")
    for sender, to, text in (("planner", "planner", "x"), ("planner", "nobody", "x"), ("planner", "maker", " ")):
        with pytest.raises(UsageError):
            states.tell(workspace(repo), sender, to, text)


def test_the_last_sample_is_what_it_uses(repo: Path) -> None:
    clock = FixedClock(NOW)
    here = Workspace(str(repo), clock)
    sampler = Sampler(here, Settings(alerts={n: Levels(101, 101, 1e12) for n in ("cpu", "memory", "disk")}))
    for _ in range(2):
        sampler.sample([Running("planner", os.getpid())])
        clock.now += 30_000
    used = states.show(here, "planner").resource_utilization
    assert used is not None and used.agent_id == "planner" and used.memory_usage > 0


def test_an_agent_is_found_by_the_start_of_its_id(repo: Path) -> None:
    assert states.show(workspace(repo), "mak").agent_id == "maker-specialist"
    states.register(workspace(repo), "maker-qa")
    with pytest.raises(UsageError, match="the start of 2"):
        states.show(workspace(repo), "make")
    with pytest.raises(UsageError, match="no agent"):
        states.show(workspace(repo), "nobody")
