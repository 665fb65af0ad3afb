"""Cycle and lead time of known histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core.analytics.rows import Took
from agenticops.errors import UsageError
from agenticops.flows.analysis import durations
from agenticops.flows.analysis.source import Filter, sources
from agenticops.workspace import Workspace
from tests.flows.analysis.histories import History, opened

WORKFLOWS, TICKETS = Filter("workflows"), Filter("tickets")


def said(rows: list[Took]) -> dict[str, tuple[int, float, float]]:
    return {row.group: (row.n, round(row.median or 0, 6), round(row.longest or 0, 6)) for row in rows}


def test_lead_time_is_from_creation_and_cycle_time_from_the_first_work(here: Workspace) -> None:
    # w1 6, w2 11, w3 1 days; what was cancelled (w5) does not count
    assert said(durations.lead(here, WORKFLOWS, "template")) == {"HS": (3, 6, 11)}
    # from leaving the first state on: 4, 10, 0
    assert said(durations.cycle(here, WORKFLOWS, "template")) == {"HS": (3, 4, 10)}
    assert said(durations.lead(here, WORKFLOWS, "client")) == {"c1": (2, 3.5, 6), "c2": (1, 11, 11)}
    assert said(durations.lead(here, TICKETS, "template")) == {"PRD": (1, 9, 9)}
    assert said(durations.cycle(here, TICKETS, "template")) == {"PRD": (1, 6, 6)}


def test_by_place_it_is_the_time_of_a_visit(here: Workspace) -> None:
    # lead: w1 2, w2 1, w3 1, w4 left before it came (0), w5 2; an end is no place
    assert said(durations.lead(here, WORKFLOWS, "state")) == {"lead": (5, 1, 2), "work": (2, 7, 10)}
    assert said(durations.lead(here, TICKETS, "phase")) == {"shape": (3, 3, 5), "build": (1, 5, 5)}
    assert said(durations.cycle(here, TICKETS, "phase")) == {"shape": (3, 1, 2), "build": (1, 5, 5)}
    assert said(durations.lead(here, TICKETS, "state"))["blocked"] == (1, 3, 3)


def test_times_and_templates_are_filtered(here: Workspace) -> None:
    assert said(durations.lead(here, Filter("workflows", since="2026-01-07"), "template")) == {"HS": (2, 8.5, 11)}
    assert said(durations.lead(here, Filter("workflows", until="2026-01-07"), "template")) == {"HS": (2, 3.5, 6)}
    assert [row.of for row in durations.lead(here, Filter(template="PRD"), "template")] == ["tickets"]
    with pytest.raises(UsageError, match="nothing ever went by 'HX'") as error:
        durations.lead(here, Filter(template="HX"), "template")
    assert "HS" in error.value.hint and "PRD" in error.value.hint
    with pytest.raises(UsageError, match="not before"):
        durations.lead(here, Filter(since="2026-01-09", until="2026-01-08"), "template")


def test_both_are_there_when_both_travel(here: Workspace) -> None:
    assert [source.of for source in sources(here, Filter())] == ["workflows", "tickets"]


def test_an_empty_train_and_one_instance(repo: Path) -> None:
    assert durations.lead(opened(repo), Filter(), "template") == []
    history = History()
    history.travel("w1", "HS", ("lead", 1), ("paid", 2.5), end="success")
    history.save(repo)
    (row,) = durations.lead(opened(repo), Filter(), "template")
    assert row == Took("workflows", "", "HS", 1, row.median, row.median, row.median)
    assert row.median == pytest.approx(1.5)


def test_a_day_without_its_noughts_is_that_day(here: Workspace) -> None:
    for since in ("2026-01-07", "2026-1-7"):
        assert said(durations.lead(here, Filter("workflows", since=since), "template")) == {"HS": (2, 8.5, 11)}
