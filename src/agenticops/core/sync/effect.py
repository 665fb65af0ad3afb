"""Effects: what an issue and an item say once an action was done, so that one need not ask again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from agenticops.model.forge import Action, Issue, Local

# Where an action names fields.
SIDES = ("write", "before", "add", "remove")


def on_issue(issue: Issue, action: Action, numbers: Mapping[str, int]) -> Issue:
    """Give an issue after a remote action. `numbers` gives the issues of items, those made a moment ago among them."""
    write: dict[str, Any] = {k: v for k, v in action.write.items() if k in ("title", "body", "milestone", "board")}
    if "parent" in action.write:
        parent = str(action.write["parent"])
        write |= {"parent": numbers[parent] if parent else None, "parent_elsewhere": ""}
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


def each_field(action: Action) -> Iterator[Action]:
    """Take an edit apart: an action for each field."""
    for name in dict.fromkeys([*action.write, *action.add, *action.remove]):
        parts = {side: {k: v for k, v in getattr(action, side).items() if k == name} for side in SIDES}
        yield msgspec.structs.replace(action, **parts)


def changed(names: tuple[str, ...], add: tuple[str, ...], remove: tuple[str, ...]) -> tuple[str, ...]:
    """Add names to a list of the forge and take some away; it does not tell cases apart."""
    gone = {name.casefold() for name in remove}
    kept = [name for name in names if name.casefold() not in gone]
    there = {name.casefold() for name in kept}
    return (*kept, *(name for name in add if name.casefold() not in there))


def unheeded(action: Action, answer: Issue) -> dict[str, tuple[str, ...]]:
    """Tell which labels, assignees and milestone an issue did not get that it was to get, by field."""
    found = {}
    for name in ("labels", "assignees"):
        there = {value.casefold() for value in getattr(answer, name)}
        found[name] = tuple(value for value in action.add.get(name, ()) if value.casefold() not in there)
    milestone = str(action.write.get("milestone", ""))
    found["milestone"] = (milestone,) if milestone and answer.milestone != milestone else ()
    return {name: values for name, values in found.items() if values}


def on_local(local: Local, action: Action) -> Local:
    """Give an item after a local action."""
    write: dict[str, Any] = dict(action.write)
    if "issue" in write:
        write["issue"] = int(write["issue"])
    return msgspec.structs.replace(local, **write)
