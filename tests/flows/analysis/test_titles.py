"""States that are numbers are called by their names."""

from __future__ import annotations

from pathlib import Path

from agenticops.flows.analysis import durations, overview, titles
from agenticops.flows.analysis.source import Filter
from tests.flows.analysis.histories import History, opened


def test_a_number_becomes_a_name_where_the_template_has_one(repo: Path) -> None:
    history = History()
    history.travel("w1", "HS_STD", ("0", 1), ("1", 3), ("2", 4))
    history.travel("w2", "GONE", ("0", 1), ("1", 3))
    history.save(repo)
    here = opened(repo)
    rows = titles.titled(here, durations.lead(here, Filter(), "state"))
    names = {(row.template, row.group) for row in rows}
    assert ("GONE", "0") in names and ("HS_STD", "0") not in names and len(names) == 3
    ways = titles.ways(here, overview.edges(here, Filter()))
    assert {way.source for way in ways if way.template == "HS_STD"} == {g for t, g in names if t == "HS_STD"}
