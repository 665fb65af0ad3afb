"""A page in pieces: what may find a place in a session, and the prose around it, so that the rest keeps its words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from agenticops.core import legacy_words as words
from agenticops.core import yamltext
from agenticops.core.legacy_harvest import scalar
from agenticops.errors import StateError

_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)")
_ITEM = re.compile(r"(\s*)(?:[-*+]|\d{1,9}[.)])[ \t]+(\S.*)")
_BOLD_PAIR = re.compile(r"\s*(?:[-*+][ \t]+)?\*\*([^*]+?)(?::\*\*|\*\*[ \t]*:)[ \t]*(.*)")
_ITEM_PAIR = re.compile(r"\s*[-*+][ \t]+([^\W\d][\w -]{0,40}):[ \t]+(.*)")
_YAML_KEY = re.compile(r"""(?:(?:"[^"]*"|'[^']*')[ \t]*|[^\s#\-?&*!|>%@`{\[\]},"'][^#]*?):(?:\s|$)""")


class Prose(Struct, frozen=True):
    """Text that stays."""

    text: str


class Entry(Struct, frozen=True):
    """A key with its value, and the words that said it. Without a key, a mapping stands for its own keys."""

    scope: str
    key: str
    value: Any
    text: str
    remark: bool = False


class Block(Struct, frozen=True):
    """A fenced block of entries; its fences go when nothing is left between them."""

    head: str
    entries: tuple[Entry, ...]
    foot: str
    joint: str = ""


class Heading(Struct, frozen=True):
    """A heading; one that we understand goes when nothing is left below it."""

    text: str
    level: int
    understood: bool


Piece = Prose | Entry | Block | Heading


class _Place(Struct, frozen=True):
    level: int
    scope: str
    field: str
    heading: str
    understood: bool


def lines_of(text: str) -> list[str]:
    """Cut a text at newlines only, and keep them: other separators are part of what somebody wrote."""
    return _LINES.findall(text)


def pieces(text: str, path: str, first_line: int, lists: bool) -> list[Piece]:
    """Cut a Markdown page up. With `lists`, lists and pairs below known headings count, else only YAML blocks do."""
    lines = lines_of(text)
    found: list[Piece] = []
    places: list[_Place] = []
    at = 0
    while at < len(lines):
        end = _comment_end(lines, at)
        if end > at:
            found.append(Prose("".join(lines[at:end])))
        elif fence := _FENCE.match(lines[at]):
            end, block = _fenced(lines, at, fence, places[-1] if places else None, path, first_line)
            found.append(block)
        elif heading := _heading(lines[at]):
            end = at + 1
            places = _below(places, *heading)
            found.append(Heading(lines[at], heading[0], places[-1].understood))
        else:
            end, piece = _said(lines, at, places[-1] if places else None) if lists else (at + 1, Prose(lines[at]))
            found.append(piece)
        at = end
    return found


def yaml_entries(text: str, path: str, first_line: int, scope: str, key: str) -> tuple[Entry, ...]:
    """Cut a YAML text into its top-level entries, each with its own lines. Raises StateError."""
    value = yamltext.load(text, path, first_line)
    if not isinstance(value, dict):
        return (Entry(scope, key, value, text, remark=value is None or _has_comment(text, value)),)
    parts = _yaml_parts(text)
    if [k for k, _ in parts if k] != list(value):
        return (Entry(scope, "", value, text, remark=_has_comment(text, value)),)
    return tuple(
        Entry(scope, k, value.get(k), part, remark=not k or _has_comment(part, [k, value[k]]))
        for k, part in parts
        if k or part.strip() not in ("", "---")
    )


def render(found: list[Piece], placed: set[int]) -> str:
    """Put together what is left: all pieces but the entries (by `id`) that found a place and carry no remark."""
    kept: list[str] = []
    content = [False] * 8
    for piece in reversed(found):
        text = _left(piece, placed)
        if isinstance(piece, Heading):
            stays = content[piece.level] or not piece.understood
            if not stays:
                while kept and not kept[-1].strip():
                    kept.pop()
            content = [c or stays for c in content[: piece.level]] + [False] * (8 - piece.level)
            text = piece.text if stays else ""
        elif text.strip():
            content = [True] * 8
        if text:
            kept.append(text)
    return "".join(reversed(kept))


def stays(entry: Entry, placed: set[int]) -> bool:
    """Tell whether the words of an entry stay in the body."""
    return entry.remark or id(entry) not in placed


def _left(piece: Piece, placed: set[int]) -> str:
    if isinstance(piece, Block):
        left = [e.text for e in piece.entries if stays(e, placed)]
        return f"{piece.head}{piece.joint.join(left)}{piece.foot}" if "".join(left).strip() else ""
    if isinstance(piece, Entry):
        return piece.text if stays(piece, placed) else ""
    return piece.text


def _heading(line: str) -> tuple[int, str] | None:
    """Give level and title of a heading, without its closing marks; None for any other line."""
    match = _HEADING.fullmatch(line.rstrip("\r\n"))
    if not match:
        return None
    title = match[2].rstrip(" \t")
    bare = title.rstrip("#")
    return len(match[1]), bare.rstrip(" \t") if bare != title and bare.endswith((" ", "\t")) else title


def _below(places: list[_Place], level: int, heading: str) -> list[_Place]:
    outer = [p for p in places if p.level < level]
    scope = outer[-1].scope if outer else ""
    name = words.normal(heading)
    group = words.GROUPS.get(name)
    field = words.target(scope, name)
    return [*outer, _Place(level, group or scope, field, heading, bool(group or field))]


def _comment_end(lines: list[str], at: int) -> int:
    """Find the line behind an HTML comment that begins a line here; `at` itself when none does."""
    if not lines[at].lstrip().startswith("<!--"):
        return at
    for number in range(at, len(lines)):
        if "-->" in lines[number]:
            return number + 1
    return len(lines)


def _fenced(
    lines: list[str], at: int, fence: re.Match[str], place: _Place | None, path: str, first_line: int
) -> tuple[int, Piece]:
    closing = re.compile(rf" {{0,3}}{re.escape(fence[1][0])}{{{len(fence[1])},}}\s*")
    end = next((n for n in range(at + 1, len(lines)) if closing.fullmatch(lines[n])), None)
    ours = place is not None and place.understood and fence[2].lower() in ("yaml", "yml")
    if end is None and ours:
        where = f"{path}:{first_line + at}"
        raise StateError("the YAML block is not closed", place=where, hint=f"close it with {fence[1]}")
    if end is None:
        return len(lines), Prose("".join(lines[at:]))
    if not ours or place is None:
        return end + 1, Prose("".join(lines[at : end + 1]))
    inner = "".join(lines[at + 1 : end])
    entries = yaml_entries(inner, path, first_line + at + 1, place.scope, place.heading)
    return end + 1, Block(lines[at], entries, lines[end])


def _said(lines: list[str], at: int, place: _Place | None) -> tuple[int, Piece]:
    """Read one line of a plain page: a list entry with what belongs to it, a value, a pair, or prose."""
    line = lines[at]
    scope = place.scope if place else ""
    kind = words.KINDS.get(place.field, "") if place else ""
    listed = kind in ("texts", "todos", "paths", "tools")
    bare = line.rstrip()
    if place and listed and (item := _ITEM.fullmatch(bare)):
        end = at + 1
        while end < len(lines) and _belongs(lines[end], nested=kind != "todos"):
            end += 1
        more = [part.strip() for part in lines[at + 1 : end]]
        return end, Entry(scope, place.heading, ["\n".join([item[2], *more])], "".join(lines[at:end]))
    if listed:
        return at + 1, Prose(line)
    pair = _BOLD_PAIR.fullmatch(bare) or (_ITEM_PAIR.fullmatch(bare) if scope else None)
    if pair and words.target(scope, words.normal(pair[1])):
        return at + 1, Entry(scope, pair[1], pair[2].strip("`"), line)
    if place and place.field and line.strip() and _alone(lines, at):
        value = item[2] if (item := _ITEM.fullmatch(bare)) else line.strip()
        return at + 1, Entry(scope, place.heading, value.strip("*`"), line)
    return at + 1, Prose(line)


def _belongs(line: str, *, nested: bool) -> bool:
    """Tell whether a line belongs to the list entry above it; a to-do below a to-do is one of its own."""
    return line.startswith((" ", "\t")) and bool(line.strip()) and (nested or not _ITEM.fullmatch(line.rstrip()))


def _alone(lines: list[str], at: int) -> bool:
    """Tell whether a line is the only one of its paragraph and the first below its heading."""
    before = next((n for n in range(at - 1, -1, -1) if lines[n].strip()), None)
    after = at + 1 == len(lines) or not lines[at + 1].strip() or _heading(lines[at + 1]) is not None
    return after and before is not None and _heading(lines[before]) is not None


def _yaml_parts(text: str) -> list[tuple[str, str]]:
    """Cut block-style YAML before each key, comment and marker that stands at the left margin."""
    parts: list[tuple[str, str]] = []
    for line in lines_of(text):
        key = _YAML_KEY.match(line)
        if key:
            name = key[0].rstrip().removesuffix(":").rstrip()
            parts.append((name[1:-1] if name[0] in "\"'" else name, line))
        elif not parts or line.startswith(("#", "---")):
            parts.append(("", line))
        else:
            parts[-1] = (parts[-1][0], parts[-1][1] + line)
    return parts


def _has_comment(text: str, value: Any) -> bool:
    """Tell whether a text has more number signs than its values: then one of them begins a comment."""
    return text.count("#") > sum(leaf.count("#") for leaf in leaves(value))


def leaves(value: Any) -> Iterator[str]:
    """Yield every key and scalar of a value as text."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield str(key)
            yield from leaves(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from leaves(part)
    else:
        yield scalar(value) or ""
