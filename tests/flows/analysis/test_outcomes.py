"""Throughput and success of known histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import UsageError
from agenticops.flows.analysis import outcomes, overview, places
from agenticops.flows.analysis.source import Filter
from agenticops.workspace import Workspace
from tests.flows.analysis.histories import NOW, History, opened

WORKFLOWS, TICKETS = Filter("workflows"), Filter("tickets")


def test_what_ended_a_week_and_the_weeks_in_which_nothing_did(here: Workspace) -> None:
    rows = outcomes.throughput(here, WORKFLOWS)
    assert [(row.period, row.ended, row.well) for row in rows] == [
        ("2026-01-05", 2, 1),
        ("2026-01-12", 1, 1),
        ("2026-01-19", 1, 0),
        ("2026-01-26", 0, 0),
    ]
    assert {row.value for row in rows} == {None}
    (month,) = outcomes.throughput(here, WORKFLOWS, "", "month")
    assert (month.period, month.ended) == ("2026-01-01", 4)


def test_value_is_what_ended_well_brought(here: Workspace) -> None:
    rows = outcomes.throughput(here, WORKFLOWS, "", "month", "invoice.amount")
    assert [row.value for row in rows] == [150.5]
    by_client = outcomes.throughput(here, WORKFLOWS, "client", "month", "invoice.amount")
    assert {row.group: row.value for row in by_client} == {"c1": 100, "c2": 50.5}
    (row,) = outcomes.throughput(here, TICKETS, "", "month")
    assert (row.ended, row.well, row.value, row.needs) == (2, 1, 400, 2)
    for wrong in ("amount", "invoice.", "a.b'c", 'a."b"'):
        with pytest.raises(UsageError, match="no field"):
            outcomes.throughput(here, WORKFLOWS, "", "month", wrong)


def test_visits_are_counted_by_place(here: Workspace) -> None:
    rows = outcomes.throughput(here, WORKFLOWS, "state", "month")
    assert {row.group: (row.ended, row.well) for row in rows}["lead"] == (5, None)


def test_success_with_what_it_is_to_be_believed(here: Workspace) -> None:
    (row,) = outcomes.success(here, WORKFLOWS, "template")
    assert (row.n, row.well, row.cancelled, row.share) == (4, 2, 1, 0.5)
    assert (row.low, row.high) == (pytest.approx(0.15, abs=0.01), pytest.approx(0.85, abs=0.01))
    by_state = {row.group: (row.well, row.n) for row in outcomes.success(here, WORKFLOWS, "state")}
    assert by_state == {"lead": (2, 4), "work": (2, 2), "paid": (2, 2), "lost": (0, 1)}
    by_phase = {row.group: (row.well, row.n) for row in outcomes.success(here, TICKETS, "phase")}
    assert by_phase == {"shape": (1, 2), "build": (1, 1)}


def test_periods_end_with_the_window(here: Workspace) -> None:
    for until, per, last in (("2026-01-11", "week", "2026-01-05"), ("2026-01-10", "day", "2026-01-10")):
        rows = outcomes.throughput(here, Filter("workflows", until=until), "", per)
        assert rows[-1].period == last
    weeks = overview.began_and_ended(here, Filter("workflows", until="2026-01-11"))
    assert weeks[-1].period == "2026-01-05"


def test_what_a_clock_ahead_wrote_is_counted_once(repo: Path) -> None:
    history = History()
    history.travel("w1", "HS", ("lead", 1), ("paid", 31), end="success")
    history.save(repo)
    early = opened(repo, NOW - 26 * 3_600_000)
    assert sum(row.ended for row in outcomes.throughput(early, WORKFLOWS, "", "day")) == 1
    assert places.wip(early, WORKFLOWS, "phase") == []


def test_who_came_by_a_place_twice_counts_there_once(repo: Path) -> None:
    history = History()
    history.travel("w1", "HS", ("lead", 1), ("work", 2), ("lead", 3), ("paid", 4), end="success")
    history.travel("w2", "HS", ("lead", 1), ("lost", 4), end="failure")
    history.save(repo)
    by_state = {row.group: (row.well, row.n) for row in outcomes.success(opened(repo), WORKFLOWS, "state")}
    assert by_state == {"lead": (1, 2), "work": (1, 1), "paid": (1, 1), "lost": (0, 1)}
