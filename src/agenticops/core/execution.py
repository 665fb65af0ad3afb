"""Gate executions: each run of a gate with its review, as the data model's QualityGateExecution. A fold of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from agenticops.core import approval, fold
from agenticops.core.train import Train
from agenticops.model.approval import Approval, Execution, Feedback, Given, Status
from agenticops.model.event import Event
from agenticops.model.ids import as_uuid
from agenticops.model.pipeline import DEFAULT_GATE, Gate

RUNS: dict[str, Status] = {
    "gate_passed": "approved",
    "gate_refused": "requires_revision",
    "gate_overridden": "approved",
}


def of_ticket(train: Train, ticket: str) -> list[Execution]:
    """List the runs of a ticket's gates, in order; a review that no run has met yet is the last."""
    log = fold.live(train.log.of_ticket(ticket))
    runs = [e for e in log if e.kind in RUNS]
    reviewed = {e.subject.rpartition("/")[2]: e for e in reversed(log) if e.subject.startswith(f"approval/{ticket}/")}
    found: list[tuple[tuple[int, str], Execution]] = []
    for name in dict.fromkeys([*(str(e.data.get("gate", "")) for e in runs), *reviewed]):
        mine = [e for e in runs if e.data.get("gate") == name]
        reviews = [e for e in log if e.subject == approval.subject(ticket, name)]
        for number, run in enumerate(mine, 1):
            known = [e for e in reviews if number == len(mine) or e.order < mine[number].order]
            found.append((run.order, _execution(train, ticket, name, run, known)))
        if not mine:
            found.append((reviewed[name].order, _execution(train, ticket, name, None, reviews)))
    return [execution for _, execution in sorted(found, key=lambda f: f[0])]


def _execution(train: Train, ticket: str, name: str, run: Event | None, reviews: Sequence[Event]) -> Execution:
    first = run or reviews[0]
    gate = train.pipeline.gates.get(name) or (DEFAULT_GATE if name == DEFAULT_GATE.name else Gate(name=name))
    record = approval.record(ticket, name, reviews)
    decided = record.given[-1] if record.given else None
    scores = list({f.reviewer: f.score for f in record.feedback}.values())
    suggestions = [words for f in record.feedback for words in f.suggestions]
    escalation = record.escalation
    status = _status(gate, record, run)
    return Execution(
        gate_id=as_uuid(first.id),
        gate_name=name,
        workflow_execution_id=workflow(train, first.item),
        gate_type=gate.type,
        validation_criteria=[_criterion(gate, i) for i in range(len(gate.checks))],
        automated_checks=[] if run is None else _results(gate, run),
        reviewer_assignments=list(dict.fromkeys([*record.reviewers, *record.reviews.values()])),
        approval_status=status,
        pm_decision=decided.statement.reason if decided else _words(run, "reason"),
        quality_score=round(sum(scores) / len(scores), 1) if scores else None,
        improvement_suggestions="\n".join(suggestions),
        reviewer_feedback=list(record.feedback),
        escalation_required=bool(escalation and escalation.open),
        escalation_reason=escalation.reason if escalation else "",
        created_at=record.requested_at or first.at,
        reviewed_at=_reviewed(record.feedback, run),
        approved_at=_approved(status, decided, run),
        ticket=ticket,
        decision=decided.statement.record if decided else _words(run, "decision"),
        digest=_words(run, "digest"),
        outcome=run.kind if run else "",
    )


def _status(gate: Gate, record: Approval, run: Event | None) -> Status:
    """The review's status; of a gate that wants none, what the run itself said."""
    if run is None or record.feedback or record.reviews or record.reviewers or approval.calls(gate):
        return record.status
    return RUNS[run.kind]


def _criterion(gate: Gate, number: int) -> dict[str, Any]:
    call = gate.checks[number]
    return {"check": call.check, "name": call.title, "level": call.level or gate.level, "parameters": call.parameters}


def _results(gate: Gate, run: Event) -> list[dict[str, Any]]:
    """What the run found: check by check where the event says so, else the codes of all of them together."""
    results = run.data.get("results")
    if isinstance(results, dict):
        return [{"check": k, "holds": not codes, "codes": codes} for k, codes in results.items()]
    codes = run.data.get("codes") or []
    if not codes:
        return [{"check": call.title, "holds": True, "codes": []} for call in gate.checks]
    return [{"check": gate.name, "holds": False, "codes": codes}]


def workflow(train: Train, item: str) -> str:
    """Name an item's way through the pipeline, by the UUID of the event that began it; "" without one."""
    first = fold.live(train.log.of_subject(f"item/{item}"))[:1]
    return as_uuid(first[0].id) if first else ""


def _reviewed(feedback: Sequence[Feedback], run: Event | None) -> str:
    return feedback[-1].at if feedback else run.at if run else ""


def _approved(status: Status, decided: Given | None, run: Event | None) -> str:
    if status != "approved":
        return ""
    return decided.statement.at if decided else run.at if run else ""


def _words(event: Event | None, key: str) -> str:
    return str(event.data.get(key, "")) if event else ""
