"""The source of a template: its text and plain data, and where in it something stands. YAML and JSON are read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from agenticops.core import condition, yamltext
from agenticops.errors import StateError
from agenticops.model.condition import Condition

T = TypeVar("T")
# JSON has no anchors and no guessing, and is read in C: a template of ten thousand states fits.
JSON_LIMIT = 8_388_608
SCHEMA = 1


class Source:
    """One mapping of a file: the whole of it, or an entry of its list. `within` is the way to it."""

    def __init__(self, path: str, text: str, data: Any, within: tuple[str, ...] = ()) -> None:
        self.path = path
        # In one that holds too much nobody looks for lines.
        self.text = "" if yamltext.mass(text) > yamltext.MAX_MARKS else text
        self.data = data
        self.within = within

    def place(self, *keys: str) -> str:
        """Say where a field stands, with its line when that can be told."""
        if not self.text:
            return self.path
        try:
            return f"{self.path}:{yamltext.locate(self.text, (*self.within, *keys))}"
        except StateError:
            return self.path

    def wrong(self, message: str, *keys: str, hint: str = "") -> StateError:
        """Make the error that names a place in this file."""
        return StateError(message, place=self.place(*keys), hint=hint or "correct it, then workflow template lint")

    def convert(self, value: Any, kind: type[T], *keys: str) -> T:
        """Check plain data against a type. Raises StateError that names the field and its line."""
        within = (*self.within, *keys)
        try:
            return yamltext.convert(value, kind, self.path, self.text, within=within)
        except StateError as e:
            if e.place.startswith(f"{self.path}:"):
                raise
        # JSON may hold what a search for lines by YAML stumbles over.
        return yamltext.convert(value, kind, self.path, within=within)

    def guard(self, value: Any, *keys: str) -> Condition:
        """Read the condition of an edge."""
        try:
            return condition.read(yamltext.typed(value), "when")
        except StateError as e:
            raise self.wrong(f"{e.place}: {e.message}", *keys, hint=e.hint) from None


def sources(data: bytes, path: str) -> list[Source]:
    """Take a file apart: one mapping, or a list of them. Raises StateError."""
    text, raw = _loaded(data, path)
    if isinstance(raw, list):
        if not raw:
            raise StateError("the list holds no template", place=path, hint="agenticops workflow template new CODE")
        return [Source(path, text, one, (str(number),)) for number, one in enumerate(raw)]
    return [Source(path, text, raw)]


def _loaded(data: bytes, path: str) -> tuple[str, Any]:
    if path.endswith(".json"):
        text = yamltext.decode(data, path, JSON_LIMIT)
        return text, _json(text, path)
    text = yamltext.decode(data, path, yamltext.PIPELINE_LIMIT)
    return text, yamltext.load(text, path, limit=yamltext.PIPELINE_LIMIT)


def _json(text: str, path: str) -> Any:
    """Read JSON; a key that stands twice, and a number that is none, are errors."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            seen: set[str] = set()
            twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
            raise StateError(f"the key {twice!r} stands twice", place=path, hint="keep one of them")
        return found

    def no_number(word: str) -> Any:
        raise StateError(f"{word} is no number", place=path)

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=no_number)
    except json.JSONDecodeError as e:
        raise StateError(f"not JSON: {e.msg}", place=f"{path}:{e.lineno}", hint="correct the line") from None
    except (RecursionError, ValueError):
        raise StateError("JSON that is nested too deep, or holds a number that is too long", place=path) from None


def spelled(guard: Condition) -> dict[str, Any]:
    """Write a condition as it is read."""
    for join, parts in (("all", guard.all), ("any", guard.any)):
        if parts is not None:
            return {join: [spelled(part) for part in parts]}
    return {"not": spelled(guard.no)} if guard.no is not None else {"field": guard.field, guard.op: guard.value}


def whole(days: float | None) -> int | float | None:
    """Give a number of days as it was written: 2, not 2.0."""
    return int(days) if days is not None and float(days).is_integer() else days


def numbered(ids: Iterable[str]) -> bool:
    """Tell whether all ids are whole numbers, as the automation domain writes them."""
    found = list(ids)
    return bool(found) and all(re.fullmatch(r"0|[1-9][0-9]{0,9}", one) for one in found)


def lines(text: str) -> list[Mapping[str, int]]:
    """Map for each template of a file its states, by id and by name, to their lines; "" is the template itself.

    The text was read before. None are given for one that holds too much to look for lines in it.
    """
    import yaml

    if yamltext.mass(text) > yamltext.MAX_MARKS:
        return []
    try:
        root = yaml.compose(text, Loader=yaml.CBaseLoader)
    except yaml.YAMLError:
        return []
    if isinstance(root, yaml.SequenceNode):
        return [_lines(node) for node in root.value]
    return [_lines(root)]


def _lines(node: Any) -> Mapping[str, int]:
    found = {"": node.start_mark.line + 1}
    for key, value in _pairs(node):
        if key.value == "workflow_graph":
            found = {**_lines(value), **found}
        elif key.value == "phases":
            for name, phase in _pairs(value):
                found[name.value] = name.start_mark.line + 1
                found |= {v.value: name.start_mark.line + 1 for k, v in _pairs(phase) if k.value == "id"}
        elif key.value == "states" and isinstance(value.value, list):
            for state in value.value:
                line = state.start_mark.line + 1
                found |= {v.value: line for k, v in _pairs(state) if k.value in ("id", "name")}
    return found


def _pairs(node: Any) -> list[tuple[Any, Any]]:
    return node.value if node is not None and node.id == "mapping" else []
