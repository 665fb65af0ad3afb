"""`override`: what was let through, until when, and paying it back."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, TicketArgument, example, group
from agenticops.cli.lines import BAD, DIM, STRONG, WARN, Line, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.override import Override
from agenticops.flows import override
from agenticops.workspace import Workspace

app = group("Overrides: open until they are paid back.", "agenticops override list")


@app.command("list", **example("agenticops override list"))
def list_(json: Json = False) -> None:
    """List the overrides that are open: who, why, until when, and the risk."""
    workspace = Workspace()
    found = override.listing(workspace)
    now = workspace.now
    rows = [row for o in found for row in _lines(o, now)]
    if found:
        rows.append(following(f'agenticops override repay {found[0].ticket} --reason "…"'))
    emit("override-list", found, rows or [ok("no override is open")], json)


def _lines(o: Override, now: str) -> list[Line]:
    late = bool(o.expires) and o.expires <= now
    until = f"until {o.expires[:10]}" if o.expires else "without an end"
    return [
        line((f"{o.ticket}", STRONG), "  ", (f"{until}{', run out' if late else ''}", BAD if late else WARN)),
        line(("  why   ", DIM), cut(o.reason, 90)),
        line(("  who   ", DIM), clean(o.operator), (f"  {o.at[:10]}  risk {clean(o.risk) or 'none'}", DIM)),
    ]


@app.command(**example('agenticops override repay training_142 --reason "The report is complete now"'))
def repay(
    ticket: TicketArgument = "",
    reason: Annotated[str, typer.Option(help="What was put right.")] = "",
    decision: Annotated[
        str, typer.Option(metavar="DECISION", help="The decision that settles it, where the gate cannot hold any more.")
    ] = "",
    json: Json = False,
) -> None:
    """Pay an override back: the gate holds now, or a decision settles it. Its risk is closed."""
    found = override.repay(Workspace(), ticket or None, reason, decision)
    rows = [ok(f"{counted(len(found), 'override')} of {found[0].ticket} paid back"), following("agenticops status")]
    emit("override-repay", {"repaid": found}, rows, json)
