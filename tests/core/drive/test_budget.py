"""Budgets: what counts for which scope, and which run does not fit any more."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.drive import budget
from agenticops.core.drive.budget import Amounts, Scope
from agenticops.core.drive.settings import Budget, Budgets
from agenticops.model.drive import Assignment

NOW = "2026-03-31T23:59:00.000Z"
ONE = Amounts(0.5, 100, 2.0, 1)


def run(**fields: Any) -> Assignment:
    defaults: dict[str, Any] = {
        "assignment_id": "A",
        "agent_id": "maker",
        "task_id": "build_7",
        "provider_name": "script",
        "model_name": "small",
        "assignment_reason": "cost_optimization",
        "task_complexity": 5,
        "estimated_cost": 0.5,
        "assignment_status": "completed",
        "phase": "build",
        "created_at": "2026-03-31T08:00:00.000Z",
    }
    return Assignment(**{**defaults, **fields})


def refused(budgets: Budgets, *runs: Assignment, estimate: Amounts = ONE) -> str:
    return budget.refusal(budgets, runs, "build_7", "build", "small", NOW, estimate)


def test_an_ended_run_counts_with_what_it_used_and_any_other_with_its_estimate() -> None:
    scope = Scope("ticket", "build_7", Budget(), "budgets.ticket")
    runs = [
        run(actual_cost=0.2, tokens_used=70, processing_time=90_000),
        run(actual_cost=None, tokens_used=0, estimated_tokens=100),
        run(assignment_status="pending", estimated_tokens=40, estimated_time=60_000),
        run(assignment_status="active", estimated_tokens=40, estimated_time=60_000),
        run(assignment_status="cancelled", actual_cost=0.5, estimated_tokens=40),
        run(task_id="build_8"),
    ]
    found = budget.spent(runs, scope, NOW)
    assert found.used == Amounts(0.2 + 0.5 + 0.5, 70 + 100 + 40, 1.5, 3)
    assert found.reserved == Amounts(1.0, 80, 2.0, 2)


@pytest.mark.parametrize(
    ("limit", "unit", "spent", "asked"),
    [
        (Budget(money=1.4), "1.40 money", "1.00 spent", "0.50 asked for"),
        (Budget(tokens=290), "290 tokens", "200 spent", "100 asked for"),
        (Budget(minutes=5.9), "5.9 minutes", "4.0 spent", "2.0 asked for"),
        (Budget(runs=2), "2 runs", "2 spent", "1 asked for"),
    ],
)
def test_each_unit_has_a_limit_of_its_own(limit: Budget, unit: str, spent: str, asked: str) -> None:
    used = [run(actual_cost=0.5, tokens_used=100, processing_time=120_000)] * 2
    said = refused(Budgets(ticket=limit), *used)
    assert said == f"the budget of ticket build_7 is {unit}: {spent}, 0{'.00' * ('money' in unit)}" + (
        f"{'.0' * ('minutes' in unit)} reserved, {asked}"
    )


@pytest.mark.parametrize("limit", [Budget(money=1.5), Budget(tokens=300), Budget(minutes=6), Budget(runs=3)])
def test_what_fits_exactly_is_allowed(limit: Budget) -> None:
    used = [run(actual_cost=0.5, tokens_used=100, processing_time=120_000)] * 2
    assert refused(Budgets(ticket=limit), *used) == ""
    assert refused(Budgets(ticket=limit), *used, used[0]) != ""


def test_ten_dimes_are_a_dollar() -> None:
    dimes = [run(actual_cost=0.1)] * 9
    assert refused(Budgets(ticket=Budget(money=1)), *dimes, estimate=Amounts(0.1)) == ""
    assert refused(Budgets(ticket=Budget(money=1)), *dimes, dimes[0], estimate=Amounts(0.0)) != ""


def test_a_limit_of_nothing_allows_nothing_even_what_costs_nothing() -> None:
    assert "0.00 money" in refused(Budgets(ticket=Budget(money=0)), estimate=Amounts(runs=1))
    assert refused(Budgets(), estimate=Amounts(1e9, 10**12, 1e9, 1)) == "", "what has no limit has none"


def test_a_reservation_holds_what_it_is_thought_to_cost() -> None:
    limits = Budgets(ticket=Budget(money=1))
    assert refused(limits, run(actual_cost=0.1)) == ""
    said = refused(limits, run(actual_cost=0.1), run(assignment_status="active"))
    assert "0.10 spent, 0.50 reserved, 0.50 asked for" in said


@pytest.mark.parametrize(
    ("budgets", "other", "title"),
    [
        (Budgets(ticket=Budget(runs=1)), {"task_id": "build_8"}, "ticket build_7"),
        (Budgets(day=Budget(runs=1)), {"created_at": "2026-03-30T23:59:59.999Z"}, "day 2026-03-31"),
        (Budgets(phases={"build": Budget(runs=1)}), {"phase": "shape"}, "phase build"),
        (Budgets(phases={"*": Budget(runs=1)}), {"phase": "shape"}, "phase build"),
        (Budgets(models={"small": Budget(runs=1)}), {"model_name": "large"}, "model small"),
        (Budgets(models={"*": Budget(runs=1)}), {"model_name": "large"}, "model small"),
        (Budgets(ticket=Budget(runs=1, per="day")), {"created_at": "2026-03-30T00:00:00.000Z"}, "(per day)"),
        (Budgets(phases={"*": Budget(runs=1, per="month")}), {"created_at": "2026-02-28T00:00:00.000Z"}, "(per month)"),
    ],
)
def test_a_scope_counts_its_own_runs_only(budgets: Budgets, other: dict[str, Any], title: str) -> None:
    assert refused(budgets, run(**other)) == ""
    assert title in refused(budgets, run(**other), run())


def test_a_phase_by_name_goes_before_the_others() -> None:
    budgets = Budgets(phases={"*": Budget(runs=0), "build": Budget(runs=5)})
    assert refused(budgets, run()) == ""
    assert "phase shape" in budget.refusal(budgets, [], "shape_7", "shape", "small", NOW, ONE)


def test_standings_say_how_far_each_limit_is_used_up() -> None:
    budgets = Budgets(
        ticket=Budget(money=1), day=Budget(runs=10), phases={"ship": Budget(runs=1)}, models={"*": Budget(tokens=50)}
    )
    runs = [run(actual_cost=0.3, tokens_used=60), run(assignment_status="active", task_id="build_8")]
    found = {(s.scope, s.unit): (s.level, round(s.share, 2)) for s in budget.standings(budgets, runs, NOW)}
    assert found == {
        ("day 2026-03-31", "runs"): ("fine", 0.2),
        ("ticket build_7", "money"): ("fine", 0.3),
        ("ticket build_8", "money"): ("fine", 0.5),
        ("phase ship", "runs"): ("fine", 0.0),
        ("model small", "tokens"): ("over", 1.2),
    }


@pytest.mark.parametrize(("used", "level"), [(0.79, "fine"), (0.8, "warning"), (1.0, "warning"), (1.01, "over")])
def test_four_fifths_are_a_warning(used: float, level: str) -> None:
    (found,) = budget.standings(Budgets(ticket=Budget(money=1)), [run(actual_cost=used)], NOW)
    assert found.level == level
