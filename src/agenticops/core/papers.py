"""Papers on their shelves: reading, writing, what they name, and what is wrong with them. ADR 0022."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import msgspec

from agenticops.core import documents, yamltext
from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.paper import SHELVES, Paper, Shelf
from agenticops.model.pipeline import DEFAULT_GATE
from agenticops.model.tree import Tree

TEXT = "description"
CREATED, EDITED = "document_created", "document_edited"
_SLUG = 60


def subject(noun: str, name: str) -> str:
    """Name a paper in the log."""
    return f"{noun}/{name}"


def ids(tree: Tree, noun: str) -> list[str]:
    """List the papers of a noun by their file names; what is no id of the shelf is none."""
    shelf = SHELVES[noun]
    return [n[:-3] for n in tree.names(shelf.folder) if n.endswith(".md") and shelf.named(n[:-3])]


def read(shelf: Shelf, data: bytes, path: str) -> Paper:
    """Read a paper. Raises StateError with the line of what is wrong."""
    text = yamltext.decode(data, path)
    front, body, _ = yamltext.split(text)
    fields = documents.front_fields(front, path)
    known = {k: yamltext.typed(v) if isinstance(v, dict) else v for k, v in fields.items() if k in _fields(shelf)}
    paper: Paper = yamltext.convert({**known, TEXT: body.strip("\n")}, shelf.type, path, front, 2)
    if shelf.path(paper.id) != path:
        place = f"{path}:{yamltext.locate(front, ('id',), 2)}"
        message = f"the {shelf.noun} calls itself {paper.id}, but its file is {path}"
        raise StateError(message, place=place, hint="a file is named after its id")
    return paper


def get(tree: Tree, noun: str, name: str) -> Paper:
    """Give a paper. Raises StateError when it is missing or broken."""
    shelf = SHELVES[noun]
    data = tree.read(shelf.path(name))
    if data is None:
        raise StateError(f"{noun} {name} is missing", place=shelf.path(name), hint=f"agenticops {noun} list")
    return read(shelf, data, shelf.path(name))


def shelved(tree: Tree, noun: str) -> tuple[list[Any], list[Finding]]:
    """Give all papers of a noun that can be read, and a finding for each that cannot."""
    found, broken = [], []
    for name in ids(tree, noun):
        try:
            found.append(get(tree, noun, name))
        except StateError as e:
            broken.append(_broken(e))
    return found, broken


def write(shelf: Shelf, paper: Paper) -> str:
    """Write a new paper with all its fields: two branches that fill in different ones merge."""
    fields = {name: _listed(getattr(paper, name)) for name in _fields(shelf) if name != TEXT}
    text = paper.description.strip()
    return f"---\n{yamltext.dump(fields)}---\n" + (f"\n{text}\n" if text else "")


def edited(text: str, changes: dict[str, Any], path: str) -> str:
    """Set fields of a paper, or its text, and keep every other byte."""
    fields = {k: _listed(v) for k, v in changes.items() if k != TEXT}
    if fields:
        text = documents.edit_front(text, fields, path)
    if TEXT in changes:
        _, body, _ = yamltext.split(text)
        text = f"{text[: len(text) - len(body)]}\n{changes[TEXT].strip()}\n"
    return text


def slug(title: str) -> str:
    """Make a file name of a title: lower-case ASCII letters and digits, with dashes between."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG].strip("-")


def known(train: Train, noun: str) -> list[str]:
    """List what a link to a noun may name."""
    if noun == "item":
        return train.item_ids()
    if noun == "ticket":
        return train.ticket_ids()
    if noun == "gate":
        return list(dict.fromkeys((DEFAULT_GATE.name, *train.pipeline.gates)))
    return ids(train.tree, noun)


def named(paper: Paper, field: str) -> tuple[str, ...]:
    """Give what a field names, one or several."""
    value = getattr(paper, field)
    return value if isinstance(value, tuple) else (value,) if value else ()


def findings(train: Train) -> list[Finding]:
    """Judge all papers: each can be read, stands under its id, names what is there, and is still there."""
    found: list[Finding] = []
    table: dict[str, set[str]] = {}
    for shelf in SHELVES.values():
        papers, broken = shelved(train.tree, shelf.noun)
        found += broken
        found += [f for paper in papers for f in _dangling(train, shelf, paper, table)]
    return [*found, *_strays(train.tree), *_twins(train.tree), *_gone(train)]


def _dangling(train: Train, shelf: Shelf, paper: Paper, table: dict[str, set[str]]) -> Iterator[Finding]:
    for field, nouns in shelf.links.items():
        for noun in nouns:
            if noun not in table:
                table[noun] = set(known(train, noun))
        for name in named(paper, field):
            if not any(name in table[noun] for noun in nouns):
                path = shelf.path(paper.id)
                message = f"{shelf.noun} {paper.id} names the {' or '.join(nouns)} {name!r}, which is not there"
                hint = f"correct it: agenticops {shelf.noun} edit {paper.id}; or restore what it names"
                yield Finding("VT902", message, path, _line(train.tree, path, field), hint=hint)


def _strays(tree: Tree) -> Iterator[Finding]:
    """Find Markdown with front-matter on a shelf whose name is no id: nothing would read it."""
    for folder in dict.fromkeys(s.folder for s in SHELVES.values()):
        shelves = [s for s in SHELVES.values() if s.folder == folder]
        for name in tree.names(folder):
            path = f"{folder}/{name}"
            if not name.endswith(".md") or any(s.named(name[:-3]) for s in shelves):
                continue
            if _begun(tree, path).startswith(b"---"):
                nouns = " or ".join(s.noun for s in shelves)
                hint = f"agenticops {shelves[0].noun} new writes one with an id"
                yield Finding("VT903", f"its name is no id of a {nouns}: nothing reads it", path, hint=hint)


def _begun(tree: Tree, path: str) -> bytes:
    try:
        return tree.read(path) or b""
    except StateError:  # a link: nothing reads it either
        return b"---"


def _twins(tree: Tree) -> Iterator[Finding]:
    seen: dict[str, str] = {}
    for paper in shelved(tree, "decision")[0]:
        first = seen.setdefault(paper.decision_id, paper.id)
        if first != paper.id:
            path = SHELVES["decision"].path(paper.id)
            message = f"decision {paper.id} has the decision_id of {first}"
            yield Finding("VT901", message, path, _line(tree, path, "decision_id"), hint="each has one of its own")


def _gone(train: Train) -> Iterator[Finding]:
    """Find papers that the log knows and nobody can read any more: what is over is closed, not deleted."""
    for event in train.log.of_kinds(CREATED):
        path = str(event.data.get("path", ""))
        if path and train.tree.size(path) is None:
            hint = f"git add {path}, or restore it from git and close it by `edit`"
            yield Finding("VT904", f"the log knows {event.subject}, which has no document", path, hint=hint)


def times(events: list[Event]) -> dict[str, str]:
    """Fold when a paper was written down and changed last."""
    at = [e.at for e in events if e.kind in (CREATED, EDITED)]
    return {"created_at": at[0] if at else "", "updated_at": at[-1] if at else ""}


def _fields(shelf: Shelf) -> tuple[str, ...]:
    names: tuple[str, ...] = shelf.type.__struct_fields__
    return names


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _line(tree: Tree, path: str, field: str) -> int:
    front, _, _ = yamltext.split((tree.read(path) or b"").decode("utf-8", "replace"))
    return yamltext.locate(front, (field,), 2)


def _broken(error: TrainError) -> Finding:
    path, _, line = error.place.rpartition(":")
    at = int(line) if path and line.isdecimal() else 0
    return Finding("VT901", error.message, path if at else error.place, at, hint=error.hint)


def fill(shelf: Shelf, fields: dict[str, Any]) -> Paper:
    """Make a paper of checked fields. Raises TrainError that names the field which is not as it must be."""
    try:
        paper: Paper = msgspec.convert(fields, shelf.type)
    except msgspec.ValidationError as e:
        message = str(e).replace("`", "").replace(" - at $.", ": ")
        raise TrainError(message, hint=f"agenticops {shelf.noun} new --help") from None
    return paper
