"""A slice of the fuzz harness: it holds, it notices each limit that is switched off, and a number makes one input."""

from __future__ import annotations

import random

import pytest

from tests.stress import fuzz, fuzz_input
from tests.support import thorough


def test_a_slice_holds() -> None:
    rows = fuzz.run(0.001, 7)
    broken = [row for row in rows if not row.holds]
    assert not broken, "\n".join(map(str, broken))
    assert rows[0].measured == "1,000 inputs"


@thorough
def test_every_limit_is_missed_when_it_is_off() -> None:
    rows = fuzz.mutant(0.002, 1)
    assert len(rows) == len(fuzz.MUTANTS) and not any(row.holds for row in rows), rows


@pytest.mark.parametrize("corpus", ["yaml", "checklist", "events"])
def test_a_number_makes_one_input(corpus: str) -> None:
    seeds = fuzz_input.corpora()[corpus]
    first = [fuzz_input.make(random.Random(n), seeds) for n in range(200)]
    assert first == [fuzz_input.make(random.Random(n), seeds) for n in range(200)]
    assert len(set(first)) > 150 and max(map(len, first)) <= fuzz_input.CAP
