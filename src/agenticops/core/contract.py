"""Contracts: whether an artifact is there, is more than its template, and says what it owes.

Each type has one small function in `_EXAMINERS`. Notebooks are judged in `notebook.py`, JSON Schemas in `schema.py`.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from posixpath import splitext
from typing import Any

from msgspec import Struct

from agenticops.core import markdown, notebook, schema, yamltext
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.pipeline import ArtifactType, Contract

_SUFFIXES: dict[str, ArtifactType] = {
    ".md": "markdown",
    ".markdown": "markdown",
    ".ipynb": "notebook",
    ".csv": "csv",
    ".json": "json",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".py": "python",
}
_LFS = b"version https://git-lfs.github.com/spec/"
_CONFLICT = tuple(re.compile(rb"^" + mark + rb"(?:[ \r\n]|\Z)", re.M) for mark in (rb"<{7}", rb"={7}", rb">{7}"))
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_OUTSIDE = "keep large data outside, and record where it is"
_WRITE = "write below the guidance; quoted lines (>) and comments do not count"
_SHOWN = 3
# What is looked at line by line or node by node costs two microseconds a byte at worst.
_JUDGED: dict[ArtifactType, int] = {"markdown": 98_304, "python": 98_304}


class _Subject(Struct, frozen=True):
    """What an examiner is handed; `template` is "" when there is none."""

    contract: Contract
    path: str
    text: str
    template: str

    def finding(self, code: str, message: str, line: int = 0, hint: str = "") -> Finding:
        """Report something of this artifact."""
        return Finding(code, message, self.path, line, hint=hint)


def kind(contract: Contract) -> ArtifactType:
    """Give the type of an artifact: the one that is named, else that of its suffix, else text."""
    return contract.type or _SUFFIXES.get(splitext(contract.path)[1].lower(), "text")


def examine(contract: Contract, path: str, content: bytes | None, template: bytes | None) -> list[Finding]:
    """Judge an artifact; `template` is what it began as, rendered for the same ticket."""
    name = contract.name or contract.path
    if content is None:
        return [Finding("VT201", f"missing: {contract.title or name}", path, hint=f"agenticops artifact new {name}")]
    most = min(contract.max_bytes, _JUDGED.get(kind(contract), contract.max_bytes))
    if len(content) > most:
        return [Finding("VT209", f"{len(content)} bytes; at most {most} are taken", path, hint=_OUTSIDE)]
    if not content.strip():
        return [Finding("VT202", "empty", path, hint=f"write it, or start over with agenticops artifact new {name}")]
    unreadable = _unreadable(content, path)
    if unreadable:
        return [unreadable]
    type_ = kind(contract)
    start = "" if template is None else template.decode("utf-8", "replace").removeprefix(markdown.BOM)
    subject = _Subject(contract, path, content.decode("utf-8").removeprefix(markdown.BOM), start)
    if type_ != "markdown" and start.strip() and subject.text.split() == start.split():
        return [subject.finding("VT203", "still the template", hint="fill it in")]
    return list(_EXAMINERS[type_](subject))


def _unreadable(content: bytes, path: str) -> Finding | None:
    """Find what no examiner could judge: a pointer instead of content, bytes that are no text, an open merge."""
    if content.startswith(_LFS):
        return Finding("VT208", "a git-lfs pointer; its content is not here", path, hint="git lfs pull")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        return Finding("VT208", "has a NUL byte; text is wanted", path, line, hint="save it as UTF-8 text")
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as e:
        line = content.count(b"\n", 0, e.start) + 1
        return Finding("VT208", f"not UTF-8 (byte 0x{content[e.start]:02x})", path, line, hint="save it as UTF-8 text")
    marks = [mark.search(content) for mark in _CONFLICT]
    if all(marks) and marks[0]:
        line = content.count(b"\n", 0, marks[0].start()) + 1
        return Finding("VT208", "a merge left conflict markers", path, line, hint="resolve them, then git add the file")
    return None


def _examine_markdown(subject: _Subject) -> Iterator[Finding]:
    front, body, _ = yamltext.split(subject.text)
    if subject.contract.front_matter is not None:
        yield from _front_matter(subject, front)
    if subject.contract.headings:
        yield from _headings(subject)
    elif not _words(body):
        yield subject.finding("VT202", "nothing but comments and guidance", hint=_WRITE)
    elif not _adds(subject.text, subject.template):
        yield subject.finding("VT203", "still the template", hint=_WRITE)


def _headings(subject: _Subject) -> Iterator[Finding]:
    """Compare each required level-2 section with the template's section of the same title."""
    there, began = _by_title(subject.text), _by_title(subject.template)
    wanted = list(dict.fromkeys(subject.contract.headings))
    missing = [title for title in wanted if _title(title) not in there]
    untouched: list[tuple[str, int]] = []
    empty: list[tuple[str, int]] = []
    for title in wanted:
        found = there.get(_title(title), ())
        if found and not any(_adds(section.body, _body(began, title)) for section in found):
            (untouched if _title(title) in began else empty).append((title, found[0].line))
    if untouched:
        names = ", ".join(title for title, _ in untouched[:_SHOWN]) + (" …" if len(untouched) > _SHOWN else "")
        message = f"still the template: {len(untouched)} of {len(wanted)} sections untouched ({names})"
        yield subject.finding("VT203", message, untouched[0][1], _WRITE)
    for title in missing:
        yield subject.finding("VT204", f"the heading '## {title}' is missing", hint="add it, and write below it")
    for title, line in empty:
        yield subject.finding("VT204", f"the section '{title}' is empty", line, _WRITE)


def _by_title(text: str) -> dict[str, list[markdown.Section]]:
    """Group the level-2 sections: one that stands twice is filled when one of both is."""
    found: dict[str, list[markdown.Section]] = {}
    for section in markdown.sections(text):
        if section.level == 2:
            found.setdefault(_title(section.title), []).append(section)
    return found


def _title(title: str) -> str:
    return markdown.plain(title).casefold()


def _body(began: dict[str, list[markdown.Section]], title: str) -> str:
    return "\n".join(section.body for section in began.get(_title(title), ()))


def _words(text: str) -> list[str]:
    """Give the lines that say something: no comments, no quoted guidance, white space folded."""
    folded = (" ".join(line.split()) for line in _COMMENT.sub("", text).splitlines())
    return [line for line in folded if line and not line.startswith(">")]


def _adds(text: str, template: str) -> bool:
    """Tell whether a text says more than its template; what was only deleted or moved adds nothing."""
    return not set(_words(text)) <= set(_words(template))


def _front_matter(subject: _Subject, front: str) -> Iterator[Finding]:
    if not front.strip():
        wanted = ", ".join((subject.contract.front_matter or {}).get("required", ())) or "fields"
        yield subject.finding("VT205", f"no front-matter; wanted: {wanted}", 1, "begin with --- fields ---")
        return
    try:
        values = _metadata(subject)
    except StateError as e:
        yield _state_finding(subject, e)
        return
    for violation in schema.violations(values, subject.contract.front_matter or {}):
        keys = tuple(str(key) for key in violation.keys)
        line = yamltext.locate(front, keys, 2) if keys else 1
        field = violation.place.removeprefix("$").removeprefix(".")
        message = f"{field}: {violation.message}" if field else violation.message
        yield subject.finding("VT205", message, line, "correct the front-matter")


def _metadata(subject: _Subject) -> dict[str, object]:
    """Read front-matter with python-frontmatter, through our hardened loader."""
    from frontmatter import parse
    from frontmatter.default_handlers import YAMLHandler

    class Hardened(YAMLHandler):
        def load(self, fm: str, **kwargs: object) -> Any:
            return yamltext.typed(yamltext.load(fm, subject.path, 1, max(len(fm), 1)))

    return parse(subject.text, handler=Hardened())[0]


def _state_finding(subject: _Subject, error: StateError) -> Finding:
    line = error.place.rpartition(":")[2]
    return subject.finding("VT208", error.message, int(line) if line.isdecimal() else 0, error.hint)


def _examine_notebook(subject: _Subject) -> Iterator[Finding]:
    values, broken = _json(subject)
    if broken:
        yield broken
        return
    run = "run all cells from the top, and save"
    yield from (subject.finding("VT206", message, hint=run) for message in notebook.faults(values))


def _examine_csv(subject: _Subject) -> Iterator[Finding]:
    import csv

    reader = csv.reader(io.StringIO(subject.text, newline=""), strict=True)
    header: list[str] = []
    wrong: list[tuple[int, int]] = []
    rows = 0
    try:
        for row in reader:
            if not header:
                header = [column.strip() for column in row]
            elif row:
                rows += 1
                if len(row) != len(header):
                    wrong.append((reader.line_num, len(row)))
    except csv.Error as e:
        yield subject.finding(
            "VT208", f"not CSV: {e}", reader.line_num, 'quote fields with " and double a quote inside'
        )
        return
    missing = [column for column in subject.contract.columns if column not in header]
    if missing:
        message = f"columns missing: {', '.join(missing)}; there are: {', '.join(header)}"
        yield subject.finding("VT207", message, 1, "add the columns")
    if wrong:
        line, fields = wrong[0]
        more = f" (and {len(wrong) - 1} more rows)" if len(wrong) > 1 else ""
        message = f"the row has {fields} fields, the header {len(header)}{more}"
        yield subject.finding("VT208", message, line, "separate fields by commas; quote a field that has one")
    if not rows:
        yield subject.finding("VT202", "a header without a data row", 1, "write the data, or record where it is kept")


def _examine_json(subject: _Subject) -> Iterator[Finding]:
    values, broken = _json(subject, strict=True)
    if broken:
        yield broken
    else:
        yield from _schema(subject, values)


def _examine_yaml(subject: _Subject) -> Iterator[Finding]:
    try:
        values = yamltext.typed(yamltext.load(subject.text, subject.path, limit=subject.contract.max_bytes))
    except StateError as e:
        yield _state_finding(subject, e)
        return
    if values is None:
        yield subject.finding("VT202", "nothing but comments", hint="write its values")
    else:
        yield from _schema(subject, values)


def _examine_python(subject: _Subject) -> Iterator[Finding]:
    import ast
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape is the author's matter, and not for our stderr
            tree = ast.parse(subject.text, subject.path)
    except SyntaxError as e:
        yield subject.finding("VT208", f"not Python: {e.msg}", e.lineno or 0, "correct the syntax")
    except (ValueError, RecursionError, MemoryError) as e:
        yield subject.finding("VT208", f"not Python: {str(e) or type(e).__name__}", hint="correct the syntax")
    else:
        if not tree.body:
            yield subject.finding("VT202", "nothing but comments", hint="write the program")


def _examine_text(subject: _Subject) -> Iterator[Finding]:
    lines = (line.strip() for line in _COMMENT.sub("", subject.text).splitlines())
    if not any(line and not line.startswith("#") for line in lines):
        yield subject.finding("VT202", "nothing but comments", hint="write below the comment")


def _json(subject: _Subject, strict: bool = False) -> tuple[Any, Finding | None]:
    """Read JSON; strictly, neither a key twice nor NaN is taken."""
    import json

    pairs: Callable[[list[tuple[str, Any]]], Any] | None = _once if strict else None
    constant: Callable[[str], Any] | None = _refuse if strict else None
    try:
        return json.loads(subject.text, object_pairs_hook=pairs, parse_constant=constant), None
    except json.JSONDecodeError as e:
        return None, subject.finding(
            "VT208", f"not JSON: {e.msg[:1].lower()}{e.msg[1:]}", e.lineno, "correct the syntax"
        )
    except (ValueError, RecursionError) as e:
        return None, subject.finding("VT208", f"not JSON: {e}", hint="correct the syntax")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} stands twice")
    return values


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON number")


def _schema(subject: _Subject, values: Any) -> Iterable[Finding]:
    if subject.contract.schema is None:
        return []
    if yamltext.mass(subject.text) > yamltext.MAX_MARKS:
        return [subject.finding("VT209", f"more than {yamltext.MAX_MARKS} values for a schema", hint=_OUTSIDE)]
    found = schema.violations(values, subject.contract.schema)
    return [subject.finding("VT215", f"{v.place}: {v.message}", hint="correct the value") for v in found]


_EXAMINERS: dict[ArtifactType, Callable[[_Subject], Iterable[Finding]]] = {
    "markdown": _examine_markdown,
    "notebook": _examine_notebook,
    "csv": _examine_csv,
    "json": _examine_json,
    "yaml": _examine_yaml,
    "python": _examine_python,
    "text": _examine_text,
}
