"""`checklist`: the bullets of a ticket."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, TicketArgument, TicketOption, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, Line, clean, following, line, ok
from agenticops.cli.output import emit
from agenticops.flows import checklist
from agenticops.model.checklist import Bullet, Checklist
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace

app = group("Checklists: a bullet marked * is required.", "agenticops checklist tick 3")
ONE = "A bullet: its key, its number, or a unique part of its text."


@app.command(**example("agenticops checklist show", "agenticops checklist show training_142 --json"))
def show(ticket: TicketArgument = "", json: Json = False) -> None:
    """Show a ticket's bullets with their keys."""
    found, bullets = checklist.show(Workspace(), ticket or None)
    data = {
        "ticket": found.id,
        "path": found.checklist_path,
        "bullets": bullets.bullets,
        "open": [b.key for b in bullets.open],
    }
    emit("checklist", data, _lines(found, bullets), json)


def _lines(ticket: Ticket, bullets: Checklist) -> list[Line]:
    done = len(bullets.owed) - len(bullets.open)
    rows: list[Line] = [
        line((ticket.id, STRONG), f"  {done}/{len(bullets.owed)} required", (f"  {ticket.checklist_path}", DIM))
    ]
    section = ""
    for number, bullet in enumerate(bullets.bullets, 1):
        if bullet.section != section:
            section = bullet.section
            rows.append(line((f"  {clean(section)}", DIM)))
        rows.append(_bullet(bullet, number))
    if bullets.open:
        rows.append(following(f"agenticops checklist tick {bullets.open[0].key} --ticket {ticket.id}"))
    return rows


def _bullet(bullet: Bullet, number: int = 0) -> Line:
    mark = ("✓ ", GOOD) if bullet.checked else ("· ", DIM)
    return line(
        f"  {number:>3} " if number else "  ",
        mark,
        (f"{bullet.key}  ", DIM),
        "  " * bullet.depth,
        clean(bullet.text),
        (" *" if bullet.required else "", BAD),
    )


@app.command(
    **example('agenticops checklist tick 3f9a2c1b "go/no-go"', 'agenticops checklist tick --all-in "Entry criteria"')
)
def tick(
    bullets: Annotated[list[str], typer.Argument(metavar="BULLET...", help=ONE)] = [],  # noqa: B006
    ticket: TicketOption = "",
    all_in: Annotated[
        list[str], typer.Option("--all-in", metavar="SECTION", help="All bullets of a section; may be repeated.")
    ] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Check bullets; each is an event with actor and time."""
    found, fresh = checklist.tick(Workspace(), ticket or None, bullets, all_in)
    rows = [ok(f"{clean(b.text)}") for b in fresh] or [ok("nothing to do: checked already")]
    emit(
        "checklist-tick", {"ticket": found.id, "ticked": fresh}, [*rows, following(f"agenticops next {found.id}")], json
    )


@app.command(**example('agenticops checklist add "Load-test the endpoint" --section "Core activities" --required'))
def add(
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    section: Annotated[str, typer.Option(help="The heading under which it goes.")],
    required: Annotated[bool, typer.Option("--required", help="Mark it with *.")] = False,
    ticket: TicketOption = "",
    json: Json = False,
) -> None:
    """Add a bullet at the end of a section."""
    found, bullet = checklist.add(Workspace(), ticket or None, text, section, required)
    emit(
        "checklist-add",
        {"ticket": found.id, "bullet": bullet},
        [ok(f"added to {bullet.section}"), _bullet(bullet)],
        json,
    )


@app.command(**example('agenticops checklist reword 3f9a2c1b "Record the decision and who took it"'))
def reword(
    bullet: Annotated[str, typer.Argument(help=ONE)],
    text: Annotated[str, typer.Argument(help="The new words.")],
    ticket: TicketOption = "",
    json: Json = False,
) -> None:
    """Give a bullet other words; its tick stays."""
    found, old, now = checklist.reword(Workspace(), ticket or None, bullet, text)
    emit(
        "checklist-reword",
        {"ticket": found.id, "was": old, "bullet": now},
        [ok(f"reworded: {clean(old.text)}"), _bullet(now)],
        json,
    )
