"""Tickets: one visit of a work item to a phase, kept in `tickets/<phase>_<item>/`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from agenticops.model.graph import Graph

Status = Literal["todo", "in_progress", "blocked", "in_review", "done", "cancelled"]
CLOSED = ("done", "cancelled")

LIFE_CYCLE = Graph.of(
    start="todo",
    edges={
        "todo": ("in_progress", "blocked", "in_review", "done", "cancelled"),
        "in_progress": ("blocked", "in_review", "done", "cancelled"),
        "blocked": ("in_progress", "cancelled"),
        "in_review": ("in_progress", "blocked", "done", "cancelled"),
        "done": (),
        "cancelled": (),
    },
)


class Ticket(Struct, frozen=True):
    """What `ticket.yml` owns. `status` is written by the tool only; times and results are folds of the log."""

    id: str
    item: str
    phase: str
    mode: str
    agent: str
    status: Status
    operator: str = ""
    description: str = ""
    artifacts: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    entry: tuple[str, ...] = ()
    exit: tuple[str, ...] = ()
    duration_estimate_days: float | None = None
    effort_estimate_hours: float | None = None
    blocked_by: str = ""

    @property
    def folder(self) -> str:
        """The ticket's folder; it is never moved or deleted."""
        return f"tickets/{self.id}"

    @property
    def path(self) -> str:
        """The file that programs read."""
        return f"{self.folder}/ticket.yml"

    @property
    def checklist_path(self) -> str:
        """The task list."""
        return f"{self.folder}/checklist.md"

    @property
    def session_path(self) -> str:
        """The session of this ticket, used on its phase branch."""
        return f"{self.folder}/ACTIVE_SESSION.md"

    @property
    def closed(self) -> bool:
        """Whether the visit is over."""
        return self.status in CLOSED
