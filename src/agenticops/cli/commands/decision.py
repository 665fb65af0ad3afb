"""`decision`: what was decided, on what grounds, how surely, and how it turned out."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.forms import PaperArgument, add_forms, list_lines, paper_lines, public, tell_broken
from agenticops.cli.lines import DIM, STRONG, Line, clean, following, line
from agenticops.cli.output import emit
from agenticops.core import decisions
from agenticops.flows import papers
from agenticops.model.paper import Decision
from agenticops.workspace import Workspace

app = group("Decisions: context, reasoning, outcome and confidence.", "agenticops decision list")
add_forms(
    app, "decision", '--title "Go on with two annotators" --reasoning "One was wrong in 8 %." --confidence 7 --item 142'
)


@app.command("list", **example("agenticops decision list"))
def list_(json: Json = False) -> None:
    """List the decisions, oldest first."""
    found, broken = papers.listing(Workspace(), "decision")
    emit("decision-list", [public(d) for d in found], _rows(found), json)
    tell_broken(broken)


def _rows(found: list[Decision]) -> list[Line]:
    if not found:
        return list_lines("decision", [])
    width = max(len(d.id) for d in found)
    return [
        line(f"{d.id:<{width}}  ", (f"{d.decision_type:<20} {d.confidence_score:>2}/10  ", DIM), d.result)
        for d in found
    ]


@app.command(**example("agenticops decision show 2026-01-01-go-on"))
def show(
    paper: PaperArgument,
    reveal: Annotated[bool, typer.Option("--reveal", help="Put in the values that env: and keyring: name.")] = False,
    json: Json = False,
) -> None:
    """Show a decision with every attribute; what is sensitive stays a reference."""
    found, times = papers.show(Workspace(), "decision", paper)
    if reveal:
        found = papers.revealed(found)
    rows = [*paper_lines("decision", found), *(line((f"  {k:<22}", DIM), v) for k, v in times.items() if v)]
    emit("decision", {**public(found), **times}, [*rows, following(f"agenticops trace {found.id}")], json)


@app.command(**example("agenticops decision search annotators --agent lab"))
def search(
    words: Annotated[list[str], typer.Argument(metavar="[WORD]...", help="Words that it holds, all of them.")] = [],  # noqa: B006
    agent: Annotated[str, typer.Option(help="Only those that give this agent work.")] = "",
    about: Annotated[str, typer.Option(metavar="ID", help="Only those about this ticket, item, gate or risk.")] = "",
    json: Json = False,
) -> None:
    """Find decisions by words, agent, and what they are about."""
    found, broken = papers.listing(Workspace(), "decision")
    hits = decisions.search(found, words, agent, about)
    rows = _rows(hits) if hits else [line(("no decision says so", DIM)), following("agenticops decision list")]
    emit("decision-search", [public(d) for d in hits], rows, json)
    tell_broken(broken)


@app.command(**example("agenticops decision report"))
def report(json: Json = False) -> None:
    """Compare outcomes with confidence, and show patterns by type and agent."""
    found, broken = papers.listing(Workspace(), "decision")
    made = decisions.report(found)
    emit("decision-report", made, _table(made), json)
    tell_broken(broken)


def _table(made: decisions.Report) -> list[Line]:
    rows: list[Line] = [line((f"{'':<22}{'taken':>6}{'open':>6}{'right':>6}{'mixed':>6}{'wrong':>6}   hits", DIM))]
    for title, group_ in (
        ("confidence", made.bands),
        ("type", made.types),
        ("agent", made.agents),
        ("all", (made.total,)),
    ):
        if title != "all":
            rows.append(line((title, STRONG)))
        rows += [_row(r) for r in group_ if r.count or title == "confidence"]
    if made.total.open:
        rows.append(following("agenticops decision edit DECISION --result right|mixed|wrong"))
    return rows


def _row(r: decisions.Row) -> Line:
    hits = "" if r.hits is None else f"{r.hits:>6.0%}"
    return line(f"  {clean(r.name):<20}{r.count:>6}{r.open:>6}{r.right:>6}{r.mixed:>6}{r.wrong:>6} {hits}")
