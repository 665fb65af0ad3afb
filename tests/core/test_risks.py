"""Risks: what answers them, what still stands, and the blind spots."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import risks
from agenticops.model.paper import Mitigation, Risk


def risk(status: Any = "open", name: str = "r1") -> Risk:
    return Risk(name, "Drift", status=status)


def answer(state: Any = "planned", name: str = "m1", of: str = "r1") -> Mitigation:
    return Mitigation(name, "Two readers", risks=(of,), state=state)


@pytest.mark.parametrize(
    ("status", "states", "is_open", "covered"),
    [
        ("open", (), True, False),
        ("open", ("implemented",), True, True),
        ("mitigated", (), True, False),
        ("mitigated", ("planned", "in_progress"), True, False),
        ("mitigated", ("abandoned",), True, False),
        ("mitigated", ("planned", "implemented"), False, True),
        ("accepted", (), False, False),
        ("closed", (), False, False),
    ],
)
def test_a_risk_stands_until_it_is_answered(status: str, states: tuple[str, ...], is_open: bool, covered: bool) -> None:
    found = risks.standing(risk(status), [answer(s, f"m{n}") for n, s in enumerate(states)])
    assert (found.open, found.covered) == (is_open, covered)


def test_blind_spots_are_what_nothing_answers_and_what_nobody_does() -> None:
    answers = [answer("planned", "m1"), answer("implemented", "m2", "r2"), answer("abandoned", "m3", "r3")]
    all_ = [risk(name="r1"), risk("mitigated", "r2"), risk(name="r3"), risk("closed", "r4"), risk("accepted", "r5")]
    blind = risks.blind_spots([risks.standing(r, answers) for r in all_], answers)
    assert blind == risks.Blind(("r3",), ("m1",))


def test_levels_are_ordered() -> None:
    assert risks.above("critical", "high") and risks.above("medium", "low")
    assert not risks.above("medium", "medium") and not risks.above("low", "critical")
