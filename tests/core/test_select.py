"""Selection: the auto-pilot's order, and a reason for each item."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.select import select
from agenticops.model.work import WorkItem


def task(id: str, **fields: Any) -> WorkItem:
    return WorkItem(**{"id": id, "kind": "Task", "title": id, "labels": ("auto",), **fields})


def test_now_before_next_before_future() -> None:
    items = [task("1", priority="future"), task("2", priority="next"), task("3", priority="now")]
    chosen = select(items, {"1", "2", "3"})
    assert chosen.item == items[2]
    assert chosen.passed == {"1": "others come first", "2": "others come first"}
    assert chosen.reason == "3 is now, the first of 3 that are ready"


def test_oldest_first_whatever_its_number() -> None:
    created = {"7": "2026-01-01T00:00:00Z", "9": "2025-12-31T00:00:00Z"}
    assert select([task("7"), task("9")], {"7", "9"}, created=created).item == task("9")


def test_ties_go_by_number_not_by_text() -> None:
    assert select([task("10"), task("9")], {"9", "10"}).item == task("9")
    linked = task("tzzzzzzzz", issue=3)
    assert select([task("10"), linked, task("taaaaaaaa")], {"10", "tzzzzzzzz", "taaaaaaaa"}).item == linked


def test_known_age_comes_before_unknown_age() -> None:
    assert select([task("1"), task("2")], {"1", "2"}, created={"2": "2026-01-01T00:00:00Z"}).item == task("2")


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (task("1", kind="CRD"), "it is a CRD, not a Task"),
        (task("1", labels=()), "it has no label auto"),
        (task("2"), "it is not open"),
        (task("3"), "somebody has it"),
        (task("4"), "it is blocked"),
        (task("1", labels=("auto", "blocked")), "it is blocked"),
    ],
)
def test_unfit_items_are_passed_with_a_reason(item: WorkItem, why: str) -> None:
    chosen = select([item], {"1", "3", "4"}, assigned={"3"}, blocked={"4"})
    assert chosen.item is None
    assert chosen.passed == {item.id: why}
    assert "none of 1 work items is ready" in chosen.reason


def test_empty_queue_says_how_to_fill_it() -> None:
    assert "agenticops work new --kind Task" in select([], set()).reason


@given(
    st.permutations(
        [task("1", priority="now"), task("2"), task("3"), task("4", kind="PRD"), task("5", priority="future")]
    )
)
def test_order_of_items_does_not_matter(items: list[WorkItem]) -> None:
    chosen = select(items, {"1", "2", "3", "4", "5"})
    assert chosen.item is not None
    assert chosen.item.id == "1"
    assert set(chosen.passed) == {"2", "3", "4", "5"}
