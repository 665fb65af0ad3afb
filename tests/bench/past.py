"""The past: a history of a thousand commits in which tickets are closed by their gates, and replaying all of it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from statistics import median

import ground
from figures import Figure, absolute
from timing import in_turns

from agenticops.flows import artifact, conduct, session, work
from agenticops.flows import checklist as bullets
from agenticops.model.work import WorkItem
from agenticops.workspace import Workspace

SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
COMMITS, FEW = 1000, 60
SOURCES = 2000
PIPELINE = """\
schema: 1

name: measured

phases:
  shape:
    mode: work
    owner: maker
    artifacts: [brief]
    next: [build]

  build:
    mode: work
    owner: maker
    artifacts: [plan]
    inputs: [brief]
    gate: whole
    done: true

modes:
  work:
    title: Work

agents:
  maker:
    title: Maker

artifacts:
  brief:
    path: docs/{item}/brief.md
    headings: [Goal]

  plan:
    path: docs/{item}/plan.md

gates:
  whole:
    checks: [checklist, artifacts, inputs, ticket, session]
"""
CHECKLIST = (
    "# Work\n\n## Core activities\n\n- [ ] Do it *\n\n- [ ] Have it read *\n\n## Deliverables\n\n{{artifacts}}\n"
)


class Past:
    """Writes one repository by the flows that the commands use: items are opened, worked and closed, step by step."""

    def __init__(self, folder: Path, commits: int) -> None:
        self.folder, self.left = folder, commits
        folder.mkdir(parents=True)
        ground.git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
        for name, value in (("user.name", "Ada"), ("user.email", "ada@example.org"), ("gc.auto", "0")):
            ground.git(folder, "config", name, value)
        self._file("config/pipeline.yml", PIPELINE)
        self._file("docs/rules/checklists/work-checklist.md", CHECKLIST)
        for number in range(SOURCES):
            self._file(f"src/part{number % 40}/module{number}.py", f"NUMBER = {number}\n")
        ground.commit(folder, "Begin")
        self.base = ground.git(folder, "rev-parse", "HEAD")
        while self.left > 0:
            self._item()

    def _item(self) -> None:
        item, ticket = work.new(Workspace(str(self.folder)), WorkItem("", "PRD", "Forecast refills"), start=True)
        self._commit("Open")
        while ticket is not None:
            workspace = Workspace(str(self.folder))
            session.begin(workspace, ticket.id, "maker")
            keys = [b.key for b in bullets.show(workspace, ticket.id)[1].bullets if not b.anchor]
            bullets.tick(workspace, ticket.id, keys)
            self._commit("Work")
            name = ticket.artifacts[0]
            self._file(f"docs/{item.id}/{name}.md", f"# {name}\n\n## Goal\n\nRefills of {item.id} arrive in time.\n")
            artifact.record(Workspace(str(self.folder)), ticket.id, [name])
            self._commit("Record")
            outcome = conduct.advance(Workspace(str(self.folder)), ticket.id, conduct.Call())
            assert outcome.state in ("advanced", "finished"), outcome.verdict.findings
            ticket = outcome.successor
            self._commit("Close")

    def _commit(self, message: str) -> None:
        ground.commit(self.folder, message)
        self.left -= 1

    def _file(self, path: str, content: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)


def section(folder: Path, full: bool, rounds: int) -> list[Figure]:
    """Replay all commits by the rules, and by the gates of today; the goal is for a thousand commits."""
    count = COMMITS if full else FEW
    past = Past(folder / "past", count)
    commits = int(ground.git(past.folder, "rev-list", "--count", f"{past.base}..HEAD"))
    calls = {
        "check": [SCRIPT, "check", "--base", past.base, "--head", "HEAD", "--replay"],
        "gate": [SCRIPT, "gate", "replay", "--last", str(commits)],
    }
    runs = in_turns(calls, str(past.folder), os.environ, rounds)
    for name, samples in runs.items():
        if any(s.code for s in samples):
            sys.exit(f"{name} ended with exit code {samples[0].code}: nothing to measure")
    what, size = f"{commits:,} commits", ground.size(past.folder)
    goal = 10.0 if full else None
    replayed, gated = (median(s.wall for s in runs[name]) for name in ("check", "gate"))
    return [
        absolute(f"check --base --replay, {what}", replayed, goal, "s", size),
        absolute(f"gate replay, {what}", gated, goal, "s", size),
    ]
