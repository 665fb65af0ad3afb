"""Flow rules: one piece at a time. One PRD is `now` in a project, one CRD for an operator, one Task in a session."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Set

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.sync import board
from agenticops.core.work_tree import rank
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.forge import Local

EXCEPTED = "flow_excepted"
RULES = {"PRD": ("VT480", "project"), "CRD": ("VT481", "operator"), "Task": ("VT482", "session")}
ALIGNED = "VT483"


class Worked(Struct, frozen=True):
    """An item with who works it and where; `board` is its column, "" when there is none."""

    item: Local
    project: str = ""
    operator: str = ""
    session: str = ""
    board: str = ""


def exceptions(events: Iterable[Event], now: str) -> frozenset[tuple[str, str]]:
    """List what operators allowed: items and the codes they are let off; `until`, when given, ends it."""
    found: dict[tuple[str, str], str] = {}
    for event in fold.live(events):
        if event.kind == EXCEPTED:
            found[event.item, str(event.data.get("code"))] = str(event.data.get("until") or "")
    return frozenset(key for key, until in found.items() if not until or now < until)


def judge(
    worked: Iterable[Worked], excepted: Collection[tuple[str, str]] = (), of: Set[str] | None = None
) -> Iterator[Finding]:
    """Judge the merged state of both sides. Items that nobody is known to work count together, as one worker's.

    With `of`, only what these items have a part in.
    """
    groups: dict[tuple[str, str, str], list[Worked]] = {}
    for one in sorted(worked, key=lambda w: rank(w.item)):
        if one.item.state != "open":
            continue
        code, noun = RULES[one.item.kind]
        if one.item.priority == "now" and (one.item.id, code) not in excepted:
            groups.setdefault((one.item.kind, *_place(one, noun)), []).append(one)
        if (one.item.id, ALIGNED) not in excepted and (of is None or one.item.id in of):
            yield from _aligned(one)
    for (kind, noun, who), several in sorted(groups.items()):
        names = [w.item.id for w in several]
        if len(names) > 1 and (of is None or not of.isdisjoint(names)):
            yield _crowded(kind, f"{noun} {who}".strip(), names)


def _place(one: Worked, noun: str) -> tuple[str, str]:
    """Tell where an item is worked: a Task that no session has counts for its operator."""
    noun = "operator" if noun == "session" and not one.session else noun
    return noun, str(getattr(one, noun))


def _aligned(one: Worked) -> Iterator[Finding]:
    there = board.priority(one.board)
    if there and there != one.item.priority:
        message = f"{one.item.id} is {one.item.priority}, but stands on the board under {one.board}, which is {there}"
        hint = f"agenticops work edit {one.item.id} --priority {there}, or move it on the board"
        yield Finding(ALIGNED, message, f"docs/work/{one.item.id}.md", hint=hint)


def _crowded(kind: str, place: str, items: list[str]) -> Finding:
    message = f"{len(items)} {kind}s are now for one {place}: {', '.join(items)}; one at a time"
    code, last = RULES[kind][0], items[-1]
    more = f'or, as the operator: agenticops work except {last} --rule {code} --reason "…"'
    hint = f"keep one: agenticops work edit {last} --priority next; {more}"
    return Finding(code, message, f"docs/work/{items[1]}.md", hint=hint)
