"""Architecture decision records: `NNNN-slug.md` or `YYYY-MM-DD-slug.md`, and which supersedes which."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from agenticops.core import papers, yamltext
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.tree import Tree

FOLDER = "docs/architecture/adr"
NAME = re.compile(r"((?:\d{4}-\d\d-\d\d|\d{4})-[a-z0-9][a-z0-9-]*)\.md")
_NUMBERED = re.compile(r"(\d{4})-(?!\d\d-\d\d-)")
_STATUS = re.compile(r"^Status:[ \t]*(.*?)[ \t]*$", re.M)
_SUPERSEDES = re.compile(r"^Supersedes:[ \t]*(.*?)[ \t]*$", re.M)
_TITLE = re.compile(r"^#[ \t]+(?:\d{4}(?:\.|[ \t]+[·:-]))?[ \t]*(.*?)[ \t]*$", re.M)
_LINKED = re.compile(r"\[[^\]]*\]\(([^)]+?)(?:\.md)?\)")
_BY = re.compile(r"superse?c?ded by\s+(.*)", re.I)


class Adr(Struct, frozen=True):
    """One record: `status` are its own words; `by` and `supersedes` name other records as they are written there."""

    id: str
    title: str
    status: str
    line: int
    by: str = ""
    supersedes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where it is kept."""
        return f"{FOLDER}/{self.id}.md"


def ids(tree: Tree) -> list[str]:
    """List the records, oldest name first."""
    return [match[1] for n in tree.names(FOLDER) if (match := NAME.fullmatch(n))]


def read(tree: Tree, name: str) -> Adr:
    """Read a record. Raises StateError when it is no text."""
    path = f"{FOLDER}/{name}.md"
    text = yamltext.decode(tree.read(path) or b"", path, yamltext.PIPELINE_LIMIT)
    title, status, older = _TITLE.search(text), _STATUS.search(text), _SUPERSEDES.search(text)
    by = _BY.match(status[1]) if status else None
    line = text.count("\n", 0, status.start()) + 1 if status else 1
    return Adr(
        name,
        title[1] if title else "",
        status[1] if status else "",
        line,
        next(iter(_names(by[1])), "") if by else "",
        _names(older[1]) if older else (),
    )


def _names(words: str) -> tuple[str, ...]:
    """Take names out of a line: the targets of its links, else the words before a comma that look like one."""
    linked = _LINKED.findall(words)
    bare = re.findall(r"\d{4}(?:-[a-z0-9-]*[a-z0-9])?", words)
    dated = re.compile(r"\d{4}-\d\d-\d\d")
    return tuple(linked) or tuple(n for n in bare if not dated.fullmatch(n))


def find(names: list[str], wanted: str) -> str:
    """Find the one record that is meant by its id, its number or its beginning; "" for none or several."""
    hits = [n for n in names if n == wanted] or [n for n in names if n.startswith(wanted) and len(wanted) >= 4]
    return hits[0] if len(hits) == 1 else ""


def next_id(names: list[str], title: str, day: str) -> str:
    """Name a new record as the folder is used to: by the next number where records are numbered, else by the day."""
    numbers = [int(match[1]) for n in names if (match := _NUMBERED.match(n))]
    head = f"{max(numbers) + 1:04d}" if len(numbers) * 2 > len(names) else day
    stem = f"{head}-{papers.slug(title) or 'decision'}"
    found, number = stem, 1
    while found in names:
        number += 1
        found = f"{stem}-{number}"
    return found


def text(name: str, title: str, day: str, supersedes: list[str], status: str) -> str:
    """Write a new record in the form of this folder."""
    number = _NUMBERED.match(name)
    head = f"{number[1]} · {title}" if number else title
    links = ", ".join(f"[{s}]({s}.md)" for s in supersedes)
    older = f"\nSupersedes: {links}\n" if supersedes else ""
    return f"# {head}\n\nStatus: {status}, {day}\n{older}\n## Decision\n\n- \n\n## Why\n\n"


def superseded(old: str, by: str, day: str, path: str) -> str:
    """Set the status of a record that another one takes the place of. Raises StateError when it has no status line."""
    if not _STATUS.search(old):
        raise StateError("the record has no line `Status: …`", place=f"{path}:1", hint="write one below its title")
    line = f"Status: superseded by [{by}]({by}.md), {day}"
    return _STATUS.sub(lambda _: line, old, count=1)


def findings(tree: Tree) -> Iterator[Finding]:
    """Judge the chains: both sides say the same, and none goes round."""
    names = ids(tree)
    records = {}
    for name in names:
        try:
            records[name] = read(tree, name)
        except StateError as e:
            yield Finding("VT901", e.message, f"{FOLDER}/{name}.md", hint=e.hint)
    for one in records.values():
        if one.by:
            yield from _later(one, records, find(names, one.by))
        for older in one.supersedes:
            yield from _earlier(one, records, find(names, older), older)
        if _round(one, records, names):
            message = f"{one.id} is superseded, along its chain, by itself"
            yield Finding("VT905", message, one.path, one.line, hint="say in one of them which one stands")


def _later(one: Adr, records: dict[str, Adr], later: str) -> Iterator[Finding]:
    if not later:
        message = f"{one.id} is superseded by {one.by!r}, which is not there"
        yield Finding("VT905", message, one.path, one.line, hint="agenticops adr list")
    elif later in records and one.id not in [find(list(records), s) for s in records[later].supersedes]:
        message = f"{one.id} is superseded by {later}, which does not say so"
        hint = f"write below its status: Supersedes: [{one.id}]({one.id}.md)"
        yield Finding("VT905", message, records[later].path, records[later].line, hint=hint)


def _earlier(one: Adr, records: dict[str, Adr], older: str, words: str) -> Iterator[Finding]:
    if not older:
        message = f"{one.id} supersedes {words!r}, which is not there"
        yield Finding("VT905", message, one.path, one.line, hint="agenticops adr list")
    elif older in records and find(list(records), records[older].by) != one.id:
        message = f"{one.id} supersedes {older}, whose status does not say so"
        hint = f"write there: Status: superseded by [{one.id}]({one.id}.md)"
        yield Finding("VT905", message, records[older].path, records[older].line, hint=hint)


def _round(one: Adr, records: dict[str, Adr], names: list[str]) -> bool:
    seen: set[str] = set()
    here = one.id
    while here in records and here not in seen:
        seen.add(here)
        here = find(names, records[here].by) if records[here].by else ""
        if here == one.id:
            return True
    return False
