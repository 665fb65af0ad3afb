"""The scripted agent: works one ticket from `begin` to `advance`, with nothing but the public commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from desk import Desk
from sandbox import Sandbox
from stage import Stage
from train_cli import Train

# Who opens a phase's session when it is not the owner; the owner takes over by a hand-off.
FIRST = {"data-sources": "onboarder", "deployment": "studio", "performance-analysis": "evaluator", "retraining": "lab"}
LAST = {"performance-analysis": "improver"}


@dataclass
class Visit:
    """One ticket under work."""

    ticket: str
    phase: str
    owner: str
    number: int = 1

    @property
    def label(self) -> str:
        """How the audience knows it."""
        return self.phase if self.number == 1 else f"{self.phase} ({self.number})"

    @property
    def first(self) -> str:
        """Who begins."""
        return FIRST.get(self.phase, self.owner)

    @property
    def last(self) -> str:
        """Who ends."""
        return LAST.get(self.phase, self.owner)


class Worker:
    """Takes the tickets of one work item through their phases."""

    def __init__(self, train: Train, sandbox: Sandbox, desk: Desk, stage: Stage) -> None:
        self.train, self.sandbox, self.desk, self.stage = train, sandbox, desk, stage
        self.seen: dict[str, int] = {}

    def open(self) -> Visit:
        """Give the item's open ticket."""
        found = self.train.read("ticket", "list", "--item", self.desk.item)
        return self.visit(self.train.read("ticket", "show", found[0]["id"]))

    def visit(self, ticket: dict[str, Any]) -> Visit:
        """Count a ticket as a visit to its phase."""
        phase = ticket["phase"]
        self.seen[phase] = self.seen.get(phase, 0) + 1
        return Visit(ticket["id"], phase, ticket["agent"], self.seen[phase])

    def begin(self, visit: Visit) -> None:
        """Open the session."""
        self.stage.doing(f"{self.desk.item} {visit.phase}")
        self.train.run("begin", visit.ticket, "--agent", visit.first, agent=visit.first)

    def work(self, visit: Visit) -> None:
        """Do the work, write the documents and record them all."""
        owed = self.train.read("artifact", "list", visit.ticket, agent=visit.first)["artifacts"]
        before = {row["path"]: self._content(row["path"]) for row in owed}
        for row in owed:
            if before[row["path"]] is None:
                self.train.run("artifact", "new", row["name"], "--ticket", visit.ticket, agent=visit.first)
        self.desk.work(visit.phase, visit.number)
        for row in owed:
            self.desk.write(row["name"], row["path"], visit.number)
        same = [row["name"] for row in owed if before[row["path"]] == self._content(row["path"])]
        for name in same:
            self._keep(visit, name)
        fresh = [row["name"] for row in owed if row["name"] not in same]
        self.train.run("artifact", "record", *fresh, "--ticket", visit.ticket, agent=visit.first)

    def _keep(self, visit: Visit, name: str) -> None:
        self.train.refused("artifact", "record", name, "--ticket", visit.ticket, code="VT212", agent=visit.first)
        self.stage.refused(visit.label, f"{name} is unchanged since the last visit", "VT212, exit 3")
        reason = "The address holds for every version."
        self.train.run("artifact", "keep", name, "--reason", reason, "--ticket", visit.ticket, agent=visit.first)

    def _content(self, path: str) -> bytes | None:
        file = self.sandbox.path / path
        return file.read_bytes() if file.is_file() else None

    def tick(self, visit: Visit) -> None:
        """Tick what is required, in one call."""
        keys = self.train.read("checklist", "show", visit.ticket, agent=visit.first)["open"]
        self.train.run("checklist", "tick", *keys, "--ticket", visit.ticket, agent=visit.first)

    def talk(self, visit: Visit) -> str:
        """Write into the session, hand it over where another agent ends the phase; give the line for the audience."""
        words = self.desk.words(visit.phase, visit.number)
        self.train.run("session", "note", words["note"], agent=visit.first)
        self.train.run("session", "decide", words["decide"], agent=visit.first)
        if visit.first != visit.last:
            brought = ("--note", words["note"], "--next", words["next"])
            self.train.run("handoff", "--to", visit.last, *brought, agent=visit.first)
            self.train.run("begin", visit.ticket, "--agent", visit.last, agent=visit.last)
        return words["line"]

    def advance(self, visit: Visit) -> dict[str, Any]:
        """Let the gate judge, and go on; where several ways lead on, the work has decided which."""
        to = self.desk.way(visit.phase)
        way = ["--to", to] if to else []
        return dict(self.train.read("advance", visit.ticket, *way, "--commit", agent=visit.last))

    def through(self, visit: Visit, worked: bool = False) -> Visit | None:
        """Work a ticket from start to end; give the next one, or None when the item is done."""
        if not worked:
            self.begin(visit)
            self.work(visit)
        self.tick(visit)
        line = self.talk(visit)
        self.keep_model(visit)
        outcome = self.advance(visit)
        self.report(visit, line, outcome)
        return self.visit(outcome["successor"]) if outcome["successor"] else None

    def keep_model(self, visit: Visit) -> None:
        """Commit what the phase made besides its artifacts: the model file."""
        folder = {"training": "model", "retraining": "retrain"}.get(visit.phase)
        if folder:
            self.sandbox.git("add", f"delivery/{self.desk.item}/{folder}/model-*.json")
            self.sandbox.git("commit", "--quiet", "--message", f"{visit.ticket}: the trained model")

    def report(self, visit: Visit, line: str, outcome: dict[str, Any]) -> None:
        """Tell the audience."""
        who = visit.last if visit.first == visit.last else f"{visit.first} → {visit.last}"
        self.stage.done(visit.label, line, f"{who}  {outcome['commit'][:7]}")
