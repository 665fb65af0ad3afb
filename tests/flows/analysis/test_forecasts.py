"""Forecasts over the index: what a process does again and again is foretold so."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core.analytics.forecast import FAILURE, SUCCESS, Visit
from agenticops.errors import UsageError
from agenticops.flows.analysis import forecasts
from agenticops.flows.analysis.source import Filter, sources
from agenticops.workspace import Workspace
from tests.flows.analysis.histories import History, opened


@pytest.fixture
def regular(repo: Path) -> Workspace:
    """Twenty that took two days and then three, two begin a day; half of them failed after the first."""
    history = History()
    for n in range(20):
        well, day = n % 2, 1 + n // 2
        steps = (("work", day + 2), ("paid", day + 5)) if well else (("lost", day + 2),)
        history.travel(f"w1{n:02d}", "HS", ("lead", day), *steps, end="success" if well else "failure")
    history.travel("w200", "HS", ("lead", 28), ("work", 30), name="Bath")
    history.travel("w201", "HS", ("lead", 30.5))
    history.travel("w202", "HS", ("lead", 12))
    history.travel("w300", "NEW", ("lead", 30))
    history.save(repo)
    return opened(repo)


def test_what_is_under_way_ends_as_those_before_did(regular: Workspace) -> None:
    rows, tests = forecasts.foretell(regular, Filter())
    found = {row.id: row for row in rows}
    assert list(found) == ["w200", "w300", "w201", "w202"]
    bath = found["w200"]
    assert (bath.name, bath.group, bath.due, bath.late, bath.success) == ("Bath", "work", "2026-02-02", "2026-02-02", 1)
    assert bath.median == pytest.approx(2)
    assert found["w201"].success == pytest.approx(0.5, abs=0.05)
    assert found["w202"].note == "longer here than any before" and found["w202"].due == ""
    assert found["w300"].note == "history is too small: 0 ended, 10 are needed"
    told = {test.template: test for test in tests}
    assert (told["HS"].ended, told["HS"].beyond, told["NEW"].ended) == (20, 1, 0)
    assert told["HS"].test.asked == 7 and told["NEW"].test.asked == 0
    assert forecasts.foretell(regular, Filter())[0] == rows


def test_one_is_found_by_its_beginning(regular: Workspace) -> None:
    assert [row.id for row in forecasts.foretell(regular, Filter(), "w30")[0]] == ["w300"]
    assert forecasts.foretell(regular, Filter(), "w200")[0] == forecasts.foretell(regular, Filter())[0][:1]
    for name, message in (("w20", "may be w200"), ("w100", "not under way"), ("x", "not under way")):
        for limit in (20, 1):
            with pytest.raises(UsageError, match=message):
                forecasts.foretell(regular, Filter(), name, limit)


def test_the_past_ends_in_signs_and_the_latest_count(here: Workspace) -> None:
    flows, items = sources(here, Filter())
    trips = forecasts.history(here, flows, "HS", 10)
    assert [trip.success for trip in trips] == [False, True, True, False]
    assert trips[0].visits == (Visit("lead", pytest.approx(1), FAILURE),)
    assert [(v.state, v.to) for v in trips[1].visits] == [("lead", "work"), ("work", SUCCESS)]
    assert [(v.state, v.to) for v in trips[3].visits] == [("lead", FAILURE)]
    assert len(forecasts.history(here, flows, "HS", 2)) == 2
    assert [v.to for v in forecasts.history(here, items, "", 10)[1].visits] == ["build", SUCCESS]


def test_work_items_are_foretold_too(here: Workspace) -> None:
    rows, tests = forecasts.foretell(here, Filter("tickets"))
    assert [(row.id, row.group) for row in rows] == [("t00000003", "build")]
    assert rows[0].note == "history is too small: 2 ended, 10 are needed"
    assert (tests[0].template, tests[0].beyond) == ("", 0)


def test_a_forecast_does_not_depend_on_which_others_are_shown(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forecasts, "ALL", 200)
    history = History()
    for n in range(150):  # the earlier ones were slower; of two templates only the latest hundred of each count
        history.travel(f"w1{n:03d}", "HS", ("lead", 1), ("paid", 5 + n / 24 if n < 50 else 4 + n / 24), end="success")
    history.travel("w2", "HS", ("lead", 30))
    history.travel("w3", "NEW", ("lead", 30))
    history.save(repo)
    here = opened(repo)
    both = {row.id: row for row in forecasts.foretell(here, Filter())[0]}
    assert forecasts.foretell(here, Filter(), "w2")[0] == [both["w2"]]
    assert forecasts.foretell(here, Filter(template="HS"))[0] == [both["w2"]]


def test_an_item_with_two_open_tickets_is_one(repo: Path) -> None:
    history = History()
    history.add("item_created", "item/t00000001", 1, to="created")
    history.ticket("shape", "t00000001", ("todo", 2))
    history.ticket("build", "t00000001", ("todo", 3))
    history.save(repo)
    rows, _ = forecasts.foretell(opened(repo), Filter("tickets"), "t0")
    assert [(row.id, row.group) for row in rows] == [("t00000001", "shape"), ("t00000001", "build")]
