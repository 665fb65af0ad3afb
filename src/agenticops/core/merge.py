"""Merging a document of three sides: fields one by one, lists as sets, ticks monotone, the rest by lines.

Where both sides say something else, both stand in a block with conflict markers; nothing is chosen for the user.
Swapping the sides swaps no more than the halves of those blocks. ADR 0012.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Final, NamedTuple

from agenticops.core import checklist, yamltext
from agenticops.core.threeway import Piece, pieces, weave
from agenticops.errors import StateError

MARKER = 7
_SHOWN = 60
_KEY = re.compile(r"(?![-?](?:[ \t]|$))[^\s#][^\n]*:(?:[ \t\n]|$)")
_BULLET = re.compile(r"\s*(?:[-+*]|[0-9]{1,9}[.)])[ \t]+\[[ xX]\](?=\s)")
_NAMED = re.compile(r"""^(id|ticket):[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#"'][^\n]*?))[ \t]*(?:[ \t]#.*)?$""", re.M)


class Conflict(NamedTuple):
    """One place where the sides disagree: what it is, and what each side says, shortened."""

    what: str
    ours: str
    theirs: str


class Merged(NamedTuple):
    """The merged document; it holds a block with markers for each conflict."""

    content: bytes
    conflicts: tuple[Conflict, ...]


class _Side(NamedTuple):
    """One version, cut up; line ends are LF and the last line has one."""

    bom: bool
    crlf: bool
    ended: bool
    opening: str
    front: str
    closing: str
    body: str


class _Field(NamedTuple):
    """A top-level field: the comments and blank lines above it, its text, its value."""

    lead: str
    text: str
    value: Any


class _Missing:
    """What stands for a field that a side does not have."""


MISSING: Final = _Missing()
_NO_FIELD: Final = _Field("", "", MISSING)


def merge(base: bytes, ours: bytes, theirs: bytes, path: str, size: int = MARKER) -> Merged:
    """Merge three versions of the document at `path`. Raises StateError when one of them cannot be read."""
    if ours == theirs:
        return Merged(ours, ())
    foreign = _foreign(base, ours, theirs, path)
    if foreign:
        texts = [data.decode("utf-8", "surrogateescape") for data in (ours, theirs)]
        whole = _block(texts[0], texts[1], size)
        return Merged(whole.encode("utf-8", "surrogateescape"), (foreign,))
    sides = [_cut(data, path) for data in (base, ours, theirs)]
    b, o, t = sides
    if not base:
        sides[0] = b = _Side(o.bom and t.bom, o.crlf and t.crlf, o.ended and t.ended, o.opening, "", o.closing, "")
    if bool(o.opening) != bool(t.opening) or (o.opening and not b.opening):
        raise StateError("the versions disagree on whether there is front-matter", place=path)
    front, clashes = _fronts([s.front for s in sides], path, size)
    body, more = _bodies([s.body for s in sides], size)
    text = _pick(b.opening, o.opening, t.opening) + front + _pick(b.closing, o.closing, t.closing) + body
    if not _either(b.ended, o.ended, t.ended) and not (clashes or more):
        text = text.removesuffix("\n")
    if _either(b.crlf, o.crlf, t.crlf):
        text = text.replace("\n", "\r\n")
    head = "\ufeff" if _either(b.bom, o.bom, t.bom) else ""
    return Merged((head + text).encode(), (*clashes, *more))


def _foreign(base: bytes, ours: bytes, theirs: bytes, path: str) -> Conflict | None:
    """Find versions of different documents: git takes a new ticket for a renamed one when they read alike."""
    named = [_names(data, path) for data in (base, ours, theirs)]
    for name in ("id", "ticket"):
        if len({found[name] for found in named if name in found}) > 1:
            return Conflict(name, *(found.get(name, "") for found in named[1:]))
    return None


def _names(data: bytes, path: str) -> dict[str, str]:
    """Read by what a document calls itself, also where it does not parse."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    front = text if _is_yaml(path) else yamltext.split(text)[0]
    found: dict[str, str] = {}
    for name, *values in _NAMED.findall(front):
        found.setdefault(name, "".join(values))
    return {name: value for name, value in found.items() if value}


def _is_yaml(path: str) -> bool:
    return path.endswith((".yml", ".yaml"))


def _cut(data: bytes, path: str) -> _Side:
    """Cut a version into front-matter and body; the whole of a YAML file is its front."""
    text = yamltext.decode(data, path)
    crlf = "\r\n" in text
    if crlf and text.count("\r\n") != text.count("\n"):
        raise StateError("the line ends are mixed", place=path, hint="use one kind of line end")
    text = text.replace("\r\n", "\n")
    ended = text.endswith("\n") or not text
    text += "" if ended else "\n"
    bom = data.startswith(b"\xef\xbb\xbf")
    if _is_yaml(path):
        return _Side(bom, crlf, ended, "", text, "", "")
    _, body, _ = yamltext.split(text)
    head = _lines(text[: len(text) - len(body)])
    front = "".join(head[1:-1])
    return _Side(bom, crlf, ended, head[0] if head else "", front, head[-1] if head else "", body)


def _fronts(texts: list[str], path: str, size: int) -> tuple[str, list[Conflict]]:
    """Merge the fields of three mappings."""
    if texts[1] == texts[2]:
        return texts[1], []
    seen: dict[str, Any] = {}
    (base, b_tail), (ours, o_tail), (theirs, t_tail) = (_fields(text, path, seen) for text in texts)
    parts: list[str] = []
    clashes: list[Conflict] = []
    for name in weave(list(base), list(ours), list(theirs)):
        b, o, t = (side.get(name, _NO_FIELD) for side in (base, ours, theirs))
        merged = _field(name, b, o, t)
        parts.append(_dispute(*merged, size))
        if merged[0] != merged[1]:
            clashes.append(_conflict(name, *merged))
    tails = _comments(b_tail, o_tail, t_tail)
    parts.append(_dispute(*tails, size))
    if tails[0] != tails[1]:
        clashes.append(_conflict("the comment at the end", *tails))
    return "".join(parts), clashes


def _fields(text: str, path: str, seen: dict[str, Any]) -> tuple[dict[str, _Field], str]:
    """Cut a mapping into its top-level fields, and what stands behind the last one.

    `seen` remembers what a field's text says: most fields read alike on all three sides.
    """
    whole = yamltext.load(text, path)
    if whole is not None and not isinstance(whole, dict):
        raise StateError("a mapping of fields is wanted", place=path)
    rows = _lines(text)
    starts = [n for n, row in enumerate(rows) if _KEY.match(row)]
    found: dict[str, _Field] = {}
    lead = "".join(rows[: starts[0]]) if starts else ""
    for start, stop in zip(starts, (*starts[1:], len(rows)), strict=True):
        end = stop
        while end > start + 1 and (rows[end - 1].startswith("#") or not rows[end - 1].strip()):
            end -= 1
        field = "".join(rows[start:end])
        own = seen[field] = seen[field] if field in seen else yamltext.load(field, path)
        name = next(iter(own)) if isinstance(own, dict) and len(own) == 1 else ""
        found[name] = _Field(lead, field, own[name] if name else None)
        lead = "".join(rows[end:stop])
    if not starts:
        lead = text
    if len(found) != len(starts) or {name: f.value for name, f in found.items()} != (whole or {}):
        raise StateError("the fields cannot be told apart by lines", place=path)
    return found, lead


def _field(name: str, b: _Field, o: _Field, t: _Field) -> tuple[str, str]:
    """Merge one field; gives its text twice, as ours and as theirs, which differ where they disagree."""
    values = [_value(b.value, o.value, t.value, side) for side in (0, 1)]
    texts = [_written(name, value, b, o, t) for value in values]
    if MISSING in values or texts[0] is None or texts[1] is None:
        if values[0] is MISSING and values[1] is MISSING:
            return "", ""
        return o.lead + o.text, t.lead + t.text
    leads = _comments(b.lead, o.lead, t.lead) if MISSING not in (o.value, t.value) else (o.lead or t.lead,) * 2
    return leads[0] + texts[0], leads[1] + texts[1]


def _written(name: str, value: Any, b: _Field, o: _Field, t: _Field) -> str | None:
    """Write a merged value: as it stands on the side that has it, else anew; None when that would lose something."""
    if value is MISSING:
        return None
    having = [f for f in (o, t) if f.value is not MISSING and _same(f.value, value)]
    if len(having) == 2:
        return _pick(b.text, o.text, t.text)
    if having:
        return having[0].text
    natural = _natural(value)
    text = yamltext.dump({name: natural})
    try:
        faithful = yamltext.typed(yamltext.load(text, "")) == yamltext.typed({name: value})
    except StateError:
        return None
    commented = any("#" in f.text and yamltext.dump({name: _natural(f.value)}) != f.text for f in (o, t))
    return text if faithful and not commented else None


def _same(one: Any, other: Any) -> bool:
    return bool(one == other)


def _natural(value: Any) -> Any:
    """Give unquoted scalars the type by which they are written again without quotes."""
    if isinstance(value, yamltext.Plain):
        typed = yamltext.typed(value)
        shown = ("false", "true")[typed] if isinstance(typed, bool) else str(typed)
        return typed if shown == value else str(value)
    if isinstance(value, dict):
        return {k: _natural(v) for k, v in value.items()}
    return [_natural(v) for v in value] if isinstance(value, list) else value


def _value(base: Any, ours: Any, theirs: Any, side: int) -> Any:
    """Merge three values; where both changed a scalar, take that of `side`."""
    if ours == theirs or theirs == base:
        return ours
    if ours == base:
        return theirs
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _mapping(base if isinstance(base, dict) else {}, ours, theirs, side)
    old = [] if base is MISSING else base
    if isinstance(ours, list) and isinstance(theirs, list) and isinstance(old, list):
        if not any(isinstance(v, dict | list) for v in (*old, *ours, *theirs)):
            return _set(old, ours, theirs)
        b, o, t = (_table(v) for v in (old, ours, theirs))
        if b is not None and o is not None and t is not None:
            return list(_mapping(b, o, t, side).values())
    return (ours, theirs)[side]


def _mapping(base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any], side: int) -> dict[str, Any]:
    found = {}
    for key in weave(list(base), list(ours), list(theirs)):
        value = _value(base.get(key, MISSING), ours.get(key, MISSING), theirs.get(key, MISSING), side)
        if value is not MISSING:
            found[key] = value
    return found


def _table(entries: list[Any]) -> dict[str, Any] | None:
    """Key a list of mappings by their ids; None when one has no id of its own."""
    ids = [e.get("id") for e in entries if isinstance(e, dict)]
    if len(ids) != len(entries) or not all(isinstance(i, str) for i in ids) or len(set(ids)) != len(ids):
        return None
    return {str(i): e for i, e in zip(ids, entries, strict=True)}


def _set(base: list[Any], ours: list[Any], theirs: list[Any]) -> list[Any]:
    """Merge lists of scalars: what a side added is in, what a side took out is not."""
    named = {("" if v is None else f"={v}"): v for v in (*base, *ours, *theirs)}
    b, o, t = (["" if v is None else f"={v}" for v in side] for side in (base, ours, theirs))
    before, one, two = set(b), set(o), set(t)
    kept = (one & two) | ((one | two) - before)
    return [named[k] for k in weave(b, o, t) if k in kept]


def _bodies(texts: list[str], size: int) -> tuple[str, list[Conflict]]:
    """Merge three Markdown texts by lines, after each bullet has the tick that a side gave it."""
    texts = _level(texts)
    if texts[1] == texts[2]:
        return texts[1], []
    parts: list[str] = []
    clashes: list[Conflict] = []
    for piece in pieces(*(_rows(text) for text in texts)):
        ours, theirs = _piece(piece)
        if ours == theirs:
            parts.append(ours)
            continue
        parts.append(_dispute(ours, theirs, size))
        clashes.append(_conflict("the text", ours, theirs))
    return "".join(parts), clashes


def _level(texts: list[str]) -> list[str]:
    """Check a bullet that both sides have on all three when it is checked on either: ticks are monotone."""
    found = [_once(text) for text in texts]
    data = [bytearray(text.encode()) for text in texts]
    for key in found[1].keys() & found[2].keys():
        marks = sorted({data[n][found[n][key]] for n in (1, 2)})
        mark = marks[0] if len(marks) == 1 else ord("x")
        for n in range(3):
            if key in found[n]:
                data[n][found[n][key]] = mark
    return [d.decode() for d in data]


def _once(text: str) -> dict[str, int]:
    """Where the ticks of bullets are, by key; a key that stands twice is no key."""
    bullets = checklist.parse(text).bullets
    counts = Counter(b.key for b in bullets)
    return {b.key: b.mark for b in bullets if counts[b.key] == 1}


def _rows(text: str) -> list[str]:
    """Cut a text into lines, each with the blank lines above it."""
    rows: list[str] = []
    lead = ""
    for line in _lines(text):
        if line.strip():
            rows.append(lead + line)
            lead = ""
        else:
            lead += line
    return [*rows, lead] if lead else rows


def _piece(piece: Piece) -> tuple[str, str]:
    """Settle a stretch that both sides changed where that is safe: bullets that both add are all kept."""
    ours, theirs = piece.ours, piece.theirs
    if ours != theirs and not piece.base and all(_BULLET.match(row) for row in (*ours, *theirs)):
        first, second = sorted((ours, theirs))
        known = {row.strip() for row in first}
        ours = theirs = [*first, *(row for row in second if row.strip() not in known)]
    return "".join(ours), "".join(theirs)


def _comments(base: str, ours: str, theirs: str) -> tuple[str, str]:
    """Merge comments and blank lines; gives both where both sides wrote a comment."""
    if ours == theirs or base in (ours, theirs):
        found = _pick(base, ours, theirs)
        return found, found
    if ours.split() == theirs.split():
        found = max(ours, theirs, key=lambda text: (len(text), text))
        return found, found
    return ours, theirs


def _pick(base: str, ours: str, theirs: str) -> str:
    """Take the side that changed; where both did and how it is written does not matter, the lesser text."""
    if theirs in (base, ours):
        return ours
    return theirs if ours == base else min(ours, theirs)


def _either(base: bool, ours: bool, theirs: bool) -> bool:
    return theirs if ours == base else ours


def _lines(text: str) -> list[str]:
    return [line + "\n" for line in text.split("\n")[:-1]]


def _apart(ours: str, theirs: str) -> tuple[str, str, str, str]:
    """Cut two texts: the lines that both start with, what differs on each side, the lines that both end with."""
    one, two = _lines(ours), _lines(theirs)
    start, most = 0, min(len(one), len(two))
    while start < most and one[start] == two[start]:
        start += 1
    end = 0
    while end < most - start and one[-1 - end] == two[-1 - end]:
        end += 1
    inner = ("".join(side[start : len(side) - end]) for side in (one, two))
    return "".join(one[:start]), next(inner), next(inner), "".join(one[len(one) - end :])


def _dispute(ours: str, theirs: str, size: int) -> str:
    """Show what differs between conflict markers, and only that."""
    head, one, two, tail = _apart(ours, theirs)
    return f"{head}{_block(one, two, size)}{tail}" if ours != theirs else ours


def _conflict(what: str, ours: str, theirs: str) -> Conflict:
    _, one, two, _ = _apart(ours, theirs)
    return Conflict(what, _short(one), _short(two))


def _block(ours: str, theirs: str, size: int) -> str:
    """Put two texts between conflict markers."""
    ours, theirs = (side if not side or side.endswith("\n") else side + "\n" for side in (ours, theirs))
    return f"{'<' * size} ours\n{ours}{'=' * size}\n{theirs}{'>' * size} theirs\n"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
