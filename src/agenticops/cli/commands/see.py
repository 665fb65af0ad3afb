"""`next` and `status`."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import hot
from agenticops.cli.commands.options import Json, example, group
from agenticops.errors import UsageError

app = group("See where the work stands.", "agenticops status")


@app.command("next", **example("agenticops next", "agenticops next training_142 --json", "agenticops next --claim"))
def next_(
    ticket: Annotated[
        str, typer.Argument(metavar="[TICKET]", help="Of this ticket; default: the one at hand. To claim: an item too.")
    ] = "",
    claim: Annotated[
        bool, typer.Option("--claim", help="Take the next item that is ready, or this one: assigned, and now.")
    ] = False,
    login: Annotated[
        str, typer.Option("--as", metavar="LOGIN", help="With --claim: for whom; default: whose token it is.")
    ] = "",
    local: Annotated[bool, typer.Option("--local", help="With --claim: here alone, without the forge.")] = False,
    json: Json = False,
) -> None:
    """Name the one thing to do now, why, and the command to run.

    With --claim: take a Task for yourself, at GitHub first when it has an issue. Exits 5 when somebody else has it.
    """
    if claim:
        from agenticops.cli import claimed

        raise typer.Exit(claimed.serve(ticket, login, local, json))
    if login or local:
        raise UsageError("--as and --local go with --claim", hint="agenticops next --claim")
    raise typer.Exit(hot.serve("next", ticket or None, json))


@app.command(**example("agenticops status"))
def status(json: Json = False) -> None:
    """Show where every open ticket stands, what holds it, sessions and blockers."""
    raise typer.Exit(hot.serve("status", None, json))
