"""A slice of `merge_driver`, and its mutants."""

from __future__ import annotations

from tests.stress.merge_driver import HARNESS, LAWS, count
from tests.support import thorough


def test_the_laws_hold() -> None:
    tried, broken, conflicts = count(LAWS, 150, 7)
    assert not broken.total(), broken
    assert set(tried) == set(LAWS) and conflicts["all"]


@thorough
def test_every_mutant_is_noticed() -> None:
    (row,) = HARNESS.mutant(0.01, 7)
    assert not row.holds, row
