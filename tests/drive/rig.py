"""Trains for the auto-pilot to drive: tasks with tempers, each with a checklist of some bullets and an artifact."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

from agenticops.core import yamltext
from agenticops.flows import trust
from agenticops.flows.drive.driver import Driver, Report
from agenticops.workspace import Workspace
from tests.stations import must
from tests.support import commit_all, git, new_repo, write

AGENT = Path(__file__).with_name("agent.py")
PIPELINE = """\
schema: 1

name: tasks

title: Tasks

kinds: [PRD, CRD]

start: build

phases:
  build:
    mode: make
    owner: maker
    artifacts: [report]
    done: true

modes:
  make:
    title: Make
    purpose: Do one thing and show it
    writable: ["docs/**", "src/**"]

agents:
  maker:
    title: Maker

artifacts:
  report:
    path: docs/{item}/report.md
    headings: [Goal]
"""
CHECKLIST = "# Make {{item}}\n\n## Core activities\n\n%s\n## Deliverables\n\n{{artifacts}}\n"


def train(place: Path, tempers: list[str], *, bullets: int = 1, seconds: float = 0.0, more: Any = None) -> Path:
    """Make a repository with a Task for each temper, all of it committed, and the agent trusted."""
    repo = new_repo(place)
    rows = "".join(f"- [ ] Do part {n} *\n\n" for n in range(1, bullets + 1))
    settings: dict[str, Any] = {
        "schema": 1,
        "seconds": 20,
        "heartbeat": 0.5,
        "providers": {
            "script": {
                "command": [sys.executable, str(AGENT), str(seconds)],
                "models": [{"name": "scripted", "money": 0.1}],
                "environment": {
                    "RIG_JOURNAL": str(place.parent / "journal"),
                    "GIT_CONFIG_GLOBAL": "env:GIT_CONFIG_GLOBAL",
                    "PYTHONDONTWRITEBYTECODE": "1",
                },
            }
        },
        **(more or {}),
    }
    files = {
        "config/pipeline.yml": PIPELINE,
        "docs/rules/checklists/make-checklist.md": CHECKLIST % rows,
        "config/drive.yml": yamltext.dump(settings),
        "README.md": "# A train\n",
        ".gitignore": "*.agenticops~\n",
        ".gitattributes": ".agenticops/** text eol=lf\n",
    }
    for path, text in files.items():
        write(repo, path, text)
    for number, temper in enumerate(tempers, 1):
        words = ("--title", f"Part {number}, temper {temper}", "--issue", str(number), "--label", "auto")
        must(repo, "work", "new", "--kind", "Task", *words)
    commit_all(repo, "a train")
    give_trust(repo)
    return repo


def give_trust(repo: Path) -> None:
    """Trust the agent of the train, as its owner would."""
    workspace = Workspace(str(repo))
    trust.give(workspace, [t.executable for t in trust.listing(workspace) if not t.executable.refused])


def drive(repo: Path, **options: Any) -> Report:
    """Drive a train in this process."""
    return Driver(Workspace(str(repo)), **options).run()


class Stint(NamedTuple):
    """One agent at work, as it told itself; `ended` is 0 when it was cut off."""

    ticket: str
    bullet: str
    temper: str
    pid: int
    began: float
    ended: float
    alone: bool


def journal(repo: Path) -> list[Stint]:
    """Give what the agents noted, in the order in which they began."""
    path = repo.parent / "journal"
    found: list[Stint] = []
    last: dict[tuple[str, int], int] = {}
    for row in path.read_text().splitlines() if path.exists() else ():
        what, at, pid, ticket, bullet, temper = row.split()
        key = (ticket, int(pid))
        if what == "ended":
            found[last[key]] = found[last[key]]._replace(ended=float(at))
        else:
            last[key] = len(found)
            found.append(Stint(ticket, bullet, temper, int(pid), float(at), 0.0, what == "began"))
    return found


def ticks(repo: Path) -> list[dict[str, Any]]:
    """Give the data of all ticks in the log of the default branch."""
    return [e.data for e in Workspace(str(repo)).log.of_kinds("bullet_ticked")]


def clean(repo: Path) -> bool:
    """Tell whether git has nothing to say of a checkout."""
    return not git(repo, "status", "--porcelain") and not os.path.exists(repo / ".git" / "MERGE_HEAD")
