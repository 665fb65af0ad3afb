"""The auto-pilot's words: why it stops, what it pays an agent for, where a ticket stands with it. ADR 0036."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from agenticops.model.graph import Graph

# Why a bullet failed, and why a ticket is held.
Reason = Literal[
    "no_change",
    "same_failure",
    "gate_refused",
    "agent_error",
    "timeout",
    "budget",
    "needs_person",
    "merge_conflict",
    "ci_red",
]
REASONS: dict[Reason, str] = {
    "no_change": "the agent changed no file",
    "same_failure": "the same failure came again",
    "gate_refused": "the gate refused what the agent did",
    "agent_error": "the agent's program failed",
    "timeout": "the agent took too long",
    "budget": "the budget does not allow another run",
    "needs_person": "a person is needed",
    "merge_conflict": "the branch conflicts with the default branch",
    "ci_red": "the checks of the forge failed",
}
# These are not tried again: another run of the agent would not change them.
FINAL: tuple[Reason, ...] = ("budget", "needs_person", "merge_conflict")

AssignmentReason = Literal["complexity_high", "cost_optimization", "provider_preference", "fallback"]
AssignmentStatus = Literal["pending", "active", "completed", "failed", "cancelled"]
Complexity = Annotated[int, Meta(ge=1, le=10)]
# What an agent is in the data model, and which resources have levels.
Role = Literal["pm", "architect", "developer", "qa", "ux", "analyst", "coordinator", "specialist"]
Resource = Literal["cpu", "memory", "disk", "network", "sessions", "connections", "response", "errors"]

ASSIGNMENT = Graph.of(
    start="pending",
    edges={
        "pending": ("active", "cancelled", "failed"),
        "active": ("completed", "failed", "cancelled"),
        "completed": (),
        "failed": (),
        "cancelled": (),
    },
)


class Usage(Struct, frozen=True):
    """What one run of an agent used, as its own output says; `money` is None where it does not say."""

    money: float | None = None
    tokens: int = 0
    model: str = ""
    session: str = ""
    error: str = ""
    said: str = ""


class Assignment(Struct, frozen=True):
    """One run of a model for one bullet: the data model's ModelAssignment. Money in the currency of the budgets.

    `assignment_id` is a ULID; its UUID is what programs are shown. `bullet` is the bullet's key, or `gate` or `ci` for
    a repair; `attempt` counts from 1. `actual_cost` is None until the run is over, and the estimate where it was cut
    off. Times are milliseconds.
    """

    assignment_id: str
    agent_id: str
    task_id: str
    provider_name: str
    model_name: str
    assignment_reason: AssignmentReason
    task_complexity: Complexity
    estimated_cost: Annotated[float, Meta(ge=0)]
    assignment_status: AssignmentStatus = "pending"
    actual_cost: Annotated[float, Meta(ge=0)] | None = None
    performance_score: Annotated[float, Meta(ge=0, le=10)] | None = None
    processing_time: Annotated[int, Meta(ge=0)] = 0
    tokens_used: Annotated[int, Meta(ge=0)] = 0
    estimated_tokens: Annotated[int, Meta(ge=0)] = 0
    estimated_time: Annotated[int, Meta(ge=0)] = 0
    created_at: str = ""
    completed_at: str = ""
    bullet: str = ""
    attempt: int = 1
    phase: str = ""
    item: str = ""
    decision_id: str = ""
    execution_id: str = ""
    outcome: str = ""

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return not ASSIGNMENT.edges[self.assignment_status]

    @property
    def money(self) -> float:
        """What it cost, or will cost as far as is known."""
        return self.estimated_cost if self.actual_cost is None else self.actual_cost

    @property
    def tokens(self) -> int:
        """What it used, or will use as far as is known."""
        return self.tokens_used if self.over and self.tokens_used else self.estimated_tokens or self.tokens_used


Standing = Literal["", "taken", "blocked", "paused", "left", "delivered"]


class Drive(Struct, frozen=True):
    """Where a ticket stands with the auto-pilot: a fold of `drive_…` events on the default branch.

    `taken` is worked, or was when its driver died; `left` is with a person, who took it over or aborted it.
    """

    ticket: str
    standing: Standing = ""
    owner: str = ""
    host: str = ""
    reason: str = ""
    words: str = ""
    bullet: str = ""
    at: str = ""
