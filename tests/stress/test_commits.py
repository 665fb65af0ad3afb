"""A seeded slice of the harness, and its mutant."""

from __future__ import annotations

from tests.stress.commits import HARNESS
from tests.support import thorough


def test_a_slice_holds() -> None:
    rows = HARNESS.run(0.05, 1)
    assert [r for r in rows if not r.holds] == []
    assert rows[0].measured == "16 of 16"


@thorough
def test_plain_add_and_commit_does_not() -> None:
    rows = HARNESS.mutant(0.05, 1)
    assert not all(r.holds for r in rows)
    assert int(rows[1].measured) > 0
