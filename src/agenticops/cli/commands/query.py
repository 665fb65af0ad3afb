"""`query`: SQL over the index; nothing can be changed by it."""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from agenticops.cli.commands.options import Json, example
from agenticops.cli.lines import DIM, STRONG, Line, clean, counted, following, line
from agenticops.cli.output import complain, emit, redacted
from agenticops.errors import UsageError
from agenticops.flows import query as flow
from agenticops.store.asking import Answer
from agenticops.workspace import Workspace

app = typer.Typer(rich_markup_mode=None, add_completion=False)
WIDE = 60
MOST = 10_000_000
# So much of a value is looked at to show its begin.
LOOKED = 1_000
# A single function of SQL looks at no clock, and hears no Ctrl-C: so many seconds later the process ends.
PATIENCE = 5.0


@app.command(
    **example(
        'agenticops query "SELECT state, COUNT(*) FROM instance GROUP BY state"',
        "agenticops query --schema",
        'agenticops query "SELECT * FROM visit WHERE template = ?" --value HS_STD --csv > visits.csv',
    )
)
def query(
    sql: Annotated[str, typer.Argument(metavar="[SQL]", help="One SELECT; - reads it from the input.")] = "",
    value: Annotated[list[str], typer.Option(metavar="VALUE", help="Stands for the next question mark.")] = [],  # noqa: B006
    limit: Annotated[int, typer.Option(min=1, max=MOST, help="At most so many rows.")] = flow.SHOWN,
    seconds: Annotated[float, typer.Option(min=0.1, help="Stop after so long.")] = flow.SECONDS,
    csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    schema: Annotated[bool, typer.Option("--schema", help="Show the tables and what they say.")] = False,
    json: Json = False,
) -> None:
    """Ask the index by SQL: the log, tickets, workflow instances, records. It only reads."""
    workspace = Workspace()
    if schema:
        tables = flow.schema(workspace)
        emit("schema", {"tables": tables}, _schema(tables), json)
        return
    with _ended_after(seconds + PATIENCE):
        found = flow.run(workspace, sys.stdin.read() if sql == "-" else sql, tuple(value), limit, seconds)
    if csv and not json:
        _csv(found)
        return
    data = {"columns": found.columns, "rows": [[_plain(v) for v in row] for row in found.rows], "more": found.more}
    emit("query", data, _table(found), json)


@contextmanager
def _ended_after(seconds: float) -> Iterator[None]:
    watch = threading.Timer(min(seconds, threading.TIMEOUT_MAX), _end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _end() -> None:
    """End the process: it only reads, so nothing is half-written."""
    complain(UsageError("stopped: one function of it takes too long", hint="narrow it with WHERE"))
    sys.stderr.flush()
    os._exit(UsageError.exit_code)


def _schema(tables: list[flow.Table]) -> list[Line]:
    rows: list[Line] = []
    for table in tables:
        rows.append(line((f"{table.name:<10}", STRONG), table.says))
        rows += [line(f"  {c.name:<11}", (f"{c.type.lower():<8} {c.says}", DIM)) for c in table.columns]
    return [*rows, following('agenticops query "SELECT kind, COUNT(*) FROM event GROUP BY kind"')]


def _table(found: Answer) -> list[Line]:
    shown = [[_cell(v) for v in row] for row in found.rows]
    widths = [max(len(clean(name)), *(len(r[i]) for r in shown), 1) for i, name in enumerate(found.columns)]
    heads = [clean(name).ljust(width) for name, width in zip(found.columns, widths, strict=True)]
    rows = [line(("  ".join(heads).rstrip(), STRONG))]
    rows += [line("  ".join(cell.ljust(w) for cell, w in zip(r, widths, strict=True)).rstrip()) for r in shown]
    if found.more:
        rows.append(line((f"  … more than {counted(len(shown), 'row')}; --limit shows them", DIM)))
    if not shown:
        rows.append(line(("no rows", DIM)))
    return [*rows, following("agenticops query --schema")]


def _cell(value: Any) -> str:
    text = redacted(clean("" if value is None else str(_plain(value))[:LOOKED]))
    return text if len(text) <= WIDE else text[: WIDE - 1] + "…"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)  # JSON has no such number
    return value.hex() if isinstance(value, bytes) else value


def _csv(found: Answer) -> None:
    import csv

    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(found.columns)
    out.writerows([_plain(v) for v in row] for row in found.rows)
    if found.more:
        sys.stderr.write(f"  … more than {counted(len(found.rows), 'row')}; --limit shows them\n")
