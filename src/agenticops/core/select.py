"""Select the work item to take next: what is ready for anybody, most urgent first, then the oldest.

Rule of the auto-pilot: a Task with the label `auto`, open, unassigned, not blocked, and with all done that it depends
on; now before next before future; then the oldest; ties by number.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct

from agenticops.model.work import PRIORITIES, WorkItem

KIND = "Task"
LABEL = "auto"
BLOCKED = "blocked"
_NO_NUMBER = 10**12


class Choice(Struct, frozen=True):
    """The item to take, if any, with the reason; `passed` says of every other item why it was not taken."""

    item: WorkItem | None
    reason: str
    passed: dict[str, str]


def select(
    items: Iterable[WorkItem],
    open_items: Collection[str],
    *,
    assigned: Collection[str] = (),
    blocked: Collection[str] = (),
    waiting: Mapping[str, str] | None = None,
    created: Mapping[str, str] | None = None,
    kinds: Collection[str] = (KIND,),
) -> Choice:
    """Choose the next item. `waiting` says of items why they cannot be worked yet.

    `created` gives ISO times in UTC by id; what has none counts as younger than what has.
    """
    passed: dict[str, str] = {}
    ready: list[WorkItem] = []
    for item in items:
        why = _unfit(item, kinds, open_items, assigned, blocked) or (waiting or {}).get(item.id, "")
        if why:
            passed[item.id] = why
        else:
            ready.append(item)
    ready.sort(key=lambda item: _rank(item, created or {}))
    for item in ready[1:]:
        passed[item.id] = "others come first"
    if not ready:
        return Choice(None, _empty(passed), passed)
    first = ready[0]
    rest = f", the first of {len(ready)} that are ready" if len(ready) > 1 else ", the only one that is ready"
    return Choice(first, f"{first.id} is {first.priority}{rest}", passed)


def _unfit(
    item: WorkItem,
    kinds: Collection[str],
    open_items: Collection[str],
    assigned: Collection[str],
    blocked: Collection[str],
) -> str:
    if item.kind not in kinds:
        return f"it is a {item.kind}, not a {' or '.join(kinds)}"
    if LABEL not in item.labels:
        return f"it has no label {LABEL}"
    if item.id not in open_items:
        return "it is not open"
    if item.id in assigned:
        return "somebody has it"
    if item.assignees:
        return f"it is assigned to {', '.join(item.assignees)}"
    if item.id in blocked or BLOCKED in item.labels:
        return "it is blocked"
    return ""


def _rank(item: WorkItem, created: Mapping[str, str]) -> tuple[int, bool, str, int, str]:
    born = created.get(item.id, "")
    number = item.issue or (int(item.id) if item.id.isdecimal() else _NO_NUMBER)
    return (PRIORITIES.index(item.priority), not born, born, number, item.id)


def _empty(passed: Mapping[str, str]) -> str:
    if not passed:
        return f"there are no work items; open one: agenticops work new --kind {KIND} --title … --label {LABEL}"
    return f"none of {len(passed)} work items is ready; a {KIND} is when it is open, free, and has the label {LABEL}"
