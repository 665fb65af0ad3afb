"""Throughput, what ended in each period and what it was worth; and success, how many ended well."""

from __future__ import annotations

import re

from agenticops.core.analytics import measure, periods
from agenticops.core.analytics.rows import Ended, Outcome
from agenticops.errors import UsageError
from agenticops.flows.analysis.source import Filter, Source, sources
from agenticops.workspace import Workspace

_DECLARED = re.compile(r"([\w-]+)\.([\w.-]+)")
Counts = dict[tuple[str, str, str], tuple[int, int | None]]
Worth = dict[tuple[str, str, str], tuple[float, int | None]]


def throughput(workspace: Workspace, wanted: Filter, by: str = "", per: str = "week", value: str = "") -> list[Ended]:
    """Count what ended a period, with the value delivered.

    Work items have their revenue value and the needs that they answer; what an instance is worth says the field of an
    entity, `value` (`invoice.amount`): of the entities of instances that ended well.
    """
    found = []
    for source in sources(workspace, wanted):
        found += ended(workspace, source, by, per, value)
    return found


def ended(workspace: Workspace, source: Source, by: str, per: str, value: str = "") -> list[Ended]:
    """Count it for one source, periods in which nothing ended too."""
    counts = _counts(workspace, source, by, per)
    worth = _worth(workspace, source, by, per, value)
    groups = sorted({(template, group) for template, group, _ in counts})
    known = source.ongoing((period for _, _, period in counts), per) if counts else []
    valued = worth and not source.key(by).place
    rows = []
    for template, group in groups:
        for period in known:
            number, well = counts.get((template, group, period), (0, 0))
            amount, needs = worth.get((template, group, period), (0.0, 0 if source.tickets else None))
            rows.append(
                Ended(source.of, template, group, period, number, None if source.key(by).place else well)
                if not valued
                else Ended(source.of, template, group, period, number, well, amount, needs)
            )
    return rows


def _counts(workspace: Workspace, source: Source, by: str, per: str) -> Counts:
    key = source.key(by)
    column, alias = ("left", "s") if key.place else ("ended", "t")
    table = f"{source.stays(by)} s" if key.place else f"{source.trips} t"
    where, values = source.where(alias, column)
    well = "NULL" if key.place else "SUM(t.success = 1)"
    sql = f"""SELECT {key.template}, {key.group}, substr({alias}.{column}, 1, 10), COUNT(*), {well}
        FROM {table} WHERE {where} GROUP BY 1, 2, 3"""
    found: Counts = {}
    for template, group, day, number, good in workspace.index.rows(sql, *values):
        name = (template, group or "", periods.beginning(day, per))
        before = found.get(name, (0, 0))
        found[name] = (before[0] + number, (before[1] or 0) + (good or 0))
    return found


def _worth(workspace: Workspace, source: Source, by: str, per: str, value: str) -> Worth:
    key = source.key(by)
    if key.place or not (source.tickets or value):
        return {}
    where, values = source.where("t", "ended")
    head = f"SELECT {key.template}, {key.group}, substr(t.ended, 1, 10)"
    if source.tickets:
        sql = (
            f"{head}, SUM(t.value), SUM(t.needs) FROM {source.trips} t WHERE {where} AND t.success = 1 GROUP BY 1, 2, 3"
        )
    else:
        kind, path = declared(value)
        sql = f"""{head}, SUM(CAST(json_extract(e.json, ?) AS REAL)), NULL
            FROM entity e CROSS JOIN instance t ON t.id = e.instance
            WHERE e.kind = ? AND e.deleted = 0 AND {where} AND t.success = 1 GROUP BY 1, 2, 3"""
        values = [path, kind, *values]
    found: Worth = {}
    for template, group, day, amount, needs in workspace.index.rows(sql, *values):
        name = (template, group or "", periods.beginning(day, per))
        before = found.get(name, (0.0, 0))
        found[name] = (before[0] + (amount or 0.0), None if needs is None else (before[1] or 0) + needs)
    return found


def declared(value: str) -> tuple[str, str]:
    """Take apart `KIND.FIELD` into the entities' kind and the path in their JSON. Raises UsageError."""
    match = _DECLARED.fullmatch(value)
    if not match:
        raise UsageError(f"{value!r} names no field of an entity", hint="--value invoice.amount")
    return match[1], "$.fields." + ".".join(f'"{part}"' for part in match[2].split("."))


def success(workspace: Workspace, wanted: Filter, by: str) -> list[Outcome]:
    """Tell how many ended well; by place, of those that came by there. What was cancelled did not end well."""
    found = []
    for source in sources(workspace, wanted):
        found += sorted(judged(workspace, source, by), key=lambda r: (r.share or 0, r.template, r.group))
    return found


def judged(workspace: Workspace, source: Source, by: str) -> list[Outcome]:
    """Judge one source."""
    key = source.key(by)
    where, values = source.where("t", "ended")
    columns = f"{key.template} AS a, {key.group} AS b, t.success AS well, t.status AS status"
    if key.place:  # a work item may come by the same place twice, and so may an instance that was migrated
        table = f"{source.trips} t CROSS JOIN {source.stays(by)} s ON s.instance = t.id"
        inner = f"SELECT DISTINCT t.id, {columns} FROM {table} WHERE {where}"
    else:
        inner = f"SELECT {columns} FROM {source.trips} t WHERE {where}"
    sql = f"SELECT a, b, COUNT(*), SUM(well = 1), SUM(status = 'cancelled') FROM ({inner}) GROUP BY 1, 2"
    rows = []
    for template, group, n, well, cancelled in workspace.index.rows(sql, *values):
        found = measure.share(well or 0, n)
        rows.append(
            Outcome(source.of, template, group or "", n, found.hits, cancelled, found.share, found.low, found.high)
        )
    return rows
