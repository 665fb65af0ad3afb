"""Costs: what runs of agents cost, summed up by what one asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from agenticops.core.drive import budget
from agenticops.core.drive.budget import Amounts
from agenticops.model.drive import Assignment

By = Literal["ticket", "phase", "day", "model", "agent", "provider"]


class Row(Struct, frozen=True):
    """What some runs used; `running` of them have not ended and count with their estimates.

    `success` is the share of the ended runs that were completed. `estimated` and `actual` are the money of ended runs,
    `ratio` the actual by the estimated; each is None where there is nothing to divide by.
    """

    name: str
    runs: int
    running: int
    money: float
    tokens: int
    minutes: float
    completed: int
    success: float | None
    estimated: float
    actual: float
    ratio: float | None


def rows(assignments: Iterable[Assignment], by: By) -> list[Row]:
    """Sum up runs by what they have in common, the dearest first; days in their order."""
    groups: dict[str, list[Assignment]] = {}
    for run in assignments:
        groups.setdefault(_key(run, by), []).append(run)
    found = [total(runs, name) for name, runs in groups.items()]
    return sorted(found, key=lambda row: row.name if by == "day" else (-row.money, -row.tokens, row.name))


def _key(run: Assignment, by: By) -> str:
    if by == "day":
        return run.created_at[:10]
    return {
        "ticket": run.task_id,
        "phase": run.phase,
        "model": run.model_name,
        "agent": run.agent_id,
        "provider": run.provider_name,
    }[by]


def total(runs: Iterable[Assignment], name: str = "total") -> Row:
    """Sum up runs in one row."""
    every = list(runs)
    over = [run for run in every if run.over]
    done = sum(run.assignment_status == "completed" for run in over)
    sums = sum((budget.amounts(run) for run in every), Amounts())
    estimated, actual = sum(run.estimated_cost for run in over), sum(run.money for run in over)
    return Row(
        name=name,
        runs=sums.runs,
        running=len(every) - len(over),
        money=sums.money,
        tokens=sums.tokens,
        minutes=sums.minutes,
        completed=done,
        success=done / len(over) if over else None,
        estimated=estimated,
        actual=actual,
        ratio=actual / estimated if estimated else None,
    )
