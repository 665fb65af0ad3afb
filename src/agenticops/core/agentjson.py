"""What a coding agent tells a hook: JSON that is read tolerantly. What is missing or of another type counts as empty.

The names are those of Claude Code's hooks, as its version 2.1 sends them; other clients that speak the same are read
alike.
"""

from __future__ import annotations

import json
from typing import Any

Mapping = dict[str, Any]
Todo = dict[str, str]
# Ids of to-dos that mirror an agent's list; those that a command added begin otherwise.
MIRRORED = "m"
# What is kept of a list: it must fit into the page of a session, which has room for more than this.
MOST, WIDTH = 40, 160
_STATUS = ("pending", "in_progress", "completed")
_ROUND = str.maketrans("[]{}", "()()")
_PRIORITY = ("high", "medium", "low")


class Payload:
    """One call of a hook."""

    def __init__(self, raw: Mapping) -> None:
        self.raw = raw

    def text(self, key: str) -> str:
        """Give a text, or ""; what UTF-8 cannot hold becomes `?`."""
        return plain(self.raw.get(key))

    def flag(self, key: str) -> bool:
        """Tell whether a value is `true`."""
        return self.raw.get(key) is True

    def below(self, key: str) -> Payload:
        """Give a mapping, or an empty one."""
        found = self.raw.get(key)
        return Payload(found if isinstance(found, dict) else {})

    def entries(self, key: str) -> list[Payload]:
        """Give the mappings of a list."""
        found = self.raw.get(key)
        return [Payload(e) for e in found if isinstance(e, dict)] if isinstance(found, list) else []


def read(data: bytes) -> Payload | None:
    """Read what came in; nothing at all is an empty call, and what is no JSON object is None."""
    text = data.decode("utf-8-sig", "replace").strip()
    if not text:
        return Payload({})
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return Payload(found) if isinstance(found, dict) else None


def plain(value: object) -> str:
    """Give a text that can be written down, or ""."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def listed(call: Payload) -> list[Todo]:
    """Read the whole list that `TodoWrite` wrote."""
    found = [_todo("", e.text("content"), e) for e in call.entries("todos")]
    kept = [t for t in found if t["content"]][:MOST]
    return [{**t, "id": f"{MIRRORED}{n}"} for n, t in enumerate(kept, 1)]


def created(call: Payload, answer: Payload, before: list[Todo]) -> list[Todo]:
    """Add what `TaskCreate` made to the list; its id is in the tool's answer."""
    name = answer.below("task").text("id")
    content = _words(call.text("subject"))
    if not _id(name) or not content or any(t["id"] == MIRRORED + name for t in before) or len(before) >= MOST:
        return before
    return [*before, _todo(MIRRORED + name, content, call)]


def updated(call: Payload, before: list[Todo]) -> list[Todo]:
    """Change the list as `TaskUpdate` says; a task that is not in it is none of ours."""
    name = MIRRORED + call.text("taskId")
    if call.text("status") == "deleted":
        return [t for t in before if t["id"] != name]
    words, status = _words(call.text("subject")), call.text("status")
    changed = {**({"content": words} if words else {}), **({"status": status} if status in _STATUS else {})}
    return [{**t, **changed} if t["id"] == name else t for t in before]


def _todo(name: str, content: str, entry: Payload) -> Todo:
    status, priority = entry.text("status"), entry.text("priority")
    return {
        "id": name,
        "content": _words(content),
        "status": status if status in _STATUS else "pending",
        "priority": priority if priority in _PRIORITY else "medium",
    }


def _words(text: str) -> str:
    words = " ".join(text.split())
    words = words if len(words) <= WIDTH else words[: WIDTH - 1] + "…"
    # Documents refuse a text that looks deeply nested: a to-do's open bracket must not count towards that.
    level = all(words.count(left) <= words.count(right) for left, right in ("[]", "{}"))
    return words if level else words.translate(_ROUND)


def _id(name: str) -> bool:
    return 0 < len(name) <= 12 and name.isascii() and name.isalnum()
