"""The story in acts: what happens to each issue, in which order, and what the gate must refuse on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from desk import Desk
from sandbox import Sandbox
from stage import Stage
from train_cli import Train
from worker import Visit, Worker

KINDS = ("PRD", "CRD", "Task")
PRIORITIES = ("now", "next", "future")
BRANCHED = "readiness"
STEPS = 2 + 2 + 26 + 1 + 6  # lines with a ✓, act by act


class Story:
    """All acts, with what they share."""

    def __init__(self, sandbox: Sandbox, train: Train, stage: Stage, issues: list[dict[str, Any]]) -> None:
        self.sandbox, self.train, self.stage = sandbox, train, stage
        self.issues = {issue["number"]: issue for issue in issues}

    def play(self) -> None:
        """Play them all."""
        self.set_up()
        self.blocked(43)
        self.delivered(41)
        self.one_sitting(44)
        self.branched(42)

    def set_up(self) -> None:
        """Make the repository a train and take the issues in."""
        self.sandbox.create()
        self.stage.title("A repository becomes a train")
        self.train.run("init", "--train", "ml", "--commit")
        pipeline = self.train.read("pipeline", "show")
        counts = ", ".join(f"{len(pipeline[name])} {name}" for name in ("phases", "modes", "agents"))
        self.stage.done("init --train ml", counts)
        for issue in self.issues.values():
            labels = [label["name"] for label in issue["labels"]]
            parent = ["--parent", "41"] if issue["number"] in (44, 45) else []
            self.train.run(
                "work",
                "new",
                "--kind",
                next(name for name in KINDS if name in labels),
                "--priority",
                next(name for name in PRIORITIES if name in labels),
                "--title",
                issue["title"],
                "--body",
                issue["body"],
                "--issue",
                str(issue["number"]),
                "--url",
                issue["url"],
                *(word for label in labels for word in ("--label", label)),
                *parent,
                "--commit",
            )
        self.stage.done("work new --issue", ", ".join(f"#{number}" for number in self.issues))

    def worker(self, number: int) -> Worker:
        """Give the worker of an issue, and name it."""
        issue = self.issues[number]
        self.stage.title(f"#{number} {issue['title']}")
        return Worker(self.train, self.sandbox, Desk(self.sandbox.path, issue), self.stage)

    def start(self, worker: Worker, *options: str) -> Visit:
        """Open the first ticket."""
        self.train.run("ticket", "new", worker.desk.item, *options, "--commit")
        return worker.open()

    def blocked(self, number: int) -> None:
        """One item waits for others: the ticket is held with its reason, and the gate stays shut."""
        worker = self.worker(number)
        visit = worker.through(self.start(worker))
        assert visit is not None
        worker.begin(visit)
        reason = "The agreement on data processing with the registry is not signed."
        self.train.run("session", "block", reason, agent=visit.first)
        self.train.run("ticket", "block", visit.ticket, "--reason", reason, agent=visit.first)
        self.train.refused("advance", visit.ticket, code="VT306", agent=visit.first)
        self.train.run("session", "archive", agent=visit.first)
        self.sandbox.save(f"{visit.ticket}: blocked\n\n{reason}")
        self.stage.refused(visit.phase, reason, "VT306, exit 3")
        self.stage.done(visit.phase, "blocked; the others go on", "onboarder")

    def delivered(self, number: int) -> None:
        """One item travels all phases, once round the loop, and is done."""
        worker = self.worker(number)
        visit: Visit | None = self.start(worker)
        assert visit is not None
        self.refusals(worker, visit)
        visit = worker.through(visit, worked=True)
        while visit is not None:
            visit = worker.through(visit)
        self.stage.told("done", "delivered; version 1.1.0 stays in use", "work show 41")

    def refusals(self, worker: Worker, visit: Visit) -> None:
        """Try to slip through: without the artifact, with its bare template, with nothing ticked, by override."""
        worker.begin(visit)
        agent = visit.first
        advance = ("advance", visit.ticket)
        self._refusal(visit, self.train.refused(*advance, code="VT201", agent=agent), "VT201")
        self.train.run("artifact", "new", "opportunity-brief", "--ticket", visit.ticket, agent=agent)
        self._refusal(visit, self.train.refused(*advance, code="VT203", agent=agent), "VT203")
        self.train.run("advance", visit.ticket, "--override", "--reason", "in a hurry", agent=agent, expect=1)
        self.stage.refused(visit.phase, "an agent cannot override the gate", "exit 1")
        worker.work(visit)
        self._refusal(visit, self.train.refused(*advance, code="VT101", agent=agent), "VT101")

    def _refusal(self, visit: Visit, findings: list[dict[str, Any]], code: str) -> None:
        first = next(finding for finding in findings if finding["code"] == code)
        said = str(first["message"]).partition(" (")[0]
        self.stage.refused(visit.phase, f"{Path(first['path']).name}: {said}", f"{code}, exit 3")

    def one_sitting(self, number: int) -> None:
        """A Task visits one phase."""
        worker = self.worker(number)
        worker.through(self.start(worker, "--phase", "monitoring"))

    def branched(self, number: int) -> None:
        """One item works a phase on a branch of its own, and is left in the middle of another."""
        worker = self.worker(number)
        visit: Visit | None = self.start(worker)
        while visit is not None and visit.phase != "data-sources":
            visit = self.on_branch(worker, visit) if visit.phase == BRANCHED else worker.through(visit)
        assert visit is not None
        worker.begin(visit)
        self.train.run("artifact", "new", "source-map", "--ticket", visit.ticket, agent=visit.first)
        for section in ("Entry criteria", "Core activities"):
            self.train.run("checklist", "tick", "--all-in", section, "--ticket", visit.ticket, agent=visit.first)
        self.train.run("session", "note", worker.desk.words(visit.phase, 1)["note"], agent=visit.first)
        self.sandbox.save(f"{visit.ticket}: under way")
        self.stage.done(visit.phase, "left in the middle, for you to finish", visit.first)

    def on_branch(self, worker: Worker, visit: Visit) -> Visit:
        """Work on phase/<ticket>, advance to review, merge, and advance again where the branch led to."""
        branch = f"phase/{visit.ticket}"
        self.sandbox.git("switch", "--quiet", "--create", branch)
        worker.begin(visit)
        worker.work(visit)
        worker.tick(visit)
        line = worker.talk(visit)
        outcome = worker.advance(visit)
        assert outcome["state"] == "in_review", outcome["state"]
        self.stage.told(visit.phase, f"in review on {branch}", outcome["commit"][:7])
        self.sandbox.git("switch", "--quiet", "main")
        self.sandbox.git("merge", "--quiet", "--no-ff", "--message", f"Merge {branch}", branch)
        outcome = worker.advance(visit)
        worker.report(visit, line, outcome)
        return worker.visit(outcome["successor"])
