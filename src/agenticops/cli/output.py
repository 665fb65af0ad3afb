"""Output: lines for people, one versioned envelope for programs, errors on stderr. Only the faces print."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from agenticops.cli.lines import Line, clean, text
from agenticops.errors import TrainError

ENVELOPE = 1


def colourful(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal that wants colour."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def emit(kind: str, data: Any, lines: Iterable[Line], as_json: bool) -> None:
    """Print a result: the envelope with `--json`, else the lines."""
    if as_json:
        import json

        sys.stdout.write(
            json.dumps({"schema": ENVELOPE, "kind": kind, "data": data}, ensure_ascii=False, default=_builtin) + "\n"
        )
        return
    show(lines, sys.stdout)


def show(lines: Iterable[Line], stream: TextIO) -> None:
    """Print lines, in colour on a terminal."""
    if not colourful(stream):
        stream.write(text(lines))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for row in lines:
        console.print(Text.assemble(*row))


def complain(error: TrainError) -> None:
    """Print an error: what, where, what to do next."""
    rows: list[Line] = [[("✗ ", "red"), (clean(error.message), "")]]
    if error.place:
        rows.append([("  at    ", "dim"), (clean(error.place), "")])
    if error.hint:
        rows.append([("  next  ", "dim"), (clean(error.hint), "bold")])
    show(rows, sys.stderr)


def _builtin(value: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(value)
