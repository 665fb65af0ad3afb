"""JSON merge: our keys into a user's JSON and out again. Their order, indentation and every other byte stay."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from agenticops.core.insertions import Insertions
from agenticops.errors import StateError

_DECODER = json.JSONDecoder()
_BLANK = " \t\r\n"


class Graft(Struct, frozen=True, array_like=True):
    """One thing of ours: a key that is `set`, an item `append`ed to a list, or a key `offer`ed where there is none."""

    path: tuple[str, ...]
    value: Any
    how: Literal["set", "append", "offer"] = "set"


class Merged(Struct, frozen=True):
    """A text with our keys, and which of them were not there before."""

    text: Insertions
    ours: tuple[Graft, ...]


class _Part(NamedTuple):
    """A member of an object or an item of a list, by where it stands."""

    key: str
    start: int
    value: int
    end: int


def merge(text: str, grafts: Iterable[Graft], place: str) -> Merged:
    """Put our keys in. Raises StateError, with what to paste by hand, when this is no JSON that can be merged."""
    wanted = tuple(grafts)
    draft = Insertions(text)
    if not text.strip():
        draft.insert(len(text), "{}\n")
    refuse_broken(draft.text, place, wanted)
    return Merged(draft, tuple(graft for graft in wanted if _put(draft, graft, place, wanted)))


def remove(text: str, grafts: Iterable[Graft], place: str) -> str:
    """Take our keys out of a text that changed since. What was made of them by hand stays."""
    ours = tuple(grafts)
    refuse_broken(text, place, ())
    offers = [g for g in ours if g.how == "offer"]
    for graft in reversed([g for g in ours if g.how != "offer"]):
        trail = _trail(text, graft, place)
        text = text if trail is None else _without(text, trail)
    # What was offered is needed by all that stands beside it.
    if {part.key for part in _parts(text, _skip(text, 0))[0]} <= {g.path[0] for g in offers}:
        for graft in reversed(offers):
            trail = _trail(text, graft, place)
            text = text if trail is None else _without(text, trail)
    return text


def standing(text: str, graft: Graft, place: str) -> Literal["there", "theirs", "absent"]:
    """Tell whether a graft is in a text, or the user says something else in its place."""
    refuse_broken(text, place, ())
    if _trail(text, graft, place) is not None:
        return "there"
    if graft.how == "append" or _trail(text, graft, place, whatever=True) is None:
        return "absent"
    return "there" if graft.how == "offer" else "theirs"


def snippet(grafts: Iterable[Graft]) -> str:
    """Write our keys as one JSON object, to be pasted by hand."""
    found: dict[str, Any] = {}
    for graft in grafts:
        *way, last = graft.path
        inner = found
        for key in way:
            inner = inner.setdefault(key, {})
        if graft.how == "append":
            inner.setdefault(last, []).append(graft.value)
        else:
            inner[last] = graft.value
    return json.dumps(found, ensure_ascii=False)


def refuse_broken(text: str, place: str, wanted: tuple[Graft, ...]) -> None:
    """Raise StateError for a text that is no JSON object, with what to paste by hand."""
    hint = f"paste it by hand: {snippet(wanted)}" if wanted else ""
    try:
        found = json.loads(text)
    except RecursionError:
        raise StateError("the JSON is nested too deeply", place=place, hint=hint) from None
    except ValueError as e:
        line = f":{e.lineno}" if isinstance(e, json.JSONDecodeError) else ""
        raise StateError("this is no plain JSON (a comment?): it is left alone", place=place + line, hint=hint) from e
    if not isinstance(found, dict):
        raise StateError("a JSON object is wanted", place=place, hint=hint)


def _put(draft: Insertions, graft: Graft, place: str, wanted: tuple[Graft, ...]) -> bool:
    """Put one graft in, unless something stands there already."""
    at = _skip(draft.text, 0)
    for depth, key in enumerate(graft.path):
        if draft.text[at] != "{":
            where = ".".join(graft.path[:depth])
            raise StateError(f"{where} is no object", place=place, hint=f"paste it by hand: {snippet(wanted)}")
        parts, _ = _parts(draft.text, at)
        found = _named(parts, key, place)
        if found is None:
            value = [graft.value] if graft.how == "append" else graft.value
            for outer in reversed(graft.path[depth + 1 :]):
                value = {outer: value}
            _insert(draft, at, parts, json.dumps(key) + ": ", value)
            return True
        at = found.value
    if graft.how != "append":
        return False
    if draft.text[at] != "[":
        where = ".".join(graft.path)
        raise StateError(f"{where} is no list", place=place, hint=f"paste it by hand: {snippet(wanted)}")
    parts, _ = _parts(draft.text, at)
    if any(_DECODER.raw_decode(draft.text, p.value)[0] == graft.value for p in parts):
        return False
    _insert(draft, at, parts, "", graft.value)
    return True


def _insert(draft: Insertions, at: int, parts: list[_Part], label: str, value: Any) -> None:
    """Put a member or an item behind the last one, in the manner of the text."""
    text = draft.text
    newline = "\r\n" if "\r\n" in text else "\n"
    if parts:
        gap = _gap(text, parts[-1].start)
        if "\n" not in gap:
            draft.insert(parts[-1].end, f", {label}{json.dumps(value, ensure_ascii=False)}")
            return
        indent = gap.rpartition("\n")[2]
        draft.insert(parts[-1].end, f",{newline}{indent}{label}{_written(value, text, indent, newline)}")
        return
    outer = _outer(text, at)
    if "\n" not in text.strip() and at != _skip(text, 0):
        draft.insert(at + 1, label + json.dumps(value, ensure_ascii=False))
        return
    indent = outer + _unit(text)
    draft.insert(at + 1, f"{newline}{indent}{label}{_written(value, text, indent, newline)}{newline}{outer}")


def _written(value: Any, text: str, indent: str, newline: str) -> str:
    return json.dumps(value, ensure_ascii=False, indent=_unit(text)).replace("\n", newline + indent)


def _unit(text: str) -> str:
    """The indentation of one level: that of the first member."""
    parts, _ = _parts(text, _skip(text, 0))
    gap = _gap(text, parts[0].start) if parts else ""
    return gap.rpartition("\n")[2] if "\n" in gap else "  "


def _outer(text: str, at: int) -> str:
    """The indentation of the line on which a container begins."""
    row = text[text.rfind("\n", 0, at) + 1 :]
    return row[: len(row) - len(row.lstrip(" \t"))]


def _gap(text: str, end: int) -> str:
    """The blanks before a place."""
    start = end
    while start and text[start - 1] in _BLANK:
        start -= 1
    return text[start:end]


def _trail(text: str, graft: Graft, place: str, whatever: bool = False) -> list[tuple[int, int]] | None:
    """Find a graft: for each container on the way (where it begins, which part leads on), or None. With `whatever`
    a key counts that has another value."""
    at, trail = _skip(text, 0), []
    for key in graft.path:
        if text[at] != "{":
            return None
        parts, _ = _parts(text, at)
        found = _named(parts, key, place)
        if found is None:
            return None
        trail.append((at, parts.index(found)))
        at = found.value
    if graft.how != "append":
        return trail if whatever or _DECODER.raw_decode(text, at)[0] == graft.value else None
    if text[at] != "[":
        return None
    for number, part in enumerate(_parts(text, at)[0]):
        if _DECODER.raw_decode(text, part.value)[0] == graft.value:
            return [*trail, (at, number)]
    return None


def _without(text: str, trail: list[tuple[int, int]]) -> str:
    """Take one part out, and with it every container that would be empty."""
    at, number = trail.pop()
    parts, closing = _parts(text, at)
    while len(parts) == 1 and trail:
        at, number = trail.pop()
        parts, closing = _parts(text, at)
    if len(parts) == 1:
        start, end = at + 1, closing
    elif number:
        start, end = parts[number - 1].end, parts[number].end
    else:
        start, end = parts[0].start, parts[1].start
    return text[:start] + text[end:]


def _named(parts: list[_Part], key: str, place: str) -> _Part | None:
    found = [p for p in parts if p.key == key]
    if len(found) > 1:
        raise StateError(f"the key {key!r} is there twice", place=place, hint="leave one of them")
    return found[0] if found else None


def _parts(text: str, at: int) -> tuple[list[_Part], int]:
    """Take a container apart; the text is known to be JSON. Gives where it closes, too."""
    closing = "}" if text[at] == "{" else "]"
    found, here = [], _skip(text, at + 1)
    while text[here] != closing:
        start, key = here, ""
        if closing == "}":
            key, here = _DECODER.raw_decode(text, here)
            here = _skip(text, _skip(text, here) + 1)
        _, end = _DECODER.raw_decode(text, here)
        found.append(_Part(key, start, here, end))
        here = _skip(text, end)
        if text[here] == ",":
            here = _skip(text, here + 1)
    return found, here


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BLANK:
        at += 1
    return at
