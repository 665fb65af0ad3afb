"""Sessions as the log tells them: what the front-matter was after each event, so that a lost file can be restored.

The fields that commands write are the log's (`OWNED`); a file that shows what the log said once, and not what it says
now, is stale. What is neither was edited by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from agenticops.core import fold, noted
from agenticops.model.event import Event
from agenticops.model.session import Handoff, Parents, Session, Todo

BEGAN = "session_began"
OWNED = (
    *("status", "agent", "mode", "phase", "ticket", "todos", "artifacts", "decisions", "blockers", "next_steps"),
    *("notes", "handoff"),
)
Standing = Literal["current", "stale", "edited"]


def told(events: Iterable[Event]) -> list[Session]:
    """Give a session after each of its events; nothing when the log does not hold its beginning."""
    found: list[Session] = []
    waiting: list[Event] = []
    for event in fold.live(events):
        if event.kind == BEGAN:
            found.append(_began(event))
            continue
        if not found:
            continue
        waiting.append(event)
        step = _STEPS.get(event.kind)
        if event.kind == "session_saved":
            found.append(noted.standing(found[-1], waiting[:-1]))
            waiting = []
        elif step is not None:
            found.append(step(found[-1], event))
    return found


def standing(session: Session, history: Sequence[Session]) -> Standing:
    """Say how a file stands to what the log told."""
    known = [_key(s) for s in history]
    mine = _key(session)
    if not known or mine == known[-1]:
        return "current"
    return "stale" if mine in known else "edited"


def differing(session: Session, other: Session) -> list[str]:
    """Name the fields of the log in which two sessions differ."""
    return [name for name, a, b in zip(OWNED, _key(session), _key(other), strict=True) if a != b]


def last_at(events: Iterable[Event], path: str) -> str:
    """Name the session that was begun last in a file, or ""."""
    begun = [e for e in fold.live(events) if e.kind == BEGAN and e.data.get("path") == path]
    return max(begun, key=lambda e: e.order).subject.partition("/")[2] if begun else ""


def _key(session: Session) -> tuple[Any, ...]:
    """What must be equal; a merge may have put the entries of a list into another order."""
    return tuple(_unordered(getattr(session, name)) for name in OWNED)


def _unordered(value: Any) -> Any:
    return sorted(map(repr, value)) if isinstance(value, tuple) else value


def _began(event: Event) -> Session:
    return Session(
        id=event.subject.partition("/")[2],
        status="active",
        started_at=_text(event, "started_at") or event.at,
        operator=event.actor.operator,
        assistant=_text(event, "assistant"),
        agent=_text(event, "agent"),
        mode=_text(event, "mode"),
        phase=_text(event, "phase"),
        ticket=event.ticket,
        branch=_text(event, "branch"),
        parents=_parents(event),
        next_steps=_texts(event, "next_steps"),
    )


def _resumed(session: Session, event: Event) -> Session:
    """Go on after a pause, or as whom `begin` named."""
    if "agent" not in event.data:
        return replace(session, status="active")
    taken = {name: _text(event, name) for name in ("agent", "mode", "phase")}
    if "branch" in event.data:
        return replace(
            session,
            status="active",
            ticket=event.ticket,
            branch=_text(event, "branch"),
            parents=_parents(event),
            **taken,
        )
    return replace(session, status="active", ticket=event.ticket, **taken)


def _handed_off(session: Session, event: Event) -> Session:
    notes = _text(event, "notes")
    handoff = Handoff(_text(event, "to"), _texts(event, "requirements"), notes)
    more = (notes,) if notes else ()
    steps = _texts(event, "next_steps")
    return replace(session, status="handed_off", handoff=handoff, notes=(*session.notes, *more), next_steps=steps)


def _added(field: str) -> Callable[[Session, Event], Session]:
    return lambda s, e: replace(s, **{field: (*getattr(s, field), _text(e, "text"))})


def _unblocked(session: Session, event: Event) -> Session:
    gone = _texts(event, "blockers") or tuple(_text(event, "text").split("; "))
    return replace(session, blockers=tuple(b for b in session.blockers if b not in gone))


def _todo_added(session: Session, event: Event) -> Session:
    entry = {"id": _text(event, "todo"), "content": _text(event, "text"), "priority": event.data.get("priority")}
    try:
        todo = msgspec.convert({k: v for k, v in entry.items() if v is not None}, Todo)
    except msgspec.ValidationError:
        return session
    return replace(session, todos=(*session.todos, todo))


def _todo_completed(session: Session, event: Event) -> Session:
    done = _text(event, "todo")
    return replace(session, todos=tuple(replace(t, status="completed") if t.id == done else t for t in session.todos))


_STEPS: dict[str, Callable[[Session, Event], Session]] = {
    "session_resumed": _resumed,
    "session_paused": lambda s, e: replace(s, status="paused"),
    "session_archived": lambda s, e: replace(s, status="archived"),
    "session_noted": _added("notes"),
    "session_decided": _added("decisions"),
    "session_blocked": _added("blockers"),
    "session_unblocked": _unblocked,
    "next_step_added": _added("next_steps"),
    "todo_added": _todo_added,
    "todo_completed": _todo_completed,
    "mode_entered": lambda s, e: replace(s, mode=_text(e, "mode")),
    "handed_off": _handed_off,
    "handoff_accepted": lambda s, e: replace(s, handoff=Handoff()),
}


def _text(event: Event, key: str) -> str:
    value = event.data.get(key)
    return value if isinstance(value, str) else ""


def _texts(event: Event, key: str) -> tuple[str, ...]:
    value = event.data.get(key)
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def _parents(event: Event) -> Parents:
    value = event.data.get("parents")
    try:
        return msgspec.convert(value, Parents) if value else Parents()
    except msgspec.ValidationError:
        return Parents()
