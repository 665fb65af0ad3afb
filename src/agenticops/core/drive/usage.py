"""What a run of an agent used, read from what it printed. Lines that are not known are passed over; nothing is raised.

Tokens are those that were read anew and those that were written: reading a cache again costs a fraction, and would
drown the rest. `claude` prints `--output-format stream-json`, `codex` prints `exec --json`, `gemini` prints
`--output-format json` or `stream-json`. A `plain` program may end with lines `cost: 0.12` and `tokens: 345`, or with
one JSON object with `money` and `tokens`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from agenticops.core.drive.settings import Reads
from agenticops.core.secrets import redact
from agenticops.model.drive import Usage
from agenticops.model.plain import clean

# What is kept of an agent's last words, and how many of a plain program's last lines may tell what it used.
SAID = 8000
LAST = 20
REASON = 300
_ASKS = re.compile(r"^[ \t>*_`]*(?:NEEDS-PERSON|BLOCKED)[*_`]*:(.*)$", re.MULTILINE)
_TELLS = re.compile(r"^\s*(cost|tokens):\s*([0-9]+(?:\.[0-9]+)?)\s*$", re.IGNORECASE)
Line = dict[str, Any]


def read(reads: Reads, out: str) -> Usage:
    """Read what a run used from its standard output, as programs of this kind print it."""
    return _READERS[reads](out)


def asks(said: str) -> str:
    """Give why an agent's last words ask for a person (`NEEDS-PERSON: …`, `BLOCKED: …` on a line), or nothing."""
    found = [match[1].strip(" \t\r*_`") for match in _ASKS.finditer(said)]
    if not found:
        return ""
    return clean(redact(found[-1]))[:REASON] or "the agent did not say what for"


def objects(out: str) -> Iterator[Line]:
    """Give the JSON objects that stand on a line of their own."""
    for row in out.split("\n"):  # and at no other sign: a text in JSON may hold those
        found = decoded(row)
        if found:
            yield found


def decoded(row: str) -> Line:
    """Read a line that is a JSON object; an empty one for any other."""
    if not row.lstrip().startswith("{"):
        return {}
    try:
        return below(msgspec.json.decode(row))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return {}


def below(value: object) -> Line:
    """Give a mapping, an empty one for anything else: what agents print is not ours to trust."""
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Give a text, an empty one for anything else."""
    return value if isinstance(value, str) else ""


def each(value: object) -> Iterator[Line]:
    """Give the mappings of a list."""
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _number(value: object) -> float:
    """Give a number that is not negative, or 0."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if math.isfinite(value) and value > 0 else 0.0


def _sum(counts: Line, names: Iterable[str], less: str = "") -> int:
    return max(int(sum(_number(counts.get(name)) for name in names) - _number(counts.get(less))), 0)


def _money(value: object) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool)
    return _number(value) if known else None


def _claude(out: str) -> Usage:
    model = session = said = error = ""
    money: float | None = None
    tokens, messages = 0, dict[str, int]()
    over = False
    for row in objects(out):
        kind = row.get("type")
        session = text(row.get("session_id")) or session
        if kind == "system":
            model = text(row.get("model")) or model
        elif kind == "assistant" and not row.get("parent_tool_use_id"):  # not what a helper of the agent says
            message = below(row.get("message"))
            said = _words(message) or said
            used = _sum(below(message.get("usage")), _CLAUDE)
            name = text(message.get("id"))
            messages[name] = max(used, messages.get(name, 0))  # a message comes in parts, each with its usage
        elif kind == "result":
            over = True
            said = text(row.get("result")) or said
            models = below(row.get("modelUsage"))
            money = _money(row.get("total_cost_usd"))
            tokens = sum(_sum(below(m), _CLAUDE_MODEL) for m in models.values())
            tokens = tokens or _sum(below(row.get("usage")), _CLAUDE)
            model = max(models, key=lambda name: _number(below(models[name]).get("costUSD")), default="") or model
            error = _claude_error(row)
    return Usage(money, tokens if over else sum(messages.values()), model, session, error[:SAID], said[-SAID:])


_CLAUDE = ("input_tokens", "cache_creation_input_tokens", "output_tokens")
_CLAUDE_MODEL = ("inputTokens", "cacheCreationInputTokens", "outputTokens")


def _claude_error(row: Line) -> str:
    kind = text(row.get("subtype"))
    if row.get("is_error") is not True and kind in ("", "success"):
        return ""
    told = row.get("errors")
    more = "; ".join(e for e in told if isinstance(e, str)) if isinstance(told, list) else ""
    return more or text(row.get("result")) or kind or "the run failed"


def _words(message: Line) -> str:
    return "\n".join(text(part.get("text")) for part in each(message.get("content")) if part.get("type") == "text")


def _codex(out: str) -> Usage:
    session = said = error = ""
    tokens = 0
    for row in objects(out):
        kind, item = row.get("type"), below(row.get("item"))
        if kind == "thread.started":
            session = text(row.get("thread_id"))
        elif kind == "turn.completed":
            tokens += _sum(below(row.get("usage")), ("input_tokens", "output_tokens"), "cached_input_tokens")
            error = ""  # what was wrong before did not hold it up
        elif kind == "turn.failed":
            error = text(below(row.get("error")).get("message")) or "the turn failed"
        elif kind == "error":
            error = text(row.get("message")) or "the run failed"
        elif kind == "item.completed" and item.get("type") == "agent_message":
            said = text(item.get("text")) or said
    return Usage(None, tokens, "", session, error[:SAID], said[-SAID:])


def _gemini(out: str) -> Usage:
    rows = [row for row in objects(out) if isinstance(row.get("type"), str)]
    return _gemini_stream(rows) if rows else _gemini_whole(_last_object(out))


def _gemini_whole(found: Line) -> Usage:
    models = below(below(found.get("stats")).get("models"))
    counts = {name: below(below(one).get("tokens")) for name, one in models.items()}
    tokens = sum(_sum(one, ("total",), "cached") for one in counts.values())
    model = max(counts, key=lambda name: _number(counts[name].get("total")), default="")
    said, session = text(found.get("response")), text(found.get("session_id"))
    return Usage(None, tokens, model, session, _gemini_error(found)[:SAID], said[-SAID:])


def _gemini_stream(rows: Iterable[Line]) -> Usage:
    model = session = said = error = ""
    tokens = 0
    for row in rows:
        kind = row["type"]
        if kind == "init":
            model, session = text(row.get("model")), text(row.get("session_id"))
        elif kind == "message" and row.get("role") == "assistant":
            words = text(row.get("content"))
            said = said + words if row.get("delta") is True else words
        elif kind == "tool_use":
            said = ""  # only the words after its last deed are the last words
        elif kind == "error" and row.get("severity") == "error":
            error = text(row.get("message"))
        elif kind == "result":
            stats = below(row.get("stats"))
            tokens = _sum(stats, ("total_tokens",), "cached")
            error = "" if row.get("status") == "success" else _gemini_error(row) or error
    return Usage(None, tokens, model, session, error[:SAID], said[-SAID:])


def _gemini_error(row: Line) -> str:
    found = below(row.get("error"))
    failed = bool(found) or row.get("status") == "error"
    return text(found.get("message")) or text(found.get("type")) or ("the run failed" if failed else "")


def _last_object(out: str) -> Line:
    """Read the JSON object that the output ends with; it may be spread over lines, with other lines before it."""
    starts = [match.start() for match in re.finditer(r"^\{", out, re.MULTILINE)]
    for start in reversed(starts[-LAST:]):
        if found := decoded(out[start:]):
            return found
    return {}


def _plain(out: str) -> Usage:
    rows = [row for row in out.split("\n") if row.strip()]
    told = decoded(rows[-1]) if rows else {}
    money, tokens = _money(told.get("money")), int(_number(told.get("tokens")))
    for row in rows[-LAST:]:
        if match := _TELLS.match(row):
            if match[1].lower() == "cost":
                money = _number(float(match[2]))
            else:
                tokens = int(_number(float(match[2])))
    model, session, error = (text(told.get(name)) for name in ("model", "session", "error"))
    said = "\n".join(row for row in out[-SAID:].split("\n") if not _TELLS.match(row))
    return Usage(money, tokens, model, session, error[:SAID], text(told.get("said")) or said)


_READERS: dict[Reads, Callable[[str], Usage]] = {
    "claude": _claude,
    "codex": _codex,
    "gemini": _gemini,
    "plain": _plain,
}
