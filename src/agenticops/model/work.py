"""Work items: PRD → CRD → Task, one Markdown document each under `docs/work/`."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

Kind = Literal["PRD", "CRD", "Task"]
Priority = Literal["now", "next", "future"]
PRIORITIES = ("now", "next", "future")
# Where `links` keeps the tickets to look at.
TICKETS = "tickets"


class WorkItem(Struct, frozen=True):
    """What is to be delivered; where it stands is a fold of the log and is never written here.

    `depends` are the items that block it, `needs` those of clients that it answers, `assignees` logins on the forge.
    """

    id: str
    kind: Kind
    title: str
    priority: Priority = "next"
    parent: str = ""
    issue: int | None = None
    url: str = ""
    labels: tuple[str, ...] = ()
    assignees: tuple[str, ...] = ()
    milestone: str = ""
    depends: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    client: str = ""
    project: str = ""
    team: str = ""
    revenue_value: float | None = None
    links: dict[str, Any] = field(default_factory=dict)
    body: str = ""

    @property
    def path(self) -> str:
        """Where the document is kept."""
        return f"docs/work/{self.id}.md"

    @property
    def tickets(self) -> tuple[str, ...]:
        """The tickets that it links to."""
        named = self.links.get(TICKETS)
        return tuple(map(str, named)) if isinstance(named, list | tuple) else ()
