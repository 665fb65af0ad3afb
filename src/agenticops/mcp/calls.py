"""Calls: a command of the CLI, run in this process and taken down. One at a time, since a process has one stdout."""

from __future__ import annotations

import io
import json
import os
import threading
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NamedTuple

from agenticops.errors import EXIT_BUG, EXIT_OK, EXIT_VERDICT

ONE = threading.Lock()


class Answer(NamedTuple):
    """What a command said: exit code, the envelope's kind and data (with --json), the text, and what went wrong."""

    code: int
    kind: str
    data: Any
    text: str
    error: str

    @property
    def failed(self) -> bool:
        """Whether it is an error; a verdict that does not hold is an answer."""
        return self.code not in (EXIT_OK, EXIT_VERDICT)


def run(arguments: Sequence[str], assistant: str = "") -> Answer:
    """Run a command. The caller is a program, and the train knows it as one."""
    from agenticops.cli import entry

    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with ONE, redirect_stdout(out), redirect_stderr(err):
        _as_agent(assistant)
        try:
            code = entry.main(list(arguments))
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else EXIT_BUG
    said, error = _text(out), _text(err).strip()
    envelope = _envelope(said)
    return Answer(code, envelope.get("kind", ""), envelope.get("data"), said, error)


def _as_agent(assistant: str) -> None:
    """Mark this process, as an agent's shell is marked: what a person must do is refused (ADR 0028)."""
    os.environ["AGENTICOPS_ASSISTANT"] = assistant or os.environ.get("AGENTICOPS_ASSISTANT") or "an MCP client"
    os.environ["CLAUDECODE"] = os.environ.get("CLAUDECODE") or "1"


def _envelope(said: str) -> dict[str, Any]:
    try:
        found = json.loads(said)
    except ValueError:
        return {}  # no --json, or an error: stdout is text or empty
    return found if isinstance(found, dict) else {}


def _text(stream: io.TextIOWrapper) -> str:
    raw = stream.detach()
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode("utf-8", "backslashreplace")
