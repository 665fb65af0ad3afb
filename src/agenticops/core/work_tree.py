"""The tree of work items: PRD above CRD above Task, what waits for what, and what nothing holds up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from agenticops.core.sync.labels import read
from agenticops.model.finding import Finding
from agenticops.model.forge import Local
from agenticops.model.work import PRIORITIES

# Below which kinds an item of a kind may stand.
PARENTS: dict[str, tuple[str, ...]] = {"PRD": (), "CRD": ("PRD",), "Task": ("CRD", "PRD")}


def tree(items: Iterable[Local]) -> list[tuple[int, Local]]:
    """List items with their depth, children below their parents; who is in a circle comes last, at its earliest id."""
    known = {item.id: item for item in sorted(items, key=rank)}
    below: dict[str, list[str]] = {}
    for item in known.values():
        below.setdefault(item.parent if item.parent in known else "", []).append(item.id)
    found: dict[str, int] = {}
    for start in (*below.get("", ()), *sorted(known)):
        stack = [(0, start)] if start not in found else []
        while stack:
            depth, name = stack.pop()
            if name not in found:
                found[name] = depth
                stack += [(depth + 1, child) for child in reversed(below.get(name, ()))]
    return [(depth, known[name]) for name, depth in found.items()]


def rank(item: Local) -> tuple[int, int, str]:
    """Order items: most urgent first, then by number."""
    return (PRIORITIES.index(item.priority), int(item.id) if item.id.isdecimal() else 10**12, item.id)


def held(items: Iterable[Local]) -> dict[str, str]:
    """Say of every item that cannot be worked why not: what it waits for, or what blocks it."""
    known = {item.id: item for item in items}
    return {item.id: why for item in known.values() if (why := _why(item, known))}


def ready(items: Iterable[Local]) -> list[Local]:
    """List the items that nothing holds up, most urgent first."""
    known = list(items)
    waiting = held(known)
    return sorted((item for item in known if item.id not in waiting), key=rank)


def _why(item: Local, known: Mapping[str, Local]) -> str:
    if item.state != "open":
        return "it has ended"
    if item.held or "blocked" in read(item.labels).flags:
        return "it is blocked"
    for name in item.depends:
        other = known.get(name)
        if other is None:
            return f"it depends on {name}, which is not there"
        if other.state == "not_planned":
            return f"it depends on {name}, which was cancelled"
        if other.state == "open":
            return f"it depends on {name}"
    return ""


def circle(items: Iterable[Local], item: str, target: str, field: str) -> tuple[str, ...]:
    """Give the circle that would close if an item got a parent or a dependency (`field`); empty when none would."""
    edges = _edges(items, field)
    edges[item] = [target] if field == "parent" else [*edges.get(item, ()), target]
    return next((ring for ring in circles(edges) if item in ring), ())


def circles(edges: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """List circles in a graph, each from its least name on. Each edge that closes one is reported once."""
    from graphlib import CycleError, TopologicalSorter

    left = {name: sorted(set(targets)) for name, targets in sorted(edges.items())}
    found = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            ring = list(error.args[1][:-1])[::-1]  # graphlib names each before those that wait for it
            at = ring.index(min(ring))
            ring = ring[at:] + ring[:at]
            found.append(tuple(ring))
            left[ring[-1]].remove(ring[0])
        else:
            return sorted(found)


def _edges(items: Iterable[Local], field: str) -> dict[str, list[str]]:
    return (
        {i.id: [i.parent] if i.parent else [] for i in items}
        if field == "parent"
        else {i.id: list(i.depends) for i in items}
    )


def judge(items: Iterable[Local], of: Set[str] | None = None) -> Iterator[Finding]:
    """Find circles, items below the wrong kind, names that lead nowhere, and Tasks without a parent.

    With `of`, only what is said of these items, or of those that name them.
    """
    known = {item.id: item for item in items}
    for code, field, words in (("VT484", "parent", "stands below"), ("VT485", "depends", "waits for")):
        for ring in circles(_edges(known.values(), field)):
            if of is not None and of.isdisjoint(ring):
                continue
            message = f"a circle: {f' {words} '.join((*ring, ring[0]))}"
            yield Finding(code, message, _path(ring[0]), hint=f"agenticops work show {ring[0]}, and break the circle")
    for item in sorted(known.values(), key=rank):
        if of is None or not of.isdisjoint((item.id, item.parent, *item.depends)):
            yield from _placed(item, known)


def _placed(item: Local, known: Mapping[str, Local]) -> Iterator[Finding]:
    move = f"agenticops work move {item.id} --under ITEM"
    for name in item.depends:
        if name not in known:
            message = f"{item.id} depends on {name}, which is not there"
            yield Finding("VT486", message, _path(item.id), hint="agenticops work list")
    if not item.parent:
        if item.kind == "Task" and item.state == "open":
            yield Finding("VT487", f"the Task {item.id} has no parent", _path(item.id), severity="warning", hint=move)
    elif item.parent not in known:
        yield Finding("VT486", f"{item.id} stands below {item.parent}, which is not there", _path(item.id), hint=move)
    elif known[item.parent].kind not in PARENTS[item.kind]:
        wanted = " or ".join(f"a {kind}" for kind in PARENTS[item.kind]) or "nothing"
        message = f"the {item.kind} {item.id} stands below the {known[item.parent].kind} {item.parent}, not {wanted}"
        yield Finding("VT486", message, _path(item.id), hint=move)


def _path(item: str) -> str:
    return f"docs/work/{item}.md"
