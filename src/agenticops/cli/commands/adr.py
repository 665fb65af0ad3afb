"""`adr`: architecture decision records."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.forms import tell_broken
from agenticops.cli.lines import DIM, Line, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.flows import adr
from agenticops.workspace import Workspace

app = group("Architecture decision records, and which of them still stand.", "agenticops adr list")


@app.command(**example('agenticops adr new "Use one queue" --supersedes 0004'))
def new(
    title: Annotated[str, typer.Argument(help="What was decided, in one line.")],
    supersedes: Annotated[
        list[str], typer.Option("--supersedes", metavar="ADR", help="A record that it takes the place of.")
    ] = [],  # noqa: B006
    proposed: Annotated[bool, typer.Option("--proposed", help="It is not accepted yet.")] = False,
    json: Json = False,
) -> None:
    """Write a new record; what it supersedes says so from now on."""
    found = adr.new(Workspace(), title, supersedes, "proposed" if proposed else "accepted")
    rows = [ok(f"record {found.id}", found.path)]
    rows += [ok(f"{clean(s)} is superseded") for s in found.supersedes]
    emit("adr", found, [*rows, following("agenticops adr list")], json)


@app.command("list", **example("agenticops adr list"))
def list_(json: Json = False) -> None:
    """List the records with their status; a broken chain is an error."""
    found, broken = adr.listing(Workspace())
    rows: list[Line] = [line(f"{cut(r.id, 50):<50}  ", (cut(r.status, 40), DIM)) for r in found] or [
        line(("no records", DIM)),
        following('agenticops adr new "…"'),
    ]
    emit("adr-list", found, rows, json)
    tell_broken(broken)
