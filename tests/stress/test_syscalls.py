"""A taste of the harness `syscalls`, and its mutant."""

from __future__ import annotations

import pytest

from tests.stress.syscalls import HARNESS, missing
from tests.support import thorough


@thorough
@pytest.mark.skipif(bool(missing()), reason="strace does not run here")
def test_a_taste_of_it_holds() -> None:
    rows = HARNESS.run(0.005, 1)
    assert all(row.holds for row in rows), rows


@thorough
@pytest.mark.skipif(bool(missing()), reason="strace does not run here")
def test_the_mutant_is_caught() -> None:
    assert not all(row.holds for row in HARNESS.mutant(0.01, 1))
