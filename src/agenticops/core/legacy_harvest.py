"""Gather the fields of a session from older keys and values; what has no place is said, never dropped or guessed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from agenticops.core import legacy_words as words
from agenticops.model import ids

_ISSUE = re.compile(r"#?([1-9][0-9]{0,9})")
_BULLET = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_ROLE_WORD = re.compile(r"[-_ ](?:agent|mode|phase)$")
_COUNT = re.compile(r"[-+]?[\d.,/ ]+%?|true|false", re.I)
_TODO_ID = re.compile(r"[A-Za-z]{0,8}[-_]?\d{1,6}")

Known = set[str]


class Harvest:
    """The fields found so far, and a note for each key: what it became, or why it stays in the body."""

    def __init__(self, phase: str = "") -> None:
        self.phase = phase
        self.session: dict[str, Any] = {}
        self.notes: list[str] = []
        self._listed: dict[str, Known] = {}
        self._todos: dict[tuple[str, str, str], Known] = {}
        self._numbers: Known = set()
        self._free = 1

    def take(self, scope: str, key: str, value: Any, within: str = "") -> bool:
        """Place a value under the field that its key means; tell whether every part of it has found a place."""
        name = words.normal(key)
        source = f"{within}{key}"
        if isinstance(value, dict) and name in words.GROUPS:
            return self.take_all(words.GROUPS[name], value, f"{source}.")
        field = words.target(scope, name)
        if not field:
            self.notes.append(f"{source} → body: no field has this name")
            return False
        if value in (None, "", [], {}):
            return True
        reason, change = _READERS[words.KINDS[field]](self, field, value)
        if reason:
            self.notes.append(f"{source} → body: {reason}")
        if change is not None:
            self.notes.append(f"{source} → {field}{change}")
        return not reason

    def take_all(self, scope: str, values: dict[str, Any], within: str = "") -> bool:
        """Place every value of a mapping; tell whether all of them have found a place."""
        placed = [self.take(scope, str(key), value, within) for key, value in values.items()]
        return all(placed)

    def set(self, field: str, value: str, original: str) -> Outcome:
        """Set a field that has one value; a second, different value stays where it was."""
        *outer, last = field.split(".")
        holder = self.session.setdefault(outer[0], {}) if outer else self.session
        if holder.setdefault(last, value) != value:
            return f"{original!r} differs from {field} {holder[last]!r}, which stands already", None
        return "", "" if value == original else f": {original!r} is {value!r} here"

    def extend(self, field: str, entries: list[str]) -> None:
        """Add entries to a list; one that another source has given already is not repeated."""
        *outer, last = field.split(".")
        holder = self.session.setdefault(outer[0], {}) if outer else self.session
        known, seen = holder.setdefault(last, []), self._listed.setdefault(field, set())
        known += [e for e in entries if e not in seen]
        seen.update(entries)

    def file(self, todo: dict[str, str], spoken_for: Known) -> str:
        """Append a to-do under an id that is free; a number that is taken stays readable in the body."""
        said = (todo["content"], todo["status"], todo.get("priority", ""))
        same = self._todos.setdefault(said, set())
        wanted = todo["id"]
        if same and (not wanted or wanted in same):
            return ""
        known = self.session.setdefault("todos", [])
        reason = f"two to-dos have the id {wanted!r}" if wanted in self._numbers else ""
        if not wanted or reason:
            self._free = max(self._free, len(known) + 1)
            while str(self._free) in self._numbers or str(self._free) in spoken_for:
                self._free += 1
            todo["id"] = str(self._free)
        known.append(todo)
        same.add(todo["id"])
        self._numbers.add(todo["id"])
        return reason


# Why something stays in the body ("" when nothing does), and how the value changed (None when nothing was placed).
Outcome = tuple[str, str | None]


def scalar(value: Any) -> str | None:
    """Give a scalar as the text that stood there; None for lists and mappings."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return str(value).strip() if isinstance(value, str | int | float) else None


def entries(value: Any) -> list[Any]:
    """See a value as a list: a text whose lines are all bullets is one entry a bullet, other text is one entry."""
    if isinstance(value, list):
        return value
    lines = [line for line in value.splitlines() if line.strip()] if isinstance(value, str) else []
    if lines and all(_BULLET.match(line) for line in lines):
        return [_BULLET.sub("", line, count=1).strip() for line in lines]
    return [value]


def _says_nothing(text: str) -> bool:
    return text.casefold().strip(" .()_*") in words.NOTHING


def _worded(entry: Any, keys: tuple[str, ...]) -> tuple[str, set[str]]:
    """Find the text of an entry, and the keys of a mapping that are not the text."""
    if isinstance(entry, dict):
        for key in keys:
            text = scalar(entry[key]) if key in entry else None
            if text:
                return text, set(entry) - {key}
        return "", set(entry)
    return scalar(entry) or "", set()


def _text(harvest: Harvest, field: str, value: Any) -> Outcome:
    text = scalar(value)
    if text is None:
        return "one value is wanted, not a list or mapping", None
    if _says_nothing(text):
        return f"{text!r} is no {field}", None
    return harvest.set(field, text, text)


def _name(harvest: Harvest, field: str, value: Any) -> Outcome:
    text = scalar(value)
    if text is None:
        return "one value is wanted, not a list or mapping", None
    plain = _ROLE_WORD.sub("", text.strip("`*_ ").lower())
    name = re.sub(r"[\s_]+", "-", plain)
    if _says_nothing(text) or not ids.NAME.fullmatch(name):
        return f"{text!r} is no name of a {field.split('.')[0]}", None
    return harvest.set(field, name, text)


def _status(harvest: Harvest, field: str, value: Any) -> Outcome:
    text = scalar(value)
    known = words.SESSION_STATUS.get(words.normal(text)) if text else None
    if text is None or known is None:
        return f"unknown status {text if text is not None else value!r}", None
    return harvest.set(field, known, text)


def _ticket(harvest: Harvest, field: str, value: Any) -> Outcome:
    text = scalar(value) or ""
    number = _ISSUE.fullmatch(text)
    if number and harvest.phase:
        ticket = ids.ticket_id(harvest.phase, number[1])
    elif ids.TICKET.fullmatch(text):
        ticket = text
    else:
        return f"{text or value!r} does not name a ticket" + (" without a phase" if number else ""), None
    return harvest.set(field, ticket, text)


def _texts(harvest: Harvest, field: str, value: Any) -> Outcome:
    found, left = [], 0
    for entry in entries(value):
        text, others = _worded(entry, words.ENTRY_TEXT)
        if text.startswith("[ ] "):
            text = text[4:].strip()
        if _says_nothing(text):
            left += 1
        else:
            found.append(text)
            left += bool(others)
    return _listed(harvest, field, found, left)


def _tools(harvest: Harvest, field: str, value: Any) -> Outcome:
    if isinstance(value, str) and "\n" not in value:
        value = [part.strip() for part in _outer_parts(value) if part.strip()]
    return _texts(harvest, field, value)


def _outer_parts(text: str) -> list[str]:
    """Cut a text at its commas, but not at those inside parentheses."""
    cuts, following = [len(text)], ""
    for at in range(len(text) - 1, -1, -1):
        if text[at] in "()":
            following = text[at]
        elif text[at] == "," and following != ")":
            cuts.append(at)
    cuts.append(-1)
    return [text[start + 1 : stop] for stop, start in pairwise(cuts)][::-1]


def _paths(harvest: Harvest, field: str, value: Any) -> Outcome:
    found: dict[str, list[str]] = {}
    left, assumed = 0, False
    for entry in entries(value):
        text, others = _worded(entry, words.PATH_TEXT)
        place = field if "." in field else "artifacts.modified"
        state = next((k for k in ("status", "action", "change") if k in others), "")
        if state:
            place = words.SCOPES["artifacts"].get(words.normal(scalar(entry[state]) or ""), "")
        if not place or _says_nothing(text) or text.startswith(("http:", "https:")):
            left += 1
            continue
        assumed = assumed or not (state or "." in field)
        found.setdefault(place, []).append(text.strip("`"))
        left += bool(others - {state})
    for place, paths in found.items():
        harvest.extend(place, paths)
    reason, change = _listed(harvest, field, [], left)[0], "" if found else None
    return reason, ": those that say neither created nor modified count as modified" if assumed else change


def _listed(harvest: Harvest, field: str, found: list[str], left: int) -> Outcome:
    if found:
        harvest.extend(field, found)
    reason = f"{left} of its entries say more than {field} holds, or nothing" if left else ""
    return reason, "" if found else None


def _todos(harvest: Harvest, field: str, value: Any) -> Outcome:
    default = field.partition(".")[2]
    kept: list[str] = []
    found: list[dict[str, str]] = []
    for number, entry, status in _todo_entries(value, default):
        todo, reason = _todo(number, entry, status)
        if reason:
            kept.append(reason)
        if todo:
            found.append(todo)
    spoken_for = {todo["id"] for todo in found}
    for todo in found:
        reason = harvest.file(todo, spoken_for)
        if reason:
            kept.append(reason)
    return "; ".join(dict.fromkeys(kept)), "" if found else None


def _todo_entries(value: Any, default: str) -> Iterator[tuple[str, Any, str]]:
    """Yield id, entry and the status that its place gives, for each form that a to-do list is known to have."""
    if not isinstance(value, dict) or any(scalar(value.get(k)) for k in words.TODO_TEXT):
        yield from (("", entry, default) for entry in entries(value))
        return
    for key, part in value.items():
        status = words.TODO_STATUS.get(words.normal(key))
        if status and isinstance(part, list):
            yield from (("", entry, status) for entry in part)
        elif _TODO_ID.fullmatch(key):
            yield key, part, default
        else:
            yield "", {key: part}, default


def _todo(number: str, entry: Any, default: str) -> tuple[dict[str, str], str]:
    """Read one to-do: its fields, and why it stays in the body as well or instead."""
    text, others = _worded(entry, words.TODO_TEXT)
    fields = entry if isinstance(entry, dict) else {}
    state = next((k for k in words.TODO_STATE if k in others), "")
    status: str | None = default or "pending"
    if state:
        status = _todo_status(state, scalar(fields[state]))
    else:
        mark = next((m for m in words.TODO_MARKS if text.startswith(m)), "")
        status = words.TODO_STATUS[words.TODO_MARKS[mark]] if mark else status
        text = text[len(mark) :].strip()
    if status is None:
        return {}, f"unknown status {scalar(fields[state])!r}"
    if _says_nothing(text) or _COUNT.fullmatch(text):
        return {}, "an entry has no text of a to-do"
    todo = {"id": scalar(fields.get("id")) or number, "content": text, "status": status}
    others -= {"id", state}
    priority = scalar(fields.get("priority")) or ""
    if words.normal(priority) in words.PRIORITY:
        todo["priority"] = words.PRIORITY[words.normal(priority)]
        others -= {"priority"}
    return todo, f"a to-do also says {', '.join(sorted(map(str, others)))}" if others else ""


def _todo_status(key: str, said: str | None) -> str | None:
    if key in ("done", "completed", "checked") and said is not None and said.lower() in ("true", "false"):
        return "completed" if said.lower() == "true" else "pending"
    return words.TODO_STATUS.get(words.normal(said or ""))


_READERS: dict[str, Callable[[Harvest, str, Any], Outcome]] = {
    "text": _text,
    "name": _name,
    "status": _status,
    "ticket": _ticket,
    "texts": _texts,
    "tools": _tools,
    "paths": _paths,
    "todos": _todos,
}
