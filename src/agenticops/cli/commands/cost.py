"""`cost report` and `cost runs`: what agents' runs cost, by what one asks for, and how far budgets are used up."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bar, clean, counted, cut, following, line
from agenticops.cli.output import emit
from agenticops.core.costs import Row
from agenticops.core.drive.budget import Standing, figure
from agenticops.core.drive.settings import PATH
from agenticops.flows import cost
from agenticops.flows.cost import Report
from agenticops.model.drive import Assignment
from agenticops.model.ids import as_uuid
from agenticops.workspace import Workspace

app = group("What agents' runs cost, and what budgets still allow.", "agenticops cost report --by model --since 7d")
MARKS = {"fine": ("✓", GOOD), "warning": ("!", WARN), "over": ("✗", BAD)}
STATUS = {"completed": ("✓", GOOD), "failed": ("✗", BAD), "cancelled": ("·", DIM), "active": ("▸", WARN)}
WHY = {
    "complexity_high": "hard",
    "cost_optimization": "cheap",
    "provider_preference": "preferred",
    "fallback": "fallback",
}
HEAD = f"{'runs':>5}{'money':>10}{'tokens':>9}{'minutes':>9}{'done':>7}{'of est.':>9}"
# More budgets are counted, not shown: the fullest come first.
MOST = 10
Since = Annotated[str, typer.Option(help="today, 2d, 3h, or a date (UTC).")]


class By(StrEnum):
    """What runs are summed up by."""

    ticket = "ticket"
    phase = "phase"
    day = "day"
    model = "model"
    agent = "agent"
    provider = "provider"


@app.command(**example("agenticops cost report", "agenticops cost report --by model --since 7d"))
def report(
    by: Annotated[By, typer.Option(help="What the runs are summed up by.")] = By.phase,
    since: Since = "",
    json: Json = False,
) -> None:
    """Sum up what runs of agents cost, and show how far each budget is used up."""
    found = cost.report(Workspace(), by.value, since)
    emit("cost-report", _data(found), _lines(found), json)


def _data(found: Report) -> dict[str, Any]:
    budgets = [{**msgspec.to_builtins(s), "share": s.share, "level": s.level} for s in found.budgets]
    return {**msgspec.to_builtins(found), "budgets": budgets}


def _lines(found: Report) -> list[Line]:
    since = f" since {clean(found.since)}" if found.since else ""
    if not found.rows:
        rows = [line((f"no runs{since}", DIM))]
    else:
        running = f" · {found.total.running} not ended" if found.total.running else ""
        rows = [
            line((f"cost by {found.by}", STRONG), (f"  {counted(found.total.runs, 'run')}{since}{running}", DIM)),
            [],
            line(
                (f"  {found.by:<23}{'runs':>5}{'money':>10}{'tokens':>9}{'minutes':>9}{'done':>7}{'of est.':>9}", DIM)
            ),
            *(_row(row) for row in found.rows),
        ]
        rows += [_row(found.total, STRONG)] if len(found.rows) > 1 else []
    return [
        *rows,
        *_budgets(found.budgets),
        following("agenticops cost runs" if found.rows else "agenticops drive --dry-run"),
    ]


def _row(row: Row, style: str = "") -> Line:
    done, ratio = (_percent(share) for share in (row.success, row.ratio))
    figures = f"{row.runs:>5}{row.money:>10.2f}{_short(row.tokens):>9}{row.minutes:>9.1f}{done:>7}"
    return line((f"  {cut(row.name or '-', 22):<23}{figures}", style), (f"{ratio:>9}", _dear(row.ratio)))


def _dear(ratio: float | None) -> str:
    """Mark what cost a quarter more than was thought, and what cost twice as much."""
    return DIM if ratio is None or ratio <= 1.25 else WARN if ratio <= 2 else BAD


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _short(tokens: int) -> str:
    """Write a number of tokens in five characters."""
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1_000, "k")):
        if tokens >= size:
            return f"{tokens / size:.1f}{letter}" if tokens < 100 * size else f"{tokens / size:.0f}{letter}"
    return str(tokens)


def _budgets(standings: tuple[Standing, ...]) -> list[Line]:
    if not standings:
        return []
    rows: list[Line] = [[], line(("budgets", STRONG))]
    rows += [_budget(one) for one in standings[:MOST]]
    if len(standings) > MOST:
        rows.append(line((f"    … {len(standings) - MOST} more, less used; --json has all", DIM)))
    full = list(dict.fromkeys(f"{one.field}.{one.unit}" for one in standings if one.level != "fine"))
    if full:
        rows.append(line(("  more  ", DIM), f"{cut(', '.join(full), 50)} in {PATH}"))
    return rows


def _budget(one: Standing) -> Line:
    mark, style = MARKS[one.level]
    amount = f"{_amount(one.used + one.reserved, one)} of {_amount(one.limit, one)} {one.unit}"
    filled = bar(min(int(one.share * 100), 100), 100)
    share = f"{min(one.share, 9.99):>6.0%}"
    return line("  ", (mark, style), f" {cut(one.scope, 28):<29}{amount:<26}", (filled, style), share)


def _amount(amount: float, one: Standing) -> str:
    return _short(int(amount)) if one.unit == "tokens" else figure(amount, one.unit)


@app.command(**example("agenticops cost runs", "agenticops cost runs --ticket build_142 --since 7d"))
def runs(
    ticket: Annotated[str, typer.Option("--ticket", "-t", metavar="TICKET", help="Only those of a ticket.")] = "",
    since: Since = "",
    limit: Annotated[int, typer.Option(min=0, help="The last so many; 0 means all.")] = 20,
    json: Json = False,
) -> None:
    """List runs: which model worked which bullet, why it, what it cost, and how it ended."""
    found = cost.runs(Workspace(), ticket, since, limit)
    rows = [_run(run) for run in found] or [line(("no runs", DIM))]
    data = [{**msgspec.to_builtins(run), "uuid": as_uuid(run.assignment_id)} for run in found]
    emit("cost-runs", data, [*rows, following("agenticops cost report --by model")], json)


def _run(run: Assignment) -> Line:
    mark, style = STATUS.get(run.assignment_status, ("·", WARN))
    end = run.outcome.partition(":")[0] if run.over else run.assignment_status
    return line(
        (f"{mark} ", style),
        (f"{run.created_at[5:16].replace('T', ' ')} ", DIM),
        f"{cut(run.task_id, 18):<18} {cut(run.model_name, 12):<12}",
        f"{run.money:>6.2f}{_short(run.tokens):>7} ",
        (cut(f"{WHY[run.assignment_reason]}, {end}", 21), DIM),
    )
