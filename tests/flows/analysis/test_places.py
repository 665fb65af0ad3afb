"""What is under way, and where time is lost, in known histories."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.analysis import overview, places
from agenticops.flows.analysis.source import Filter
from agenticops.workspace import Workspace
from tests.flows.analysis.histories import History, opened

WORKFLOWS, TICKETS = Filter("workflows"), Filter("tickets")


def test_work_under_way_with_its_ages(here: Workspace) -> None:
    (row,) = places.wip(here, WORKFLOWS, "phase")
    assert (row.template, row.group, row.n, row.late) == ("HS", "work", 1, 1)
    assert (row.median, row.oldest, row.usual) == pytest.approx((22, 22, 9.1))
    (row,) = places.wip(here, TICKETS, "phase")
    assert (row.group, row.n, row.late) == ("build", 1, 1)
    assert row.oldest == pytest.approx(18)
    assert [row.group for row in places.wip(here, WORKFLOWS, "agent")] == ["ada"]


def test_work_under_way_as_of_a_day(here: Workspace) -> None:
    rows = places.wip(here, Filter("workflows", until="2026-01-02"), "phase")
    assert {(row.group, row.n) for row in rows} == {("lead", 1), ("work", 1)}


def test_the_bottleneck_is_where_most_waiting_was(here: Workspace) -> None:
    work, lead = places.bottlenecks(here, WORKFLOWS, "phase")
    # work: 4 + 10 days, and 22 of what stands there; lead: 2 + 1 + 1 + 0 + 2
    assert (work.group, work.waited, work.share) == ("work", pytest.approx(36), pytest.approx(36 / 42))
    assert (work.visits, work.median, work.waiting) == (2, pytest.approx(7), 1)
    assert (lead.waited, lead.visits, lead.waiting) == (pytest.approx(6), 5, 0)
    # of the last four weeks: w3, w4 and w5 came; they left, and so did w1, four weeks ago to the hour
    assert (lead.came, lead.left) == (0.75, 1)


def test_of_tickets_only_that_counts_in_which_nobody_worked(here: Workspace) -> None:
    build, shape = places.bottlenecks(here, TICKETS, "phase")
    assert (build.group, build.waited) == ("build", pytest.approx(3 + 18))
    assert (shape.group, shape.waited) == ("shape", pytest.approx(2 + 3 + 1))
    by_state = {row.group: row.waited for row in places.bottlenecks(here, TICKETS, "state")}
    assert by_state == {"todo": pytest.approx(24), "blocked": pytest.approx(3), "in_progress": 0}


def test_the_flow_on_one_page(here: Workspace) -> None:
    flows, items = overview.flow(here, Filter())
    assert (flows.of, flows.ended, flows.under_way) == ("workflows", 4, 1)
    assert (flows.cycle.median, flows.lead.median, flows.success.share) == pytest.approx((4, 6, 0.5))
    # a train of thirty days has had no twelve weeks
    assert (flows.weekly, items.weekly) == pytest.approx((4 / (30 / 7), 2 / (30 / 7)))
    (lately,) = overview.flow(here, Filter("workflows", since="2026-01-17"))
    assert (lately.ended, lately.weekly) == (1, pytest.approx(1 / (14.4167 / 7), abs=1e-3))
    assert flows.bottleneck is not None and flows.bottleneck.group == "work"
    assert (items.ended, items.value, items.needs, items.under_way) == (2, 400, 2, 1)


def test_the_ways_that_were_taken(here: Workspace) -> None:
    found = {(e.of, e.source, e.to): (e.n, e.median) for e in overview.edges(here, Filter())}
    assert found == {
        ("workflows", "lead", "work"): (3, pytest.approx(1)),
        ("workflows", "lead", "lost"): (1, pytest.approx(1)),
        ("workflows", "work", "paid"): (2, pytest.approx(7)),
        ("tickets", "shape", "build"): (2, pytest.approx(2.5)),
    }
    weeks = {(w.of, w.period): (w.began, w.ended) for w in overview.began_and_ended(here, Filter())}
    assert weeks["workflows", "2026-01-05"] == (4, 2)
    # what is under way then had begun before
    since = overview.began_and_ended(here, Filter("workflows", since="2026-01-12"))
    assert [(w.period, w.began, w.ended) for w in since] == [
        ("2026-01-12", 4, 3),
        ("2026-01-19", 5, 4),
        ("2026-01-26", 5, 4),
    ]


def test_an_empty_train_has_no_flow(repo: Path) -> None:
    assert overview.flow(opened(repo), Filter()) == []
    history = History()
    history.travel("w1", "HS", ("lead", 1))
    history.save(repo)
    (page,) = overview.flow(opened(repo), Filter())
    assert (page.ended, page.success.share, page.lead.n, page.under_way) == (0, None, 0, 1)
    assert page.bottleneck is not None and page.bottleneck.share == 1


@pytest.mark.parametrize("until", ["2026-01-19", "2026-01-20T00:00:00"])
def test_waiting_as_of_a_day_or_an_hour(here: Workspace, until: str) -> None:
    build, _ = places.bottlenecks(here, Filter("tickets", until=until), "phase")
    assert (build.group, build.waited) == ("build", pytest.approx(3 + 6 + 14 / 24))
    (early,) = places.bottlenecks(here, Filter("tickets", until="2026-01-02T22:00:00"), "state")
    assert (early.group, early.waited, early.waiting) == ("todo", pytest.approx(0.5), 1)


@pytest.mark.parametrize("until", ["9999-12-31", "2026-01-31", "2026-02-01T00:00:00", "0001-01-03"])
def test_any_day_of_the_calendar_can_be_asked_for(here: Workspace, until: str) -> None:
    pages = overview.flow(here, Filter(until=until))
    assert [page.under_way for page in pages] == ([0, 0] if until.startswith("0001") else [1, 1])


def test_the_pace_of_a_young_train(repo: Path) -> None:
    history = History()
    history.travel("w1", "HS", ("lead", 17), ("work", 18))
    history.travel("w2", "HS", ("lead", 18), ("work", 19))
    history.save(repo)
    lead = next(row for row in places.bottlenecks(opened(repo), WORKFLOWS, "phase") if row.group == "lead")
    assert (lead.came, lead.left) == (1, 1)
