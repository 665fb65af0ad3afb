"""What an agent requires at a hand-off, by name: whether it is brought, and how to bring it."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator

from msgspec import Struct

from agenticops.model.finding import Finding
from agenticops.model.session import Session

SHOWN = 3


class Brought(Struct, frozen=True):
    """What the session brings. The three lists are looked up for an agent that asks for them, else they are empty."""

    session: Session
    owed: tuple[tuple[str, str], ...] = ()
    unproven: tuple[str, ...] = ()
    dirty: tuple[str, ...] = ()


def _artifacts(brought: Brought) -> Iterator[str]:
    """What is owed and not recorded must be named to the next one, by name or path."""
    session = brought.session
    said = "\n".join((*session.next_steps, *session.notes, *(t.content for t in session.todos)))
    for name, path in brought.owed:
        if name not in said and path not in said:
            yield f"{path} is neither recorded nor named in a next step"


def _todos(brought: Brought) -> Iterator[str]:
    for todo in brought.session.todos:
        if todo.status == "in_progress":
            yield f"the to-do {todo.id} is in progress: {todo.content}"


def _listed(what: str, names: Iterable[str]) -> Iterator[str]:
    found = list(names)
    if found:
        more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        yield f"{what}: {', '.join(found[:SHOWN])}{more}"


# name → what is missing, told in words; an empty text where the name says it all.
REQUIREMENTS: dict[str, Callable[[Brought], Iterable[str]]] = {
    "next_steps": lambda b: [] if b.session.next_steps else [""],
    "notes": lambda b: [] if b.session.notes else [""],
    "decisions": lambda b: [] if b.session.decisions else [""],
    "artifacts": _artifacts,
    "todos": _todos,
    "blockers": lambda b: _listed("the session is blocked", b.session.blockers),
    "evidence": lambda b: _listed("there is no fresh evidence of", b.unproven),
    "clean": lambda b: _listed("uncommitted changes", b.dirty),
}
_FLAGS = {"next_steps": ' --next "…"', "notes": ' --note "…"', "artifacts": ' --next "…"'}


def lacking(requires: Iterable[str], brought: Brought, to: str, path: str) -> list[Finding]:
    """Find what the receiving agent requires and the session does not bring; an unknown requirement is never met."""
    found: list[tuple[str, str]] = []
    for name in requires:
        judge = REQUIREMENTS.get(name)
        found += [(name, "?")] if judge is None else [(name, words) for words in judge(brought)]
    flags = dict.fromkeys(_FLAGS[name] for name, _ in found if name in _FLAGS)
    call = f"agenticops handoff --to {to}" + "".join(flags)
    return [_finding(name, words, to, path, call, brought) for name, words in found]


def _finding(name: str, words: str, to: str, path: str, call: str, brought: Brought) -> Finding:
    if name not in REQUIREMENTS:
        hint = f"known: {', '.join(REQUIREMENTS)}; correct it in config/pipeline.yml"
        return Finding("VT506", f"{to} requires {name!r}, which is unknown", path, hint=hint)
    ticket = brought.session.ticket
    ways = {
        "decisions": 'agenticops session decide "…"',
        "todos": "agenticops session todo done TODO",
        "blockers": 'agenticops session unblock "…"',
        "evidence": f"agenticops gate run {ticket}",
        "clean": f"git add {shlex.quote(brought.dirty[0])} && git commit" if brought.dirty else "git status",
    }
    message = f"{to} requires {name.replace('_', ' ')} at a hand-off"
    return Finding("VT505", f"{message}: {words}" if words else message, path, hint=ways.get(name, call))
