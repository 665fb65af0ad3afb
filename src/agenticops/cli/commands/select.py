"""`select`: which item the auto-pilot would take next."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import drivelines
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.output import emit
from agenticops.flows.drive import driver
from agenticops.workspace import Workspace

app = group("Which item the auto-pilot would take next.", "agenticops select --explain")


@app.command(**example("agenticops select", "agenticops select --explain"))
def select(
    explain: Annotated[bool, typer.Option("--explain", help="Say of every other item why it is passed over.")] = False,
    json: Json = False,
) -> None:
    """Show the item that the auto-pilot would take next; nothing is taken."""
    found = driver.explain(Workspace())
    data = {"item": found.item, "reason": found.reason, **({"passed": found.passed} if explain else {})}
    emit("select", data, drivelines.chosen(found, explain), json)
