"""Places: what is under way there and how old it is, and where most time is lost."""

from __future__ import annotations

from agenticops.core.analytics import measure
from agenticops.core.analytics.rows import Lost, UnderWay
from agenticops.flows.analysis.source import DAYS, Filter, Key, Source, gather, sources
from agenticops.workspace import Workspace

Group = tuple[str, str]
# The traffic of a place is that of the last four weeks: an older one says nothing of the queue.
RECENT = 28


def wip(workspace: Workspace, wanted: Filter, by: str) -> list[UnderWay]:
    """Tell what is under way, with its ages; the fullest place first."""
    found = []
    for source in sources(workspace, wanted):
        found += sorted(standing(workspace, source, by), key=lambda r: (-r.n, r.template, r.group))
    return found


def standing(workspace: Workspace, source: Source, by: str) -> list[UnderWay]:
    """Tell it for one source: an age is the time since it came to where it stands."""
    key = source.key(by)
    ages = present(workspace, source, by, key)
    finished = visits(workspace, source, by, key) if ages else {}
    rows = []
    for (template, group), days in ages.items():
        usual = measure.quantile(finished.get((template, group), []), 0.85)
        late = 0 if usual is None else sum(age > usual for age in days)
        middle = measure.quantile(days, 0.5)
        rows.append(UnderWay(source.of, template, group, len(days), middle, days[-1], usual, late))
    return rows


def bottlenecks(workspace: Workspace, wanted: Filter, by: str) -> list[Lost]:
    """Tell where most time is lost, the worst first, with the evidence."""
    return [row for source in sources(workspace, wanted) for row in lost(workspace, source, by)]


def lost(workspace: Workspace, source: Source, by: str = "phase") -> list[Lost]:
    """Tell it for one source: the waiting of visits that ended and of what stands there now."""
    key = source.key(by)
    times = visits(workspace, source, by, key)
    ages = present(workspace, source, by, key)
    waits = times if not source.tickets else _waits(workspace, source, by, key)
    if not source.tickets:
        waits = {name: [*times.get(name, []), *ages.get(name, [])] for name in {*times, *ages}}
    sums = {name: sum(days) for name, days in waits.items()}
    total = sum(sums.values())
    came, left = _traffic(workspace, source, by, key, "entered"), _traffic(workspace, source, by, key, "left")
    rows = []
    for name in {*times, *ages}:
        days, waiting = times.get(name, []), len(ages.get(name, []))
        if not waiting and not (days and days[-1] > 0):
            continue  # an end, where nothing ever stands
        middle, late = measure.quantile(days, 0.5), measure.quantile(days, 0.85)
        waited = sums.get(name, 0.0)
        share = waited / total if total else 0.0
        traffic = (came.get(name, 0.0), left.get(name, 0.0))
        rows.append(Lost(source.of, *name, waited, share, len(days), middle, late, waiting, *traffic))
    return sorted(rows, key=lambda r: (-r.waited, -(r.median or 0), r.template, r.group))


def visits(workspace: Workspace, source: Source, by: str, key: Key) -> dict[Group, list[float]]:
    """Give the days of the visits that ended, by group."""
    where, values = source.where("s", "left")
    days = DAYS.format(later="s.left", earlier="s.entered")
    sql = f"SELECT {key.template}, {key.group}, {days} FROM {source.standing(by, key)} WHERE {where}"
    return gather(workspace, sql, values)


def present(workspace: Workspace, source: Source, by: str, key: Key) -> dict[Group, list[float]]:
    """Give the ages of what stands at its place now, by group."""
    where, values = source.present("s")
    days = DAYS.format(later="?", earlier="s.entered")
    sql = f"SELECT {key.template}, {key.group}, {days} FROM {source.standing(by, key)} WHERE {where}"
    return gather(workspace, sql, [source.now, *values])


def _waits(workspace: Workspace, source: Source, by: str, key: Key) -> dict[Group, list[float]]:
    """Give the days in which nobody worked a ticket, of those that are closed and of those that are open."""
    closed, values = source.where("s", "left")
    opened, more = source.present("s")
    sql = f"""SELECT {key.template}, {key.group}, {source.waited} FROM {source.standing(by, key)}
        WHERE ({closed}) OR ({opened})"""
    return gather(workspace, sql, [*values, *more])


def _traffic(workspace: Workspace, source: Source, by: str, key: Key, column: str) -> dict[Group, float]:
    """Count what came or left a week in the last weeks."""
    since, weeks = source.lately(RECENT)
    values = [since, source.now]
    where = f"s.{column} >= ? AND s.{column} < ?"
    if source.template:
        where += " AND s.template = ?"
        values.append(source.template)
    sql = f"""SELECT {key.template}, {key.group}, COUNT(*) FROM {source.standing(by, key)}
        WHERE {where} GROUP BY 1, 2"""
    rows = workspace.index.rows(sql, *values)
    return {(template, group or ""): number / weeks for template, group, number in rows}
