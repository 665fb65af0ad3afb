"""A seeded slice of the rule breaks: a story holds, some ways to break it are refused, some rules are missed."""

from __future__ import annotations

from tests.stress import rulebreaks
from tests.stress.breaks import BREAKS
from tests.support import thorough


def test_breaks_are_refused_and_honest_histories_hold() -> None:
    rows = rulebreaks.run(0.01, 5)
    assert all(row.holds for row in rows), rows


@thorough
def test_a_rule_that_is_switched_off_is_missed() -> None:
    rows = rulebreaks.mutant(0.01, 5)
    assert not any(row.holds for row in rows), rows


def test_each_rule_has_a_break_of_its_own() -> None:
    assert {b.rule for b in BREAKS if b.rule} == set(rulebreaks.checks.RULES)
    assert len({b.name for b in BREAKS}) == len(BREAKS)
