"""Folds of the auto-pilot's events: where a ticket stands, which runs there were, which failures count."""

from __future__ import annotations

import itertools
from typing import Any

from agenticops.core.drive import progress
from agenticops.model.event import Actor, Event

NUMBERS = itertools.count(1)


def event(kind: str, subject: str = "drive/build_1", **data: Any) -> Event:
    number = next(NUMBERS)
    actor = Actor("Ada <ada@example.org>", host="ward")
    return Event(f"{number:026}", number, "2026-01-01T10:00:00Z", actor, kind, subject, "build_1", "1", data=data)


def run(name: str, status: str = "", bullet: str = "k1", **more: Any) -> list[Event]:
    fields = {"agent_id": "maker", "task_id": "build_1", "provider_name": "p", "model_name": "m", "bullet": bullet}
    fields |= {"assignment_reason": "fallback", "task_complexity": 5, "estimated_cost": 0.1, "assignment_id": name}
    found = [event(progress.ASSIGNED, f"assignment/{name}", **fields)]
    if status:
        found.append(event(progress.ENDED, f"assignment/{name}", assignment_status=status, **more))
    return found


def test_the_last_word_counts() -> None:
    events = [event("drive_taken"), event("drive_blocked", reason="timeout", words="60 s", bullet="k1")]
    stands = progress.drive("build_1", events)
    assert (stands.standing, stands.reason, stands.words, stands.host) == ("blocked", "timeout", "60 s", "ward")
    assert progress.drive("build_1", [*events, event("drive_released")]).standing == ""
    assert progress.drive("build_1", [*events, event("drive_delivered")]).standing == "delivered"
    assert progress.drive("build_2", events).standing == ""


def test_runs_are_folded_from_their_events() -> None:
    runs = progress.assignments([*run("A", "completed", actual_cost=0.3, tokens_used=5), *run("B")])
    assert [(r.assignment_id, r.assignment_status, r.money, r.over) for r in runs] == [
        ("A", "completed", 0.3, True),
        ("B", "pending", 0.1, False),
    ]


def test_an_end_without_its_beginning_is_no_run() -> None:
    assert progress.assignments([event(progress.ENDED, "assignment/X", assignment_status="failed")]) == []


def test_only_failures_since_it_was_let_go_count() -> None:
    events = [*run("A", "failed"), *run("B", "cancelled"), *run("C", "failed", "k2"), *run("D", "failed")]
    assert [a.assignment_id for a in progress.attempts(events, "k1")] == ["A", "D"]
    events += [event("ticket_unblocked", "ticket/build_1"), *run("E", "failed")]
    assert [a.assignment_id for a in progress.attempts(events, "k1")] == ["E"]


def test_what_came_again_in_the_same_words_is_the_same_failure() -> None:
    assert progress.blocked_for("gate_refused", ["a", "b", "b"]) == "same_failure"
    assert progress.blocked_for("gate_refused", ["a", "b"]) == "gate_refused"
    assert progress.blocked_for("no_change", ["a", "a"]) == "no_change"
