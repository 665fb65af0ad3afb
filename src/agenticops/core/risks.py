"""Risks: which of them still stand, what answers them, and where nobody looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from agenticops.model.paper import LEVELS, Mitigation, Risk, RiskLevel


class Standing(Struct, frozen=True):
    """A risk with its level, what answers it, and whether it still stands open."""

    risk: Risk
    level: RiskLevel
    answers: tuple[Mitigation, ...]
    open: bool

    @property
    def covered(self) -> bool:
        """Whether an answer is in place."""
        return any(m.state == "implemented" for m in self.answers)


class Blind(Struct, frozen=True):
    """The blind spots: risks that nothing answers, and answers that nobody has put in place."""

    risks_without_mitigation: tuple[str, ...]
    mitigations_without_implementation: tuple[str, ...]


def standing(risk: Risk, mitigations: Iterable[Mitigation]) -> Standing:
    """Say how a risk stands: one that calls itself mitigated counts as open until an answer is implemented."""
    answers = tuple(m for m in mitigations if risk.id in m.risks and m.state != "abandoned")
    answered = any(m.state == "implemented" for m in answers)
    is_open = risk.status == "open" or (risk.status == "mitigated" and not answered)
    return Standing(risk, risk.level, answers, is_open)


def blind_spots(found: Sequence[Standing], mitigations: Iterable[Mitigation]) -> Blind:
    """Find what nobody looks at; closed and accepted risks need no answer."""
    bare = tuple(s.risk.id for s in found if s.risk.status in ("open", "mitigated") and not s.answers)
    idle = tuple(m.id for m in mitigations if m.state in ("planned", "in_progress"))
    return Blind(bare, idle)


def above(level: str, limit: str) -> bool:
    """Tell whether a level is higher than a limit."""
    names: tuple[str, ...] = LEVELS
    return names.index(level) > names.index(limit)
