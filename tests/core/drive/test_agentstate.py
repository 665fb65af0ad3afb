"""Agents as they stand: names and roles, legal ways, signs of life, and what runs came to."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.drive import agentstate
from agenticops.core.drive.agentstate import STATUS, STATUSES, AgentState, Known, Performance
from agenticops.errors import UsageError
from agenticops.model.drive import Assignment, Role
from agenticops.model.event import Actor, Event
from agenticops.model.pipeline import Agent
from tests.support import OPERATOR, event

LAB = {"lab": Agent("lab", "Lab", responsibilities=("Train models",))}


def at(seconds: int) -> str:
    return f"2026-01-01T10:{seconds // 60:02d}:{seconds % 60:02d}.000Z"


def turned(to: str, seconds: int, name: str = "lab-dev", **more: str) -> Event:
    return event("agent_turned", f"agent/{name}", seconds + 1, at=at(seconds), data={"to": to, **more})


def beat(status: str, seconds: int, task: str = "", name: str = "lab-dev") -> Event:
    data = {"status": status, "task": task}
    return event("heartbeat", f"agent/{name}", seconds + 500, at=at(seconds), ticket=task, data=data)


def registered(name: str, seconds: int = 0, **data: Any) -> Event:
    return event("agent_registered", f"agent/{name}", seconds + 1, at=at(seconds), data=data)


def one(events: list[Event], local: list[Event], now: int, known: Known | None = None) -> AgentState:
    [found] = agentstate.states(LAB, {}, events, local, at(now), known or Known())
    return found


@pytest.mark.parametrize(
    ("name", "roles", "id"),
    [
        ("lab", {}, "lab-dev"),
        ("conductor", {}, "conductor-coordinator"),
        ("evaluator", {}, "evaluator-qa"),
        ("maker", {}, "maker-specialist"),
        ("data_lab", {}, "data-lab-specialist"),
        ("lab", {"lab": "ux"}, "lab-ux"),
        ("john-pm", {}, "john-pm"),
    ],
)
def test_agents_of_the_train_have_names_of_the_data_model(name: str, roles: dict[str, Role], id: str) -> None:
    assert agentstate.id_of(name, roles) == id
    assert agentstate.suffix_role(id) == agentstate.role_of(name, roles) or name == "john-pm"


@pytest.mark.parametrize(
    "name", ["john", "John-pm", "-pm", "john-boss", "1-pm", "john_pm", "john-pm\n", "john--pm", ""]
)
def test_what_is_no_id_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="no id"):
        agentstate.suffix_role(name)


def test_the_trains_seven_have_seven_roles() -> None:
    assert len(set(agentstate.TABLE.values())) == 7 == len(agentstate.TABLE)


def test_ways_that_there_are_not_are_refused() -> None:
    for source in STATUSES:
        for target in STATUSES:
            legal = source == target or STATUS.allows(source, target)
            if legal:
                agentstate.refuse_illegal("lab-dev", source, target)
            else:
                with pytest.raises(UsageError, match="cannot become"):
                    agentstate.refuse_illegal("lab-dev", source, target)
    assert not STATUS.allows("error", "busy") and not STATUS.allows("offline", "busy")
    with pytest.raises(UsageError, match="no status"):
        agentstate.refuse_illegal("lab-dev", "idle", "asleep")


def test_an_agent_that_nobody_heard_of_is_offline() -> None:
    found = one([], [], 0)
    assert (found.agent_id, found.agent_name, found.agent_role, found.status) == (
        "lab-dev",
        "Lab",
        "developer",
        "offline",
    )
    assert found.capabilities == ("Train models",) and not found.registered and found.last_activity == ""


def test_heartbeats_make_it_busy_and_silence_offline() -> None:
    beats = [beat("active", 0), beat("busy", 10, "build_142")]
    found = one([], beats, 20)
    assert (found.status, found.active_tasks, found.last_activity) == ("busy", ("build_142",), at(10))
    assert one([], beats, 100).status == "busy"
    silent = one([], beats, 101)
    assert (silent.status, silent.active_tasks) == ("offline", ()) and at(10) in silent.reason


def test_after_silence_it_has_to_come_up_first() -> None:
    beats = [beat("active", 0), beat("busy", 200, "build_142")]
    assert one([], beats, 201).status == "offline"
    assert one([], [*beats, beat("idle", 202), beat("busy", 203)], 204).status == "busy"


def test_it_is_busy_while_one_of_its_desks_is() -> None:
    beats = [beat("active", 0), beat("busy", 1, "a_1"), beat("busy", 2, "b_2"), beat("idle", 3, "a_1")]
    found = one([], beats, 4)
    assert (found.status, found.active_tasks) == ("busy", ("b_2",))
    assert one([], [*beats, beat("idle", 5, "b_2")], 6).status == "idle"


def test_an_error_stands_until_somebody_looked_at_it() -> None:
    events = [turned("error", 5, reason="out of memory")]
    beats = [beat("active", 0), beat("busy", 10, "a_1"), beat("active", 20)]
    found = one(events, beats, 30)
    assert (found.status, found.reason) == ("error", "out of memory")
    assert one(events, beats, 3000).status == "error", "silence does not heal it"
    assert one([*events, turned("idle", 40)], [*beats, beat("busy", 50)], 60).status == "busy"


def test_what_is_illegal_in_a_log_changes_nothing() -> None:
    assert one([turned("busy", 0), turned("asleep", 1)], [], 2).status == "offline"


def test_hooks_of_coding_agents_are_signs_of_life_too() -> None:
    seen = event("agent_seen", "session/s1", at=at(0), actor=Actor(OPERATOR, "lab"), ticket="build_142")
    stranger = event("heartbeat", "session/s2", at=at(0), actor=Actor(OPERATOR, "../x"))
    found = one([], [seen, stranger], 10)
    assert (found.status, found.active_tasks) == ("active", ("build_142",))
    at_work = one([], [beat("active", 0), beat("busy", 1, "build_142"), seen], 10)
    assert at_work.status == "busy", "a hook says that it is there, no more"


def test_who_is_registered_is_what_was_said_last() -> None:
    events = [
        registered("john-pm", 0, agent_name="John", capabilities=["roadmap"], extension_config={"theme": "dark"}),
        registered("john-pm", 9, agent_name="John B."),
        registered("nonsense", 10),
    ]
    john, lab = agentstate.states(LAB, {}, events, [], at(20))
    assert (john.agent_id, john.agent_name, john.capabilities) == ("john-pm", "John B.", ("roadmap",))
    assert (john.extension_config, john.registered, john.created_at) == ({"theme": "dark"}, True, at(0))
    assert john.updated_at == at(9) and lab.agent_id == "lab-dev"


def test_messages_are_the_history_of_both() -> None:
    told = [
        event("agent_told", "agent/john-pm", n, at=at(n), data={"from": "lab-dev", "to": "john-pm", "text": f"m{n}"})
        for n in range(25)
    ]
    john, lab = agentstate.states(LAB, {}, [registered("john-pm"), *told], [], at(30))
    assert john.communication_history == lab.communication_history
    assert [m.text for m in lab.communication_history] == [f"m{n}" for n in range(5, 25)]
    first = msgspec.to_builtins(lab.communication_history[0])
    assert (first["from"], first["to"]) == ("lab-dev", "john-pm")


def run(status: str, **fields: Any) -> Assignment:
    return Assignment("a", "lab", "t", "p", "m", "fallback", 5, 1.0, status, **fields)  # type: ignore[arg-type]


def test_performance_is_what_the_runs_came_to() -> None:
    runs = [
        run("completed", performance_score=8.0, actual_cost=0.5, processing_time=100, tokens_used=10),
        run("failed", performance_score=0.0, actual_cost=0.25, processing_time=300, tokens_used=30),
        run("active"),
    ]
    assert one([], [], 0, Known(runs=runs)).performance_metrics == Performance(3, 1, 1, 0.5, 4.0, 0.75, 40, 200)
    assert one([], [], 0, Known(runs=[msgspec.structs.replace(runs[0], agent_id="ops")])).performance_metrics.runs == 0
    assert agentstate.performance([]) == Performance()


def test_tickets_in_progress_are_tasks() -> None:
    assert one([], [], 0, Known(tickets={"lab": ["build_142"]})).active_tasks == ("build_142",)


MOVES = st.lists(
    st.tuples(st.sampled_from((*STATUSES, "asleep", "")), st.booleans(), st.integers(0, 60)), min_size=1, max_size=12
)


@given(MOVES)
def test_a_status_is_reached_by_legal_ways_only(moves: list[tuple[str, bool, int]]) -> None:
    events: list[Event] = []
    beats: list[Event] = []
    now, last = 0, "offline"
    for to, is_turn, later in moves:
        now += later + 1
        before = one(events, beats, now).status
        (events if is_turn else beats).append(turned(to, now) if is_turn else beat(to, now))
        last = one(events, beats, now).status
        assert last == before or STATUS.allows(before, last)
    assert last in STATUSES


def failed(seconds: int, task: str, status: str = "error") -> Event:
    return msgspec.structs.replace(beat(status, seconds, task), data={"status": status, "task": task, "turn": True})


def test_an_error_of_a_run_ends_by_the_next_run_and_by_no_sign_of_life() -> None:
    beats = [beat("active", 0), beat("busy", 1, "a_1"), beat("busy", 2, "b_2"), failed(3, "a_1")]
    assert one([], beats, 4).status == "error", "also while it is at work at another desk"
    assert one([], [*beats, beat("idle", 5, "b_2"), beat("busy", 6, "b_2")], 7).status == "error"
    assert one([], [*beats, failed(5, "a_1", "idle"), beat("busy", 6, "a_1")], 7).status == "busy"
    assert one([turned("idle", 8)], beats, 9).status == "idle", "a person may say so, too"
    assert one([turned("error", 0)], [failed(5, "a_1", "idle")], 7).status == "error", "what a person told stands"
