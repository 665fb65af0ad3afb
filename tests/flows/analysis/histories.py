"""Small histories that can be computed by hand: five instances of one workflow, and a train of three work items."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agenticops.model.event import Event
from agenticops.store import log
from agenticops.workspace import Workspace
from tests.support import FixedClock, event, write

NOW = 1_769_853_600_000  # 2026-01-31T10:00:00Z


def at(day: float) -> str:
    hours = 10 + round(day % 1 * 24)
    return f"2026-01-{int(day) + hours // 24:02d}T{hours % 24:02d}:00:00.000Z"


class History:
    """Collects events in the order of the log."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.last: dict[str, str] = {}

    def add(self, kind: str, subject: str, day: float, **data: Any) -> None:
        prev = self.last.get(subject, "") if "to" in data else None
        made = event(kind, subject, len(self.events) + 1, prev=prev, at=at(day), data=data)
        self.events.append(made)
        if prev is not None:
            self.last[subject] = made.id

    def travel(self, instance: str, template: str, *steps: tuple[str, float], end: str = "", **head: Any) -> None:
        """Let an instance go from state to state on these days; `end` is success, failure or cancelled."""
        subject, (first, *more) = f"instance/{instance}", steps
        self.add("workflow_started", subject, first[1], to=first[0], template=template, version="1", **head)
        before = first[0]
        for number, (state, day) in enumerate(more, 1):
            over = {"end": end} if end in ("success", "failure") and number == len(more) else {}
            kind = "workflow_cancelled" if end == "cancelled" and number == len(more) else "state_transition"
            self.add(kind, subject, day, **{"from": before}, to=state, **over)
            before = state

    def ticket(self, phase: str, item: str, *steps: tuple[str, float]) -> None:
        kinds = {"todo": "ticket_opened", "done": "ticket_done", "blocked": "ticket_blocked"}
        for state, day in steps:
            self.add(kinds.get(state, "ticket_started"), f"ticket/{phase}_{item}", day, to=state)

    def save(self, repo: Path, name: str = "01AAAAAAAAAAAAAAAAAAAA0001") -> None:
        if self.events:
            write(repo, log.new_path("2026-01-01T10:00:00.000Z", name), log.encode(self.events))


def workflows(history: History) -> None:
    """Two end well, one fails, one is cancelled, one is under way; two clocks disagree about w4."""
    history.travel("w1", "HS", ("lead", 1), ("work", 3), ("paid", 7), end="success", client="c1", name="Roof")
    history.travel("w2", "HS", ("lead", 1), ("work", 2), ("paid", 12), end="success", client="c2")
    history.travel("w3", "HS", ("lead", 5), ("lost", 6), end="failure", client="c1")
    history.travel("w4", "HS", ("lead", 10), ("work", 9), client="c2", name="=Bath", agent="ada")
    history.travel("w5", "HS", ("lead", 20), ("lead", 22), end="cancelled", client="c2")
    for name, amount, instance in (("e1", 100, "w1"), ("e2", 50.5, "w2"), ("e3", 999, "w3")):
        fields = {"amount": amount}
        history.add("entity_created", f"entity/{name}", 2, entity="invoice", fields=fields, instance=instance)


def train(history: History, repo: Path) -> None:
    """t1 was delivered, t2 cancelled, t3 is in its second phase, and nobody began it; t4 waits without a ticket."""
    for number, (kind, worth) in enumerate((("PRD", 400), ("CRD", None), ("PRD", 7), ("PRD", None)), 1):
        name = f"t0000000{number}"
        extra = "" if worth is None else f"\nrevenue_value: {worth}\n\nneeds: [n00000001, n00000002]\n"
        text = f'---\nschema: 1\n\nid: "{name}"\n\nkind: {kind}\n\ntitle: Item {number}\n{extra}---\n'
        write(repo, f"docs/work/{name}.md", text)
        history.add("item_created", f"item/{name}", 1, to="created")
    history.ticket("shape", "t00000001", ("todo", 2), ("in_progress", 4), ("done", 5))
    history.ticket(
        "build", "t00000001", ("todo", 5), ("in_progress", 5), ("blocked", 6), ("in_progress", 9), ("done", 10)
    )
    history.add("item_finished", "item/t00000001", 10, to="done", result="delivered")
    history.ticket("shape", "t00000002", ("todo", 3), ("in_progress", 6))
    history.add("item_finished", "item/t00000002", 8, to="done", result="cancelled")
    history.add("ticket_cancelled", "ticket/shape_t00000002", 8, to="cancelled")
    history.ticket("shape", "t00000003", ("todo", 11), ("in_progress", 12), ("done", 13))
    history.ticket("build", "t00000003", ("todo", 13))


def opened(repo: Path, now: int = NOW) -> Workspace:
    return Workspace(str(repo), clock=FixedClock(now))
