"""Herd: repositories with thousands of tickets, the same for the same seed, written by the store's own writers in bulk.

Each work item travels along the first edges of the train as `advance` would take it: the same files, the same events
in the same chains. Only artifacts are left out (their records are there); no command measured here reads them.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ground

from agenticops.core import checklist as checklists
from agenticops.core import documents, yamltext
from agenticops.core.train import Train
from agenticops.model import ids
from agenticops.model.event import STATE_KINDS, Actor, Event
from agenticops.model.pipeline import Phase
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem
from agenticops.ports.clock import timestamp
from agenticops.store import log
from agenticops.workspace import Workspace

SEED = 20_261_101
START = 1_735_725_600_000  # 2025-01-01T10:00:00Z
STEP = 90_000
VERBS = ("Forecast", "Rank", "Detect", "Explain", "Price", "Schedule", "Route", "Match")
NOUNS = ("refills", "returns", "late deliveries", "claims", "visits", "spare parts", "night shifts", "leads")
PLACES = ("in the north", "of new clients", "before the season", "per branch", "after a recall", "for key accounts")


class Herd:
    """Writes one repository; `tickets` in all, `still_open` of them open."""

    def __init__(self, folder: Path, tickets: int, still_open: int, seed: int = SEED) -> None:
        self.folder = ground.adopt(folder)
        self.workspace = Workspace(str(folder))
        self.train: Train = self.workspace.train
        self.path = list(_path(self.train))
        self.dice = random.Random(seed)
        self.actor = Actor("Ada Lovelace <ada@example.org>", "", "bench")
        self.events: list[Event] = []
        self.last: dict[str, str] = {}
        self.lamport = self.workspace.log.last_lamport()
        self.now = START
        self._write(tickets, still_open)

    def _write(self, tickets: int, still_open: int) -> None:
        closed = tickets - still_open
        for _ in range(still_open):
            before = min(self.dice.randrange(len(self.path)), closed)
            self._item(before, opens=True)
            closed -= before
        while closed:
            visits = min(len(self.path), closed)
            self._item(visits, opens=False)
            closed -= visits
        for first in range(0, len(self.events), log.FULL):
            shard = self.events[first : first + log.FULL]
            self._file(log.new_path(shard[0].at, shard[0].id), log.encode(shard))
        ground.commit(self.folder, "Herd")

    def _item(self, closed: int, opens: bool) -> None:
        name = "t" + ids.base32(self.dice.getrandbits(40), 8)
        title = f"{self.dice.choice(VERBS)} {self.dice.choice(NOUNS)} {self.dice.choice(PLACES)}"
        item = WorkItem(name, "PRD", title, self.dice.choice(("now", "next", "future")))
        self._file(item.path, documents.write_item(item).encode())
        self._append("item_created", f"item/{name}", "", name, {"to": "created", "kind": "PRD", "title": title})
        before = "created"
        for number, phase in enumerate(self.path[: closed + opens]):
            before = self._visit(item, phase, before, done=number < closed)
        if not opens:
            self._append("item_finished", f"item/{name}", before, name, {"from": before, "to": "done"})

    def _visit(self, item: WorkItem, phase: Phase, before: str, done: bool) -> str:
        train, name = self.train, ids.ticket_id(phase.name, item.id)
        mode = train.mode(phase.mode)
        works = done or self.dice.random() < 0.7
        status = "done" if done else "in_progress" if works else "todo"
        lists = {"artifacts": phase.artifacts, "optional": phase.optional, "entry": mode.entry, "exit": mode.exit}
        ticket = Ticket(name, item.id, phase.name, phase.mode, phase.owner, status, **lists)  # type: ignore[arg-type]
        subject = f"ticket/{name}"
        self._append("item_moved", f"item/{item.id}", name, item.id, {"from": before, "to": name})
        self._append("ticket_opened", subject, name, item.id, {"to": "todo", "phase": phase.name})
        if works:
            self._append("ticket_started", subject, name, item.id, {"from": "todo", "to": "in_progress"})
        text = self._checklist(ticket, item, done, works)
        front = {"status": "archived" if done else "init", "ticket": name, "phase": phase.name, "mode": phase.mode}
        session = f"---\n{yamltext.dump(front)}---\n\n# Session notes\n\nFree text below the front-matter is yours.\n"
        contents = (documents.write_ticket(ticket).encode(), text.encode(), session.encode())
        files = dict(zip((ticket.path, ticket.checklist_path, ticket.session_path), contents, strict=True))
        for path, content in files.items():
            self._file(path, content)
        if done:
            self._finish(ticket, {path: hashlib.sha256(content).hexdigest() for path, content in files.items()})
        return name

    def _checklist(self, ticket: Ticket, item: WorkItem, done: bool, works: bool) -> str:
        contracts = [self.train.contract(name) for name in ticket.artifacts]
        lines = [f"- [ ] {c.title} is recorded: {self.train.artifact_path(c, ticket.item)} *" for c in contracts]
        owed = "\n\n".join(lines) or "This phase owes no artifact."
        template = self.train.checklist_template(self.train.mode(ticket.mode))
        text = documents.render(template, {**self.train.values(ticket, item.title), "artifacts": owed})
        bullets = [b for b in checklists.parse(text).bullets if b.required]
        ticked = bullets if done else bullets[: self.dice.randrange(len(bullets))] if works else []
        for bullet in ticked:
            data = {"bullet": bullet.key, "text": bullet.text, "section": bullet.section}
            self._append("bullet_ticked", f"ticket/{ticket.id}", ticket.id, ticket.item, data)
        return checklists.tick(text, [b.key for b in ticked])

    def _finish(self, ticket: Ticket, files: dict[str, str]) -> None:
        subject = f"ticket/{ticket.id}"
        for name in ticket.artifacts:
            path = self.train.artifact_path(self.train.contract(name), ticket.item)
            data = {"artifact": name, "path": path, "sha256": f"{self.dice.getrandbits(256):064x}"}
            self._append("artifact_recorded", subject, ticket.id, ticket.item, data)
        digest = f"{self.dice.getrandbits(256):064x}"
        passed = {"gate": "default", "digest": digest, "checks": 6}
        self._append("gate_passed", subject, ticket.id, ticket.item, passed)
        ended = {"from": "in_progress", "to": "done", "gate": "default", "digest": digest, "files": files}
        self._append("ticket_done", subject, ticket.id, ticket.item, ended)

    def _append(self, kind: str, subject: str, ticket: str, item: str, data: dict[str, Any]) -> None:
        self.lamport += 1
        self.now += STEP
        event = Event(
            id=ids.ulid(self.now, self.dice.randbytes(10)),
            lamport=self.lamport,
            at=timestamp(self.now),
            actor=self.actor,
            kind=kind,
            subject=subject,
            ticket=ticket,
            item=item,
            prev=self.last.get(subject, "") if kind in STATE_KINDS else None,
            data=data,
        )
        if kind in STATE_KINDS:
            self.last[subject] = event.id
        self.events.append(event)

    def _file(self, path: str, content: bytes) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)


def _path(train: Train) -> Iterator[Phase]:
    """The phases along the first edges, until the end or until one comes again."""
    phase, seen = train.phase(train.pipeline.start), set[str]()
    while phase.name not in seen:
        seen.add(phase.name)
        yield phase
        if not phase.next:
            return
        phase = train.phase(phase.next[0])
