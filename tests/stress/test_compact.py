"""A slice of the harness `compact`, and its mutants."""

from __future__ import annotations

from tests.stress import compact
from tests.support import thorough


def test_two_sides_compact_at_once() -> None:
    tally = compact.runs(compact.seeds_of(2, 3))
    assert tally.wrong == {} and tally.runs == 2 and tally.packs > 0


@thorough
def test_what_protects_it_is_needed() -> None:
    name = "packs not indented"
    owner, attribute, value = compact.protections()[name]
    with compact.patched(owner, attribute, value):
        assert compact.runs([3_000_013]).wrong == {"conflict": 1}
    owner, attribute, value = compact.protections()["fresh events expire too"]
    with compact.patched(owner, attribute, value):
        assert compact.runs([3_000_009]).wrong
