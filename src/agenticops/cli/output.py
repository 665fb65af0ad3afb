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
        sys.stdout.write(enveloped(kind, data))
        return
    show(lines, sys.stdout)


def enveloped(kind: str, data: Any) -> str:
    """Write the envelope. It holds no command for the log of a CI server, whatever a title says."""
    import json

    found = json.dumps({"schema": ENVELOPE, "kind": kind, "data": data}, ensure_ascii=False, default=_builtin)
    return (found if found.isprintable() else _escaped(found)).replace("##[", "##\\u005b") + "\n"


def show(lines: Iterable[Line], stream: TextIO) -> None:
    """Print lines, in colour on a terminal."""
    if not colourful(stream):
        plain = text(lines)
        stream.write(_disarmed(plain) if os.environ.get("GITHUB_ACTIONS") else plain)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(file=stream, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for row in lines:
        console.print(Text.assemble(*((clean(words), style) for words, style in row)))


def _disarmed(plain: str) -> str:
    """Take what the log of a GitHub run would obey for what it is: words of a user."""
    import re

    return re.sub(r"(?m)^(\s*):(?=:)", r"\1: ", plain).replace("##[", "## [")


def complain(error: TrainError) -> None:
    """Print an error: what, where, what to do next. What looks like a secret is blacked out."""
    rows: list[Line] = [[("✗ ", "red"), (clean(redacted(error.message)), "")]]
    if error.place:
        rows.append([("  at    ", "dim"), (clean(redacted(error.place)), "")])
    if error.hint:
        rows.append([("  next  ", "dim"), (clean(redacted(error.hint)), "bold")])
    show(rows, sys.stderr)


def redacted(words: object) -> str:
    """Black out what looks like a secret, and the secrets of this environment."""
    from agenticops.core import secrets

    return secrets.redact(str(words), secrets.known_values(os.environ))


def _escaped(text: str) -> str:
    """Write what a terminal could obey as JSON escapes: controls, direction marks, what no letter shows."""
    import json

    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _builtin(value: Any) -> Any:
    import msgspec

    return msgspec.to_builtins(value)
