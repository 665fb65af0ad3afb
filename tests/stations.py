"""Stations: repositories at the points of a train's way where tests get on, and writing that satisfies contracts."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.core import documents
from tests.support import TINY, cli, commit_all, git, new_repo, write

ITEM = "142"
FIRST = "requirements_142"
SHAPE, BUILD, SHIP = "shape_142", "build_142", "ship_142"
TITLE = "Forecast refill adherence"
OPEN = ("work", "new", "--kind", "PRD", "--title", TITLE, "--issue", ITEM, "--start")
Board = Callable[[str], Path]

FRONT = {
    "review-report": 'verdict: pass\ncommit: "0123456789ab"\nreviewer: Grace Hopper\n',
    "release-notes": 'version: "1.2"\nchannel: stable\n',
}
WHOLE = {
    "interface-spec": """\
version: "1.2"
interfaces:
  - name: refill-forecast
    kind: http
    change: new
    consumers: [ward-app]
    operations:
      - name: forecast
        description: Says when a box will be empty.
""",
    "test-results": json.dumps(
        {
            "commit": "0123456789ab",
            "image_checksum": None,
            "summary": {"total": 12, "passed": 12, "failed": 0, "skipped": 0},
            "suites": [{"name": "unit", "environment": "linux", "passed": 12, "failed": 0, "log": None}],
        }
    ),
    "slo": """\
service: refill-forecast
owner: Grace Hopper
objectives:
  - name: fresh
    indicator: share of forecasts younger than a day
    target: 99.5
    unit: percent
    window: 28 days
    alert: forecast-stale
""",
}
TINY_FILES = {
    documents.PIPELINE: TINY,
    "docs/rules/checklists/plan-checklist.md": (
        "# Plan {{item}}\n\n## Entry criteria\n\n- [ ] Ask the nurses *\n\n## Core activities\n\n- [ ] Draw a sketch\n"
        "\n- [ ] Name the goal *\n\n## Deliverables\n\n{{artifacts}}\n"
    ),
    "docs/rules/checklists/make-checklist.md": "# Make {{item}}\n\n## Core activities\n\n- [ ] Do it *\n",
    ".gitignore": "*.agenticops~\n",
    ".gitattributes": ".agenticops/** text eol=lf\n",
    "docs/templates/brief.md": "# {{title}}\n\n## Goal\n\n> What is better afterwards?\n",
    "docs/templates/plan.md": "# Plan of {{item}}\n\n> Who does what?\n",
}


def must(repo: Path, *arguments: str) -> str:
    """Run a command in this process that has to succeed, and give what it prints."""
    code, out, err = cli(repo, *arguments)
    assert code == 0, f"agenticops {' '.join(arguments)} → {code}\n{out}{err}"
    return out


def data(repo: Path, *arguments: str, code: int = 0) -> Any:
    """Run a command with --json and give the envelope's data."""
    found, out, err = cli(repo, *arguments, "--json")
    assert found == code, f"agenticops {' '.join(arguments)} → {found}, not {code}\n{out}{err}"
    return json.loads(out)["data"]


def refused(repo: Path, *arguments: str, code: int = 1) -> str:
    """Run a command that has to fail with one error on stderr and nothing on stdout; give the error."""
    found, out, err = cli(repo, *arguments)
    assert (found, out) == (code, ""), f"agenticops {' '.join(arguments)} → {found}, not {code}\n{out}{err}"
    assert err.startswith("✗ ") and "Traceback" not in err
    return err


def codes(repo: Path, *arguments: str) -> list[str]:
    """Give the codes that a check or an advance reports; none when it holds."""
    found, out, err = cli(repo, *arguments, "--json")
    assert found in (0, 3), f"agenticops {' '.join(arguments)} → {found}\n{out}{err}"
    body = json.loads(out)["data"]
    return [f["code"] for f in body.get("verdict", body)["findings"]]


def events(repo: Path, kind: str = "") -> list[dict[str, Any]]:
    """Give the events, or those of one kind, as the log command prints them."""
    found: list[dict[str, Any]] = data(repo, "log", *(("--kind", kind) if kind else ()))
    return found


def filled(repo: Path, name: str, item: str = ITEM, words: str = "Measured on ward 7 in March.") -> str:
    """Write an artifact that satisfies its contract; give its path."""
    contract = documents.read_pipeline((repo / documents.PIPELINE).read_bytes()).artifacts[name]
    path = contract.path.replace("{item}", item)
    front = f"---\n{FRONT[name]}---\n\n" if name in FRONT else ""
    sections = "".join(f"## {title}\n\n{title}: {words}\n\n" for title in contract.headings)
    write(repo, path, WHOLE.get(name) or f"{front}# {contract.title or name}\n\n{words}\n\n{sections}")
    return path


def work_through(repo: Path, ticket: str, words: str = "Measured on ward 7 in March.") -> None:
    """Do all that a ticket's gate asks for: tick every bullet, write and record every artifact."""
    keys = [b["key"] for b in data(repo, "checklist", "show", ticket)["bullets"] if not b["checked"]]
    if keys:
        must(repo, "checklist", "tick", *keys, "--ticket", ticket)
    owed = data(repo, "artifact", "list", ticket)["artifacts"]
    for entry in owed:
        filled(repo, entry["name"], words=words)
    if owed:
        must(repo, "artifact", "record", "--all", "--ticket", ticket)


def _software(path: Path) -> None:
    must(path, "init", "--train", "software")
    commit_all(path, "Adopt the software train")


def _opened(path: Path) -> None:
    must(path, *OPEN)
    commit_all(path, "Open 142")


def _working(path: Path) -> None:
    must(path, "begin", "--agent", "onboarder")
    commit_all(path, "Begin")


def _ready(path: Path) -> None:
    work_through(path, FIRST)
    commit_all(path, "Do the work")


def _tiny(path: Path) -> None:
    for name, text in TINY_FILES.items():
        write(path, name, text)
    commit_all(path, "Start the tiny train")


def _tiny_working(path: Path) -> None:
    must(path, "begin", "--agent", "planner")
    commit_all(path, "Begin")


def _tiny_ready(path: Path) -> None:
    work_through(path, SHAPE)
    commit_all(path, "Do the work")


def _tiny_build(path: Path) -> None:
    must(path, "advance", "--commit")
    must(path, "begin", "--agent", "maker")
    work_through(path, BUILD)
    commit_all(path, "Build it")


# Each station is reached from the one before it.
WAY: dict[str, tuple[str, Callable[[Path], None]]] = {
    "software": ("", _software),
    "opened": ("software", _opened),
    "working": ("opened", _working),
    "ready": ("working", _ready),
    "tiny": ("", _tiny),
    "tiny-opened": ("tiny", _opened),
    "tiny-working": ("tiny-opened", _tiny_working),
    "tiny-ready": ("tiny-working", _tiny_ready),
    "tiny-build": ("tiny-ready", _tiny_build),
}


@pytest.fixture(scope="session")
def depot(tmp_path_factory: pytest.TempPathFactory, own_environment: None) -> Board:
    """Each station's repository, built once a session; tests get copies of it."""
    made: dict[str, Path] = {}

    def station(name: str) -> Path:
        if name not in made:
            before, travel = WAY[name]
            path = tmp_path_factory.mktemp("depot") / name
            if before:
                shutil.copytree(station(before), path, symlinks=True)
            else:
                new_repo(path)
            travel(path)
            git(path, "repack", "-a", "-d", "-q")  # every test copies it: one file instead of a hundred
            made[name] = path
        return made[name]

    return station


@pytest.fixture
def at(depot: Board, tmp_path: Path) -> Board:
    """Give a fresh repository that stands at a station of `WAY`."""

    def copy(name: str) -> Path:
        number = len(os.listdir(tmp_path))
        return Path(shutil.copytree(depot(name), tmp_path / f"{name}-{number}", symlinks=True))

    return copy
