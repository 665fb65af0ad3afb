"""Costs: runs summed up."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import costs
from agenticops.model.drive import Assignment
from tests.core.drive.test_budget import run

RUNS = [
    run(actual_cost=0.2, tokens_used=70, processing_time=90_000),
    run(actual_cost=0.8, assignment_status="failed", agent_id="tester", created_at="2026-03-30T08:00:00.000Z"),
    run(assignment_status="active", estimated_tokens=10, model_name="large", task_id="shape_7", phase="shape"),
]


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("ticket", ["build_7", "shape_7"]),
        ("phase", ["build", "shape"]),
        ("day", ["2026-03-30", "2026-03-31"]),
        ("model", ["small", "large"]),
        ("agent", ["tester", "maker"]),
        ("provider", ["script"]),
    ],
)
def test_runs_are_summed_up_by_what_they_share(by: Any, names: list[str]) -> None:
    found = costs.rows(RUNS, by)
    assert [row.name for row in found] == names
    assert sum(row.runs for row in found) == 3 and sum(row.money for row in found) == pytest.approx(1.5)


def test_a_row_sets_what_was_thought_against_what_was() -> None:
    one = costs.total(RUNS)
    assert (one.runs, one.running, one.tokens, one.minutes) == (3, 1, 80, 1.5)
    assert (one.completed, one.success, one.estimated, one.actual) == (1, 0.5, 1.0, 1.0)
    assert one.ratio == 1.0


@pytest.mark.parametrize("runs", [[], [run(assignment_status="pending")]])
def test_nothing_is_not_divided_by(runs: list[Assignment]) -> None:
    assert costs.total(runs).success is None and costs.total(runs).ratio is None
