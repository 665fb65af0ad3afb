"""Ids: what they look like, and that they cannot collide or be mistaken."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.errors import UsageError
from agenticops.model import ids
from agenticops.model.ids import new_item_id, resolve, split_ticket, ticket_id, ulid


def test_a_ulid_is_what_the_specification_says() -> None:
    assert ulid(1469918176385, bytes(10)) == "01ARYZ6S41" + "0" * 16
    assert ulid(2**48 - 1, b"\xff" * 10) == "7" + "Z" * 25


@given(st.integers(0, 2**48 - 1), st.integers(0, 2**48 - 1), st.binary(min_size=10, max_size=10))
def test_ulids_sort_by_time(one: int, other: int, entropy: bytes) -> None:
    assert (ulid(one, entropy) < ulid(other, entropy)) == (one < other)


def test_new_item_ids_are_strings_that_nothing_retypes_and_never_the_same() -> None:
    made = {new_item_id() for _ in range(500)}
    assert len(made) == 500
    assert all(ids.ITEM.fullmatch(i) and i[0] == "t" and len(i) == 9 for i in made)
    assert not re.search("[ilou]", "".join(made)[1:].replace("t", ""))


phases = st.from_regex(r"[a-z][a-z0-9-]{0,12}", fullmatch=True)
items = st.from_regex(ids.ITEM, fullmatch=True)


@given(phases, items, st.integers(1, 9999))
def test_a_ticket_id_can_be_taken_apart(phase: str, item: str, visit: int) -> None:
    assert split_ticket(ticket_id(phase, item, visit)) == (phase, item, visit)


def test_the_first_visit_has_no_number() -> None:
    assert ticket_id("training", "142") == "training_142"
    assert ticket_id("training", "142", 2) == "training_142-2"


@pytest.mark.parametrize(
    "name",
    [
        "", "training", "training_", "_142", "Training_142", "training_0142", "training_142-0", "training_142-1",
        "training_142-", "training_142\n", "../x_142", "training_tOOOOOOOO", "a/b_142", "training_12345678901",
    ],
)  # fmt: skip
def test_what_is_no_ticket_id(name: str) -> None:
    with pytest.raises(UsageError, match="is no ticket id") as caught:
        split_ticket(name)
    assert "<phase>_<item>" in caught.value.hint
    assert caught.value.exit_code == 2


def test_an_id_may_be_shortened_to_any_unique_start() -> None:
    known = ["training_142", "training_142-2", "testing_142"]
    assert resolve("test", known, "ticket") == "testing_142"
    assert resolve("training_142", known, "ticket") == "training_142"


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("trai", "start of 2 tickets: training_142, training_142-2"),
        ("tes", "no ticket 'tes'"),
        ("nope_1", "no ticket"),
        ("", "no ticket ''"),
    ],
)
def test_a_start_that_is_short_unknown_or_ambiguous_is_refused(wanted: str, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        resolve(wanted, ["training_142", "training_142-2", "testing_142"], "ticket")
