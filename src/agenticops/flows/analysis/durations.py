"""Cycle time, from the beginning of work to the end, and lead time, from the creation to the end."""

from __future__ import annotations

from agenticops.core.analytics import measure
from agenticops.core.analytics.rows import Took
from agenticops.flows.analysis.source import DAYS, Filter, Source, gather, sources
from agenticops.workspace import Workspace

# What was cancelled did not take its time: it ended before.
ENDED = "t.status IN ('completed', 'failed')"


def cycle(workspace: Workspace, wanted: Filter, by: str) -> list[Took]:
    """Tell how long it took from the first start of work to the end."""
    return [row for source in sources(workspace, wanted) for row in taken(workspace, source, by, True)]


def lead(workspace: Workspace, wanted: Filter, by: str) -> list[Took]:
    """Tell how long it took from the creation to the end."""
    return [row for source in sources(workspace, wanted) for row in taken(workspace, source, by, False)]


def taken(workspace: Workspace, source: Source, by: str, cycle: bool) -> list[Took]:
    """Tell it for one source; by place it is the time of a visit. The slowest group comes first."""
    key = source.key(by)
    if key.place:
        earlier, later, table = source.stay_begun if cycle else "s.entered", "s.left", f"{source.stays(by)} s"
        where, values = source.where("s", "left")
    else:
        earlier, later, table = source.begun if cycle else "t.started", "t.ended", f"{source.trips} t"
        where, values = source.where("t", "ended")
        where += f" AND {ENDED}"
    # Without a beginning there is no time either: the day of "" is NULL.
    sql = f"SELECT {key.template}, {key.group}, {DAYS.format(later=later, earlier=earlier)} FROM {table} WHERE {where}"
    groups = gather(workspace, sql, values)
    if key.place:
        groups = {name: days for name, days in groups.items() if days[-1] > 0}  # an end takes no time
    rows = [row(source.of, *name, days) for name, days in groups.items()]
    return sorted(rows, key=lambda r: (-(r.median or 0), r.template, r.group))


def whole(workspace: Workspace, source: Source) -> tuple[Took, Took]:
    """Give cycle and lead time of all that ended, in one go."""
    where, values = source.where("t", "ended")
    cycle, lead = (DAYS.format(later="t.ended", earlier=earlier) for earlier in (source.begun, "t.started"))
    rows = workspace.index.rows(f"SELECT {cycle}, {lead} FROM {source.trips} t WHERE {where} AND {ENDED}", *values)
    first, second = (sorted(r[n] for r in rows if r[n] is not None) for n in (0, 1))
    return row(source.of, "", "", first), row(source.of, "", "", second)


def row(of: str, template: str, group: str, ordered: list[float]) -> Took:
    """Sum up durations that are in order."""
    middle, late = measure.quantile(ordered, 0.5), measure.quantile(ordered, 0.85)
    return Took(of, template, group, len(ordered), middle, late, ordered[-1] if ordered else None)
