"""Decisions looked back on: outcomes against confidence, and finding them again."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import decisions
from agenticops.model.paper import Decision

UUID = "01a1fcb2-7a99-1b9d-2fee-d94585e7ee16"


def decided(confidence: int = 5, result: Any = "open", name: str = "d", **fields: Any) -> Decision:
    start: dict[str, Any] = {"title": "Go on", "reasoning_process": "Because."}
    return Decision(name, UUID, **{**start, "confidence_score": confidence, "result": result, **fields})


def test_outcomes_are_compared_with_confidence() -> None:
    made = decisions.report(
        [
            decided(9, "right", agent_assignments={"lab": "a", "ops": "b"}),
            decided(10, "wrong", agent_assignments={"lab": "c"}),
            decided(2, "mixed", decision_type="escalation"),
            decided(4, "open"),
        ]
    )
    rows = {r.name: (r.count, r.open, r.right, r.wrong, r.mixed, r.hits) for r in (*made.bands, *made.types)}
    assert rows["9-10"] == (2, 0, 1, 1, 0, 0.5)
    assert rows["1-3"] == (1, 0, 0, 0, 1, 0.5)
    assert rows["4-6"] == (1, 1, 0, 0, 0, None)
    assert rows["7-8"] == (0, 0, 0, 0, 0, None)
    assert rows["escalation"] == (1, 0, 0, 0, 1, 0.5)
    assert [(r.name, r.count, r.hits) for r in made.agents] == [("lab", 2, 0.5), ("ops", 1, 1.0)]
    assert (made.total.count, made.total.confidence, made.total.hits) == (4, 6.25, 0.5)


def test_every_confidence_falls_into_one_band() -> None:
    for score in range(1, 11):
        assert sum(row.count for row in decisions.report([decided(score)]).bands) == 1


def test_without_decisions_nothing_is_said() -> None:
    total = decisions.report([]).total
    assert (total.count, total.confidence, total.hits) == (0, 0.0, None)


@pytest.mark.parametrize(
    ("words", "agent", "about", "hit"),
    [
        ([], "", "", True),
        (["ANNOTATORS", "may"], "", "", True),
        (["annotators", "june"], "", "", False),
        ([], "lab", "", True),
        ([], "ops", "", False),
        ([], "", "training_142", True),
        ([], "", "release", True),
        ([], "", "142", False),
    ],
)
def test_search(words: list[str], agent: str, about: str, hit: bool) -> None:
    one = decided(
        outcome="Two annotators until May",
        agent_assignments={"lab": "label"},
        tickets=("training_142",),
        gates=("release",),
    )
    assert (decisions.search([one], words, agent, about) == [one]) is hit
