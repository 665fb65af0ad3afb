"""`mode`: the page of a mode, and entering another one."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli import hot, page
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, Line, clean, following, line, ok, text
from agenticops.cli.output import emit
from agenticops.core.tokens import BUDGET, estimate
from agenticops.flows import report, session
from agenticops.workspace import Workspace

app = group("Modes: bounded working contexts with rules, tools and a checklist.", "agenticops mode show")


@app.command(**example("agenticops mode show", "agenticops mode show build", "agenticops mode show --stats"))
def show(
    what: Annotated[
        str, typer.Argument(metavar="[MODE|TICKET]", help="A mode, or a ticket; default: the ticket at hand.")
    ] = "",
    stats: Annotated[
        bool, typer.Option("--stats", help="Print what the page costs an agent to read; without a name, of every mode.")
    ] = False,
    json: Json = False,
) -> None:
    """Show all that an agent needs: purpose, checklist state, artifacts owed, rules, tools, transitions."""
    if not stats:
        raise typer.Exit(hot.serve("mode", what or None, json))
    found = _stats(Workspace(), what)
    emit("mode-stats", {"budget": BUDGET["mode page"], "pages": found}, _stats_lines(found), json)


def _stats(workspace: Workspace, what: str) -> list[dict[str, Any]]:
    """Measure the page that is named; else that of the ticket at hand, when there is one, and those of all modes."""
    pages = [report.mode_page(workspace, what)] if what else []
    if not what:
        row = report.aimed(workspace, None)
        names = [*([row["id"]] if row else []), *report.pipeline_of(workspace)["modes"]]
        pages = [report.mode_page(workspace, name) for name in names]
    return [_measured(found) for found in pages]


def _measured(found: dict[str, Any]) -> dict[str, Any]:
    words = text(page.mode_lines(found))
    tokens, budget = estimate(words), BUDGET["mode page"]
    name = found["ticket"]["id"] if found["ticket"] else ""
    size = {"characters": len(words), "tokens": tokens, "budget": budget, "share": round(tokens / budget, 2)}
    return {"mode": found["mode"]["name"], "ticket": name, **size, "over": tokens > budget}


def _stats_lines(found: list[dict[str, Any]]) -> list[Line]:
    head = f"{'page':<34}{'characters':>11}{'tokens':>8}{'budget':>8}{'share':>7}"
    rows = [line((head, DIM))]
    for one in found:
        name = clean(f"{one['mode']}  {one['ticket']}".rstrip())
        size = f"{one['characters']:>11}{one['tokens']:>8}{one['budget']:>8}{one['share']:>7.0%}"
        rows.append(line(f"{name:<34}{size}  ", ("over", BAD) if one["over"] else ("ok", GOOD)))
    over = next((one for one in found if one["over"]), None)
    hint = f"agenticops checklist show {over['ticket']}" if over and over["ticket"] else "agenticops mode show"
    return [*rows, following(hint.rstrip())]


@app.command(**example("agenticops mode enter evaluate"))
def enter(
    mode: Annotated[str, typer.Argument(metavar="MODE", help="A mode of the pipeline.")], json: Json = False
) -> None:
    """Enter a mode that the present one leads to, or go back to the ticket's own."""
    found, path = session.enter(Workspace(), mode)
    emit(
        "mode-enter",
        {"path": path, "session": found},
        [ok(f"mode {mode}", path), following(f"agenticops mode show {mode}")],
        json,
    )
