"""The flow at one glance: throughput, work under way, times, success, the bottleneck; and the ways that were taken."""

from __future__ import annotations

from agenticops.core.analytics import measure, periods
from agenticops.core.analytics.rows import Edge, Ended, Flowed, Outcome, Page
from agenticops.flows.analysis import durations, outcomes, places
from agenticops.flows.analysis.source import DAYS, Filter, Source, gather, sources
from agenticops.workspace import Workspace

# The pace is that of the last twelve weeks.
WEEKS = 12


def flow(workspace: Workspace, wanted: Filter, value: str = "") -> list[Page]:
    """Tell the flow of workflows and of work items, a page each."""
    return [_page(workspace, source, value) for source in sources(workspace, wanted)]


def _page(workspace: Workspace, source: Source, value: str) -> Page:
    ended = outcomes.ended(workspace, source, "", "day", value)
    since = periods.before(source.now, 7 * WEEKS)[:10]
    recent = sum(row.ended for row in ended if row.period >= since)
    success = next(iter(outcomes.judged(workspace, source, "")), None)
    lost = places.lost(workspace, source)
    where, values = source.present("s")
    age = DAYS.format(later="?", earlier="s.entered")
    ages = workspace.index.rows(
        f"SELECT COUNT(*), MAX({age}) FROM {source.stays()} s WHERE {where}", source.now, *values
    )
    cycle, lead = durations.whole(workspace, source)
    return Page(
        of=source.of,
        ended=sum(row.ended for row in ended),
        weekly=recent / WEEKS,
        value=_total(ended),
        needs=sum(row.needs or 0 for row in ended) if source.tickets else None,
        under_way=ages[0][0],
        oldest=ages[0][1],
        cycle=cycle,
        lead=lead,
        success=success or Outcome(source.of, "", "", 0, 0, 0, None, 0.0, 1.0),
        bottleneck=lost[0] if lost else None,
    )


def _total(ended: list[Ended]) -> float | None:
    known = [row.value for row in ended if row.value is not None]
    return sum(known) if known else None


def edges(workspace: Workspace, wanted: Filter) -> list[Edge]:
    """Give the ways that were taken, with their counts and the median time before."""
    found = []
    for source in sources(workspace, wanted):
        where, values = source.where("s", "left")
        template = "''" if source.tickets else "s.template"
        days = DAYS.format(later="s.left", earlier="s.entered")
        stays = source.stays()
        # Twice as fast as a window function.
        sql = f"""SELECT {template}, s.state || char(0) || x.state, {days}
            FROM {stays} s CROSS JOIN {stays} x ON x.instance = s.instance AND x.n = s.n + 1 WHERE {where}"""
        for (code, way), took in gather(workspace, sql, values).items():
            here, _, to = way.partition("\0")
            found.append(Edge(source.of, code, here, to, len(took), measure.quantile(took, 0.5)))
    return sorted(found, key=lambda e: (e.of, e.template, -e.n, e.source, e.to))


def began_and_ended(workspace: Workspace, wanted: Filter) -> list[Flowed]:
    """Count what began and what ended a week."""
    rows = []
    for source in sources(workspace, wanted):
        counts: dict[str, list[int]] = {}
        for place, column in enumerate(("started", "ended")):
            where, values = source.where("t", column)
            sql = f"""SELECT substr(t.{column}, 1, 10), COUNT(*) FROM {source.trips} t WHERE {where} GROUP BY 1"""
            for day, number in workspace.index.rows(sql, *values):
                counts.setdefault(periods.beginning(day, "week"), [0, 0])[place] += number
        if counts:
            weeks = periods.between(min(counts), periods.beginning(source.now, "week"), "week")
            rows += [Flowed(source.of, week, *counts.get(week, (0, 0))) for week in weeks]
    return rows
