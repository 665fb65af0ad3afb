"""Gated: a tiny train whose first phase is guarded by every kind of proof, and what people do to get past it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agenticops.flows import trust
from agenticops.workspace import Workspace
from tests.keys import new_key, signer
from tests.reviews import ADA, BOB, GRACE, MALLORY, PEOPLE, become
from tests.stations import ITEM, SHAPE, TINY_FILES, must, work_through
from tests.support import TINY, commit_all, git, new_repo, write

GATES = """
gates:

  shaped:
    type: technical_review
    checks:
      - checklist
      - artifacts
      - ticket
      - session
      - {check: command, name: unit, command: [scripts/prove.sh], covers: [src], seconds: 20}
      - {check: tests, file: "docs/{item}/unit.xml"}
      - {check: coverage, file: "docs/{item}/coverage.xml", min: 0.8}
      - {check: scan, file: "docs/{item}/scan.sarif"}
      - {check: metric, file: "docs/{item}/metrics.json", says: "accuracy >= 0.9"}
      - {check: size, max_bytes: 100000, paths: ["docs/{item}/**"]}
      - {check: risk, max: medium}
      - {check: approval, role: reviewer, min_score: 7, expires_days: 30}
"""
UNIT = '<testsuites><testsuite name="u"><testcase name="a"/><testcase name="b"/></testsuite></testsuites>\n'
LINES = '<line number="1" hits="1"/><line number="2" hits="3"/>'
COVERAGE = (
    '<coverage line-rate="1.0"><packages><package><classes><class filename="src/app.py"><lines>'
    f"{LINES}</lines></class></classes></package></packages></coverage>\n"
)
SCAN = {"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "scanner"}}, "results": []}]}
REPORTS = {
    f"docs/{ITEM}/unit.xml": UNIT,
    f"docs/{ITEM}/coverage.xml": COVERAGE,
    f"docs/{ITEM}/scan.sarif": json.dumps(SCAN),
    f"docs/{ITEM}/metrics.json": '{"accuracy": 0.93}\n',
}
PROVE = "#!/bin/sh\ntest ! -e src/broken\n"
Change = Callable[[Path], Any]
Yard = Callable[[str], Path]


def pipeline(gates: str = GATES) -> str:
    """The tiny pipeline with these gates, and who may do what."""
    text = TINY.replace("  shape:\n    mode: plan\n", "  shape:\n    gate: shaped\n    mode: plan\n", 1)
    return text + gates + PEOPLE


def found(path: Path, keys: dict[str, Path]) -> None:
    """Commit the train, as its keeper."""
    new_repo(path, "--initial-branch=main")
    files = {**TINY_FILES, "config/pipeline.yml": pipeline(), "src/app.py": "print(1)\n", **REPORTS}
    files["config/allowed_signers"] = "".join(signer(who, keys[who]) for who in (ADA, GRACE, BOB))
    for name, text in files.items():
        write(path, name, text)
    write(path, "scripts/prove.sh", PROVE).chmod(0o755)
    become(path, ADA, keys)
    commit_all(path, "Start the gated train")
    git(path, "tag", "base")


def worked(path: Path) -> None:
    """Do the work of the first phase."""
    must(path, "work", "new", "--kind", "PRD", "--title", "Refills", "--issue", ITEM, "--start")
    must(path, "begin", SHAPE, "--agent", "planner")
    work_through(path, SHAPE)
    commit_all(path, "Shape it")


def proven(path: Path, keys: dict[str, Path]) -> None:
    """Run what the gate names, and let a colleague approve."""
    trusted(path)
    must(path, "gate", "run", SHAPE, "--verify")
    with somebody(path, GRACE, keys):
        must(path, "approve", SHAPE, "--score", "8", "--reason", "the goal is clear")
    commit_all(path, "Prove it")


def closed(path: Path) -> None:
    """Move on, and leave it uncommitted: what follows is forged into the same commit."""
    must(path, "advance", SHAPE)


def trusted(path: Path) -> None:
    """Trust what the train runs, as the clone's owner."""
    here = Workspace(str(path))
    trust.give(here, [t.executable for t in trust.listing(here) if not t.executable.refused])


@contextmanager
def somebody(path: Path, who: str, keys: dict[str, Path]) -> Iterator[None]:
    """Let somebody else be at work for a while."""
    become(path, who, keys)
    try:
        yield
    finally:
        become(path, ADA, keys)


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set variables for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


def later(days: float) -> str:
    """A time so many days from now, as AGENTICOPS_NOW wants it."""
    import time

    return str(int((time.time() + days * 86_400) * 1000))


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A key for each person."""
    folder = tmp_path_factory.mktemp("keys")
    return {who: new_key(folder, who) for who in (ADA, GRACE, BOB, MALLORY)}


@pytest.fixture(scope="session")
def stages(
    tmp_path_factory: pytest.TempPathFactory, own_environment: None, keys: dict[str, Path]
) -> Callable[[str], Path]:
    """The train as it was `found`, `worked`, `proven` and `closed`; each built once from the one before."""
    folder = tmp_path_factory.mktemp("gated")
    made: dict[str, Path] = {}
    before = {"worked": "found", "proven": "worked", "closed": "proven"}
    do: dict[str, Change] = {
        "found": lambda p: found(p, keys),
        "worked": worked,
        "proven": lambda p: proven(p, keys),
        "closed": closed,
    }

    def stage(name: str) -> Path:
        if name not in made:
            path = folder / name
            if name in before:
                shutil.copytree(stage(before[name]), path, symlinks=True)
            do[name](path)
            made[name] = path
        return made[name]

    return stage


@pytest.fixture
def yard(stages: Callable[[str], Path], tmp_path: Path) -> Yard:
    """Give a copy of the train at a stage."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(stages(name), tmp_path / name, symlinks=True))

    return copy
