"""`mode`: the page of a mode, and entering another one."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import hot
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import following, ok
from agenticops.cli.output import emit
from agenticops.flows import session
from agenticops.workspace import Workspace

app = group("Modes: bounded working contexts with rules, tools and a checklist.", "agenticops mode show")


@app.command(**example("agenticops mode show", "agenticops mode show build"))
def show(
    what: Annotated[
        str, typer.Argument(metavar="[MODE|TICKET]", help="A mode, or a ticket; default: the ticket at hand.")
    ] = "",
    json: Json = False,
) -> None:
    """Show all that an agent needs: purpose, checklist state, artifacts owed, rules, tools, transitions."""
    raise typer.Exit(hot.serve("mode", what or None, json))


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
