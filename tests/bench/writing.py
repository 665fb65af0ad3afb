"""Writing: what a command that changes something costs, against an interpreter that does nothing.

Each run does its work for the first time: what it ticks, records or moves on is made fresh ahead of it, untimed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import ground
from figures import Figure, relative
from timing import in_turns

from agenticops.flows import artifact, session, work
from agenticops.flows import checklist as bullets
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from timing import Samples

GOAL = 10.0
SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
# What the brief of an opportunity says for programs.
FRONT = "---\ndecision: go\ndecided_by: Ada Lovelace\n---\n\n"
AS_OPERATOR = ("--override", "--reason", "measuring")


class Desk:
    """A repository in which each of the commands always has something to do."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ticket = ground.ticket(folder)
        self.turn = 0
        self.tick = [SCRIPT, "checklist", "tick", "", "--ticket", self.ticket]
        self.move = [SCRIPT, "advance", "", "--to", ""]
        self.leave = [*self.move, *AS_OPERATOR]
        self.artifact, self.path = self._recordable()

    @property
    def workspace(self) -> Workspace:
        """Open the repository as a command of its own does."""
        return Workspace(str(self.folder))

    def commands(self) -> dict[str, list[str]]:
        """What is measured."""
        return {
            "base": [sys.executable, "-c", "pass"],
            "checklist tick": self.tick,
            "session note": [SCRIPT, "session", "note", "Regions differ in their calendars"],
            "artifact record": [SCRIPT, "artifact", "record", self.artifact, "--ticket", self.ticket],
            "advance, refused": [SCRIPT, "advance", self.ticket],
            "advance, on to the next phase": self.move,
            "advance --override, raises a risk": self.leave,
            "work new --start": [SCRIPT, "work", "new", "--kind", "PRD", "--title", "Count the boxes", "--start"],
            "begin": [SCRIPT, "begin", self.ticket],
        }

    def before(self) -> dict[str, Callable[[], object]]:
        """What is made ready ahead of each run."""
        return {
            "checklist tick": self._bullet,
            "session note": self._at_work,
            "artifact record": self._changed,
            "advance, on to the next phase": self._ready,
            "advance --override, raises a risk": self._open,
            "begin": self._free,
        }

    def _next(self) -> int:
        self.turn += 1
        return self.turn

    def _bullet(self) -> None:
        words = f"Ask reader {self._next()}"
        self.tick[3] = bullets.add(self.workspace, self.ticket, words, "Core activities", False)[1].key
        self._warm()

    def _at_work(self) -> None:
        here = self.workspace
        if not here.active_session():
            session.begin(here, self.ticket, "")
        self._warm()

    def _free(self) -> None:
        here = self.workspace
        if here.active_session():
            session.archive(here)
        self._warm()

    def _changed(self) -> None:
        with open(self.path, "a") as file:
            file.write(f"\nMeasured again, {self._next()}.\n")

    def _open(self) -> Ticket:
        here = self.workspace
        item = WorkItem("", "PRD", f"Forecast demand of shop {self._next()}", body="Shops guess today.")
        _, ticket = work.new(here, item, start=True)
        assert ticket is not None
        for command in (self.move, self.leave):
            command[2], command[4] = ticket.id, here.train.phase(ticket.phase).next[0]
        self._warm()
        return ticket

    def _ready(self) -> None:
        """Do all that the gate of a new ticket asks for."""
        ticket, here = self._open(), self.workspace
        keys = [b.key for b in here.train.checklist(ticket).bullets]
        bullets.tick(here, ticket.id, keys)
        for name in ticket.artifacts:
            contract = here.train.contract(name)
            sections = "".join(f"## {heading}\n\nCounted in March.\n\n" for heading in contract.headings)
            path = self.folder / here.train.artifact_path(contract, ticket.item)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"{FRONT}# {contract.title}\n\nShops guess today.\n\n{sections}")
        artifact.record(self.workspace, ticket.id, list(ticket.artifacts))
        self._warm()

    def _warm(self) -> None:
        _ = self.workspace.index

    def _recordable(self) -> tuple[str, Path]:
        """Find an open ticket's Markdown artifact that its contract takes."""
        here = self.workspace
        for row in here.index.rows("SELECT id FROM ticket WHERE closed = 0 ORDER BY id"):
            ticket = here.train.ticket(row[0])
            for name in ticket.artifacts:
                path = here.train.artifact_path(here.train.contract(name), ticket.item)
                if path.endswith(".md") and not artifact.check(here, ticket.id, [name])[2]:
                    self.ticket = ticket.id
                    self.tick[-1] = ticket.id
                    return name, Path(self.folder, path)
        raise LookupError("no artifact of an open ticket is complete: nothing to record")


def figures(repo: Path, rounds: int) -> list[Figure]:
    """Measure each command in turns with the interpreter; the goal holds for all."""
    desk = Desk(repo)
    # Only an operator overrides a gate; who measures may be an agent.
    environment = {k: v for k, v in os.environ.items() if k not in ("CLAUDECODE", "AGENTICOPS_AGENT")}
    samples = in_turns(desk.commands(), str(repo), environment, rounds, desk.before())
    sound(samples)
    base = median(s.cpu for s in samples.pop("base"))
    return [relative(n, median(s.cpu for s in runs), base, GOAL, "python -c pass") for n, runs in samples.items()]


def sound(samples: Samples) -> None:
    """A command that fails is fast: refuse to measure it. Only the refused advance ends with a verdict."""
    for name, runs in samples.items():
        codes = {s.code for s in runs} - {3 if name.endswith("refused") else 0}
        if codes:
            sys.exit(f"{name} ended with exit code {min(codes)}: nothing to measure")
