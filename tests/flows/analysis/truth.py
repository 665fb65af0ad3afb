"""Made-up histories: what truly happened is drawn first, and the events that tell it are written from that.

They are told as a team with branches and several clocks would: forks that lost or were resolved, the same step
twice, steps that were voided, clocks that disagree, pauses, migrations, cancellations, and in no order. Times are
milliseconds, as the clock has them.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from agenticops.core import documents
from agenticops.model.event import Event
from agenticops.ports.clock import timestamp
from agenticops.store import log
from tests.support import event, item, ticket, write

HOUR = 3_600_000
DAY = 24 * HOUR
START = 1_767_225_600_000  # 2026-01-01T00:00:00Z
NOW = START + 59 * DAY + 12 * HOUR
STATES = ("a", "b", "c", "d")
PHASES = ("shape", "build", "shape", "build")
NEEDS = ("n00000001", "n00000002", "n00000003")
KINDS = {
    "in_progress": "ticket_started",
    "blocked": "ticket_blocked",
    "in_review": "ticket_in_review",
    "done": "ticket_done",
}
SHARDS = 3


class Instance(Struct):
    """A workflow instance: the states that it came to and when; `end` is success, failure, cancelled, or ""."""

    id: str
    template: str
    client: str
    agent: str
    moves: list[tuple[str, int]]
    worth: float | None
    end: str = ""
    ended: int | None = None


class Stop(Struct):
    """A ticket of a work item: the statuses that it came to and when, and when it was closed."""

    id: str
    phase: str
    agent: str
    spans: list[tuple[str, int]]
    left: int | None = None


class Item(Struct):
    """A work item with its tickets; `end` is success, cancelled, or ""."""

    id: str
    kind: str
    client: str
    worth: float | None
    needs: list[str]
    created: int
    stops: list[Stop] = field(default_factory=list)
    end: str = ""
    ended: int | None = None


class Truth:
    """So many instances and work items as the dice want them; the same for the same seed."""

    def __init__(self, seed: int, instances: int, items: int) -> None:
        self._dice = random.Random(seed)
        self._events: list[Event] = []
        self.instances = [self._instance(f"w{number:03d}") for number in range(instances)]
        self.items = [self._item(f"t{number:08d}") for number in range(1, items + 1)]

    def save(self, repo: Path) -> None:
        """Write the events into shards, as they fall, and the documents of the items and tickets."""
        shards: list[list[Event]] = [[] for _ in range(SHARDS)]
        for told in self._events:
            self._dice.choice(shards).append(told)
        for number, events in enumerate(shards):
            if events:
                name = log.new_path("2026-01-01T10:00:00.000Z", f"01AAAAAAAAAAAAAAAAAAAA000{number}")
                write(repo, name, log.encode(events))
        for made in self.items:
            known = item(made.id, kind=made.kind, client=made.client, revenue_value=made.worth, needs=tuple(made.needs))
            write(repo, known.path, documents.write_item(known))
            for stop in made.stops:
                paper = ticket(stop.phase, made.id, id=stop.id, agent=stop.agent)
                write(repo, paper.path, documents.write_ticket(paper))

    def _tell(self, kind: str, subject: str, at: int, prev: str = "", **data: Any) -> str:
        """Write an event after those that were told, and give its id."""
        number = len(self._events) + 1
        before = prev if "to" in data else None
        self._events.append(event(kind, subject, number, prev=before, at=timestamp(at), data=data))
        return self._events[-1].id

    def _void(self, kind: str, subject: str, at: int, prev: str, to: str) -> None:
        """Write a step that does not count: git took it back."""
        if self._chance(0.1):
            self._tell("voided", "train", at, events=[self._tell(kind, subject, at, prev, to=to)])

    def _chance(self, share: float) -> bool:
        return self._dice.random() < share

    def _later(self, at: int) -> int:
        """Draw when the next thing happens: at once, days later to the hour, or earlier, by another clock."""
        chance = self._dice.random()
        if chance < 0.15:
            return at
        if chance < 0.25:
            return at - self._dice.randrange(HOUR)
        if chance < 0.35:
            return at + DAY * self._dice.randrange(1, 4)
        return at + self._dice.randrange(1, 6 * DAY)

    def _instance(self, name: str) -> Instance:
        dice, subject = self._dice, f"instance/{name}"
        at = START + dice.randrange(50) * DAY + (0 if self._chance(0.15) else dice.randrange(DAY))
        template, client, agent = dice.choice("XY"), dice.choice(["", "c1", "c2"]), dice.choice(["", "ada", "bob"])
        made = Instance(name, template, client, agent, [("a", at)], dice.choice([None, 100, 50.5]))
        head = {"template": template, "version": "1", "client": client, "agent": agent}
        last = self._tell("workflow_started", subject, at, to="a", **head)
        if made.worth is not None:
            fields = {"amount": made.worth}
            self._tell("entity_created", f"entity/e{name}", at, entity="invoice", fields=fields, instance=name)
        for _ in range(dice.randrange(7)):
            at = self._later(at)
            if at >= NOW or made.end:
                break
            last = self._act(made, subject, at, last)
        if made.end and made.end != "cancelled" and self._chance(0.2):  # over is over
            self._tell("state_transition", subject, at + 99, last, to="b")
        return made

    def _act(self, made: Instance, subject: str, at: int, last: str) -> str:
        """Let an instance pause, be cancelled, be migrated, or go on, to its end perhaps."""
        self._void("workflow_cancelled", subject, at, last, "z")
        here, chance = made.moves[-1][0], self._dice.random()
        if chance < 0.1:
            last = self._tell("workflow_paused", subject, at, last, to=here)
            return self._tell("workflow_resumed", subject, at + 1, last, to=here)
        if chance < 0.2:
            made.end, made.ended = "cancelled", at
            return self._tell("workflow_cancelled", subject, at, last, to=here)
        kind, to = "state_transition", self._dice.choice([state for state in STATES if state != here])
        more: dict[str, str] = {"from": here}
        if chance < 0.3:
            kind, more["version"] = "workflow_migrated", "2"
        elif chance > 0.75:
            to, made.end = self._dice.choice([("won", "success"), ("lost", "failure")])
            made.ended, more["end"] = at, made.end
        made.moves.append((to, at))
        told = self._tell(kind, subject, at, last, to=to, **more)
        if self._chance(0.15):  # a branch that lost had gone on to an end
            lost = self._dice.choice([state for state in (*STATES, "won") if state != to])
            beside = self._tell("state_transition", subject, at - 5, last, to=lost)
            self._tell("state_transition", subject, at - 4, beside, to="z", end="success")
        if self._chance(0.15):  # another clone took the same step
            self._tell(kind, subject, at + 7, last, to=to, **more)
        return told

    def _item(self, name: str) -> Item:
        dice, subject = self._dice, f"item/{name}"
        at = START + dice.randrange(45 * DAY)
        needs = dice.sample(NEEDS, dice.randrange(len(NEEDS)))
        made = Item(
            name, dice.choice(["PRD", "CRD"]), dice.choice(["", "c1"]), dice.choice([None, 10.5, 200]), needs, at
        )
        last = self._tell("item_created", subject, at, to="created")
        for number, phase in enumerate(() if self._chance(0.1) else PHASES):
            last = self._tell("item_moved", subject, at, last, to=phase)
            at = self._stop(made, f"{phase}_{name}" + ("-2" if number > 1 else ""), phase, at, last)
            left = made.stops[-1].left
            if left is None or made.end:
                break
            if self._chance(0.5):
                made.end, made.ended = "success", left
                self._tell("item_finished", subject, left, last, to="done", result="delivered")
                break
        return made

    def _stop(self, made: Item, name: str, phase: str, at: int, item_moved: str) -> int:
        """Let an item pass a phase, or stay there, or be cancelled there; say when that was."""
        stop = Stop(name, phase, self._dice.choice(["ada", "bob"]), [("todo", at)])
        made.stops.append(stop)
        subject = f"ticket/{name}"
        last = self._tell("ticket_opened", subject, at, to="todo")
        for _ in range(self._dice.randrange(6)):
            then = self._later(at)
            if then >= NOW or stop.left is not None:
                break
            at, last = then, self._work(stop, subject, then, last)
        if stop.left is None and self._chance(0.2) and at + 10 < NOW:
            stop.left = made.ended = at + 10
            made.end = "cancelled"
            self._tell("ticket_cancelled", subject, stop.left, last, to="cancelled")
            self._tell("item_finished", f"item/{made.id}", stop.left, item_moved, to="done", result="cancelled")
        return at

    def _work(self, stop: Stop, subject: str, at: int, last: str) -> str:
        """Let a ticket come to another status, or to that of a branch which was kept in its place."""
        self._void("ticket_done", subject, at, last, "done")
        here = stop.spans[-1][0]
        to = self._dice.choice([*(status for status in KINDS if status != here), "done"])
        told = [self._tell(KINDS[to], subject, at, last, to=to)]
        if self._chance(0.15):  # another clone took the same step
            told.append(self._tell("ticket_started", subject, at + 3, last, to=to))
        tip, when = told[0], at
        if self._chance(0.25):  # a branch that loses, unless the fork is resolved for it
            other = "blocked" if to == "in_progress" else "in_progress"
            beside = self._tell("ticket_started", subject, at + 3, last, to=other)
            kept = self._dice.choice(["", to, other])
            if kept == other:
                self._tell("fork_resolved", subject, at + 9, tip, to=other, keep=beside, drop=told)
                to, tip, when = other, beside, at + 3
            elif kept:
                tip = self._tell("fork_resolved", subject, at + 9, tip, to=to, keep=tip, drop=[beside])
        if to == "done":
            stop.left = when
        elif to != here:
            stop.spans.append((to, when))
        return tip
