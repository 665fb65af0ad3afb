"""Events: a log of workflow instances over one year, the same for the same seed, written in bulk as the store writes.

Instances of four templates begin all through the year and travel at their own pace, so that a shard holds events of
many of them. Each step creates the state's entity, or updates the one of that kind; some fields change in between.
"""

from __future__ import annotations

import heapq
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from agenticops.model.event import STATE_KINDS, Actor, Event
from agenticops.model.ids import base32, ulid
from agenticops.ports.clock import timestamp
from agenticops.store import log

SEED = 20_261_121
START = 1_735_689_600_000  # 2025-01-01T00:00:00Z
YEAR = 365 * 86_400_000
DAY = 86_400_000
# Template → its states in order: name, entity, status. The last two are the ends: success, failure.
PATHS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "HS_STD": (
        ("lead", "customer", "Lead"),
        ("quote", "quote", "Draft"),
        ("quoted", "quote", "Sent"),
        ("order", "order", "Confirmed"),
        ("work", "project", "In Progress"),
        ("invoice", "invoice", "Sent"),
        ("paid", "invoice", "Paid"),
        ("lost", "quote", "Rejected"),
    ),
    "HVAC_EMERG": (
        ("call", "customer", "Lead"),
        ("dispatch", "task", "Assigned"),
        ("repair", "task", "In Progress"),
        ("invoice", "invoice", "Sent"),
        ("paid", "invoice", "Paid"),
        ("refused", "task", "Cancelled"),
    ),
    "CONST_RES": (
        ("inquiry", "customer", "Lead"),
        ("survey", "task", "Planned"),
        ("bid", "quote", "Sent"),
        ("contract", "order", "Confirmed"),
        ("build", "project", "In Progress"),
        ("inspection", "task", "In Review"),
        ("invoice", "invoice", "Sent"),
        ("handover", "project", "Completed"),
        ("lost", "quote", "Rejected"),
    ),
    "PLUMB_MAINT": (
        ("request", "customer", "Lead"),
        ("visit", "task", "Planned"),
        ("invoice", "invoice", "Sent"),
        ("paid", "invoice", "Paid"),
        ("cancelled", "task", "Cancelled"),
    ),
}
VERSIONS = ("1", "1", "1", "2")
PEOPLE = ("Ada Lovelace <ada@example.org>", "Grace Hopper <grace@example.org>", "Mary Jackson <mary@example.org>")
AGENTS = ("", "", "scheduler", "estimator")
CLIENTS = tuple(f"c{number:04d}" for number in range(400))
# Templates' digests by code and version, where there are such templates.
Digests = Mapping[tuple[str, str], str]
WORDS = ("boiler", "roof", "kitchen", "pump", "heating", "bath", "garage", "fence", "wiring", "window", "gutter")
STREETS = ("Mill Lane", "Station Road", "High Street", "Church Road", "Park Avenue", "Victoria Street", "Green Lane")


class Traveller:
    """One instance on its way."""

    def __init__(self, dice: random.Random, number: int, digests: Digests) -> None:
        self.dice = dice
        self.digests = digests
        self.name = "w" + base32(dice.getrandbits(60), 12)
        self.template = dice.choice(tuple(PATHS))
        self.path = PATHS[self.template]
        self.place = -1
        self.ends = dice.random() < 0.9
        self.fails_at = dice.randrange(1, len(self.path) - 2) if dice.random() < 0.35 else -1
        self.title = f"{dice.choice(WORDS)} {dice.randrange(1, 200)} {dice.choice(STREETS)} {number}"
        self.entities: dict[str, str] = {}
        self.statuses: dict[str, str] = {}

    def step(self) -> tuple[list[tuple[str, str, dict[str, Any]]], float]:
        """Give what the next step writes (kind, subject, data), and the days until the one after, 0 at the end."""
        dice, before = self.dice, self.path[self.place][0] if self.place >= 0 else ""
        self.place = len(self.path) - 1 if self.fails_at == self.place + 1 else self.place + 1
        state, kind, status = self.path[self.place]
        end = "success" if self.place == len(self.path) - 2 else "failure" if self.place == len(self.path) - 1 else ""
        made = kind not in self.entities
        entity = self.entities.setdefault(kind, "e" + base32(dice.getrandbits(60), 12))
        moved: dict[str, Any] = {"to": state, "entities": {kind: entity}}
        if before:
            moved = {"from": before, **moved, **({"end": end} if end else {})}
            drafts = [("state_transition", f"instance/{self.name}", moved)]
        else:
            version = dice.choice(VERSIONS)
            digest = self.digests.get((self.template, version), "0" * 64)
            head = {"template": self.template, "version": version, "digest": digest}
            data = {"name": self.title, "client": dice.choice(CLIENTS), "agent": dice.choice(AGENTS)}
            data["data"] = {"amount": dice.randrange(50, 20_000), "urgent": dice.random() < 0.1}
            drafts = [("workflow_started", f"instance/{self.name}", {**moved, **head, **data})]
        link = {"instance": self.name, "state": state}
        if made:
            fields = {"amount": dice.randrange(50, 20_000), "address": self.title}
            data = {"entity": kind, "name": f"{kind} {self.title}", "status": status, "fields": fields, **link}
            drafts.append(("entity_created", f"entity/{entity}", data))
        else:
            change = {"fields": {"status": status}, "was": {"status": self.statuses[kind]}, "instance": self.name}
            drafts.append(("entity_updated", f"entity/{entity}", {"entity": kind, **change}))
        self.statuses[kind] = status
        if dice.random() < 0.05:
            change = {"fields": {"priority": dice.choice(("low", "high"))}, "was": {}, "instance": self.name}
            drafts.append(("entity_updated", f"entity/{entity}", {"entity": kind, **change}))
        over = bool(end) or (not self.ends and self.place >= len(self.path) // 2)
        return drafts, 0 if over else dice.lognormvariate(0.7, 0.8)


def events(
    count: int, instances: int, seed: int = SEED, lamport: int = 0, digests: Digests | None = None
) -> Iterator[Event]:
    """Give `count` events of `instances` instances in the order of time; what is left at the end stays under way.

    Where the instances are through earlier, further ones begin.
    """
    dice = random.Random(seed)
    actors = [Actor(person, agent, "bench") for person in PEOPLE for agent in AGENTS]
    waiting = [(START + dice.random() * YEAR * 0.97, number) for number in range(instances)]
    heapq.heapify(waiting)
    travellers: dict[int, Traveller] = {}
    last: dict[str, str] = {}
    born = instances
    done = 0
    while done < count:
        if not waiting:
            heapq.heappush(waiting, (START + YEAR * 0.97, born))
            born += 1
        now, number = heapq.heappop(waiting)
        traveller = travellers.get(number) or travellers.setdefault(number, Traveller(dice, number, digests or {}))
        drafts, days = traveller.step()
        actor = dice.choice(actors)
        at = int(now)
        for kind, subject, data in drafts[: count - done]:
            done += 1
            prev = last.get(subject, "") if kind in STATE_KINDS else None
            event = Event(
                id=ulid(at, dice.randbytes(10)),
                lamport=lamport + done,
                at=timestamp(at),
                actor=actor,
                kind=kind,
                subject=subject,
                prev=prev,
                data=data,
            )
            if prev is not None:
                last[subject] = event.id
            yield event
        if days:
            heapq.heappush(waiting, (now + days * DAY, number))
        else:
            travellers.pop(number)
            last.pop(f"instance/{traveller.name}", None)


def write(folder: Path, found: Iterator[Event], size: int = log.FULL) -> list[str]:
    """Write events as shards into month folders; give their paths."""
    paths: list[str] = []
    shard: list[Event] = []

    def out() -> None:
        paths.append(log.new_path(shard[0].at, shard[0].id))
        file = folder / paths[-1]
        os.makedirs(file.parent, exist_ok=True)
        file.write_bytes(log.encode(shard))
        shard.clear()

    for event in found:
        shard.append(event)
        if len(shard) == size:
            out()
    if shard:
        out()
    return paths
