"""No open risk is above the level that the gate takes; who accepts a risk names the decision."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from agenticops.core import papers, risks
from agenticops.core.case import Case
from agenticops.model.finding import Finding
from agenticops.model.paper import SHELVES, Risk, RiskLevel


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The highest level that is taken, and whose risks count: those of the ticket's item, or all."""

    max: RiskLevel = "medium"
    of: Literal["item", "all"] = "item"


def check(case: Case) -> Iterator[Finding]:
    """Judge the risks. One that cannot be read may be the one that counts."""
    asked = case.asked or Parameters()
    tree = case.after.tree
    found, broken = papers.shelved(tree, "risk")
    mitigations, unread = papers.shelved(tree, "mitigation")
    yield from (*broken, *unread)
    decisions = papers.ids(tree, "decision")
    for risk in found:
        if asked.of == "all" or case.ticket.item in risk.items:
            yield from _one(risk, risks.standing(risk, mitigations), asked.max, decisions)


def _one(risk: Risk, standing: risks.Standing, limit: RiskLevel, decisions: list[str]) -> Iterator[Finding]:
    path = SHELVES["risk"].path(risk.id)
    if risk.status == "accepted" and risk.decision not in decisions:
        message = f"risk {risk.id} ({standing.level}) is accepted, and no decision says by whom and why: {risk.title}"
        hint = f"agenticops decision new, then: agenticops risk edit {risk.id} --decision DECISION"
        yield Finding("VT429", message, path, hint=hint)
    elif standing.open and risks.above(standing.level, limit):
        claim = ", called mitigated without an implemented mitigation" if risk.status == "mitigated" else ""
        message = f"risk {risk.id} is {standing.level}{claim}; at most {limit} is taken: {risk.title}"
        hint = f"agenticops mitigation new --risk {risk.id}; once it is in place: agenticops risk edit {risk.id}"
        yield Finding("VT428", message, path, hint=hint)
