"""The guard: what a coding agent's PreToolUse hook calls before every tool call, as `agenticops-guard` (ADR 0025).

It reads the call on stdin and says nothing, `ask` or `deny` on stdout. It has an entry point of its own because it
costs on every call: neither a command framework nor `json`, `re` or `typing` is loaded while the table is fresh.
`python -I -S path/to/guard.py` is the same, for who wants it even cheaper.
"""

from __future__ import annotations

import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from agenticops.core import ruling, tools
from agenticops.core.ruling import ASK, NOTHING
from agenticops.ports.ground import LONGEST, Ground, train
from agenticops.store import limitstable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from agenticops.core.ruling import Answer
    from agenticops.store.limitstable import Table

MOST = 800


def main() -> None:
    """Judge the call on stdin, and end. Only who cannot say what it has to say ends with 2, which refuses the call."""
    said = spoken(answer(_stdin()))
    code = 0
    try:
        while said:
            said = said[os.write(1, said) :]
    except OSError:
        code = 2
    # What would be tidied up now is gone anyway: a sixth of the time of `python -c pass`.
    os._exit(code)


def answer(raw: bytes) -> Answer:
    """Judge what a hook handed over. What is no tool call, or outside of a train, is answered with nothing."""
    try:
        return _judged(raw)
    except Exception as e:  # the hook must neither break the agent nor wave a call through
        found = _unread(raw)
        return (ASK, f"agenticops-guard met a bug: {type(e).__name__}. {found[1]}") if found[0] else NOTHING


def _judged(raw: bytes) -> Answer:
    try:
        call = loaded(raw.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError, StopIteration, SystemError):  # the last: C has no error class without `json`
        return _unread(raw) if train(_start(None))[0] else NOTHING
    if not isinstance(call, dict) or not ("tool_name" in call or "tool_input" in call):
        return NOTHING
    here = call.get("cwd")
    if not isinstance(here, str) or not 0 < len(here) <= LONGEST or "\0" in here:
        here = os.getcwd()
    root, git = train(here)
    if not root:
        root, git = train(_start(here))
    if not root:
        return NOTHING
    name, arguments = call.get("tool_name"), call.get("tool_input")
    if not isinstance(name, str) or not name:
        return ASK, "the call names no tool that can be read"
    table = limitstable.read(git)
    if table is None or not table.fresh(root, git):
        table = _built(root, git)
    given = arguments if isinstance(arguments, dict) else {}
    return ruling.decide(table.limits, name, given, Ground(root, here, os.environ))


def _start(here: str | None) -> str:
    """The client's project: an agent that changed into another folder still works for it."""
    return os.environ.get("CLAUDE_PROJECT_DIR") or here or os.getcwd()


def _built(root: str, git: str) -> Table:
    """Build the table anew, with all that this takes."""
    if sys.flags.no_site:
        import site

        site.main()
    from agenticops.flows import limits

    table = limits.table(root, git)
    if table.rests:
        limitstable.write(git, table)
    return table


def _unread(raw: bytes) -> Answer:
    """Answer for a call that cannot be read: a tool that reads is let through, for the rest a person is asked."""
    _, key, rest = raw.partition(b'"tool_name"')
    name = rest.lstrip(b" \t\r\n:").removeprefix(b'"').partition(b'"')[0].decode("utf-8", "replace")
    if not key or tools.canonical(name) in tools.READING or name in tools.NEUTRAL:
        return NOTHING
    return ASK, "this tool call cannot be read, so nobody knows whether the mode allows it"


class _Plain:
    """What C's scanner wants to know; numbers stay text, because no rule is about one."""

    strict = False
    object_hook = object_pairs_hook = None
    parse_float = parse_int = parse_constant = str


def loaded(text: str) -> object:
    """Read JSON without loading `json`, which costs more than all the rest; what C's scanner raises is let through."""
    text = text.lstrip("\ufeff \t\r\n")
    try:
        from _json import make_scanner

        scan = make_scanner(_Plain)  # type: ignore[arg-type]  # it takes whatever has these attributes
    except (ImportError, AttributeError, TypeError):
        import json

        return json.loads(text, strict=False)
    return scan(text, 0)[0]


def spoken(found: Answer) -> bytes:
    """Write an answer as the client documents it; nothing for no objection, so that its own ways go on."""
    decision, reason = found
    if not decision:
        return b""
    words = reason if len(reason) <= MOST else f"{reason[:MOST]}…"
    if not words.isprintable():
        from agenticops.model.plain import clean

        words = clean(words)
    verdict = f'"permissionDecision": "{decision}", "permissionDecisionReason": {_quoted(words)}'
    return f'{{"hookSpecificOutput": {{"hookEventName": "PreToolUse", {verdict}}}}}\n'.encode()


def _quoted(text: str) -> str:
    try:
        from _json import encode_basestring_ascii
    except ImportError:
        import json

        return json.dumps(text)
    return str(encode_basestring_ascii(text))


def _stdin() -> bytes:
    pieces = []
    try:
        while piece := os.read(0, 1 << 20):
            pieces.append(piece)
    except OSError:
        pass  # there is none
    return b"".join(pieces)


if __name__ == "__main__":
    main()
