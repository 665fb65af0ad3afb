"""A taste of the harness `many`, and its mutant."""

from __future__ import annotations

from tests.stress.many import HARNESS
from tests.support import thorough


def test_a_taste_of_it_holds() -> None:
    rows = HARNESS.run(0.001, 1)
    assert all(row.holds for row in rows), rows


@thorough
def test_the_mutant_is_caught() -> None:
    # Where the kill falls is chance: a few seeds, until one of them shows it.
    assert any(not row.holds for seed in range(1, 7) for row in HARNESS.mutant(0.002, seed))
