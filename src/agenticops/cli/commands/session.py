"""`begin`, `handoff` and `session`."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Json, TextArgument, TicketArgument, example, group
from agenticops.cli.lines import DIM, STRONG, Line, bad, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_VERDICT
from agenticops.flows import session
from agenticops.model.session import Session
from agenticops.workspace import Workspace

app = group(
    "The session: one actor's run of work, kept in ACTIVE_SESSION.md.",
    'agenticops session note "the March export has gaps"',
)
todos = group("To-dos of the session.", 'agenticops session todo add "profile the March export"')
app.add_typer(todos, name="todo")


class Importance(StrEnum):
    """How much a to-do matters."""

    high = "high"
    medium = "medium"
    low = "low"


def _told(kind: str, what: str, found: tuple[Session, str], json: bool) -> None:
    shown, path = found
    emit(kind, {"path": path, "session": shown}, [ok(what, path)], json)


@app.command(**example("agenticops begin training_142 --agent lab"))
def begin(
    ticket: TicketArgument = "",
    agent: Annotated[str, typer.Option("--agent", "-a", help="The role that works; default: the ticket's.")] = "",
    json: Json = False,
) -> None:
    """Begin to work a ticket: opens its session, and takes over what was handed on."""
    found, path, opened = session.begin(Workspace(), ticket or None, agent)
    rows = [ok(f"{found.agent} works {opened.id}", f"mode {found.mode} · session in {path}")]
    rows += [line(("  note    ", DIM), clean(n)) for n in found.notes[-3:]]
    rows += [line(("  step    ", DIM), clean(s)) for s in found.next_steps]
    emit("begin", {"path": path, "session": found, "ticket": opened}, [*rows, following("agenticops mode show")], json)


@app.command(
    **example('agenticops handoff --to studio --next "Review the feature map" --note "leakage was found in age"')
)
def handoff(
    to: Annotated[str, typer.Option(metavar="AGENT", help="Who goes on.")],
    note: Annotated[str, typer.Option(help="What the next one must know.")] = "",
    next: Annotated[list[str], typer.Option(help="A next step; may be given more than once.")] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Hand the session on. What the receiving agent requires must be there (exit 3)."""
    found, path, missing = session.handoff(Workspace(), to, note, next)
    data = {"path": path, "session": found, "findings": missing}
    if missing:
        emit("handoff", data, [bad(f"the hand-off to {to} lacks {len(missing)}"), *board.finding_lines(missing)], json)
        raise typer.Exit(EXIT_VERDICT)
    rows = [
        ok(f"{found.agent} handed {found.ticket} to {to}", path),
        following(f"agenticops begin {board.short(found.ticket)} --agent {to}"),
    ]
    emit("handoff", data, rows, json)


@app.command(**example("agenticops session show"))
def show(json: Json = False) -> None:
    """Show the session that counts here, and which file it is."""
    found, path = session.current(Workspace())
    rows: list[Line] = [
        line((f"session {found.id}", STRONG), f"  {found.status.replace('_', ' ')}", (f"  {path}", DIM)),
        line(("  ticket   ", DIM), f"{found.ticket}", (f"  {found.mode} · {found.agent}", DIM)),
        line(("  operator ", DIM), clean(found.operator), (f"  since {found.started_at}", DIM)),
    ]
    for title in ("decisions", "blockers", "next_steps", "notes"):
        rows += [line((f"  {title.replace('_', ' '):<10}", DIM), cut(t, 100)) for t in getattr(found, title)]
    rows += [
        line(
            (f"  todo {t.id:<5}", DIM),
            f"{'✓' if t.status == 'completed' else '·'} {cut(t.content, 90)}",
            (f"  {t.priority}", DIM),
        )
        for t in found.todos
    ]
    if found.handoff.to:
        rows.append(line(("  handed to ", DIM), found.handoff.to))
    emit("session", {"path": path, "session": found}, rows, json)


@app.command("list", **example("agenticops session list"))
def list_(json: Json = False) -> None:
    """List the sessions: open ones and the archive."""
    found = session.listing(Workspace())
    rows = [line(f"{s.id:<30} {s.status:<10} {s.ticket:<26} {s.agent:<10} ", (path, DIM)) for path, s in found]
    data = [{"path": path, "session": s} for path, s in found]
    emit(
        "session-list",
        data,
        rows or [line(("no sessions", DIM)), following("agenticops begin TICKET --agent AGENT")],
        json,
    )


@app.command(**example('agenticops session note "the export has 3 % duplicates"'))
def note(text: TextArgument, json: Json = False) -> None:
    """Write a note down."""
    _told("session-note", "noted", session.append(Workspace(), "notes", text, "session_noted"), json)


@app.command(**example('agenticops session decide "drop the postcode: it leaks the label"'))
def decide(text: TextArgument, json: Json = False) -> None:
    """Write a decision down."""
    _told(
        "session-decide", "decision recorded", session.append(Workspace(), "decisions", text, "session_decided"), json
    )


@app.command(**example('agenticops session step "ask the clinic for the March export"'))
def step(text: TextArgument, json: Json = False) -> None:
    """Add a next step; a hand-off carries it on."""
    _told("session-step", "next step added", session.append(Workspace(), "next_steps", text, "next_step_added"), json)


@app.command(**example('agenticops session block "no access to the warehouse"'))
def block(text: TextArgument, json: Json = False) -> None:
    """Note what holds this session."""
    _told("session-block", "blocker noted", session.append(Workspace(), "blockers", text, "session_blocked"), json)


@app.command(**example('agenticops session unblock "warehouse"'))
def unblock(
    text: Annotated[str, typer.Argument(help="A part of the blocker's text; default: all.")] = "", json: Json = False
) -> None:
    """Take blockers out that are cleared."""
    _told("session-unblock", "unblocked", session.unblock(Workspace(), text), json)


@todos.command("add", **example('agenticops session todo add "profile the March export" --priority high'))
def todo_add(
    text: TextArgument,
    priority: Annotated[Importance, typer.Option(help="How much it matters.")] = Importance.medium,
    json: Json = False,
) -> None:
    """Add a to-do."""
    found, path = session.add_todo(Workspace(), text, priority.value)
    emit("session-todo", {"path": path, "session": found}, [ok(f"to-do {found.todos[-1].id} added", path)], json)


@todos.command("done", **example("agenticops session todo done dk3f9"))
def todo_done(
    todo: Annotated[str, typer.Argument(help="Its id, or a unique part of its text.")], json: Json = False
) -> None:
    """Mark a to-do completed."""
    _told("session-todo", "to-do completed", session.finish_todo(Workspace(), todo), json)


@app.command(**example("agenticops session pause"))
def pause(json: Json = False) -> None:
    """Pause the session."""
    _told("session-pause", "paused", session.turn(Workspace(), "paused", "session_paused", ("active",)), json)


@app.command(**example("agenticops session resume"))
def resume(json: Json = False) -> None:
    """Resume a paused session."""
    _told("session-resume", "resumed", session.turn(Workspace(), "active", "session_resumed", ("paused",)), json)


@app.command(**example("agenticops session archive"))
def archive(json: Json = False) -> None:
    """Put the session to rest; its text is kept."""
    path = session.archive(Workspace())
    emit("session-archive", {"path": path}, [ok("archived", path), following("agenticops next")], json)
