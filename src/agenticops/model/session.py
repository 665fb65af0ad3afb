"""Sessions: one actor's run of work, in the front-matter of `ACTIVE_SESSION.md`; the Markdown below is people's."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from agenticops.model.ids import split_ticket

# A session that somebody works, or will go on with.
OPEN = ("active", "paused", "handed_off")
SessionStatus = Literal["init", "active", "paused", "handed_off", "done", "archived"]


class Todo(Struct, frozen=True):
    """One entry of the session's to-do list."""

    id: str
    content: str
    status: Literal["pending", "in_progress", "completed"] = "pending"
    priority: Literal["high", "medium", "low"] = "medium"


class Touched(Struct, frozen=True):
    """Artifacts that this session created or modified (repository paths)."""

    created: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()


class Handoff(Struct, frozen=True):
    """What one agent hands to the next."""

    to: str = ""
    requirements: tuple[str, ...] = ()
    notes: str = ""


class Parents(Struct, frozen=True):
    """The product requirement and change request that this work belongs to."""

    prd: str = ""
    crd: str = ""


class Session(Struct, frozen=True):
    """The front-matter of a session; unknown keys are kept by writes and ignored by readers."""

    id: str = ""
    status: SessionStatus = "init"
    started_at: str = ""
    operator: str = ""
    assistant: str = ""
    agent: str = ""
    mode: str = ""
    phase: str = ""
    ticket: str = ""
    branch: str = ""
    parents: Parents = Parents()
    todos: tuple[Todo, ...] = ()
    artifacts: Touched = Touched()
    decisions: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    handoff: Handoff = Handoff()
    allowed_tools: tuple[str, ...] = ()
    restricted_tools: tuple[str, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def item(self) -> str:
        """The work item of the ticket that is worked, or ""."""
        return split_ticket(self.ticket)[1] if self.ticket else ""
