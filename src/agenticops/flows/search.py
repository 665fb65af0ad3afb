"""Search: words in documents, checklists, notes and the names of records."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec import Struct

from agenticops.errors import StateError, UsageError
from agenticops.flows import memory
from agenticops.model.digest import blob_id
from agenticops.model.layout import ARCHIVE, ROOT_SESSION
from agenticops.model.paper import SHELVES
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem
from agenticops.store import words
from agenticops.store.words import Text
from agenticops.workspace import Workspace

ADR = "docs/architecture/adr"
NOUNS = ("item", "ticket", *SHELVES, "adr", "session", "note", "instance", "entity")
FOUND = 20
# What FTS5 reads as more than words: quotes, brackets, columns, prefixes, operators.
_SYNTAX = re.compile(r'["()*:^{}]|\b(?:AND|OR|NOT|NEAR)\b')
_TITLE = re.compile(r"(?m)^(?:title:|#) *(.*)$")


class Found(Struct, frozen=True):
    """Something that was found. `place` is `file:line` of what matched, or "" for what the log alone holds."""

    noun: str
    name: str
    place: str
    title: str
    excerpt: str


def run(workspace: Workspace, wanted: Sequence[str], nouns: Sequence[str] = (), limit: int = FOUND) -> list[Found]:
    """Find what holds all the words, the best first; FTS5's own syntax may be used. Raises UsageError."""
    for noun in nouns:
        if noun not in NOUNS:
            raise UsageError(f"there is no kind {noun!r}", hint=f"one of {', '.join(NOUNS)}")
    match = _match(wanted)
    words.refresh(workspace.index, _texts(workspace))
    found = words.find(workspace.index, match, tuple(nouns), limit)
    return [Found(h.noun, h.name, _line(workspace, h), h.title, h.excerpt) for h in found]


def _match(wanted: Sequence[str]) -> str:
    text = " ".join(wanted).strip()
    if not re.search(r"\w", text):
        raise UsageError("there are no words to search for", hint="agenticops search WORD…")
    if _SYNTAX.search(text):
        return text
    # A word with a sign in it, like boiler-room, would be syntax.
    return " ".join(f'"{word}"' for word in text.split() if re.search(r"\w", word))


def _line(workspace: Workspace, hit: words.Hit) -> str:
    """Say in which line of the file the first match stands."""
    term = re.search(f"{words.BEGIN}(.*?){words.END}", hit.excerpt, re.S)
    if not hit.place or term is None:
        return hit.place
    try:
        text = (workspace.tree.read(hit.place) or b"").decode("utf-8", "replace")
    except StateError:
        return hit.place
    at = text.find(term[1])
    return hit.place if at < 0 else f"{hit.place}:{text.count(chr(10), 0, at) + 1}"


def _texts(workspace: Workspace) -> Iterator[Text]:
    yield from _items(workspace)
    yield from _tickets(workspace)
    for noun, shelf in SHELVES.items():
        yield from _files(workspace, noun, shelf.folder, shelf.named)
    yield from _files(workspace, "adr", ADR, lambda name: True)
    yield from _files(workspace, "session", ARCHIVE, lambda name: True)
    yield from _file(workspace, "session", ROOT_SESSION, "root")
    for note in memory.recall(workspace, limit=0)[0]:
        body = " ".join(note.tags)
        yield Text(f"note/{note.id}", f"{note.scope} {body}", "note", note.id, "", note.text, f"{note.scope} {body}")


def _items(workspace: Workspace) -> Iterator[Text]:
    for name, stored in workspace.index.rows("SELECT id, json FROM item"):
        item = msgspec.json.decode(stored, type=WorkItem)
        yield Text(f"item/{name}", _digest(stored), "item", name, item.path, item.title, item.body)


def _tickets(workspace: Workspace) -> Iterator[Text]:
    sql = "SELECT t.id, t.json, t.bullets, COALESCE(i.title, '') FROM ticket t LEFT JOIN item i ON i.id = t.item"
    for name, stored, bullets, title in workspace.index.rows(sql):
        ticket = msgspec.json.decode(stored, type=Ticket)
        body = "\n".join([ticket.description, *(bullet[1] for bullet in msgspec.json.decode(bullets))])
        place = ticket.path if ticket.description else ticket.checklist_path
        yield Text(
            f"ticket/{name}", _digest(stored + bullets + title), "ticket", name, place, f"{ticket.phase} {title}", body
        )


def _files(workspace: Workspace, noun: str, folder: str, named: Callable[[str], bool]) -> Iterator[Text]:
    for file in workspace.tree.names(folder):
        if file.endswith(".md") and named(file[:-3]):
            yield from _file(workspace, noun, f"{folder}/{file}", file[:-3])


def _file(workspace: Workspace, noun: str, path: str, name: str) -> Iterator[Text]:
    try:
        content = workspace.tree.read(path)
    except StateError:
        return  # a link: `check` says so
    if content is None:
        return
    text = content.decode("utf-8", "replace")
    title = _TITLE.search(text)
    if title is None:
        yield Text(path, blob_id(content), noun, name, path, name, text)
        return
    body = text[: title.start()] + text[title.end() :]  # else each match in a title would be one in the body, too
    yield Text(path, blob_id(content), noun, name, path, title[1].strip(" \"'"), body)


def _digest(text: str) -> str:
    return f"{zlib.crc32(text.encode())}:{len(text)}"
