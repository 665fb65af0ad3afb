"""A worker that is killed again and again: each delivery arrives, under one key, and never after the log says so."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from agenticops.core import outbox
from agenticops.workspace import Workspace
from tests import posting
from tests.stations import Board
from tests.support import THOROUGH, commit_all, run_cli, thorough, write

PATHS = ("/200", "/503,200", "/503,503,200", "/200", "/404")


def fill(repo: Path, web: posting.Web, number: int, start: int = 0) -> list[str]:
    """Put deliveries over both channels into the outbox; give their ids."""
    with Workspace(str(repo)).transaction("test") as tx:
        for n in range(start, start + number):
            hook = {"url": f"{web.url}{PATHS[n % len(PATHS)]}", "body": {"n": n}}
            mail = {"to": ["grace@example.org"], "subject": f"Number {n}", "text": "Refills"}
            tx.append(outbox.add("webhook", hook, f"f{n}", 1) if n % 3 else outbox.add("email", mail, f"f{n}", 1))
    commit_all(repo)
    return [outbox.key(f"f{n}", 1) for n in range(start, start + number)]


def life(repo: Path, seconds: float) -> bool:
    """Let a worker live for a while, then kill it; tell whether it ended by itself before."""
    words = [sys.executable, "-m", "agenticops", "worker", "run", "--once", "--wait", "5", "--json"]
    worker = subprocess.Popen(words, cwd=repo, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, said = worker.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.communicate()
        return False
    assert worker.returncode == 0, said.decode()
    return True


def proven(repo: Path, web: posting.Web, box: posting.Mail, wanted: list[str]) -> None:
    """Nothing is lost, nothing has two keys or two outcomes, and nothing came after its outcome."""
    arrived = {**web.keys(), **box.keys()}
    assert sorted(arrived) == sorted(wanted)
    log = Workspace(str(repo)).log
    for id in wanted:
        events = log.of_subject(f"outbox/{id}")
        ends = [e for e in events if e.kind in ("outbox_delivered", "outbox_dead")]
        assert len(ends) == 1, (id, [e.kind for e in events])
        at = int(datetime.fromisoformat(ends[0].at).timestamp() * 1000 + 0.5)
        assert {**web.last, **box.last}[id] <= at


def ordeal(repo: Path, number: int, kills: int, seed: int) -> int:
    dice = random.Random(seed)
    with posting.web() as web, posting.mail() as box:
        posting.settings(repo, web, box)
        text = (repo / "config/automation.yml").read_text()
        write(repo, "config/automation.yml", text.replace("attempts: 4", "attempts: 20"))
        wanted = fill(repo, web, number)
        killed = 0
        while killed < kills:
            if life(repo, dice.uniform(0.6, 3.0)):
                wanted += fill(repo, web, number, len(wanted))
                continue
            killed += 1
            if dice.random() < 0.25:
                shutil.rmtree(repo / ".git" / "agenticops" / "engine", ignore_errors=True)
        while not life(repo, 120):
            pass
        run_cli(repo, "worker", "run", "--once")
        proven(repo, web, box, wanted)
    assert run_cli(repo, "worker", "reconcile", "--json").stdout.count('"id"') == 0
    return killed


@thorough
def test_two_kills(at: Board) -> None:
    assert ordeal(at("tiny"), 6, 2, 1) == 2


@thorough
@pytest.mark.parametrize("seed", range(6 if THOROUGH else 1))
def test_many_kills(at: Board, seed: int) -> None:
    assert ordeal(at("tiny"), 120, 10, seed) == 10
