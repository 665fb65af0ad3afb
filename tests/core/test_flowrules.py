"""Flow rules: one piece at a time, and an operator's word where it must be two."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import flowrules
from agenticops.core.flowrules import Worked
from agenticops.model.event import Actor, Event
from agenticops.model.forge import Local


def now(id: str, kind: Any, **fields: Any) -> Worked:
    own = {k: fields.pop(k) for k in ("state", "priority") if k in fields}
    return Worked(Local(id, kind, id, **{"priority": "now", **own}), **fields)


@pytest.mark.parametrize(
    ("worked", "code", "items"),
    [
        ([now("1", "PRD"), now("2", "PRD")], "VT480", "1, 2"),
        ([now("1", "PRD", project="a", operator="x"), now("2", "PRD", project="a", operator="y")], "VT480", "1, 2"),
        ([now("10", "CRD", operator="x"), now("9", "CRD", operator="x")], "VT481", "9, 10"),
        ([now("1", "CRD"), now("2", "CRD")], "VT481", "1, 2"),
        (
            [now("1", "Task", session="s"), now("2", "Task", session="s"), now("3", "Task", session="s")],
            "VT482",
            "1, 2, 3",
        ),
        ([now("1", "Task", operator="x"), now("2", "Task", operator="x")], "VT482", "1, 2"),
    ],
)
def test_two_at_once_are_found(worked: list[Worked], code: str, items: str) -> None:
    [found] = flowrules.judge(reversed(worked))
    assert found.code == code and f": {items};" in found.message
    allowed = {(w.item.id, code) for w in worked[1:]}
    assert list(flowrules.judge(worked, allowed)) == []
    assert list(flowrules.judge(worked, {(w.item.id, "VT489") for w in worked})) == [found]


@pytest.mark.parametrize(
    "worked",
    [
        [now("1", "PRD", project="a"), now("2", "PRD", project="b")],
        [now("1", "CRD", operator="x"), now("2", "CRD", operator="y"), now("3", "CRD")],
        [now("1", "Task", session="s", operator="x"), now("2", "Task", session="t", operator="x")],
        [now("1", "PRD"), now("2", "PRD", priority="next"), now("3", "PRD", state="completed")],
        [now("1", "PRD"), now("2", "CRD"), now("3", "Task")],
        [now("1", "PRD", board="In review"), now("2", "PRD", priority="next", board="Icebox")],
    ],
)
def test_one_at_a_time_holds(worked: list[Worked]) -> None:
    assert list(flowrules.judge(worked)) == []


def test_priority_and_column_must_agree() -> None:
    [found] = flowrules.judge([now("1", "PRD", board="Backlog")])
    assert (found.code, found.path) == ("VT483", "docs/work/1.md") and "which is future" in found.message
    assert list(flowrules.judge([now("1", "PRD", board="Backlog")], {("1", "VT483")})) == []


def test_exceptions_are_of_the_log_and_may_end() -> None:
    def event(at: int, kind: str = flowrules.EXCEPTED, **data: Any) -> Event:
        return Event(f"{at:026d}", at, "", Actor("a"), kind, "item/1", item="1", data=data)

    events = [event(1, code="VT480", reason="two launches"), event(2, code="VT483", until="2026-02-01T00:00:00Z")]
    assert flowrules.exceptions(events, "2026-01-01T00:00:00Z") == {("1", "VT480"), ("1", "VT483")}
    assert flowrules.exceptions(events, "2026-03-01T00:00:00Z") == {("1", "VT480")}
    assert flowrules.exceptions([*events, event(3, "voided", events=[events[0].id])], "2026-03") == frozenset()
