"""The tree of work items: circles, places, and what nothing holds up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import work_tree
from agenticops.model.forge import Local


def item(id: str, kind: Any = "Task", **fields: Any) -> Local:
    return Local(id, kind, f"Item {id}", **fields)


TREE = [
    item("4", parent="2", priority="now"),
    item("3", parent="2"),
    item("2", "CRD", parent="1"),
    item("1", "PRD"),
    item("9", "PRD", priority="now"),
    item("5", parent="gone"),
]


def test_children_stand_below_their_parents_most_urgent_first() -> None:
    rows = [(depth, x.id) for depth, x in work_tree.tree(TREE)]
    assert rows == [(0, "9"), (0, "1"), (1, "2"), (2, "4"), (2, "3"), (0, "5")]


def test_who_is_in_a_circle_is_listed_too() -> None:
    ring = [item("a", parent="b"), item("b", parent="a"), item("c", parent="b")]
    assert [(depth, x.id) for depth, x in work_tree.tree([*ring, item("z")])] == [
        (0, "z"),
        (0, "a"),
        (1, "b"),
        (2, "c"),
    ]


def test_a_long_chain_is_no_deep_recursion() -> None:
    chain = [item(str(n), parent=str(n + 1)) for n in range(1, 3000)]
    assert work_tree.tree(chain)[-1][0] == 2998
    assert [f.code for f in work_tree.judge(chain) if f.code == "VT484"] == []


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"depends": ("1",)}, ""),
        ({"depends": ("2",)}, "it depends on 2"),
        ({"depends": ("3",)}, "it depends on 3, which was cancelled"),
        ({"depends": ("x",)}, "it depends on x, which is not there"),
        ({"held": True}, "it is blocked"),
        ({"labels": ("Blocked",)}, "it is blocked"),
        ({"state": "completed"}, "it has ended"),
    ],
)
def test_what_holds_an_item_up(fields: dict[str, Any], why: str) -> None:
    others = [item("1", state="completed"), item("2"), item("3", state="not_planned")]
    known = [*others, item("7", **fields)]
    assert work_tree.held(known).get("7", "") == why
    assert ("7" in [x.id for x in work_tree.ready(known)]) is (why == "")


def test_ready_items_come_in_order() -> None:
    known = [item("10"), item("9"), item("t1", priority="now"), item("8", priority="future")]
    assert [x.id for x in work_tree.ready(known)] == ["t1", "9", "10", "8"]


def test_a_link_that_closes_a_circle_is_seen_before() -> None:
    known = [item("1", "PRD"), item("2", "CRD", parent="1"), item("3", parent="2", depends=("2",))]
    assert work_tree.circle(known, "1", "3", "parent") == ("1", "3", "2")
    assert work_tree.circle(known, "2", "3", "depends") == ("2", "3")
    assert work_tree.circle(known, "1", "1", "depends") == ("1",)
    assert work_tree.circle(known, "3", "1", "parent") == ()
    assert work_tree.circle(known, "1", "3", "depends") == ()


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_circles_are_circles_and_none_is_left(pairs: list[tuple[int, int]]) -> None:
    edges: dict[str, list[str]] = {}
    for source, target in pairs:
        edges.setdefault(str(source), []).append(str(target))
    found = work_tree.circles(edges)
    for ring in found:
        assert all(after in edges[before] for before, after in zip(ring, (*ring[1:], ring[0]), strict=True))
    cut = {
        name: [t for t in targets if (name, t) not in {(r[-1], r[0]) for r in found}] for name, targets in edges.items()
    }
    assert work_tree.circles(cut) == []


@pytest.mark.parametrize(
    ("known", "code", "words"),
    [
        ([item("1", "PRD", parent="2"), item("2", "PRD", parent="1")], "VT484", "1 stands below 2 stands below 1"),
        ([item("1", "PRD", depends=("2",)), item("2", "PRD", depends=("1",))], "VT485", "1 waits for 2 waits for 1"),
        ([item("1", "PRD"), item("2", "PRD", parent="1")], "VT486", "not nothing"),
        ([item("1"), item("2", "CRD", parent="1")], "VT486", "not a PRD"),
        ([item("1"), item("2", parent="1")], "VT486", "not a CRD or a PRD"),
        ([item("2", "CRD", parent="1")], "VT486", "which is not there"),
        ([item("2", "CRD", depends=("1",))], "VT486", "which is not there"),
        ([item("2")], "VT487", "has no parent"),
    ],
)
def test_what_is_out_of_place_is_found(known: list[Local], code: str, words: str) -> None:
    found = [f for f in work_tree.judge(known) if f.code == code]
    assert found and words in found[0].message
    assert found[0].severity == ("warning" if code == "VT487" else "error")


def test_a_tree_in_order_has_no_findings() -> None:
    known = [
        item("1", "PRD"),
        item("2", "CRD", parent="1"),
        item("3", parent="2", depends=("2",)),
        item("4", parent="1"),
    ]
    assert list(work_tree.judge([*known, item("5", state="completed")])) == []
