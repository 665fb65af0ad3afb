"""What hooks noted of a session since its front-matter was last written: files touched, and the agent's own to-dos.

A hook writes events only; two agents that work at once would else change one file. The front-matter takes over what
was noted at explicit commands and at save points (ADR 0024).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from agenticops.core import fold
from agenticops.model.event import Event
from agenticops.model.session import Session, Todo, Touched

# Ids of to-dos that mirror an agent's own list begin so; those that a command added begin with "d".
MIRRORED = "m"


def pending(session: Session, events: Iterable[Event]) -> dict[str, Any]:
    """Give the front-matter fields that are behind what was noted, or {}. `events` are those of the session."""
    waiting = _unsaved(events)
    fields: dict[str, Any] = {}
    touched = _touched(session.artifacts, [e for e in waiting if e.kind == "artifact_touched"])
    if touched != session.artifacts:
        fields["artifacts"] = {"created": list(touched.created), "modified": list(touched.modified)}
    lists = [e for e in waiting if e.kind == "todos_noted"]
    if lists:
        own = [t for t in session.todos if not t.id.startswith(MIRRORED)]
        todos = (*own, *mirrored(lists[-1]))
        if todos != session.todos:
            fields["todos"] = msgspec.to_builtins(todos)
    return fields


def standing(session: Session, events: Iterable[Event]) -> Session:
    """Give a session as it stands: its front-matter, and what was noted since."""
    fields = pending(session, events)
    return msgspec.convert({**msgspec.to_builtins(session), **fields}, Session) if fields else session


def mirrored(event: Event) -> tuple[Todo, ...]:
    """Read the to-dos of one `todos_noted`; an entry that is none is left out."""
    found = []
    for entry in _entries(event):
        try:
            found.append(msgspec.convert(entry, Todo))
        except msgspec.ValidationError:
            continue
    return tuple(found)


def _entries(event: Event) -> list[object]:
    value = event.data.get("todos")
    return value if isinstance(value, list) else []


def _unsaved(events: Iterable[Event]) -> list[Event]:
    found: list[Event] = []
    for event in fold.live(events):
        if event.kind == "session_saved":
            found.clear()
        else:
            found.append(event)
    return found


def _touched(known: Touched, events: list[Event]) -> Touched:
    """Add paths in the order in which they were touched; what the session created is not modified by it too."""
    created, modified = dict.fromkeys(known.created), dict.fromkeys(known.modified)
    for event in events:
        path = str(event.data.get("path", ""))
        if path and path not in created:
            if event.data.get("verb") == "created" and path not in modified:
                created[path] = None
            else:
                modified[path] = None
    return Touched(tuple(created), tuple(modified))
