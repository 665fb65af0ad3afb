"""History: the events, filtered."""

from __future__ import annotations

import re
from datetime import datetime

from agenticops.errors import StateError, UsageError
from agenticops.model.event import Event
from agenticops.model.kinds import KINDS
from agenticops.model.layout import EVENTS
from agenticops.ports.clock import timestamp
from agenticops.workspace import Workspace

_SPAN = re.compile(r"([0-9]{1,6})\s*(m|h|d|w)")
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def events(
    workspace: Workspace,
    *,
    ticket: str = "",
    item: str = "",
    actor: str = "",
    kind: str = "",
    since: str = "",
    limit: int = 0,
) -> list[Event]:
    """Give events in order. `ticket` and `item` may be the start of an id; `limit` keeps the last ones."""
    where, values = ["1"], []
    if ticket:
        where.append("(instr(ticket, ?) = 1 OR instr(ticket, '_' || ?) > 0)")
        values += [ticket, ticket]
    if item:
        where.append("instr(item, ?) = 1")
        values.append(item)
    if kind:
        if kind not in KINDS and not workspace.index.value("SELECT 1 FROM event WHERE kind = ? LIMIT 1", kind):
            raise UsageError(f"there is no event kind {kind!r}", hint=_near(kind))
        where.append("kind = ?")
        values.append(kind)
    if since:
        where.append("at >= ?")
        values.append(moment(since, workspace.clock.milliseconds()))
    if actor:
        who = "instr(lower(json_extract(json, '$.actor.operator')), lower(?)) > 0"
        where.append(f"({who} OR json_extract(json, '$.actor.agent') = ?)")
        values += [actor, actor]
    for path, message, place, hint in workspace.index.problems():
        if path.startswith(EVENTS):
            raise StateError(message, place=place, hint=hint)
    return workspace.log.select(" AND ".join(where), tuple(values), limit)


def _near(kind: str) -> str:
    import difflib

    near = difflib.get_close_matches(kind, KINDS, 3, 0.4)
    return f"did you mean {' or '.join(near)}?" if near else f"for example {', '.join(list(KINDS)[:4])}"


def moment(words: str, now: int) -> str:
    """Read `today`, `2d`, `3h`, a date or a time as a time stamp in UTC. Raises UsageError."""
    if words == "today":
        return timestamp(now)[:10]
    match = _SPAN.fullmatch(words.strip())
    if match:
        return timestamp(max(now - int(match[1]) * _SECONDS[match[2]] * 1000, 0))
    for form, length in (("%Y-%m-%d", 10), ("%Y-%m-%dT%H:%M:%S", 19), ("%Y-%m-%dT%H:%M:%SZ", 19)):
        try:
            # Written anew: times are compared as texts, and 2026-1-5 is a date too.
            return datetime.strptime(words, form).isoformat()[:length]
        except ValueError:
            continue
    raise UsageError(f"{words!r} is no time", hint="say today, 2d, 3h, 2026-11-01 or 2026-11-01T08:00:00")
