"""`next --claim`: what was taken, and what to do with it."""

from __future__ import annotations

from agenticops.cli.lines import DIM, Line, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_OK
from agenticops.flows import claim as claiming
from agenticops.workspace import Workspace


def serve(wanted: str, login: str, local: bool, as_json: bool) -> int:
    """Claim an item and show it; gives the exit code."""
    found = claiming.claim(Workspace(), wanted, login, local)
    emit("claim", found, lines(found), as_json)
    return EXIT_OK


def lines(found: claiming.Claim) -> list[Line]:
    """Show a claim, or why there is none."""
    if found.item is None:
        return [line(("nothing to claim: ", DIM), clean(found.reason)), following("agenticops work ready")]
    item = found.item
    where = f"issue #{item.issue}" if found.remote else "here alone"
    who = clean(found.login or (found.ticket.operator if found.ticket else ""))
    rows = [ok(f"{item.kind} {item.id} is yours: {cut(item.title, 60)}"), line((f"  {who} · now · {where}", DIM))]
    if found.ticket is not None:
        return [*rows, following(f"agenticops begin {found.ticket.id} --agent {found.ticket.agent}")]
    phase = " --phase PHASE" if item.kind == "Task" else ""
    return [*rows, following(f"agenticops ticket new {item.id}{phase}")]
