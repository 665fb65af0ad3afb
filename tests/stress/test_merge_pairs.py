"""A slice of `merge_pairs`, and its mutant."""

from __future__ import annotations

from tests.stress.merge_pairs import HARNESS


def test_pairs_of_edits_merge_and_the_mutant_is_noticed() -> None:
    (row,) = HARNESS.run(0.03, 7)
    assert row.holds, row
    assert not any(row.holds for row in HARNESS.mutant(0.01, 7))
