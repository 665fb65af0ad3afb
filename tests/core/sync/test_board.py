"""The board: its columns mean a priority, and people may say more by them than we do."""

from __future__ import annotations

import pytest

from agenticops.core.sync import board


@pytest.mark.parametrize(
    ("own", "there", "base", "stood", "wanted"),
    [
        ("In progress", "", "", "", "In progress"),
        ("In progress", "Ready", "Ready", "Ready", "In progress"),
        ("In progress", "In review", "", "", "In review"),  # it means the same
        ("In review", "In progress", "In progress", "In progress", "In review"),  # only we moved on
        ("In progress", "In review", "In review", "In progress", "In review"),  # nobody has moved since
        ("In review", "In progress", "In review", "In progress", "In progress"),  # both did: theirs is as good
        ("Ready", "Icebox", "", "", "Icebox"),  # not ours
        ("Done", "In review", "In review", "In review", "Done"),
        ("Done", "Done", "Done", "Done", "Done"),
        ("Backlog", "Done", "Done", "Done", "Backlog"),
    ],
)
def test_a_column_follows_only_when_it_means_something_else(
    own: str, there: str, base: str, stood: str, wanted: str
) -> None:
    assert board.wanted(own, there, base, stood) == wanted


def test_priorities_and_columns_are_one_thing() -> None:
    for priority in ("now", "next", "future"):
        for review in (False, True):
            assert board.priority(board.stand(priority, False, review).upper()) == priority
    assert board.stand("now", True, True) == "Done" and board.priority("done") == ""
