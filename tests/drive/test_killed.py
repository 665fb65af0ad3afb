"""A drive that is killed again and again at random moments, and begun anew: in the end nothing is wrong or lost.

Three ways to die: the driver alone, so that its agents are orphans; the driver with all that it started, as when the
machine goes down; one agent. `make stress` kills more than two hundred times.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from agenticops.ports.agent import DESK
from tests.drive import proof
from tests.drive.rig import train
from tests.support import THOROUGH, thorough

ROOT = Path(__file__).parents[2]
PARALLEL = 4
# An agent that is killed has failed: only those are that may fail once more.
PATIENT = ("good", "committing", "leaving", "merging")
BUDGETS = {"ticket": {"money": 5.0}}
FEW = ("good", "lying", "good", "crashing", "asking", "committing")
MANY = (
    *("good", "flaky", "lying", "good", "crashing", "outside", "spending", "emptying", "ticking", "forging", "asking"),
    *("committing", "switching", "breaking", "leaving", "good", "clashing", "tampering", "pruning", "telling"),
    *("meddling", "leaking", "advancing", "merging", "staging", "linking", "clashing", "good", "slow", "looping"),
    *("good", "good"),
)
LONGEST = 120.0


class Killer:
    """Starts drivers of a repository, and kills what they are, or what they started."""

    def __init__(self, repo: Path, seed: int) -> None:
        self.repo, self.dice = repo, random.Random(seed)
        self.kills = 0
        self.spared: set[str] = set()

    def start(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "tests.drive.driving", str(self.repo), str(PARALLEL)]
        with open(self.repo.parent / "said", "ab") as out:
            return subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=out, start_new_session=True)

    def life(self) -> bool:
        """Let a driver live for a while, then kill something; tell whether it ended by itself before."""
        driver = self.start()
        try:
            driver.wait(self.dice.choice((0.6, 1.0, 2.0, 4.0)) * self.dice.random() + 0.2)
        except subprocess.TimeoutExpired:
            how = self.dice.choices((self.alone, self.all, self.agent), (4, 3, 2))[0]
            how(driver)
            return False
        assert driver.returncode == 0, self.said()
        return True

    def alone(self, driver: subprocess.Popen[bytes]) -> None:
        """Kill the driver: its agents, and git's commands, live on."""
        driver.kill()
        driver.wait()
        self.kills += 1

    def all(self, driver: subprocess.Popen[bytes]) -> None:
        """Kill the driver and all that it started."""
        below = psutil.Process(driver.pid).children(recursive=True)
        driver.kill()
        for process in [*below, *(psutil.Process(pid) for pid in proof.agents(self.repo))]:
            with suppress(psutil.Error):
                process.kill()
        driver.wait()
        self.kills += 1

    def agent(self, driver: subprocess.Popen[bytes]) -> None:
        """Kill an agent, and some time later the driver."""
        for pid, ticket in self.agents():
            if ticket not in self.spared:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.spared.add(ticket)
                    self.kills += 1
                    break
        time.sleep(self.dice.random() / 2)
        self.alone(driver)

    def agents(self) -> Iterator[tuple[int, str]]:
        """Give the agents that may be killed, with their tickets."""
        items = {f"build_{n}": temper for n, temper in enumerate(self.tempers, 1)}
        for pid in proof.agents(self.repo):
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                ticket = os.path.basename(process.environ()[DESK])
                if items.get(ticket) in PATIENT and any("agent.py" in word for word in process.cmdline()):
                    yield pid, ticket

    @property
    def tempers(self) -> tuple[str, ...]:
        return MANY if len(list((self.repo / "docs/work").iterdir())) > len(FEW) else FEW

    def finish(self) -> None:
        """Let a driver work what is left."""
        driver = self.start()
        try:
            assert driver.wait(LONGEST) == 0, self.said()
        finally:
            driver.kill()
            driver.wait()

    def said(self) -> str:
        return (self.repo.parent / "said").read_text()[-4000:]


def survive(place: Path, tempers: tuple[str, ...], seed: int, kills: int) -> int:
    """Drive a train to its end, killing all the time; give how often."""
    settings = {"budgets": BUDGETS, "seconds": 4}
    killer = Killer(train(place / "repo", list(tempers), bullets=2, seconds=0.05, more=settings), seed)
    while killer.kills < kills and not killer.life():
        pass
    killer.finish()
    proof.judge(killer.repo, PARALLEL)
    return killer.kills


def test_a_drive_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    assert survive(tmp_path, FEW, seed=7, kills=5) > 2


@thorough
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_by_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    assert THOROUGH and survive(tmp_path, MANY, seed, kills=55) >= 50
