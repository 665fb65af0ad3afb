"""Effects: what an issue and an item say once an action was done, so that one need not ask again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agenticops.model.forge import Action, Issue, Local


def on_issue(issue: Issue, action: Action, numbers: Mapping[str, int]) -> Issue:
    """Give an issue after a remote action. `numbers` gives the issues of items, those made a moment ago among them."""
    write: dict[str, Any] = {k: v for k, v in action.write.items() if k in ("title", "body", "milestone", "board")}
    if "parent" in action.write:
        parent = str(action.write["parent"])
        write["parent"] = numbers[parent] if parent else None
    if "state" in action.write:
        state = str(action.write["state"])
        write["state"] = "open" if state == "open" else "closed"
        write["state_reason"] = "" if state == "open" else state
    for name in ("labels", "assignees"):
        write[name] = changed(getattr(issue, name), action.add.get(name, ()), action.remove.get(name, ()))
    if action.step == "dependency":
        other = numbers[action.name]
        kept = tuple(n for n in issue.blocked_by if n != other)
        write["blocked_by"] = (*kept, other) if action.verb == "create" else kept
    return msgspec.structs.replace(issue, **write)


def changed(names: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]) -> tuple[str, ...]:
    """Add names to a list of the forge and take some away; it does not tell cases apart."""
    gone = {name.casefold() for name in remove}
    kept = [name for name in names if name.casefold() not in gone]
    there = {name.casefold() for name in kept}
    return (*kept, *(name for name in add if name.casefold() not in there))


def on_local(local: Local, action: Action) -> Local:
    """Give an item after a local action."""
    write: dict[str, Any] = dict(action.write)
    if "issue" in write:
        write["issue"] = int(write["issue"])
    return msgspec.structs.replace(local, **write)
