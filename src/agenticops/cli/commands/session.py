"""`begin`, `handoff` and `session`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Json, TextArgument, TicketArgument, example, group
from agenticops.cli.lines import DIM, STRONG, WARN, Line, bad, clean, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core import noted
from agenticops.errors import EXIT_VERDICT, ConflictError, UsageError
from agenticops.flows import session
from agenticops.model.session import Session
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from agenticops.core.packet import Packet
    from agenticops.flows.resume import Hand, Recovery

app = group(
    "The session: one actor's run of work, kept in ACTIVE_SESSION.md.",
    'agenticops session note "the March export has gaps"',
)
todos = group("To-dos of the session.", 'agenticops session todo add "profile the March export"')
app.add_typer(todos, name="todo")
SHOWN, CHANGED = 3, 10


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
    here = Workspace()
    found, path, opened = session.begin(here, ticket or None, agent)
    rows = [ok(f"{found.agent} works {opened.id}", f"mode {found.mode} · session in {path}"), *_left(found)]
    handed = session.handed(here, found)
    if handed:
        rows.append(line(("  handed  ", DIM), f"agenticops session packet --handoff {handed}"))
    emit("begin", {"path": path, "session": found, "ticket": opened}, [*rows, following("agenticops mode show")], json)


def _left(found: Session) -> list[Line]:
    """Show what a session left for whoever goes on, the blockers first."""
    still = [t for t in found.todos if t.status != "completed"]
    return [
        *(line(("  blocker ", WARN), cut(b, 100)) for b in found.blockers),
        *(line(("  note    ", DIM), clean(n)) for n in found.notes[-SHOWN:]),
        *(line(("  decided ", DIM), cut(d, 100)) for d in found.decisions[-SHOWN:]),
        *(line(("  to-do   ", DIM), f"{t.id} {cut(t.content, 90)}") for t in still[:SHOWN]),
        *([line((f"  … {len(still) - SHOWN} more to-dos", DIM))] if len(still) > SHOWN else []),
        *(line(("  step    ", DIM), clean(s)) for s in found.next_steps),
    ]


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
    from agenticops.flows import handoff as hand  # most session commands hand nothing on

    done = hand.handoff(Workspace(), to, note, next)
    data = {"path": done.path, "session": done.session, "findings": done.findings, "packet": done.packet}
    if done.packet is None:
        lacks = bad(f"the hand-off to {to} lacks {len(done.findings)}")
        emit("handoff", data, [lacks, *board.finding_lines(done.findings)], json)
        raise typer.Exit(EXIT_VERDICT)
    ticket = done.session.ticket
    rows = [
        ok(f"{done.session.agent} handed {ticket} to {to}", done.path),
        *_page(done.packet),
        following(f"agenticops begin {board.short(ticket)} --agent {to}"),
    ]
    emit("handoff", data, rows, json)


def _page(handed: Packet) -> list[Line]:
    from agenticops.core import packet

    return [line(clean(row)) for row in packet.page(handed).splitlines()]


@app.command(
    "packet", **example("agenticops session packet --output packet.md", "agenticops session packet --handoff last")
)
def packet_(
    handoff: Annotated[str, typer.Option(metavar="ID", help="The packet of a hand-off, by its event; or last.")] = "",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page to a new file.")] = None,
    json: Json = False,
) -> None:
    """Show the page for whoever goes on: as it stands, or as it was handed."""
    from agenticops.core import packet as pages
    from agenticops.flows import packet

    here = Workspace()
    event, found = packet.handed(here, handoff) if handoff else (None, packet.present(here))
    text = pages.page(found)
    if output is not None:
        _write(output, text)
    data = {"handoff": event.id if event else "", "at": event.at if event else "", "sha256": pages.digest(found)}
    rows = [ok("written", str(output))] if output is not None else _page(found)
    emit("session-packet", {**data, "packet": found, "page": text}, rows, json)


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        message = "the file exists already; it is not overwritten"
        raise ConflictError(message, place=str(output), hint="name another file") from None
    except OSError as e:
        raise UsageError(f"the page cannot be written: {e.strerror}", place=str(output)) from None


@app.command(**example("agenticops session show"))
def show(json: Json = False) -> None:
    """Show the session that counts here, and which file it is."""
    kept, found, path = session.standing(Workspace())
    rows: list[Line] = [
        line((f"session {found.id}", STRONG), f"  {found.status.replace('_', ' ')}", (f"  {path}", DIM)),
        line(("  ticket   ", DIM), f"{found.ticket}", (f"  {found.mode} · {found.agent}", DIM)),
        line(("  operator ", DIM), clean(found.operator), (f"  since {found.started_at}", DIM)),
    ]
    for title in ("decisions", "blockers", "next_steps", "notes"):
        rows += [line((f"  {title.replace('_', ' '):<11}", DIM), cut(t, 100)) for t in getattr(found, title)]
    rows += [
        line(
            (f"  todo {t.id:<5}", DIM),
            f"{'✓' if t.status == 'completed' else '·'} {cut(t.content, 90)}",
            (f"  {t.priority}", DIM),
        )
        for t in found.todos
    ]
    for verb, files in (("created", found.artifacts.created), ("modified", found.artifacts.modified)):
        rows += [line((f"  {verb:<11}", DIM), clean(f)) for f in files]
    if found.handoff.to:
        rows.append(line(("  handed to ", DIM), found.handoff.to))
    unsaved = found != kept
    if unsaved:
        rows += [
            line(("  unsaved   ", WARN), "hooks noted more than the file holds"),
            following("agenticops session save"),
        ]
    emit("session", {"path": path, "session": found, "unsaved": unsaved}, rows, json)


@app.command("list", **example("agenticops session list", "agenticops session list --all"))
def list_(
    all: Annotated[bool, typer.Option("--all", help="Those in the clone's other worktrees too.")] = False,
    json: Json = False,
) -> None:
    """List the sessions: open ones and the archive; an active one whose agent is silent for long says so."""
    here = Workspace()
    from agenticops.flows import desks

    found = desks.listing(here, all)
    rows: list[Line] = []
    for p in found:
        s = p.session
        heard = f"  {'silent for' if p.silent else 'heard of'} {board.age(p.seen, here.now)}".replace(
            " now", " just now"
        )
        said = [] if s.status != "active" else [(heard if p.seen else "  no sign of life", WARN if p.silent else DIM)]
        where = f"  in {clean(p.worktree)}" if all else ""
        rows.append(
            line(f"{s.id:<30} {s.status:<10} {s.ticket:<26} {s.agent:<10} ", (p.path, DIM), *said, (where, DIM))
        )
    silent = next((p for p in found if p.silent), None)
    if silent is not None:
        rows.append(following("agenticops session resume --dry-run"))
    emit(
        "session-list",
        found,
        rows or [line(("no sessions", DIM)), following("agenticops begin TICKET --agent AGENT")],
        json,
    )


@app.command(**example("agenticops session save"))
def save(json: Json = False) -> None:
    """Let the file take over what an agent's hooks noted."""
    found, path, fresh = session.save(Workspace(), "asked for")
    files, mirrored = found.artifacts, [t for t in found.todos if t.id.startswith(noted.MIRRORED)]
    holds = f"{len(files.created)} created, {len(files.modified)} modified, {len(mirrored)} of the agent's to-dos"
    rows = [ok(f"saved: the file holds {holds}", path) if fresh else ok("nothing new to save", path)]
    emit("session-save", {"path": path, "session": found, "saved": fresh}, rows, json)


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


@app.command(**example("agenticops session resume", "agenticops session resume --dry-run"))
def resume(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be restored and what is in hand.")
    ] = False,
    from_log: Annotated[
        bool,
        typer.Option("--from-log", help="Take the log's word over a front-matter edited by hand; it is kept aside."),
    ] = False,
    json: Json = False,
) -> None:
    """Resume the session: after a pause, or after a crash from what the log tells."""
    from agenticops.flows import resume as resuming

    here = Workspace()
    found = resuming.look(here, from_log) if dry_run else resuming.resume(here, from_log)
    status = found.session.status.replace("_", " ")
    said = (
        f"it is {status}; a resume would go on" if dry_run else "resumed" if status == "active" else f"it is {status}"
    )
    rows = [ok(said, found.path), *_recovered(found), *_in_hand(found.hand)]
    rows.append(following("agenticops session resume" if dry_run else found.hand.command or "agenticops next"))
    data = {"path": found.path, "session": found.session, "dry_run": dry_run, "recovery": found}
    emit("session-resume", data, rows, json)


def _recovered(found: Recovery) -> list[Line]:
    rows: list[Line] = []
    if found.restored:
        what = ", ".join(found.restored) if found.state in ("stale", "edited") else "the whole front-matter"
        rows.append(line(("  from log ", WARN), what, (f"  the file was {found.state}", DIM)))
    elif found.differs:
        rows.append(line(("  by hand  ", DIM), ", ".join(found.differs), ("  --from-log takes the log's", DIM)))
    if found.kept:
        rows.append(line(("  kept     ", DIM), found.kept))
    return rows


def _in_hand(hand: Hand) -> list[Line]:
    rows = [line(("  to-do    ", DIM), cut(t, 100)) for t in hand.todos]
    if hand.do:
        rows.append(line(("  in hand  ", DIM), cut(hand.do, 100)))
    rows += [line(("  changed  ", DIM), clean(p)) for p in hand.changed[:CHANGED]]
    if len(hand.changed) > CHANGED:
        rows.append(line((f"  … {len(hand.changed) - CHANGED} more: git status", DIM)))
    if hand.journal:
        rows.append(line(("  crashed  ", WARN), f"a write was interrupted and is finished: {clean(hand.journal)}"))
    return rows


@app.command(**example("agenticops session archive", 'agenticops session archive --summary "the export is clean"'))
def archive(
    summary: Annotated[str, typer.Option(help="What came of it; default: told from the log.")] = "", json: Json = False
) -> None:
    """Put the session to rest with a summary; its text is kept."""
    path = session.archive(Workspace(), summary)
    emit("session-archive", {"path": path}, [ok("archived", path), following("agenticops next")], json)
