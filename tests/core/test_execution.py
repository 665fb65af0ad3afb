"""Gate executions: each run of a gate is a record with every attribute of the data model, folded from the log."""

from __future__ import annotations

import uuid

import msgspec

from agenticops.core import documents, execution
from agenticops.model.approval import Execution
from agenticops.model.event import Event
from tests.reviews import pipeline
from tests.support import ITEM, event, ticket, tiny_train

SHAPE = f"shape_{ITEM}"
# Source: the data model's QualityGateExecution.
ATTRIBUTES = (
    *("gate_id", "gate_name", "workflow_execution_id", "gate_type", "validation_criteria", "automated_checks"),
    *("reviewer_assignments", "approval_status", "pm_decision", "quality_score", "improvement_suggestions"),
    *("reviewer_feedback", "escalation_required", "escalation_reason", "created_at", "reviewed_at", "approved_at"),
)
CREATED = event("item_created", f"item/{ITEM}", 1, data={"to": "created"}, prev="")


def run(kind: str, number: int, gate: str = "review", **data: object) -> Event:
    return event(kind, f"ticket/{SHAPE}", number, data={"gate": gate, "digest": "d", **data})


def said(kind: str, number: int, **data: object) -> Event:
    return event(kind, f"approval/{SHAPE}/review", number, ticket=SHAPE, item=ITEM, data=data)


def folded(*events: Event) -> list[Execution]:
    files: dict[str, str | bytes] = {documents.PIPELINE: pipeline()}
    return execution.of_ticket(tiny_train(ticket(), events=[CREATED, *events], files=files), SHAPE)


def test_a_run_has_every_attribute_of_the_data_model() -> None:
    (found,) = msgspec.to_builtins(folded(run("gate_refused", 2, codes=["VT430"], findings=1)))
    assert set(ATTRIBUTES) <= set(found)
    assert uuid.UUID(found["gate_id"]) and uuid.UUID(found["workflow_execution_id"]) != uuid.UUID(found["gate_id"])
    assert found["gate_type"] == "technical_review" and found["gate_name"] == "review"
    assert found["validation_criteria"] == [
        {"check": "approval", "name": "approval", "level": "verified", "parameters": {"role": "reviewer"}}
    ]
    assert found["automated_checks"] == [{"check": "review", "holds": False, "codes": ["VT430"]}]
    assert (found["approval_status"], found["approved_at"], found["quality_score"]) == ("pending", "", None)
    assert found["ticket"] == SHAPE and found["outcome"] == "gate_refused"


def test_reviews_belong_to_the_run_that_they_come_before() -> None:
    first, second = folded(
        said("approval_requested", 2, reviewers=["grace@example.org"]),
        run("gate_refused", 3, codes=["VT430"]),
        said("review_given", 4, verdict="requires_revision", score=5, suggestions=["a baseline"], reason="thin"),
        said("approval_escalated", 5, to=["bob@example.org"], reason="we disagree"),
        run("gate_passed", 6, results={"approval": []}),
    )
    assert first.reviewer_assignments == ["grace@example.org"] and first.improvement_suggestions == "a baseline"
    assert (first.escalation_required, first.escalation_reason) == (True, "we disagree")
    assert second.quality_score == 5.0 and second.reviewer_feedback[0].reviewer == "ada@example.org"
    assert second.automated_checks == [{"check": "approval", "holds": True, "codes": []}]
    assert first.gate_id != second.gate_id


def test_a_gate_without_a_review_says_what_its_run_said() -> None:
    passed, forced = folded(
        run("gate_passed", 2, "default"), run("gate_overridden", 3, "default", reason="the client waits", decision="d1")
    )
    assert (passed.approval_status, passed.approved_at) == ("approved", passed.created_at)
    assert [c["check"] for c in passed.automated_checks] == ["checklist", "artifacts", "ticket", "session"]
    assert (forced.pm_decision, forced.decision, forced.outcome) == ("the client waits", "d1", "gate_overridden")


def test_a_review_before_any_run_is_a_record_already() -> None:
    (found,) = folded(said("approval_begun", 2, nonce="n"))
    assert (found.approval_status, found.outcome, found.automated_checks) == ("in_review", "", [])
    assert found.reviewer_assignments == ["ada@example.org"]


def test_a_gate_that_is_no_more_keeps_its_runs() -> None:
    (found,) = folded(run("gate_passed", 2, "gone"))
    assert (found.gate_name, found.validation_criteria) == ("gone", [])
