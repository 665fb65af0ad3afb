"""`agents hook`: what a coding agent's hooks call. Served before typer loads; an agent is never stopped by it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from agenticops.core import agentjson
from agenticops.errors import EXIT_OK, TrainError

# Claude Code's own names for the same.
NAMES = {
    "SessionStart": "session-start",
    "UserPromptSubmit": "prompt",
    "PostToolUse": "post-tool",
    "PreCompact": "pre-compact",
    "Stop": "stop",
    "SubagentStop": "subagent-stop",
    "SessionEnd": "session-end",
}
# Bytes of a call: a tool's answer may hold whole files, more than this is no call of a hook.
LIMIT = 64 * 1024 * 1024
# Seconds to wait for another writer: the agent waits for us.
PATIENCE = "2"


def serve(name: str) -> int:
    """Answer one hook, always with exit code 0: stdout holds one JSON document, or nothing."""
    _open_streams()
    data = _stdin()
    event = NAMES.get(name, name)
    if event not in NAMES.values():
        return _say(f"no hook is called {name!a}; these are: {', '.join(NAMES.values())}")
    payload = agentjson.read(data)
    if payload is None:
        return _say(f"{event}: what came in is no JSON object")
    try:
        from agenticops.flows import agenthooks

        with _patience():
            answer = agenthooks.answer(event, payload)
    except TrainError as e:
        return _tell(event, e)
    except OSError as e:
        return _say(f"{event}: the system refused: {os.strerror(e.errno or 0)}")
    except Exception as e:  # a bug of ours must not break the agent either
        if os.environ.get("AGENTICOPS_DEBUG"):
            raise
        return _say(f"{event}: agenticops met a bug: {type(e).__name__}: {e}; AGENTICOPS_DEBUG=1 shows where")
    if answer.output:
        _print(answer.output)
    return _tell(event, answer.problem) if answer.problem else EXIT_OK


def _open_streams() -> None:
    """Open what a client has closed: else the next file that is opened would be taken for a stream."""
    if sys.stdin and sys.stdout and sys.stderr:
        return
    for handle in range(3):
        try:
            os.fstat(handle)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115  # for as long as the process lives
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115


def _stdin() -> bytes:
    """Read what the client sends, to its end; a person at a terminal sends nothing."""
    stream = getattr(sys.stdin, "buffer", None)
    try:
        if stream is None or stream.isatty():
            return b""
        data: bytes = stream.read(LIMIT)
        while stream.read(1 << 20):
            data = b"\0"  # too long: read on, so that the client is not left with a broken pipe
    except OSError:
        return b""
    return data


def _print(output: dict[str, object]) -> None:
    import json

    try:
        sys.stdout.write(json.dumps(output) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise  # the entry silences it
    except OSError:
        return  # a full disk, a stream that is gone: there is nobody to tell


def _tell(event: str, error: TrainError) -> int:
    parts = (error.message, f"at {error.place}" if error.place else "", f"next: {error.hint}" if error.hint else "")
    return _say(f"{event}: {'; '.join(filter(None, parts))}")


def _say(words: str) -> int:
    """Write one line on the error stream, which the client shows to nobody but who asks for it."""
    from agenticops.cli.lines import clean
    from agenticops.cli.output import redacted

    sys.stderr.write(f"agenticops: {clean(redacted(words))}\n")
    return EXIT_OK


@contextmanager
def _patience() -> Iterator[None]:
    """Wait for other writers as long as a hook may, unless the user said how long."""
    if "AGENTICOPS_LOCK_WAIT" in os.environ:
        yield
        return
    os.environ["AGENTICOPS_LOCK_WAIT"] = PATIENCE
    try:
        yield
    finally:
        del os.environ["AGENTICOPS_LOCK_WAIT"]
