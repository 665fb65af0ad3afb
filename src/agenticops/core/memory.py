"""Memory: the notes that were kept for a ticket, a mode or the whole project, folded from their events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from agenticops.core import fold
from agenticops.model import ids
from agenticops.model.digest import sha256
from agenticops.model.event import Event

REMEMBERED, FORGOTTEN = "remembered", "forgotten"
PROJECT = "project"
# All subjects of notes begin so.
SUBJECTS = "memory/"
TAG = re.compile(r"[\w][\w.-]{0,39}")
# A note is a sentence or two; what is longer is a document.
LONGEST = 2000


class Note(Struct, frozen=True):
    """One note. `scope` is `project`, `mode/NAME` or `ticket/ID`; `forgotten` is the reason, "" while it counts."""

    id: str
    text: str
    scope: str
    at: str
    operator: str
    agent: str = ""
    tags: tuple[str, ...] = ()
    forgotten: str = ""


def scope_of(ticket: str = "", mode: str = "") -> str:
    """Say what a note is for: a ticket, else a mode, else the project."""
    return f"ticket/{ticket}" if ticket else f"mode/{mode}" if mode else PROJECT


def identity(scope: str, text: str) -> str:
    """Give a note's id: that of its words, so that two branches which keep the same ones keep one note."""
    return "n" + ids.base32(int(sha256(f"{scope}\n{text}".encode())[:15], 16), 10)


def notes(events: Iterable[Event]) -> list[Note]:
    """Fold the notes from the events of memory, oldest first. The last event of each says whether it counts."""
    found: dict[tuple[str, str], Note] = {}
    for event in fold.live(events):
        name, scope = event.data.get("note"), event.subject.removeprefix(SUBJECTS)
        if not isinstance(name, str) or scope == event.subject:
            continue  # written by hand, and no note
        known = found.get((scope, name))
        if event.kind == REMEMBERED:
            fresh = _note(event, name, scope, known)
            if fresh is not None:
                if known is not None and known.forgotten:
                    del found[scope, name]  # it is as new as its last event
                found[scope, name] = fresh
        elif event.kind == FORGOTTEN and known is not None:
            # A reason may be empty in an event that was written by hand: forgotten is forgotten.
            reason = str(event.data.get("reason", "")) or "no reason"
            found[scope, name] = msgspec.structs.replace(known, forgotten=reason)
    return list(found.values())


def _note(event: Event, name: str, scope: str, known: Note | None) -> Note | None:
    """Read what was remembered; kept once more it stays the note that it was, with the tags of both."""
    text, tags = event.data.get("text"), event.data.get("tags")
    if not isinstance(text, str):
        return None
    labels = tuple(str(t) for t in tags) if isinstance(tags, list) else ()
    if known is not None and not known.forgotten:
        return msgspec.structs.replace(known, tags=tuple(dict.fromkeys((*known.tags, *labels))))
    return Note(name, text, scope, event.at, event.actor.operator, event.actor.agent, labels)


def among(found: Sequence[Note], scopes: Iterable[str] = (), tags: Iterable[str] = ()) -> list[Note]:
    """Keep the notes of one of some scopes (none: of all) that have all of some tags."""
    wanted, labels = set(scopes), {t.casefold() for t in tags}
    return [n for n in found if (not wanted or n.scope in wanted) and labels <= {t.casefold() for t in n.tags}]
