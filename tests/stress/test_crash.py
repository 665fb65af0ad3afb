"""A taste of the harness `crash`, and its mutant."""

from __future__ import annotations

from tests.stress.crash import HARNESS


def test_a_taste_of_it_holds() -> None:
    rows = HARNESS.run(0.003, 1)
    assert all(row.holds for row in rows), rows


def test_the_mutant_is_caught() -> None:
    assert not all(row.holds for row in HARNESS.mutant(0.003, 1))
