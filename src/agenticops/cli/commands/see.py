"""`next`, `status` and `log`."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import board, hot
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, STRONG, Line, clean, line
from agenticops.cli.output import emit
from agenticops.flows import history
from agenticops.model.event import Event
from agenticops.workspace import Workspace

app = group("See where the work stands.", "agenticops status")

SHOWN = (
    "text",
    "words",
    "artifact",
    "path",
    "reason",
    "title",
    "to",
    "gate",
    "mode",
    "agent",
    "train",
    "todo",
    "fields",
)


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


@app.command(**example("agenticops log --ticket t7f3 --since today", "agenticops log --kind gate_refused --limit 5"))
def log(
    ticket: Annotated[
        str, typer.Option("--ticket", "-t", help="Events of a ticket (start of the id, or of its item).")
    ] = "",
    item: Annotated[str, typer.Option(help="Events of a work item (start of the id).")] = "",
    actor: Annotated[str, typer.Option(help="Events of an operator (part of name or mail) or agent.")] = "",
    kind: Annotated[str, typer.Option(help="Events of one kind, for example gate_passed.")] = "",
    since: Annotated[str, typer.Option(help="today, 2d, 3h, or a date (UTC).")] = "",
    limit: Annotated[int, typer.Option(min=0, help="The last N events; 0 gives all.")] = 0,
    json: Json = False,
) -> None:
    """Show the events, oldest first."""
    workspace = Workspace()
    events = history.events(workspace, ticket=ticket, item=item, actor=actor, kind=kind, since=since, limit=limit)
    emit("log", events, event_lines(events), json)


def event_lines(events: list[Event]) -> list[Line]:
    """Show events by day: time, who, what, on which ticket, and the words that matter."""
    rows: list[Line] = []
    day = ""
    width = max((len(_who(e)) for e in events), default=0)
    names = max((len(_name(e)) for e in events), default=0)
    for e in events:
        if e.at[:10] != day:
            day = e.at[:10]
            rows.append(line((day + " (UTC)", DIM)))
        words = f"{e.kind.replace('_', ' '):<20}"
        rows.append(
            line(f" {e.at[11:16]}  {_who(e):<{width}}  ", (words, STRONG), f"  {_name(e):<{names}}  ", (_words(e), DIM))
        )
    return rows or [line(("no events", DIM))]


def _name(event: Event) -> str:
    return board.short(event.ticket) or event.item or "train"


def _who(event: Event) -> str:
    operator = clean(event.actor.operator.split(" <")[0])[:24]
    return f"{operator} ({event.actor.agent})" if event.actor.agent else operator


def _words(event: Event) -> str:
    data = event.data
    if "codes" in data:
        count = data.get("findings", len(data["codes"]))
        return f"{data.get('gate', '')}: {count} findings, {', '.join(map(str, data['codes']))}"
    if event.kind == "item_moved":
        return f"{data.get('from') or 'start'} → {data.get('to')}"
    found = next((data[k] for k in SHOWN if data.get(k)), "")
    digest = f"  sha256 {str(data['sha256'])[:8]}" if "sha256" in data else ""
    return clean(found if isinstance(found, str) else ", ".join(map(str, found)))[:90] + digest
