"""Assigning: the cheapest model that is good enough; why it, and why not the others."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agenticops.core.drive import assign
from agenticops.core.drive.assign import Passed
from agenticops.core.drive.settings import Model, Provider, Settings
from agenticops.model.ids import as_uuid, ulid
from agenticops.model.paper import Decision
from tests.core.drive.test_budget import run
from tests.support import ticket

ONE = Provider(("one", "{model}"), models=(Model("small", 4, 0.1), Model("large", 10, 1.0)))
TWO = Provider(("two", "{model}"), models=(Model("middle", 7, 0.4),))
BOTH = Settings(providers={"one": ONE, "two": TWO}, prefer=("one", "two"))


def chosen(settings: Settings = BOTH, wanted: int = 5, **more: Any) -> tuple[str, str]:
    """Give the model and the reason; `spent` names models that no budget allows."""
    spent = more.pop("spent", ())
    choice, _ = assign.choose(
        settings, wanted, more.pop("absent", {}), more.pop("tried", ()), lambda _, m: "spent" if m.name in spent else ""
    )
    return ("", "") if choice is None else (choice.model.name, choice.reason)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (1, ("small", "cost_optimization")),
        (4, ("small", "cost_optimization")),
        (5, ("middle", "cost_optimization")),
        (7, ("middle", "cost_optimization")),
        (8, ("large", "complexity_high")),
        (10, ("large", "complexity_high")),
    ],
)
def test_the_cheapest_that_is_good_enough_is_taken(wanted: int, found: tuple[str, str]) -> None:
    assert chosen(wanted=wanted) == found


def test_each_other_is_told_why_it_was_passed_over() -> None:
    choice, passed = assign.choose(BOTH, 5, {}, (), lambda provider, model: "")
    assert choice is not None and (choice.provider, choice.complexity) == ("two", 5)
    assert passed == (
        Passed("one", "small", "it is for tasks up to 4, this one is 5"),
        Passed("one", "large", "it is dearer: 1 instead of 0.4"),
    )
    choice, passed = assign.choose(BOTH, 8, {"one": "not here"}, (), lambda provider, model: "spent")
    assert choice is None and [p.why for p in passed] == ["not here", "not here", "spent"]


def test_of_equals_the_preferred_provider_decides() -> None:
    same = msgspec.structs.replace(ONE, models=(Model("a", 7, 0.4),))
    settings = Settings(providers={"one": same, "two": TWO}, prefer=("two", "one"))
    assert chosen(settings) == ("middle", "provider_preference")
    assert chosen(msgspec.structs.replace(settings, prefer=("one", "two"))) == ("a", "provider_preference")


def test_a_program_without_models_is_one_by_itself() -> None:
    settings = Settings(providers={"script": Provider(("scripts/agent.py",))})
    assert chosen(settings, 3) == ("script", "provider_preference")
    assert chosen(settings, 9) == ("script", "complexity_high")


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"absent": {"two": "not here"}}, "large"),
        ({"spent": ("middle",)}, "large"),
        ({"spent": ("middle", "large")}, "small"),
        ({"wanted": 9, "spent": ("large",)}, "middle"),
        ({"tried": [run(provider_name="two", model_name="middle", outcome="agent_error: it crashed")]}, "large"),
        ({"wanted": 2, "tried": [run(provider_name="one", model_name="small", outcome="agent_error")]}, "middle"),
    ],
)
def test_what_cannot_be_had_is_replaced(more: dict[str, Any], found: str) -> None:
    assert chosen(**more) == (found, "fallback")


def test_an_error_does_not_rule_out_the_only_one_there_is() -> None:
    settings = Settings(providers={"two": TWO})
    erred = run(provider_name="two", model_name="middle", outcome="agent_error")
    assert chosen(settings, tried=[erred]) == ("middle", "provider_preference")
    settings = Settings(providers={"one": ONE})
    assert (
        chosen(settings, 2, tried=[run(provider_name="one", model_name="small", outcome="agent_error")])[0] == "large"
    )


def test_nothing_is_good_enough_then_the_most_capable_is() -> None:
    assert chosen(Settings(providers={"two": TWO}), 10) == ("middle", "complexity_high")


def test_each_failure_makes_the_task_harder() -> None:
    failed, cancelled = run(assignment_status="failed"), run(assignment_status="cancelled")
    settings = Settings(complexity={"build": 8})
    assert assign.complexity(settings, "shape", []) == 5
    assert assign.complexity(settings, "build", [failed, cancelled]) == 9
    assert assign.complexity(settings, "build", [failed] * 5) == 10


@pytest.mark.parametrize(
    ("status", "attempt", "money", "milliseconds", "score"),
    [
        ("completed", 1, 0.5, 1000, 10.0),
        ("completed", 1, 0.1, 1000, 10.0),
        ("completed", 2, 0.5, 1000, 8.0),
        ("completed", 1, 0.75, 1000, 8.5),
        ("completed", 1, 5.0, 1000, 7.0),
        ("completed", 1, 0.5, 2001, 9.0),
        ("completed", 9, 9.0, 9000, 1.0),
        ("failed", 1, 0.1, 1000, 0.0),
        ("cancelled", 1, 0.1, 1000, 0.0),
    ],
)
def test_the_score(status: Any, attempt: int, money: float, milliseconds: int, score: float) -> None:
    assert assign.score(run(attempt=attempt, estimated_time=1000), status, money, milliseconds) == score


def decision(at: int, **fields: Any) -> Decision:
    name = as_uuid(ulid(at, bytes(10)))
    given = {"decision_type": "resource_allocation", "outcome": "Yes.", **fields}
    return Decision(f"2026-01-0{at}-x", name, "Title", "Because.", **given)


ABOUT = ticket("build")


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"tickets": (ABOUT.id,)}, True),
        ({"items": (ABOUT.item,)}, True),
        ({"executions": ("e1",)}, True),
        ({"agent_assignments": {ABOUT.agent: ABOUT.id}}, True),
        ({"agent_assignments": {"somebody": ABOUT.id}}, False),
        ({"executions": ("e2",)}, False),
        ({"items": ("999",)}, False),
        ({"items": (ABOUT.item,), "outcome": " "}, False),
        ({"items": (ABOUT.item,), "decision_type": "quality_gate"}, False),
        ({"items": (ABOUT.item,), "decision_type": "model_assignment"}, True),
    ],
)
def test_runs_rest_on_a_decision_that_was_taken_and_is_about_them(fields: dict[str, Any], names: bool) -> None:
    one = decision(1, **fields)
    assert assign.decided([one], ABOUT, "e1") == (one.decision_id if names else "")


def test_the_newest_decision_counts() -> None:
    old, new = (decision(at, items=(ABOUT.item,)) for at in (1, 2))
    assert assign.decided([new, old], ABOUT, "") == new.decision_id
    assert assign.decided([], ABOUT, "") == "" == assign.decided([decision(3, executions=("",))], ABOUT, "")
