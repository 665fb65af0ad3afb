"""Markdown, as far as checks need it: lines by kind, sections by ATX heading, inline comments and the plain text.

The line scan follows CommonMark's block rules for what can hide a bullet or a heading (front-matter, fences, indented
code, comments), and knows list items by their content column. Quotations are opaque, setext headings are not read.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from msgspec import Struct

Kind = Literal["front", "blank", "code", "comment", "heading", "quote", "rule", "item", "text"]

BOM = "\ufeff"
_ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_MARKER = re.compile(r"(?:[-+*]|[0-9]{1,9}[.)])(?:[ \t]+|$)")
_RULE = re.compile(r"(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|=+[ \t]*)$")
_FENCE = re.compile(r"(?:(`{3,})[^`]*|(~{3,}).*)$")
_HEADING = re.compile(r"#{1,6}(?=[ \t]|$)")
_INLINE = re.compile(r"\\.|`+|<!--|\*+|~~|_+", re.DOTALL)
_TICKS = re.compile(r"`+")
_SPECIAL = frozenset("\\`<*~_")
_ITEM_STARTS = frozenset("-+*0123456789")
_CODE_INDENT = 4


class Line(NamedTuple):
    """One line: `start` is its offset in the text, `at` where its content begins after indentation and list markers.

    `depth` counts the list items around it; `joins` says that it continues the paragraph of the line before.
    """

    kind: Kind
    number: int
    start: int
    text: str
    at: int
    depth: int
    joins: bool

    @property
    def end(self) -> int:
        """The offset behind its last character; the line end is not counted."""
        return self.start + len(self.text)


class Section(Struct, frozen=True):
    """A heading and all below it, up to the next heading of its own or a higher rank; `line` counts from 1."""

    level: int
    title: str
    line: int
    body: str


class Token(NamedTuple):
    """A piece of inline Markdown that matters here, by offsets."""

    kind: Literal["code", "comment", "escape", "mark"]
    start: int
    end: int


class _Scanner:
    """The open blocks between two lines: list items by content column, a fence or comment, a paragraph."""

    __slots__ = ("block", "block_depth", "paragraph", "stack")

    def __init__(self) -> None:
        self.stack: list[int] = []
        self.block = ""
        self.block_depth = 0
        self.paragraph = False

    def classify(self, line: str) -> tuple[Kind, int, bool]:
        """Give kind, start of content, and whether the line joins the paragraph before."""
        body = line.lstrip(" \t")
        at = len(line) - len(body)
        if not body:
            self.paragraph = False
            return ("blank" if not self.block else self._hidden()), at, False
        indent = at if "\t" not in line[:at] else len(line[:at].expandtabs(4))
        stack = self.stack
        matched = bisect_right(stack, indent)
        indented = indent - (stack[matched - 1] if matched else 0) >= _CODE_INDENT
        if self.block:
            if matched >= self.block_depth:
                kind = self._hidden()
                self._close(body, indented)
                return kind, at, False
            self.block = ""  # the list item that held the block has ended, and the block with it
        first = body[0]
        if first in _ITEM_STARTS and (matched or not indented):
            offset = self._items(line, at, matched)
            if offset >= 0:
                self._begin(line[offset:])
                return "item", offset, False
        kind = "text" if indented else self._kind(body, matched)
        if kind != "text":
            del stack[matched:]
            self.paragraph = False
            if kind in ("code", "comment"):
                self._open(body)
            return kind, at, False
        if self.paragraph:
            return "text", at, True
        del stack[matched:]
        self.paragraph = not indented
        return ("code" if indented else "text"), at, False

    def _hidden(self) -> Kind:
        return "comment" if self.block == "-->" else "code"

    def _kind(self, body: str, matched: int) -> Kind:
        first = body[0]
        if first == "#" and _HEADING.match(body):
            return "heading"
        if first == ">":
            return "quote"
        if first in "`~" and _FENCE.match(body):
            return "code"
        if first in "-*_=" and _RULE.match(body) and (first != "=" or self.paragraph):
            return "rule"
        if body.startswith("<!--"):
            # A comment on a line of its own still belongs to the bullet above it, as its id or check.
            inline = self.paragraph and self.stack and matched == len(self.stack) and _comment_end(body, 0) >= 0
            return "text" if inline else "comment"
        return "text"

    def _items(self, line: str, at: int, matched: int) -> int:
        """Open the list items that the line starts; give the offset of their content, or -1 when there is none."""
        joined = self.paragraph and matched == len(self.stack)
        rules = _rule_start(line, "-"), _rule_start(line, "*")
        pos, opened, column = at, False, _columns(line, 0, at, 0)
        while (marker := _MARKER.match(line, pos)) and not _is_rule(line, pos, rules):
            empty = marker.end() == len(line)
            if empty and joined and not opened:
                return -1  # an empty item cannot interrupt a paragraph: this is the `*` of a wrapped bullet
            if not opened:
                del self.stack[matched:]
            width = column + len(marker[0].rstrip(" \t"))
            column = _columns(line, pos, marker.end(), column)
            # Up to four blanks belong to the marker; with more, or none, the content starts after one (CommonMark).
            self.stack.append(width + 1 if empty or column - width > _CODE_INDENT else column)
            pos, opened = marker.end(), True
        return pos if opened else -1

    def _begin(self, rest: str) -> None:
        """Start what follows a list marker on the same line."""
        self.paragraph = False
        kind: Kind = self._kind(rest, len(self.stack)) if rest else "blank"
        if kind in ("code", "comment"):
            self._open(rest)
        else:
            self.paragraph = kind == "text"

    def _open(self, body: str) -> None:
        if body.startswith("<!--"):
            self.block = "-->" if _comment_end(body, 0) < 0 else ""
        elif fence := _FENCE.match(body):
            self.block = fence[1] or fence[2]
        self.block_depth = len(self.stack)

    def _close(self, body: str, indented: bool) -> None:
        if self.block == "-->":
            closed = "-->" in body
        else:
            bare = body.rstrip(" \t")
            closed = not indented and len(bare) >= len(self.block) and not bare.strip(self.block[0])
        if closed:
            self.block = ""


def _columns(line: str, start: int, end: int, column: int) -> int:
    """The column at `end`, when `start` is at `column`; a tab reaches to the next multiple of four."""
    if "\t" not in line:
        return column + end - start
    return len((" " * (column % 4) + line[start:end]).expandtabs(4)) - column % 4 + column


def _rule_start(line: str, sign: str) -> int:
    """The offset from where a line has nothing but this sign and blanks."""
    return len(line.rstrip(sign + " \t"))


def _is_rule(line: str, pos: int, rules: tuple[int, int]) -> bool:
    """Tell whether a thematic break starts here, and not a list item; `rules` spares a scan at each nested marker."""
    sign = line[pos]
    if sign not in "-*" or pos < rules[sign == "*"]:
        return False
    return line.count(sign, pos) >= 3


def _comment_end(text: str, start: int) -> int:
    """The offset behind the comment that starts at `start`, or -1 when it stays open."""
    end = text.find("-->", start + 2)
    return -1 if end < 0 else end + 3


def rows(text: str) -> Iterator[tuple[int, str]]:
    """Give each line's offset and its text without the line end (LF, CRLF or CR, as CommonMark counts them)."""
    if "\r" in text:
        for match in _ROW.finditer(text):
            yield match.start(), match[0].rstrip("\r\n")
        return
    start = 0
    for row in text.split("\n"):
        yield start, row
        start += len(row) + 1


def front_lines(text: str) -> int:
    """Count the lines of the front-matter with its fences; 0 when there is none."""
    if not text.startswith(("---", BOM + "---")):
        return 0
    for number, (_, row) in enumerate(rows(text), 1):
        bare = row.lstrip(BOM).rstrip() if number == 1 else row.rstrip()
        if number == 1 and bare != "---":
            return 0
        if number > 1 and bare == "---":
            return number
    return 0


def lines(text: str) -> Iterator[Line]:
    """Classify each line of a document."""
    front = front_lines(text)
    scanner = _Scanner()
    for number, (start, row) in enumerate(rows(text), 1):
        if number <= front:
            yield Line("front", number, start, row, 0, 0, False)
            continue
        if number == 1 and row.startswith(BOM):
            start, row = start + 1, row[1:]
        kind, at, joins = scanner.classify(row)
        yield Line(kind, number, start, row, at, len(scanner.stack), joins)


def heading(line: Line) -> tuple[int, str]:
    """Give level and title of a heading line; comments and closing marks are dropped."""
    content = line.text[line.at :]
    level = len(content) - len(content.lstrip("#"))
    title = without_comments(content[level:]).strip()
    opened = title.rstrip("#")
    if opened != title and (not opened or opened[-1] in " \t"):
        title = opened
    return level, " ".join(title.split())


def sections(text: str) -> list[Section]:
    """Give the sections of a document in order."""
    heads = [(line, *heading(line)) for line in lines(text) if line.kind == "heading"]
    found = []
    stops = [len(text)] * 7  # by level: where the next heading of that rank or a higher one begins
    for line, level, title in reversed(heads):
        body = text[line.end : stops[level]]
        found.append(Section(level, title, line.number, body[2:] if body.startswith("\r\n") else body[1:]))
        stops[level:] = [line.start] * (7 - level)
    return found[::-1]


def tokens(text: str) -> Iterator[Token]:
    """Give code spans, comments, escapes and emphasis marks; unclosed spans are plain text."""
    pos = 0
    ticks: dict[int, list[int]] | None = None
    comments = True
    while match := _INLINE.search(text, pos):
        start, piece = match.start(), match[0]
        pos = match.end()
        if piece[0] == "\\":
            yield Token("escape", start, pos)
        elif piece[0] == "`":
            ticks = _tick_runs(text) if ticks is None else ticks
            runs = ticks.get(len(piece), [])
            closer = bisect_right(runs, start)
            if closer < len(runs):
                pos = runs[closer] + len(piece)
                yield Token("code", start, pos)
        elif piece == "<!--":
            end = _comment_end(text, start) if comments else -1
            comments = end >= 0  # without a closer ahead, there is none further on
            if comments:
                pos = end
                yield Token("comment", start, end)
        else:
            yield Token("mark", start, pos)


def _tick_runs(text: str) -> dict[int, list[int]]:
    """Where runs of backticks start, by length: only a run of the same length closes a code span."""
    runs: dict[int, list[int]] = {}
    for match in _TICKS.finditer(text):
        runs.setdefault(len(match[0]), []).append(match.start())
    return runs


def without_comments(text: str) -> str:
    """Drop the HTML comments that are not in a code span."""
    if "<!--" not in text:
        return text
    parts, pos = [], 0
    for token in tokens(text):
        if token.kind == "comment":
            parts.append(text[pos : token.start])
            pos = token.end
    return "".join([*parts, text[pos:]])


@lru_cache(4096)
def plain(text: str) -> str:
    """Give the words alone: NFC, white space folded, comments and emphasis marks dropped; case and code are kept."""
    parts, pos = [], 0
    for token in () if _SPECIAL.isdisjoint(text) else tokens(text):
        if token.kind == "comment" or (token.kind == "mark" and not _inside_word(text, token)):
            parts.append(text[pos : token.start])
            pos = token.end
    words = " ".join("".join([*parts, text[pos:]]).split())
    return words if words.isascii() else unicodedata.normalize("NFC", words)


def _inside_word(text: str, token: Token) -> bool:
    """Tell whether an underscore joins two word characters, as in a name of code."""
    before, after = text[token.start - 1 : token.start], text[token.end : token.end + 1]
    return text[token.start] == "_" and before.isalnum() and after.isalnum()
