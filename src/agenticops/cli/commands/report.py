"""`report`: what the past says of the flow of work, and of what is under way."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli import reportlines, reportout
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.reportout import Wish
from agenticops.core.analytics import diagram
from agenticops.errors import UsageError
from agenticops.flows.analysis import durations, forecasts, outcomes, overview, places, titles
from agenticops.flows.analysis.source import Filter
from agenticops.workspace import Workspace

app = group(
    "The flow of workflows and work items: how much, how long, how well, where it is held, when it ends.",
    "agenticops report flow",
    "agenticops report cycle-time --by state --template HS_STD",
)


class Of(StrEnum):
    """Who travels."""

    workflows = "workflows"
    tickets = "tickets"


class By(StrEnum):
    """What is summed up by."""

    template = "template"
    state = "state"
    phase = "phase"
    agent = "agent"
    client = "client"


class Per(StrEnum):
    """How long a period is."""

    day = "day"
    week = "week"
    month = "month"


OfOption = Annotated[Of | None, typer.Option("--of", help="Instances of workflows, or work items; default: both.")]
ByOption = Annotated[By | None, typer.Option("--by", help="What is summed up by.")]
Template = Annotated[
    str, typer.Option(metavar="CODE", help="Only this workflow template; of work items this kind (PRD, CRD, Task).")
]
Since = Annotated[str, typer.Option(metavar="DATE", help="Only from then on: a date (UTC), today, 30d.")]
Until = Annotated[str, typer.Option(metavar="DATE", help="As of the end of that day.")]
Limit = Annotated[
    int, typer.Option(min=0, help="At most so many rows in table and picture; 0 means all, in a picture 20.")
]
Csv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values, all of them.")]
Parquet = Annotated[str, typer.Option(metavar="FILE", help="Write Parquet into a new file.")]
Plot = Annotated[str, typer.Option(metavar="FILE", help="Draw into a new file, .svg or .png.")]
Mermaid = Annotated[bool, typer.Option("--mermaid", help="Print a Mermaid diagram.")]
Value = Annotated[
    str, typer.Option(metavar="KIND.FIELD", help="What an instance that ended well is worth: a field of its entities.")
]


def _filter(of: Of | None, template: str, since: str, until: str) -> Filter:
    return Filter(of.value if of else "", template, since, until)


@app.command(**example("agenticops report flow", "agenticops report flow --of workflows --mermaid"))
def flow(
    of: OfOption = None,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    value: Value = "",
    mermaid: Mermaid = False,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Show the flow on one page: throughput, work under way, times, success, the bottleneck."""
    wish = Wish("flow", json, csv, parquet, plot, mermaid)
    workspace, wanted = Workspace(), _filter(of, template, since, until)
    if mermaid:
        reportout.say(diagram.flowchart(titles.ways(workspace, overview.edges(workspace, wanted))))
        return
    if plot:
        reportout.draw(wish, overview.began_and_ended(workspace, wanted))
        return
    pages = titles.pages(workspace, overview.flow(workspace, wanted, value))
    reportout.out(wish, pages, reportlines.flow(pages))


@app.command("cycle-time", **example("agenticops report cycle-time --by state --template HS_STD --since 90d"))
def cycle_time(
    of: OfOption = None,
    by: ByOption = None,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = reportlines.SHOWN,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Tell how long work took, from its first start to the end; by state or phase, how long a visit did."""
    wish = Wish("cycle-time", json, csv, parquet, plot, limit=limit)
    workspace = Workspace()
    rows = durations.cycle(workspace, _filter(of, template, since, until), by.value if by else "template")
    rows = titles.titled(workspace, rows)
    reportout.out(wish, rows, reportlines.took(rows, limit, "cycle time, in days", "agenticops report bottlenecks"))


@app.command("lead-time", **example("agenticops report lead-time --by client --plot lead-time.svg"))
def lead_time(
    of: OfOption = None,
    by: ByOption = None,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = reportlines.SHOWN,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Tell how long it took from the creation to the end; by state or phase, from coming there to leaving."""
    wish = Wish("lead-time", json, csv, parquet, plot, limit=limit)
    workspace = Workspace()
    rows = durations.lead(workspace, _filter(of, template, since, until), by.value if by else "template")
    rows = titles.titled(workspace, rows)
    reportout.out(wish, rows, reportlines.took(rows, limit, "lead time, in days", "agenticops report cycle-time"))


@app.command(
    **example("agenticops report throughput --per month", "agenticops report throughput --value invoice.amount --csv")
)
def throughput(
    of: OfOption = None,
    by: ByOption = None,
    per: Annotated[Per, typer.Option(help="How long a period is.")] = Per.week,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    value: Value = "",
    limit: Limit = reportlines.SHOWN,
    mermaid: Mermaid = False,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Count what ended a period, how much of it well, and the value that it delivered."""
    wish = Wish("throughput", json, csv, parquet, plot, mermaid, limit)
    workspace, wanted = Workspace(), _filter(of, template, since, until)
    if value:
        outcomes.declared(value)
    found = outcomes.throughput(workspace, wanted, by.value if by else "", per.value, value)
    rows = titles.titled(workspace, found)
    if mermaid:
        reportout.say(diagram.bars(rows, per.value))
        return
    reportout.out(wish, rows, reportlines.ended(rows, limit, per.value))


@app.command(**example("agenticops report success --by agent"))
def success(
    of: OfOption = None,
    by: ByOption = None,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = reportlines.SHOWN,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Tell how many ended well, and between what the true share lies; by state, of those that came by there."""
    wish = Wish("success", json, csv, parquet, plot, limit=limit)
    workspace = Workspace()
    rows = outcomes.success(workspace, _filter(of, template, since, until), by.value if by else "template")
    rows = titles.titled(workspace, rows)
    reportout.out(wish, rows, reportlines.outcomes(rows, limit))


@app.command(**example("agenticops report wip", "agenticops report wip --by agent --until 2026-06-30"))
def wip(
    of: OfOption = None,
    by: ByOption = None,
    template: Template = "",
    until: Until = "",
    limit: Limit = reportlines.SHOWN,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Tell what is under way, where it stands, and what of it is older than usual there."""
    wish = Wish("wip", json, csv, parquet, plot, limit=limit)
    workspace = Workspace()
    rows = titles.titled(
        workspace, places.wip(workspace, _filter(of, template, "", until), by.value if by else "phase")
    )
    reportout.out(wish, rows, reportlines.under_way(rows, limit))


@app.command(**example("agenticops report bottlenecks --template HS_STD", "agenticops report bottlenecks --by agent"))
def bottlenecks(
    of: OfOption = None,
    by: ByOption = None,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = 10,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Tell where most time is lost, with the evidence."""
    wish = Wish("bottlenecks", json, csv, parquet, plot, limit=limit)
    workspace = Workspace()
    found = places.bottlenecks(workspace, _filter(of, template, since, until), by.value if by else "phase")
    rows = titles.titled(workspace, found)
    reportout.out(wish, rows, reportlines.lost(rows, limit))


@app.command(**example("agenticops report forecast", "agenticops report forecast --id w7k2 --json"))
def forecast(
    name: Annotated[str, typer.Option("--id", metavar="ID", help="Only this instance or work item.")] = "",
    of: OfOption = None,
    template: Template = "",
    since: Since = "",
    until: Until = "",
    limit: Limit = forecasts.SHOWN,
    csv: Csv = False,
    parquet: Parquet = "",
    plot: Plot = "",
    json: Json = False,
) -> None:
    """Foretell when what is under way will end, and how; with what such forecasts were worth before."""
    wish = Wish("forecast", json, csv, parquet, plot, limit=limit)
    if limit == 0 and not name and not (json or csv or parquet):
        raise UsageError("all at once is for programs", hint="agenticops report forecast --limit 0 --json")
    workspace = Workspace()
    rows, tests = forecasts.foretell(workspace, _filter(of, template, since, until), name, limit)
    rows = titles.titled(workspace, rows)
    reportout.out(wish, rows, reportlines.expected(rows, tests), tests)
