"""Memory: keeping notes for those who come after, finding them, and taking them out of what is found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from agenticops.core import memory
from agenticops.core.memory import Note
from agenticops.errors import UsageError
from agenticops.flows import aim
from agenticops.model import ids
from agenticops.model.event import Draft
from agenticops.store import notes
from agenticops.workspace import Workspace

# How many are shown when nobody says.
FOUND = 20


def remember(
    workspace: Workspace, text: str, ticket: str = "", mode: str = "", tags: Sequence[str] = ()
) -> tuple[Note, bool]:
    """Keep a note; gives it, and whether it is new. Words that the same scope holds already are not kept twice."""
    words, labels = _words(text), _labels(tags)
    with workspace.transaction("remember") as tx:
        _ = workspace.train.pipeline
        scope = _scope(workspace, ticket, mode)
        known = memory.notes(workspace.log.of_subject(memory.SUBJECTS + scope))
        same = next((n for n in known if n.text == words and not n.forgotten), None)
        if same is not None:
            return same, False
        data = {"note": memory.identity(scope, words), "text": words, **({"tags": labels} if labels else {})}
        tx.append(_draft(memory.REMEMBERED, scope, data))
    (note,) = memory.notes(tx.events)
    return note, True


def recall(
    workspace: Workspace,
    words: Sequence[str] = (),
    ticket: str = "",
    mode: str = "",
    tags: Sequence[str] = (),
    limit: int = FOUND,
    forgotten: bool = False,
) -> tuple[list[Note], int]:
    """Find notes: the best first by words, else the newest first; gives at most `limit` (0: all) and how many hold."""
    scopes = [_scope(workspace, ticket, mode)] if ticket or mode else []
    found = memory.among(_all(workspace), scopes, _labels(tags))
    found = [n for n in found if forgotten or not n.forgotten]
    if any(w.strip() for w in words):
        hits = notes.search((_searched(n) for n in found), [w for phrase in words for w in phrase.split()])
        found = [found[n] for n in hits]
    else:
        found.reverse()
    return (found[:limit] if limit else found), len(found)


def forget(workspace: Workspace, wanted: Sequence[str], reason: str) -> list[Note]:
    """Let notes count no more; the log keeps them. Raises UsageError for an unknown one, or without a reason."""
    words = aim.reason(reason)
    with workspace.transaction("forget") as tx:
        counting = [n for n in _all(workspace) if not n.forgotten]
        found = {n.id: n for n in (_one(counting, name) for name in wanted)}
        for note in found.values():
            tx.append(_draft(memory.FORGOTTEN, note.scope, {"note": note.id, "reason": words}))
    return list(found.values())


def _draft(kind: str, scope: str, data: dict[str, Any]) -> Draft:
    """An event of memory; that of a ticket's note names the ticket, so that its log shows it."""
    noun, _, name = scope.partition("/")
    ticket = name if noun == "ticket" else ""
    return Draft(kind, memory.SUBJECTS + scope, ticket, ids.split_ticket(ticket)[1] if ticket else "", data)


def _all(workspace: Workspace) -> list[Note]:
    return memory.notes(
        workspace.log.select("subject GLOB 'memory/*' AND kind IN (?, ?)", (memory.REMEMBERED, memory.FORGOTTEN))
    )


def _one(known: Iterable[Note], wanted: str) -> Note:
    """Find a note by its id, or by a start of four characters or more."""
    hits = [n for n in known if n.id == wanted or (len(wanted) >= ids.MIN_PREFIX and n.id.startswith(wanted))]
    if len(hits) != 1:
        message = f"{wanted!r} is the start of {len(hits)} notes" if hits else f"there is no note {wanted!r}"
        raise UsageError(message, hint="agenticops recall shows their ids")
    return hits[0]


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not words:
        raise UsageError("the note is empty", hint='agenticops remember "what you learned"')
    if len(words) > memory.LONGEST:
        hint = "write a document, and remember where it is"
        raise UsageError(f"a note has at most {memory.LONGEST} characters, not {len(words)}", hint=hint)
    return words


def _labels(tags: Sequence[str]) -> list[str]:
    wrong = next((t for t in tags if not memory.TAG.fullmatch(t)), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} is no tag", hint="letters, digits, ., _ and -, at most 40")
    return list(dict.fromkeys(tags))


def _scope(workspace: Workspace, ticket: str, mode: str) -> str:
    if ticket and mode:
        raise UsageError("a note is for a ticket or for a mode", hint="leave --ticket or --mode out")
    if mode:
        workspace.train.mode(mode)
    return memory.scope_of(aim.ticket_id(workspace, ticket) if ticket else "", mode)


def _searched(note: Note) -> str:
    return " ".join((note.text, *note.tags))
