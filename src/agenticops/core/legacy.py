"""Older session files: read every layout that is in the wild, lose nothing, guess nothing.

What has a place becomes a field of the session; all else stays in the body in its own words; the notes say which.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from agenticops.core import legacy_page as page
from agenticops.core import legacy_words as words
from agenticops.core import yamltext
from agenticops.core.legacy_harvest import Harvest
from agenticops.core.legacy_page import Block, Entry, Heading, Piece, Prose
from agenticops.errors import StateError
from agenticops.model.session import Session

Layout = Literal["sections", "json", "front-matter", "markdown", "key-value", "current"]

KEPT = "Kept from the older layout"
LIMIT = 262_144
_FIELDS = frozenset(Session.__struct_fields__)
_PAIR = re.compile(r"[ \t]*(?:export[ \t]+)?([^\W\d][\w .-]{0,60}?)[ \t]*(?:=|:(?=\s|$))[ \t]*(.*)")
_DASHED = re.compile(r"[ \t]*[-*][ \t]+(\S.*)")
_NUMBERED = re.compile(r"[_ .-]?\d{1,3}$")
_OPENED = re.compile(r"---[ \t]*\r?\n\s*[^\W\d]\w*[ \t]*:")


class Migrated(msgspec.Struct, frozen=True):
    """An older session in the fields of today, with the text below it and an account of what became what."""

    session: dict[str, Any]
    body: str
    layout: Layout
    notes: tuple[str, ...]


def read(text: str, path: str) -> Migrated:
    """Read a session file of any layout. Raises StateError with `path:line` for what is broken or is no session."""
    text = yamltext.decode(text.encode("utf-8", "surrogatepass"), path, LIMIT)
    front, body, body_line = yamltext.split(text)
    if front:
        return _front_matter(front, body, body_line, path)
    if _OPENED.match(text):
        raise StateError("the front-matter is not closed", place=f"{path}:1", hint="close it with a line of ---")
    if text.lstrip().startswith("{"):
        return _gathered("json", _json_pieces(text, path), path)
    found = page.pieces(text, path, 1, lists=True)
    if any(isinstance(piece, Block) for piece in found):
        return _gathered("sections", found, path)
    if any(isinstance(piece, Heading) for piece in found) and any(isinstance(piece, Entry) for piece in found):
        return _gathered("markdown", found, path)
    return _gathered("key-value", _pair_pieces(text, path), path)


def _gathered(layout: Layout, found: list[Piece], path: str) -> Migrated:
    """Place what the pieces say. Twice: the ticket of an issue is known only when the phase is."""
    phase = _harvested(found, "")[0].session.get("phase", "")
    harvest, placed = _harvested(found, phase)
    if not harvest.session:
        hint = "name the session with --legacy-file, or write it anew with agenticops begin"
        raise StateError("no field of a session was found in it", place=path, hint=hint)
    return Migrated(harvest.session, page.render(found, placed), layout, tuple(dict.fromkeys(harvest.notes)))


def _harvested(found: list[Piece], phase: str) -> tuple[Harvest, set[int]]:
    harvest = Harvest(phase)
    placed = set()
    for entry in _entries(found):
        if entry.key:
            done = harvest.take(entry.scope, entry.key, entry.value)
        else:
            done = isinstance(entry.value, dict) and harvest.take_all(entry.scope, entry.value)
        if done:
            placed.add(id(entry))
    return harvest, placed


def _entries(found: list[Piece]) -> Iterator[Entry]:
    for piece in found:
        if isinstance(piece, Block):
            yield from piece.entries
        elif isinstance(piece, Entry):
            yield piece


def _front_matter(front: str, body: str, body_line: int, path: str) -> Migrated:
    fields = yamltext.load(front, path, 2)
    if _is_current(fields):
        known = {k: v for k, v in fields.items() if k in _FIELDS}
        extra = {k: v for k, v in fields.items() if k not in _FIELDS}
        if extra:
            known["extra"] = {**(known.get("extra") or {}), **extra}
        return Migrated(known, body, "current", ())
    entries = page.yaml_entries(front, path, 2, "", "")
    below = page.pieces(body, path, body_line, lists=not _means_something(fields))
    layout: Layout = "front-matter"
    if any(isinstance(piece, Block) for piece in below):
        layout = "sections"
    elif not _means_something(fields) and any(isinstance(piece, Entry) for piece in below):
        layout = "markdown"
    return _gathered(layout, [*below, *_kept_block(entries, front, body)], path)


def _is_current(fields: Any) -> bool:
    """Tell whether front-matter is of today: it has an id, its fields fit, and no older word is among its keys."""
    if not isinstance(fields, dict) or "id" not in fields:
        return False
    if any(words.target("", words.normal(key)) for key in fields if key not in _FIELDS):
        return False
    try:
        msgspec.convert({k: v for k, v in fields.items() if v is not None}, Session, strict=False)
    except msgspec.ValidationError:
        return False
    return True


def _means_something(fields: Any) -> bool:
    names = [words.normal(key) for key in fields] if isinstance(fields, dict) else []
    return any(name in words.GROUPS or words.target("", name) for name in names)


def _kept_block(entries: tuple[Entry, ...], source: str, before: str) -> list[Piece]:
    """Make the section at the end of the body that holds what front-matter said and no field takes."""
    eol = "\r\n" if "\r\n" in source else "\n"
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", source)), default=0))
    gap = "" if not before.strip() else eol if before.endswith("\n") else eol * 2
    opening = f"{gap}## {KEPT}{eol}{eol}"
    return [Heading(opening, 2, understood=True), Block(f"{fence}yaml{eol}", entries, f"{fence}{eol}")]


def _json_pieces(text: str, path: str) -> list[Piece]:
    start = len(text) - len(text.lstrip())
    # Numbers stay as they were written: 1.50 is not 1.5, and an issue number is no quantity.
    plain = yamltext.Plain
    decoder = json.JSONDecoder(
        object_pairs_hook=_no_duplicates, parse_int=plain, parse_float=plain, parse_constant=plain
    )
    try:
        value, end = decoder.raw_decode(text, start)
    except json.JSONDecodeError as e:
        raise StateError(f"not JSON: {e.msg[0].lower()}{e.msg[1:]}", place=f"{path}:{e.lineno}") from None
    except _DuplicateKey as e:
        line = text.count("\n", 0, text.rfind(json.dumps(e.key, ensure_ascii=False))) + 1
        raise StateError(f"the key {e.key!r} stands twice", place=f"{path}:{line}", hint="keep one of them") from None
    except RecursionError:
        raise StateError("the JSON is nested too deeply", place=f"{path}:1") from None
    if _deep(value):
        raise StateError("the JSON is nested too deeply", place=f"{path}:1")
    said = {key: f"  {json.dumps(key, ensure_ascii=False)}: {_json_text(part)}" for key, part in value.items()}
    entries = tuple(Entry("", key, part, said[key]) for key, part in value.items())
    rest = text[end:].lstrip("\r\n")
    gap = "" if not rest.strip() else "\n" if rest.endswith("\n") else "\n\n"
    heading = Heading(f"{gap}## {KEPT}\n\n", 2, understood=True)
    return [Prose(rest), heading, Block("```json\n{\n", entries, "\n}\n```\n", ",\n")]


class _DuplicateKey(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for key, value in pairs:
        if key in fields:
            raise _DuplicateKey(key)
        fields[key] = value
    return fields


def _deep(value: Any) -> bool:
    """Tell whether a value is nested deeper than YAML may be."""
    level = [value]
    for _ in range(yamltext.MAX_DEPTH):
        level = [e for v in level if isinstance(v, dict | list) for e in (v.values() if isinstance(v, dict) else v)]
    return any(isinstance(v, dict | list) for v in level)


def _json_text(value: Any) -> str:
    if isinstance(value, yamltext.Plain):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_json_text(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_json_text(v) for v in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _pair_pieces(text: str, path: str) -> list[Piece]:
    """Read lines of pairs; a text that is one YAML mapping as a whole is read as that."""
    entries = _whole_yaml(text, path)
    if entries:
        return _kept_block(entries, text, "")
    found: list[Piece] = []
    lines = page.lines_of(text)
    at = 0
    while at < len(lines):
        pair = _PAIR.fullmatch(lines[at].rstrip(" \t\r\n"))
        key = _pair_key(pair[1]) if pair else ""
        if not pair or not key:
            found.append(Prose(lines[at]))
            at += 1
            continue
        end = at + 1
        items = []
        while not pair[2] and end < len(lines) and (item := _DASHED.fullmatch(lines[end].rstrip())):
            items.append(item[1])
            end += 1
        value = items or _unquoted(pair[2])
        found.append(Entry("", key, value, "".join(lines[at:end])))
        at = end
    return found


def _whole_yaml(text: str, path: str) -> tuple[Entry, ...]:
    try:
        fields = yamltext.load(text, path)
    except StateError:
        return ()
    return page.yaml_entries(text, path, 1, "", "") if _means_something(fields) else ()


def _pair_key(key: str) -> str:
    """Give the word that means a field: `DECISION_2` is one more decision."""
    for word in (key, _NUMBERED.sub("", key)):
        if words.target("", words.normal(word)):
            return word
    return ""


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
