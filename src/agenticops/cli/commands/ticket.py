"""`ticket`: visits of work items to phases."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Commit, ItemArgument, Json, TicketArgument, example, group
from agenticops.cli.commands.work import opened
from agenticops.cli.lines import DIM, STRONG, Line, bar, clean, following, line, ok
from agenticops.cli.output import emit
from agenticops.flows import aim, visit
from agenticops.flows import commit as commits
from agenticops.flows import ticket as tickets
from agenticops.workspace import Workspace

app = group("Tickets: one visit of a work item to a phase.", "agenticops ticket list --status blocked")


@app.command(**example("agenticops ticket new 142", "agenticops ticket new 77 --phase extraction"))
def new(
    item: ItemArgument,
    phase: Annotated[str, typer.Option(help="For a Task: the one phase that it visits.")] = "",
    commit: Commit = False,
    json: Json = False,
) -> None:
    """Open the first ticket of a work item, with its phase's checklist and artifact list."""
    workspace = Workspace()
    before = commits.staged(workspace, commits.documents(workspace, aim.item_id(workspace, item))) if commit else {}
    ticket = tickets.new(workspace, item, phase)
    done = commits.of_item(workspace, ticket.item, f"Open {ticket.id}", ticket.id, before=before) if commit else ""
    rows = opened(ticket)
    if done:
        rows.insert(-1, ok(f"committed {done}"))
    emit("ticket", {"ticket": ticket, "commit": done}, rows, json)


@app.command("list", **example("agenticops ticket list --status blocked", "agenticops ticket list --all --json"))
def list_(
    status: Annotated[str, typer.Option(help="todo, in_progress, blocked, in_review, done or cancelled.")] = "",
    phase: Annotated[str, typer.Option(help="Only those in a phase.")] = "",
    item: Annotated[str, typer.Option(help="Only those of a work item.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    json: Json = False,
) -> None:
    """List tickets; open ones unless told otherwise."""
    found = visit.listing(Workspace(), status, phase, item, everything)
    if json:
        return emit("ticket-list", found, [], True)
    shown = [(r["id"], r["status"], r["ticked"], r["required"], r["title"]) for r in found]
    return emit("ticket-list", found, board.list_lines(shown), False)


@app.command(**example("agenticops ticket show training_142 --json"))
def show(ticket: TicketArgument = "", json: Json = False) -> None:
    """Show all of a ticket: what it owns, what the log says, how its evaluations stand."""
    found = visit.full(Workspace(), ticket or None)
    emit("ticket", found, _full_lines(found), json)


def _full_lines(t: dict[str, Any]) -> list[Line]:
    """Show a ticket on one page."""
    rows: list[Line] = [line((t["id"], STRONG), f"  {clean(t['title'])}", (f"  {t['status'].replace('_', ' ')}", DIM))]
    pairs = {
        "item": f"{t['work_item']} ({t['kind']}, {t['priority']})",
        "phase": f"{t['phase']} · mode {t['mode']} · agent {t['agent']}",
        "operator": t["operator"],
        "stage": t["stage"],
        "started": t["started_at"],
        "completed": t["completed_at"],
        "blocked by": t["blocked_by"],
        "issue": t["url"] or (f"#{t['issue']}" if t["issue"] else ""),
    }
    rows += [line((f"  {k:<11}", DIM), clean(v)) for k, v in pairs.items() if v]
    count = t["checklist"]
    rows.append(
        line(
            ("  checklist  ", DIM),
            f"{bar(count['ticked'], count['required'])}  {count['ticked']}/{count['required']} required",
        )
    )
    for name, holds in t["evaluation"].items():
        if holds is not None:
            rows.append(line(f"    {'✓' if holds else '·'} {name.replace('_', ' ')}"))
    rows.append(following(f"agenticops next {t['id']}"))
    return rows


@app.command(**example('agenticops ticket edit training_142 --operator "Ada <ada@example.org>" --estimate-days 3'))
def edit(
    ticket: TicketArgument = "",
    operator: Annotated[str, typer.Option(help="The human who answers for it.")] = "",
    description: Annotated[str, typer.Option(help="What this visit is about.")] = "",
    estimate_days: Annotated[float, typer.Option(min=0, help="How many days it may take.")] = 0.0,
    estimate_hours: Annotated[float, typer.Option(min=0, help="How many hours of work it may need.")] = 0.0,
    add_hours: Annotated[float, typer.Option(min=0, help="Effort spent; it is added up in the log.")] = 0.0,
    json: Json = False,
) -> None:
    """Change what people own of a ticket."""
    changes = {
        "operator": operator,
        "description": description,
        "duration_estimate_days": estimate_days,
        "effort_estimate_hours": estimate_hours,
    }
    found = tickets.edit(Workspace(), ticket or None, {k: v for k, v in changes.items() if v}, add_hours)
    emit("ticket", {"ticket": found}, [ok(f"{found.id} changed", found.path)], json)


@app.command(**example('agenticops ticket block training_142 --reason "waits for the data agreement"'))
def block(
    reason: Annotated[str, typer.Option(help="What holds it.")], ticket: TicketArgument = "", json: Json = False
) -> None:
    """Hold a ticket."""
    found = tickets.block(Workspace(), ticket or None, reason)
    rows = [ok(f"{found.id} is blocked", reason), following(f"agenticops ticket unblock {found.id}")]
    emit("ticket", {"ticket": found}, rows, json)


@app.command(**example("agenticops ticket unblock training_142"))
def unblock(
    ticket: TicketArgument = "", reason: Annotated[str, typer.Option(help="What cleared it.")] = "", json: Json = False
) -> None:
    """Let a blocked ticket go on."""
    found = tickets.unblock(Workspace(), ticket or None, reason)
    emit(
        "ticket",
        {"ticket": found},
        [ok(f"{found.id} goes on", found.status.replace("_", " ")), following("agenticops next")],
        json,
    )


@app.command(**example('agenticops ticket cancel scope_142 --reason "no-go by the client"'))
def cancel(
    reason: Annotated[str, typer.Option(help="Why it ends here.")], ticket: TicketArgument = "", json: Json = False
) -> None:
    """End a visit without a result; the work item ends here too."""
    found = tickets.cancel(Workspace(), ticket or None, reason)
    emit("ticket", {"ticket": found}, [ok(f"{found.id} is cancelled", reason)], json)
