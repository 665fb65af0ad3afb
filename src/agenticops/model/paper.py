"""Papers: the documents that give reasons, one Markdown file each. A paper's text is its `description`. ADR 0022."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

Text = Annotated[str, Meta(min_length=1)]
Degree = Literal["low", "medium", "high"]
RiskType = Literal["system", "workflow", "prompting", "data", "security"]
RiskLevel = Literal["low", "medium", "high", "critical"]
LEVELS: tuple[RiskLevel, ...] = ("low", "medium", "high", "critical")
DEGREES = {"low": 1, "medium": 2, "high": 3}
# What likelihood times severity comes to, up to and including this product.
SCALE: tuple[tuple[int, RiskLevel], ...] = ((2, "low"), (4, "medium"), (6, "high"), (9, "critical"))
CROCKFORD_ID = r"[0-9a-hjkmnp-tv-z]{8}"


class Client(Struct, frozen=True):
    """For whom value is delivered: somebody inside or outside."""

    id: str
    title: Annotated[Text, Meta(description="Its name, in one line.")]
    kind: Annotated[Literal["internal", "external"], Meta(description="Inside or outside the organisation.")] = (
        "external"
    )
    contact: Annotated[str, Meta(description="Whom to ask; a role is better than a person's data.")] = ""
    owner: Annotated[str, Meta(description="Who looks after it here.")] = ""
    status: Annotated[Literal["active", "past"], Meta(description="Whether value is delivered to it now.")] = "active"
    description: Annotated[str, Meta(description="The text of the document (Markdown).")] = ""


class Need(Struct, frozen=True):
    """What a client wants and why; value is measured against it."""

    id: str
    title: Annotated[Text, Meta(description="What is needed, in one line.")]
    client: Annotated[str, Meta(description="The client whose need it is.")] = ""
    value: Annotated[str, Meta(description="Why it is worth something to the client.")] = ""
    metric: Annotated[str, Meta(description="How it is measured that the need is met.")] = ""
    acceptance: Annotated[tuple[str, ...], Meta(description="A criterion by which the client accepts.")] = ()
    feedback: Annotated[str, Meta(description="What the client said of what was delivered.")] = ""
    priority: Annotated[Literal["now", "next", "future"], Meta(description="How urgent it is.")] = "next"
    status: Annotated[Literal["open", "met", "dropped"], Meta(description="Whether it still stands.")] = "open"
    items: Annotated[tuple[str, ...], Meta(description="A work item that answers it.")] = ()
    description: Annotated[str, Meta(description="The text of the document (Markdown).")] = ""


class Risk(Struct, frozen=True):
    """What could go wrong, why, what it would do, and by what one would notice."""

    id: str
    title: Annotated[Text, Meta(description="What could go wrong, in one line.")]
    type: Annotated[RiskType, Meta(description="Where it comes from.")] = "system"
    cause: Annotated[str, Meta(description="What would bring it about.")] = ""
    impact: Annotated[str, Meta(description="What it would do.")] = ""
    signal: Annotated[str, Meta(description="The early warning: by what it is noticed.")] = ""
    owner: Annotated[str, Meta(description="Who watches it.")] = ""
    likelihood: Annotated[Degree, Meta(description="How likely it is.")] = "medium"
    severity: Annotated[Degree, Meta(description="How bad it would be.")] = "medium"
    status: Annotated[
        Literal["open", "mitigated", "accepted", "closed"],
        Meta(description="Accepted ones name a decision; mitigated ones have an implemented mitigation."),
    ] = "open"
    items: Annotated[tuple[str, ...], Meta(description="A work item that it threatens.")] = ()
    ticket: Annotated[str, Meta(description="The ticket that raised it.")] = ""
    decision: Annotated[str, Meta(description="The decision that accepts it.")] = ""
    description: Annotated[str, Meta(description="The text of the document (Markdown).")] = ""

    @property
    def level(self) -> RiskLevel:
        """Likelihood times severity: low up to 2, medium up to 4, high up to 6, critical 9."""
        product = DEGREES[self.likelihood] * DEGREES[self.severity]
        return next(level for top, level in SCALE if product <= top)


class Mitigation(Struct, frozen=True):
    """What answers risks, and the work that brings it about."""

    id: str
    title: Annotated[Text, Meta(description="The answer, in one line.")]
    strategy: Annotated[str, Meta(description="How it lowers the likelihood or the severity.")] = ""
    risks: Annotated[tuple[str, ...], Meta(description="A risk that it answers.")] = ()
    items: Annotated[tuple[str, ...], Meta(description="A work item or ticket that implements it.")] = ()
    owner: Annotated[str, Meta(description="Who sees to it.")] = ""
    state: Annotated[
        Literal["planned", "in_progress", "implemented", "abandoned"], Meta(description="How far it is.")
    ] = "planned"
    description: Annotated[str, Meta(description="The text of the document (Markdown).")] = ""


class Decision(Struct, frozen=True):
    """A decision with its context: the data model's PMDecisionContext. Its times are folds of the log.

    What is sensitive is named, not written: `env:NAME` or `keyring:SERVICE/NAME`.
    """

    id: str
    decision_id: Annotated[str, Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
    title: Annotated[Text, Meta(description="What was decided, in one line.")]
    reasoning_process: Annotated[Text, Meta(description="The reasoning, step by step.")]
    decision_type: Annotated[
        Literal["task_assignment", "quality_gate", "resource_allocation", "escalation", "model_assignment"],
        Meta(description="What kind of decision it is."),
    ] = "quality_gate"
    context_data: Annotated[dict[str, Any], Meta(description="What was known: KEY=VALUE, or a JSON object.")] = field(
        default_factory=dict
    )
    outcome: Annotated[str, Meta(description="What was decided finally, with the rationale.")] = ""
    confidence_score: Annotated[int, Meta(ge=1, le=10, description="How sure the decider is, 1 to 10.")] = 5
    agent_assignments: Annotated[dict[str, Any], Meta(description="Who does what: AGENT=TASK, or a JSON object.")] = (
        field(default_factory=dict)
    )
    resource_optimization: Annotated[
        dict[str, Any], Meta(description="What is allocated: RESOURCE=AMOUNT, or a JSON object.")
    ] = field(default_factory=dict)
    learning_notes: Annotated[str, Meta(description="What to remember for the next time.")] = ""
    result: Annotated[
        Literal["open", "right", "wrong", "mixed"], Meta(description="How it turned out; set it when you know.")
    ] = "open"
    tickets: Annotated[tuple[str, ...], Meta(description="A ticket that it is about.")] = ()
    items: Annotated[tuple[str, ...], Meta(description="A work item that it is about.")] = ()
    gates: Annotated[tuple[str, ...], Meta(description="A gate of the pipeline that it is about.")] = ()
    risks: Annotated[tuple[str, ...], Meta(description="A risk that it is about.")] = ()
    executions: Annotated[tuple[str, ...], Meta(description="A workflow execution that it is about.")] = ()
    description: Annotated[str, Meta(description="The text of the document (Markdown).")] = ""


Paper = Client | Need | Risk | Mitigation | Decision


class Shelf(Struct, frozen=True):
    """Where the papers of one noun stand, how their ids look, and what its fields name: field → nouns."""

    noun: str
    type: type[Any]
    folder: str
    id: str
    links: dict[str, tuple[str, ...]]

    def path(self, name: str) -> str:
        """Where a paper is kept."""
        return f"{self.folder}/{name}.md"

    def named(self, name: str) -> bool:
        """Tell whether this is an id of the shelf."""
        return re.fullmatch(self.id, name) is not None


ABOUT: dict[str, tuple[str, ...]] = {"tickets": ("ticket",), "items": ("item",), "gates": ("gate",), "risks": ("risk",)}
SHELVES = {
    shelf.noun: shelf
    for shelf in (
        Shelf("client", Client, "docs/value/clients", f"c{CROCKFORD_ID}", {}),
        Shelf(
            "need",
            Need,
            "docs/value/needs",
            f"n{CROCKFORD_ID}",
            {"client": ("client",), "items": ("item",)},
        ),
        Shelf(
            "risk",
            Risk,
            "docs/risks",
            f"r{CROCKFORD_ID}",
            {"items": ("item",), "ticket": ("ticket",), "decision": ("decision",)},
        ),
        Shelf(
            "mitigation",
            Mitigation,
            "docs/risks",
            f"m{CROCKFORD_ID}",
            {"risks": ("risk",), "items": ("item", "ticket")},
        ),
        Shelf(
            "decision",
            Decision,
            "docs/decisions",
            r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[a-z0-9][a-z0-9-]{0,79}",
            ABOUT,
        ),
    )
}
