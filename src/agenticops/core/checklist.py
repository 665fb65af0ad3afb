"""Checklists: reading a task list, and editing one bullet while every other byte stays.

A bullet may name its proof, `<!-- check: unit-tests -->`: then only that check's evidence ticks it (ADR 0019).
A required bullet has a `*` at the end of its text: the last run of asterisks counts unless it closes an emphasis that
the text opened (`**bold**` does not require, `**bold** *` and `**bold***` do), and unless it is escaped.
Inside a list any depth of indentation is nesting, so that a badly indented bullet is still owed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from agenticops.core import markdown
from agenticops.core.markdown import Line, Token
from agenticops.errors import UsageError
from agenticops.model.checklist import Bullet, Checklist
from agenticops.model.digest import sha256
from agenticops.model.ids import MIN_PREFIX

JOINER = " › "
_BOX = re.compile(r"\[([ xX])\](?=[ \t]|$)")
_NAMED = re.compile(r"<!--\s*(id|check):\s*(\S+)\s*-->")
_ORDERED = re.compile(r"([0-9]{1,9})([.)])")
# A run of blanks is entered at its start only: else a long one is scanned from each of its characters.
_BREAK = re.compile(r"(?:(?<![ \t])[ \t]+)?[\r\n]+[ \t]*")
_HASHES = re.compile(r"\A\s*#+(?:\s+|\Z)")
_MARKED = frozenset("*<`\\")
_SHOWN = 5
# Tickets share the words of their templates: a first build meets the same bullets thousands of times.
REMEMBERED = 4096


class _Task(NamedTuple):
    """A bullet before it has a key: the lines of its paragraph and the titles above it, without level 1."""

    lines: list[Line]
    titles: tuple[str, ...]
    depth: int

    @property
    def mark(self) -> int:
        """The offset of the character between the brackets."""
        return self.lines[0].start + self.lines[0].at + 1

    @property
    def body(self) -> int:
        """The offset behind the brackets."""
        return self.mark + 2

    @property
    def end(self) -> int:
        """The offset behind the text; a text may be wrapped over lines."""
        return self.lines[-1].end


_Head = tuple[tuple[str, ...], Line]


class _Words(NamedTuple):
    """What the text of a bullet says; `core` is where marker and closing comments start."""

    shown: str
    required: bool
    anchor: str
    proof: str
    core: int
    comments: tuple[Token, ...]


def parse(text: str) -> Checklist:
    """Read all bullets of a document."""
    if "[" not in text:
        return Checklist(())
    return Checklist(tuple(bullet for bullet, _ in _bullets(text)))


def find(checklist: Checklist, wanted: str) -> Bullet:
    """Find a bullet by key, start of a key, id, position from 1, or a part of its text. Raises UsageError."""
    bullets = checklist.bullets
    needle = _folded(wanted)
    by_position = bullets[int(wanted) - 1 : int(wanted)] if re.fullmatch(r"[1-9][0-9]{0,5}", wanted) else ()
    for hits in (
        [b for b in bullets if wanted in (b.key, b.anchor)] if wanted else [],
        [b for b in bullets if b.key.startswith(wanted)] if len(wanted) >= MIN_PREFIX else [],
        by_position,
        [b for b in bullets if _folded(b.text) == needle],
        [b for b in bullets if needle in _folded(b.text)] if needle else [],
    ):
        if len(hits) == 1:
            return hits[0]
        if hits:
            raise UsageError(
                f"{wanted!r} fits {len(hits)} bullets: {_listed(hits)}", hint="write a key or more of the text"
            )
    if not bullets:
        raise UsageError("the checklist has no bullets", hint="agenticops checklist add TEXT --section SECTION")
    raise UsageError(f"no bullet fits {wanted!r}; there are: {_listed(bullets)}", hint="agenticops checklist show")


def tick(text: str, keys: Iterable[str], box: str = "x") -> str:
    """Check the bullets with these keys, or with a box of " " open them; all other bytes stay. Raises UsageError."""
    wanted = set(keys)
    places: dict[str, list[int]] = {}
    for bullet, task in _bullets(text):
        places.setdefault(bullet.key, []).append(task.mark)
    for key in sorted(wanted):
        if key not in places:
            raise UsageError(f"there is no bullet {key!r}", hint="agenticops checklist show")
        if len(places[key]) > 1:
            raise UsageError(f"{len(places[key])} bullets are {key!r}", hint="give each its own <!-- id: … -->")
    marks = [mark for key in wanted for mark in places[key] if (text[mark] == " ") != (box == " ")]
    parts, pos = [], 0
    for mark in sorted(marks):
        parts += [text[pos:mark], box]
        pos = mark + 1
    return "".join([*parts, text[pos:]])


def add(text: str, section: str, bullet: str, required: bool) -> str:
    """Add an open bullet at the end of a section, made when it is missing. Raises UsageError for a duplicate."""
    section = _one_line(_HASHES.sub("", section), "a section")
    content, marked = _content(bullet)
    required = required or marked
    existing = _bullets(text)
    heads = _headed(text)
    path = _section_path(heads, section)
    mine = [pair for pair in existing if path is not None and pair[0].section == path]
    _refuse_double(mine, content)
    newline = _newline(text)
    written = f"[ ] {content}{' *' if required else ''}"
    if path is None:
        result = _insert(text, len(text), f"## {section}{newline}{newline}- {written}", newline)
    elif mine:
        at, marker = _list_end(text, mine)
        result = _insert(text, at, f"{marker}{written}", newline)
    else:
        result = _insert(text, _section_end(text, heads, path), f"- {written}", newline)
    before, after = [b.key for b, _ in existing], parse(result).bullets
    known = set(before)
    fresh = [b for b in after if b.key not in known]
    if [b.key for b in after if b.key in known] != before or len(fresh) != 1 or fresh[0].required != required:
        raise UsageError(
            f"a bullet cannot be added to {section!r}", hint="the section may end in an open code block or comment"
        )
    return result


def reword(text: str, key: str, bullet: str) -> str:
    """Give a bullet new words; its box, marker, comments and indentation stay. Raises UsageError."""
    content, marked = _content(bullet)
    existing = _bullets(text)
    hits = [pair for pair in existing if pair[0].key == key]
    if len(hits) != 1:
        raise UsageError(f"{len(hits) or 'no'} bullets are {key!r}", hint="agenticops checklist show")
    old, task = hits[0]
    if marked and not old.required:
        raise UsageError(
            "new words do not make a bullet required", hint="leave out the * at the end, or add a new bullet"
        )
    _refuse_double([p for p in existing if p[0].section == old.section and p[0].key != key], content)
    result = text[: task.body] + _reworded(text[task.body : task.end], content) + text[task.end :]
    after = parse(result).bullets
    place = next(index for index, (b, _) in enumerate(existing) if b.key == key)
    others = [b.key for b, _ in existing]
    now = [b.key for b in after]
    if now[:place] + now[place + 1 :] != others[:place] + others[place + 1 :] or _marks(after[place]) != _marks(old):
        hint = "give bullets that read the same an <!-- id: … -->"
        raise UsageError("these words would change more than one bullet", hint=hint)
    return result


def _marks(bullet: Bullet) -> tuple[bool, bool, str]:
    return bullet.required, bullet.checked, bullet.anchor


def _bullets(text: str) -> list[tuple[Bullet, _Task]]:
    """Read the bullets together with where they stand."""
    found: list[tuple[Bullet, _Task]] = []
    counts: dict[tuple[tuple[str, ...], str], int] = {}
    ascii_only = text.isascii()
    seen_chars = seen_bytes = 0
    for task in _tasks(text):
        words = _read(text[task.body : task.end])
        identity = (tuple(markdown.plain(title) for title in task.titles), markdown.plain(words.shown))
        ordinal = counts[identity] = counts.get(identity, 0) + (0 if words.anchor else 1)
        mark = task.mark
        if not ascii_only:
            seen_bytes += len(text[seen_chars:mark].encode("utf-8", "surrogatepass"))
            seen_chars, mark = mark, seen_bytes
        bullet = Bullet(
            key=_key(*identity, ordinal, words.anchor),
            text=words.shown,
            section=JOINER.join(task.titles),
            checked=text[task.mark] != " ",
            required=words.required,
            line=task.lines[0].number,
            mark=mark,
            depth=task.depth,
            anchor=words.anchor,
            proof=words.proof,
        )
        found.append((bullet, task))
    return found


def _tasks(text: str) -> Iterator[_Task]:
    """Find the task-list items and the lines of their paragraphs."""
    headings: list[tuple[int, str]] = []
    titles: tuple[str, ...] = ()
    open_task: _Task | None = None
    for line in markdown.lines(text):
        if open_task and line.joins:
            open_task.lines.append(line)
            continue
        if open_task:
            yield open_task
            open_task = None
        if line.kind == "heading":
            level, title = markdown.heading(line)
            while headings and headings[-1][0] >= level:
                headings.pop()
            headings.append((level, title))
            titles = tuple(words for rank, words in headings if rank > 1)
        elif line.kind == "item" and _BOX.match(line.text, line.at):
            open_task = _Task([line], titles, line.depth - 1)
    if open_task:
        yield open_task


@lru_cache(REMEMBERED)
def _read(raw: str) -> _Words:
    """Take the text of a bullet apart."""
    if _MARKED.isdisjoint(raw):
        return _Words(" ".join(raw.split()), False, "", "", len(raw.rstrip()), ())
    bare = raw.rstrip()
    if bare.endswith(" *") and _MARKED.isdisjoint(bare[:-1]):
        return _Words(" ".join(bare[:-1].split()), True, "", "", len(bare[:-1].rstrip()), ())
    tokens = list(markdown.tokens(raw))
    comments = tuple(t for t in tokens if t.kind == "comment")
    found = (_NAMED.fullmatch(raw[t.start : t.end]) for t in reversed(comments))
    named = {match[1]: match[2] for match in found if match}  # of two the first counts
    core, required = len(raw), False
    for token in reversed(tokens):
        if raw[token.end : core].strip():
            break
        if token.kind == "comment":
            core = token.start
            continue
        extra = 0 if required or not _is_star(raw, token) else _unpaired(raw, tokens, token)
        if not extra:
            break
        core, required = token.end - extra, True
    core = len(raw[:core].rstrip())
    shown = " ".join(markdown.without_comments(raw[:core]).split())
    return _Words(shown, required, named.get("id", ""), named.get("check", ""), core, comments)


def _is_star(raw: str, token: Token) -> bool:
    return token.kind == "mark" and raw[token.start] == "*"


def _unpaired(raw: str, tokens: list[Token], last: Token) -> int:
    """Count the asterisks of the last run that close no emphasis."""
    opened = 0
    for token in tokens:
        if not _is_star(raw, token):
            continue
        size = token.end - token.start
        if opened and not raw[token.start - 1].isspace():
            closing = min(size, opened)
            opened, size = opened - closing, size - closing
        if token == last:
            return size
        if token.end < len(raw) and not raw[token.end].isspace():
            opened += size
    return 0


@lru_cache(REMEMBERED)
def _key(path: tuple[str, ...], words: str, ordinal: int, anchor: str) -> str:
    parts = ("id", anchor) if anchor else ("text", *path, words, str(ordinal))
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass"))[:8]


def _content(bullet: str) -> tuple[str, bool]:
    """Give new words on one line without the required marker, and whether they had one."""
    line = _one_line(bullet, "a bullet")
    words = _read(line)
    comments = "".join(f" {line[t.start : t.end]}" for t in words.comments if t.start >= words.core)
    if not words.shown:
        raise UsageError("a bullet needs words")
    return line[: words.core] + comments, words.required


def _one_line(text: str, noun: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise UsageError(f"{noun} needs words")
    return line


def _refuse_double(bullets: list[tuple[Bullet, _Task]], content: str) -> None:
    words = _read(content)
    said = markdown.plain(words.shown)
    for bullet, _ in bullets:
        if markdown.plain(bullet.text) == said or (words.anchor and bullet.anchor == words.anchor):
            raise UsageError(f"line {bullet.line} already says {bullet.text!r}", hint=f"its key is {bullet.key}")


def _reworded(raw: str, content: str) -> str:
    """Put new words before the marker and the comments that a bullet has."""
    words = _read(raw)
    inner = "".join(f" {raw[t.start : t.end]}" for t in words.comments if t.start < words.core)
    tail = _BREAK.sub(" ", raw[words.core :])
    lead = raw[: len(raw) - len(raw.lstrip(" \t"))] or " "
    return lead + content + inner + (" " if tail[:1] == "*" else "") + tail


def _section_path(heads: list[_Head], wanted: str) -> str | None:
    """Find a section by path or by its own title, whatever the case; None when there is none."""
    paths = list(dict.fromkeys(JOINER.join(path) for path, _ in heads if path))
    needle = _folded(wanted)
    whole = [p for p in paths if _folded(p) == needle]
    for hits in (whole, [p for p in paths if _folded(p.rsplit(JOINER, 1)[-1]) == needle]):
        if len(hits) == 1:
            return hits[0]
        if hits:
            listed = "; ".join(hits[:_SHOWN])
            raise UsageError(f"{wanted!r} is the title of {len(hits)} sections: {listed}", hint="write the whole path")
    return None


def _headed(text: str) -> list[_Head]:
    """Give each heading line with its path, without level 1."""
    found, stack = [], list[tuple[int, str]]()
    for line in markdown.lines(text):
        if line.kind == "heading":
            level, title = markdown.heading(line)
            stack = [*((rank, t) for rank, t in stack if rank < level), (level, title)]
            found.append((tuple(t for rank, t in stack if rank > 1), line))
    return found


def _section_end(text: str, heads: list[_Head], path: str) -> int:
    """The offset behind the last line of a section's own text, before its first sub-heading."""
    place = next(i for i, (titles, _) in enumerate(heads) if JOINER.join(titles) == path)
    start = heads[place][1].start
    stop = heads[place + 1][1].start if place + 1 < len(heads) else len(text)
    return max(line.end for line in markdown.lines(text) if start <= line.start < stop and line.kind != "blank")


def _list_end(text: str, bullets: list[tuple[Bullet, _Task]]) -> tuple[int, str]:
    """The offset behind the list of a section's last bullet, and indentation and marker for one more."""
    last = bullets[-1][1]
    top = min(task.depth for _, task in bullets)
    model = next(task for _, task in reversed(bullets) if task.depth == top).lines[0]
    marker = model.text[: model.at]
    end, inside = last.end, False
    for line in markdown.lines(text):
        if line.start == last.lines[0].start:
            inside = True
        elif inside and (line.kind == "heading" or (line.depth == 0 and line.kind != "blank")):
            break
        if inside and line.kind != "blank":
            end = line.end
    ordered = _ORDERED.search(marker)
    return end, marker if not ordered else marker.replace(ordered[0], f"{int(ordered[1]) + 1}{ordered[2]}", 1)


def _insert(text: str, at: int, block: str, newline: str) -> str:
    """Put a block on its own line, with a blank line before it and after it."""
    before, after = text[:at], text[at:]
    lead = ""
    if before.strip(markdown.BOM):
        body = before.rstrip("\r\n")
        ends = len(re.findall(r"\r\n|\r|\n", before[len(body) :]))
        lead = newline * max(2 - ends, 0)
    rest = after.lstrip("\r\n")
    if not rest.strip():
        return before + lead + block + (after or newline)
    ends = len(re.findall(r"\r\n|\r|\n", after[: len(after) - len(rest)]))
    return before + lead + block + newline * max(2 - ends, 0) + after


def _newline(text: str) -> str:
    first = re.search(r"\r\n|\r|\n", text)
    return first[0] if first else "\n"


def _folded(text: str) -> str:
    return markdown.plain(text).casefold()


def _listed(bullets: Iterable[Bullet]) -> str:
    shown = list(bullets)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(f"{b.key} “{b.text}”" for b in shown[:_SHOWN]) + more
