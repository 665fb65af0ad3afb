"""Approvals: the review of a gate. What is signed is a statement; the record is a fold of its events. ADR 0020."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from agenticops.model.graph import Graph
from agenticops.model.pipeline import GateType

Decision = Literal["approved", "rejected", "requires_revision"]
Status = Literal["pending", "in_review", "approved", "rejected", "requires_revision"]
Score = Annotated[float, Meta(ge=0, le=10)]

# A review ends once. Work that goes on, or is changed, is reviewed anew: the record is then in review again.
LIFE_CYCLE = Graph.of(
    start="pending",
    edges={
        "pending": ("in_review",),
        "in_review": ("approved", "rejected", "requires_revision"),
        "approved": (),
        "rejected": (),
        "requires_revision": (),
    },
)


class Statement(Struct, frozen=True, forbid_unknown_fields=True):
    """What a reviewer decides, and signs: of which ticket, gate and content (`digest`), in which role, and why.

    `nonce` names the review that it ends, so that a decision counts once. `record` is a decision record's id.
    """

    at: str
    decision: Decision
    digest: str
    gate: str
    nonce: str
    reason: Annotated[str, Meta(min_length=1)]
    role: str
    score: Score
    signer: str
    suggestions: tuple[str, ...]
    ticket: str
    record: str = ""


class Given(Struct, frozen=True):
    """A statement as the log holds it: the signed bytes and the signature, and who the event says gave it."""

    event: str
    statement: Statement
    payload: str
    signature: str
    operator: str
    agent: str


class Opinion(Struct, frozen=True):
    """What the event of a feedback says."""

    verdict: Decision
    score: Score
    suggestions: tuple[str, ...] = ()
    reason: str = ""


class Feedback(Struct, frozen=True):
    """What one reviewer said, with or without deciding."""

    reviewer: str
    verdict: str
    score: float
    suggestions: tuple[str, ...]
    reason: str
    at: str


class Escalation(Struct, frozen=True):
    """Before whom the review was put, and why; `open` until one of them decided."""

    to: tuple[str, ...]
    reason: str
    by: str
    at: str
    open: bool


class Approval(Struct, frozen=True):
    """The record of one gate's review of one ticket. `problems` are events that no honest command wrote."""

    ticket: str
    gate: str
    status: Status
    reviewers: tuple[str, ...]
    given: tuple[Given, ...]
    feedback: tuple[Feedback, ...]
    reviews: dict[str, str]
    escalation: Escalation | None
    problems: tuple[str, ...]
    requested_at: str


class Execution(Struct, frozen=True):
    """One run of a gate, with every attribute of the data model's QualityGateExecution. A fold, kept nowhere."""

    gate_id: str
    gate_name: str
    workflow_execution_id: str
    gate_type: GateType
    validation_criteria: list[dict[str, Any]]
    automated_checks: list[dict[str, Any]]
    reviewer_assignments: list[str]
    approval_status: Status
    pm_decision: str
    quality_score: float | None
    improvement_suggestions: str
    reviewer_feedback: list[Feedback]
    escalation_required: bool
    escalation_reason: str
    created_at: str
    reviewed_at: str
    approved_at: str
    ticket: str
    decision: str
    digest: str
    outcome: str
