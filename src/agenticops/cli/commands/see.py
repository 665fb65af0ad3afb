"""`next` and `status`."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import hot
from agenticops.cli.commands.options import Json, example, group

app = group("See where the work stands.", "agenticops status")


@app.command("next", **example("agenticops next", "agenticops next training_142 --json"))
def next_(
    ticket: Annotated[str, typer.Argument(metavar="[TICKET]", help="Of this ticket; default: the one at hand.")] = "",
    json: Json = False,
) -> None:
    """Name the one thing to do now, why, and the command to run."""
    raise typer.Exit(hot.serve("next", ticket or None, json))


@app.command(**example("agenticops status"))
def status(json: Json = False) -> None:
    """Show where every open ticket stands, what holds it, sessions and blockers."""
    raise typer.Exit(hot.serve("status", None, json))
