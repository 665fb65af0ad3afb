"""Decisions looked back on: finding them, and how outcomes compare with the confidence they were taken with."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

import msgspec
from msgspec import Struct

from agenticops.model.paper import Decision

BANDS = ((1, 3), (4, 6), (7, 8), (9, 10))


class Row(Struct, frozen=True):
    """Some decisions together: how they turned out, and with what confidence they were taken.

    `hits` is the share that was right among those that are known, a mixed one counting half; None without any.
    """

    name: str
    count: int
    open: int
    right: int
    wrong: int
    mixed: int
    confidence: float
    hits: float | None


class Report(Struct, frozen=True):
    """All decisions, by band of confidence, by type, and by the agents that were given work."""

    total: Row
    bands: tuple[Row, ...]
    types: tuple[Row, ...]
    agents: tuple[Row, ...]


def report(decisions: Sequence[Decision]) -> Report:
    """Compare outcomes with confidence."""
    bands = [_row(f"{a}-{b}", [d for d in decisions if a <= d.confidence_score <= b]) for a, b in BANDS]
    types = sorted({d.decision_type for d in decisions})
    agents = sorted({name for d in decisions for name in d.agent_assignments})
    return Report(
        _row("all", decisions),
        tuple(bands),
        tuple(_row(t, [d for d in decisions if d.decision_type == t]) for t in types),
        tuple(_row(a, [d for d in decisions if a in d.agent_assignments]) for a in agents),
    )


def _row(name: str, decisions: Sequence[Decision]) -> Row:
    counts = {r: sum(d.result == r for d in decisions) for r in ("open", "right", "wrong", "mixed")}
    known = len(decisions) - counts["open"]
    confidence = sum(d.confidence_score for d in decisions) / len(decisions) if decisions else 0.0
    hits = (counts["right"] + counts["mixed"] / 2) / known if known else None
    return Row(name, len(decisions), **counts, confidence=round(confidence, 2), hits=hits)


def search(decisions: Iterable[Decision], words: Sequence[str], agent: str = "", about: str = "") -> list[Decision]:
    """Find the decisions that hold all words, assign an agent, and are about a ticket, item, gate or risk."""
    wanted = [w.casefold() for w in words]
    found = []
    for one in decisions:
        text = json.dumps(msgspec.to_builtins(one), ensure_ascii=False).casefold()
        links = (*one.tickets, *one.items, *one.gates, *one.risks, *one.executions)
        if all(w in text for w in wanted) and agent in ("", *one.agent_assignments) and about in ("", *links):
            found.append(one)
    return found
