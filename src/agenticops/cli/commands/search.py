"""`search`: words in documents, notes and records."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example
from agenticops.cli.lines import DIM, STRONG, WARN, Line, clean, cut, following, line
from agenticops.cli.output import emit
from agenticops.flows import search as flow
from agenticops.store.words import BEGIN, END
from agenticops.workspace import Workspace

app = typer.Typer(rich_markup_mode=None, add_completion=False)
MOST = 100_000
SHOW = {"item": "work", "instance": "workflow"}


@app.command(
    **example("agenticops search late deliveries", "agenticops search 'scanner OR camera*' --in risk --in decision")
)
def search(
    words: Annotated[list[str], typer.Argument(metavar="WORD...", help="Words, or a question in FTS5's syntax.")],
    kinds: Annotated[
        list[str], typer.Option("--in", metavar="KIND", help=f"Only there: {', '.join(flow.NOUNS)}.")
    ] = [],  # noqa: B006
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most so many.")] = flow.FOUND,
    json: Json = False,
) -> None:
    """Find words in work items, tickets, risks, decisions, records of architecture, sessions, notes and names."""
    found = flow.run(Workspace(), words, kinds, limit)
    rows = [row for hit in found for row in _lines(hit)]
    if not found:
        rows.append(line(("nothing found", DIM)))
    rows.append(following(_next(found)))
    plain = [
        {**{k: getattr(hit, k) for k in ("noun", "name", "place", "title")}, "excerpt": _plain(hit.excerpt)}
        for hit in found
    ]
    emit("search", {"found": plain}, rows, json)


def _lines(hit: flow.Found) -> list[Line]:
    excerpt: Line = [("    ", "")]
    for number, part in enumerate(" ".join(hit.excerpt.split()).replace(END, BEGIN).split(BEGIN)):
        excerpt.append((clean(part), WARN if number % 2 else DIM))
    head = line(
        f"{hit.noun:<10} ", (clean(hit.name), STRONG), f"  {cut(hit.title, 70)}", (f"  {clean(hit.place)}", DIM)
    )
    # A match in the title alone is not said twice.
    return [head] if _plain(hit.excerpt).strip("…") in " ".join(hit.title.split()) else [head, excerpt]


def _plain(excerpt: str) -> str:
    return " ".join(excerpt.replace(BEGIN, "").replace(END, "").split())


def _next(found: list[flow.Found]) -> str:
    if not found:
        return "agenticops query --schema"
    first = found[0]
    if first.noun in ("session", "note", "adr"):
        return "agenticops recall" if first.noun == "note" else "agenticops search WORD --in decision"
    return f"agenticops {SHOW.get(first.noun, first.noun)} show {clean(first.name)}"
