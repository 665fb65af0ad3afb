"""`remember`, `recall`, `forget`: notes for those who come after."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, TextArgument, example
from agenticops.cli.lines import DIM, STRONG, Line, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.memory import Note
from agenticops.flows import memory
from agenticops.workspace import Workspace

app = typer.Typer(rich_markup_mode=None, add_completion=False)
Ticket = Annotated[str, typer.Option("--ticket", "-t", metavar="TICKET", help="For this ticket.")]
Mode = Annotated[str, typer.Option(metavar="MODE", help="For this mode.")]
Tags = Annotated[list[str], typer.Option("--tag", metavar="TAG", help="A tag; may be given more than once.")]


@app.command(
    **example(
        'agenticops remember "The scanner rounds up; compare with the raw log" --ticket build_142 --tag scanner',
        'agenticops remember "Ask the nurses on Mondays"',
    )
)
def remember(text: TextArgument, ticket: Ticket = "", mode: Mode = "", tag: Tags = [], json: Json = False) -> None:  # noqa: B006
    """Keep a note for a ticket, a mode, or else the whole project. The same words are not kept twice."""
    note, new = memory.remember(Workspace(), text, ticket, mode, tag)
    what = "remembered" if new else "known already"
    rows = [ok(f"{what} for {_for(note.scope)}", note.id), following(f"agenticops recall{_scoped(note.scope)}")]
    emit("remember", {"note": note, "new": new}, rows, json)


@app.command(**example("agenticops recall scanner rounds", "agenticops recall --ticket build_142 --json"))
def recall(
    words: Annotated[list[str], typer.Argument(metavar="[WORD]...", help="Words that a note holds, all of them.")] = [],  # noqa: B006
    ticket: Ticket = "",
    mode: Mode = "",
    tag: Tags = [],  # noqa: B006
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = memory.FOUND,
    everything: Annotated[bool, typer.Option("--all", help="All of them, the forgotten ones too.")] = False,
    json: Json = False,
) -> None:
    """Find notes by words (also by how they begin), the best first; without words the newest first."""
    found, holding = memory.recall(Workspace(), words, ticket, mode, tag, 0 if everything else limit, everything)
    rows = [r for n in found for r in _lines(n)]
    if holding > len(found):
        rows.append(line((f"  … {holding - len(found)} more; --all shows them", DIM)))
    if not found:
        rows.append(line(("no note says so" if words else "no notes", DIM)))
    rows.append(following('agenticops forget ID --reason "…"' if found else 'agenticops remember "…"'))
    emit("recall", {"notes": found, "holding": holding}, rows, json)


def _lines(note: Note) -> list[Line]:
    tags = "".join(f" #{t}" for t in note.tags)
    rows = [line((f"{clean(note.id)}  ", STRONG), clean(note.text))]
    who = note.agent or note.operator.partition(" <")[0]
    rows.append(line("             ", (clean(f"{note.scope} · {note.at[:10]} · {who}{tags}"), DIM)))
    if note.forgotten:
        rows.append(line("             ", (f"forgotten: {clean(note.forgotten)}", DIM)))
    return rows


@app.command(**example('agenticops forget n1f3k9x2m0a --reason "the scanner was replaced"'))
def forget(
    notes: Annotated[list[str], typer.Argument(metavar="ID...", help="Notes, by id or its start.")],
    reason: Annotated[str, typer.Option(help="Why they count no more.")],
    json: Json = False,
) -> None:
    """Take notes out of what is recalled; the log keeps them."""
    found = memory.forget(Workspace(), notes, reason)
    rows = [ok(f"forgot {counted(len(found), 'note')}"), following("agenticops recall")]
    emit("forget", {"notes": found, "reason": " ".join(reason.split())}, rows, json)


def _for(scope: str) -> str:
    return "the project" if scope == "project" else clean(scope.replace("/", " "))


def _scoped(scope: str) -> str:
    noun, _, name = scope.partition("/")
    return f" --{noun} {clean(name)}" if name else ""
