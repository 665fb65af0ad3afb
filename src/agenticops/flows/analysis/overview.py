"""The flow at one glance: throughput, work under way, times, success, the bottleneck; and the ways that were taken."""

from __future__ import annotations

from msgspec.structs import replace

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
    since, weeks = replace(source, first=max(source.first, source.since)).lately(7 * WEEKS)
    recent = sum(row.ended for row in ended if row.period >= since[:10])
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
        weekly=recent / weeks,
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
    """Count what had begun and what had ended by the end of each week, what did so before `since` too."""
    rows: list[Flowed] = []
    for source in sources(workspace, wanted):
        counts: dict[str, list[int]] = {}
        for place, column in enumerate(("started", "ended")):
            where, values = replace(source, since="").where("t", column)
            sql = f"""SELECT substr(t.{column}, 1, 10), COUNT(*) FROM {source.trips} t WHERE {where} GROUP BY 1"""
            for day, number in workspace.index.rows(sql, *values):
                counts.setdefault(periods.beginning(day, "week"), [0, 0])[place] += number
        began = ended = 0
        for week in source.ongoing(counts, "week") if counts else []:
            more = counts.get(week, [0, 0])
            began, ended = began + more[0], ended + more[1]
            if not source.since or week >= periods.beginning(source.since, "week"):
                rows.append(Flowed(source.of, week, began, ended))
    return rows
