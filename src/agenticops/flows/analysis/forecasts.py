"""Forecasts of what is under way: when it will probably end, and how, with what such forecasts were worth before."""

from __future__ import annotations

import random

from agenticops.core.analytics import periods
from agenticops.core.analytics.forecast import FAILURE, FEW, SUCCESS, Forecast, Past, Trip, Visit, backtest
from agenticops.core.analytics.rows import Expected, Tested
from agenticops.errors import UsageError
from agenticops.flows.analysis.source import DAYS, Filter, Source, sources
from agenticops.workspace import Workspace

# Of longer histories the latest count: what was usual years ago may not be.
LATEST = 3_000
# So many in all, when there are many templates.
ALL = 12_000
# So many walks a forecast of the back-test; its shares are of many forecasts, each may be coarser.
WALKS = 200
SHOWN = 20
# Id, name, template, place, and the days since it came there.
Standing = tuple[str, str, str, str, float]
OPEN = "SELECT COUNT(DISTINCT template) FROM instance WHERE status IN ('active', 'paused')"
UNDER_WAY = "SELECT t.id, t.name, t.template, s.state, {age} FROM {trips} t CROSS JOIN {stays} s ON s.instance = t.id"


def foretell(
    workspace: Workspace, wanted: Filter, name: str = "", limit: int = SHOWN
) -> tuple[list[Expected], list[Tested]]:
    """Foretell what is under way, in the order of its beginning, or the one that is named (or its id's start).

    What stands somewhere for longer than any before comes last: nothing can be said of it.

    The same history gives the same forecasts. Raises UsageError when nothing of that name is under way.
    """
    rows: list[Expected] = []
    tests: list[Tested] = []
    for source in sources(workspace, wanted):
        found = _under_way(workspace, source, name)
        if name:
            _unmistaken(name, [row[0] for row in found])
        codes = dict.fromkeys(_history_of(source, row) for row in found)
        # Not those that are found: a forecast does not depend on which others are asked for.
        many = 1 if source.tickets else workspace.index.value(OPEN)
        latest = min(LATEST, max(ALL // max(many, 1), 100))
        trips = {code: history(workspace, source, code, latest) for code in codes}
        pasts = {code: Past(trips[code]) for code in codes}
        stuck = [row for row in found if pasts[_history_of(source, row)].beyond(row[3], row[4])]
        held = set(map(id, stuck))
        shown = [*(row for row in found if id(row) not in held), *stuck][: limit or None]
        for row in shown:
            past = pasts[_history_of(source, row)]
            # The dice are its own, so that a forecast does not depend on which others are shown.
            said = past.foretell(row[3], row[4], random.Random(f"{row[0]} {row[3]}"))
            rows.append(_expected(source, past, row, Forecast() if id(row) in held else said))
        for code in dict.fromkeys(_history_of(source, row) for row in shown):
            beyond = sum(_history_of(source, row) == code for row in stuck)
            tests.append(Tested(source.of, code, len(trips[code]), beyond, backtest(trips[code], walks=WALKS)))
    if name and not rows:
        raise UsageError(f"{name!r} is not under way", hint="agenticops report wip")
    if name:
        _unmistaken(name, [row.id for row in rows])
    return rows, tests


def _unmistaken(name: str, found: list[str]) -> None:
    if len(every := sorted(set(found))) > 1:
        raise UsageError(f"{name!r} may be {', '.join(every[:3])}", hint="write more of the id")


def _history_of(source: Source, row: Standing) -> str:
    """Name the history that tells: work items of all kinds take the same way, and they are few."""
    return "" if source.tickets else row[2]


def _under_way(workspace: Workspace, source: Source, name: str) -> list[Standing]:
    where, values = source.present("s")
    age = DAYS.format(later="?", earlier="s.entered")
    sql = UNDER_WAY.format(age=age, trips=source.trips, stays=source.stays())
    if name:
        where += " AND t.id >= ? AND t.id < ?"
        values = [*values, name, name + "\x7f"]
    found = workspace.index.rows(f"{sql} WHERE {where} ORDER BY t.started, t.id", source.now, *values)
    exact = [row for row in found if row[0] == name]
    return exact or found


def history(workspace: Workspace, source: Source, template: str, latest: int) -> list[Trip]:
    """Give the latest trips of a template that ended, in the order of their end."""
    where, values = source.where("t", "ended")
    if template:
        where += " AND t.template = ?"
        values.append(template)
    days = DAYS.format(later="s.left", earlier="s.entered")
    sql = f"""SELECT l.id, l.success, l.status, julianday(l.ended), s.state, {days}
        FROM (SELECT t.id, t.success, t.status, t.ended FROM {source.trips} t WHERE {where}
              ORDER BY t.ended DESC, t.id DESC LIMIT ?) l
        CROSS JOIN {source.stays()} s ON s.instance = l.id ORDER BY l.ended, l.id, s.n"""
    trips: list[Trip] = []
    stops: list[tuple[str, float]] = []
    rows = workspace.index.rows(sql, *values, latest)
    for number, (name, success, status, ended, state, took) in enumerate(rows):
        stops.append((state, took or 0.0))
        if number + 1 == len(rows) or rows[number + 1][0] != name:
            trips.append(_trip(stops, bool(success), ended, status != "cancelled" and not source.tickets))
            stops = []
    return trips


def _trip(stops: list[tuple[str, float]], success: bool, ended: float, ends: bool) -> Trip:
    if ends and len(stops) > 1 and not stops[-1][1]:
        stops = stops[:-1]  # an end is no place where anything stands
    after = [state for state, _ in stops[1:]] + [SUCCESS if success else FAILURE]
    return Trip(tuple(Visit(state, days, to) for (state, days), to in zip(stops, after, strict=True)), success, ended)


def _expected(source: Source, past: Past, row: Standing, said: Forecast) -> Expected:
    name, title, template, place, age = row
    due = late = note = ""
    if said.median is None or said.p85 is None:
        note = f"history is too small: {past.trips} ended, {FEW} are needed"
        if past.trips >= FEW:
            note = "longer here than any before" if place in past.days else "nothing that ended was ever here"
    else:
        due, late = periods.after(source.now, said.median), periods.after(source.now, said.p85)
    return Expected(source.of, template, place, name, title, age, said.median, said.p85, due, late, said.success, note)
