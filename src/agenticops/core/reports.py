"""Reports: reading what tools wrote. It is a stranger's file: whatever is wrong with it is a finding. ADR 0019."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from xml.parsers import expat

from agenticops.core import evidence, yamltext
from agenticops.core.case import Case
from agenticops.errors import StateError
from agenticops.model.digest import sha256
from agenticops.model.finding import Finding

MAX_BYTES = 20_000_000
MAX_DEPTH = 64
# The checks that read reports; each has a `read`, which turns the bytes into figures. It is handed path and parameters.
READERS = ("tests", "coverage", "scan", "metric")
Reader = Callable[[bytes, str, Any], Mapping[str, Any]]
# Called at the end of each element: the names from the root down to it, and its attributes.
Seen = Callable[[Sequence[str], Mapping[str, str]], None]


class Unusable(Exception):
    """A report that proves nothing; it carries the finding."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def path(case: Case, file: str) -> str:
    """Where a report is, for this work item."""
    return file.replace("{item}", case.ticket.item)


def figures(case: Case, read: Reader) -> Mapping[str, Any]:
    """Give what a report says. Raises Unusable.

    A report that a command of the gate writes must be what its last run left; where it is not in the tree, because it
    is not committed, what was read of it after that run counts.
    """
    where, data = path(case, case.asked.file), _content(case)
    again = f"agenticops gate run {case.ticket.id} --gate {case.gate.name}"
    written, left = _left(case, where)
    if data is None:
        noted = left.get(case.call.check)
        if isinstance(noted, dict):
            return noted
        hint = f"{again} writes it" if written else "let the tool write it, or correct the path"
        raise Unusable(Finding("VT412", "the report is missing", where, hint=hint))
    if written and left.get("sha256") != sha256(data):
        raise Unusable(Finding("VT420", "not what the command left when it was run", where, hint=again))
    return read(data, where, case.asked)


def value(found: Mapping[str, Any], name: str, where: str) -> float:
    """Give one figure. Raises Unusable when it is none."""
    number = figure(found.get(name))
    if number is None:
        raise broken(where, f"{name} is no number")
    return number


def _content(case: Case) -> bytes | None:
    where = path(case, case.asked.file)
    try:
        size = case.after.tree.size(where)
        if size is not None and size > MAX_BYTES:
            raise broken(where, f"{size} bytes; at most {MAX_BYTES} are read")
        return None if size is None else case.after.tree.read(where)
    except StateError as e:
        raise Unusable(Finding("VT413", e.message, where, hint=e.hint)) from None


def broken(where: str, why: str) -> Unusable:
    """Say that a report cannot be read."""
    return Unusable(Finding("VT413", f"the report cannot be read: {why}", where, hint="let the tool write it again"))


def _left(case: Case, where: str) -> tuple[bool, Mapping[str, Any]]:
    """Tell whether a command of the gate writes a report, and what its last run left of it."""
    writers = [c for c in case.gate.checks if case.asked.file in evidence.command(c).reports]
    for call in writers:
        runs = evidence.of(case.after.log.of_ticket(case.ticket.id), case.gate.name, call.title)
        last = next((e.data.get("reports") for e in reversed(runs) if e.kind == evidence.RUN), None)
        entry = last.get(where) if isinstance(last, dict) else None
        if isinstance(entry, dict):
            return True, entry
    return bool(writers), {}


def xml(data: bytes, where: str, seen: Seen) -> str:
    """Walk through XML without building it; give the root's name. No document type, so no entity grows."""
    stack: list[str] = []
    attributes: list[Mapping[str, str]] = []
    roots: list[str] = []

    def start(name: str, found: dict[str, str]) -> None:
        if len(stack) >= MAX_DEPTH:
            raise broken(where, f"nested deeper than {MAX_DEPTH} levels")
        stack.append(name.rpartition(":")[2])
        attributes.append(found)
        roots[:] = roots or stack[:1]

    def end(name: str) -> None:
        seen(stack, attributes.pop())
        stack.pop()

    def refuse(*_: Any) -> None:
        raise broken(where, "it declares a document type; entities are not read")

    parser = expat.ParserCreate("utf-8")  # whatever encoding it claims: what is read is what was looked at
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as e:
        raise broken(where, f"no XML: {e}") from None
    return roots[0]


def number(attributes: Mapping[str, str], name: str, where: str) -> int:
    """Give a whole number from an attribute; 0 when it is not there. Raises Unusable."""
    text = attributes.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise broken(where, f"{name}={text[:40]!r} is no number")
    return int(text)


def parsed(data: bytes, where: str) -> Any:
    """Read JSON, or YAML by its suffix. Raises Unusable; NaN and infinity are no JSON."""

    def refuse(word: str) -> Any:
        raise ValueError(f"{word} is no number")

    try:
        text = data.decode("utf-8-sig")
        if where.endswith((".yml", ".yaml")):
            return yamltext.typed(yamltext.load(text, where))
        return json.loads(text, parse_constant=refuse)
    except StateError as e:
        raise broken(e.place or where, e.message) from None
    except (ValueError, RecursionError) as e:
        raise broken(where, str(e)[:200]) from None


def figure(value: Any) -> float | None:
    """Give a value that is a number that can be compared; a truth value, text and NaN are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None
