"""A drive that is killed again and again at random moments, and begun anew: in the end nothing is wrong or lost.

Three ways to die: the driver alone, so that its agents are orphans; the driver with all that it started, as when the
machine goes down; one agent. `make stress` kills more than two hundred drivers,
which takes five minutes on two cores.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from agenticops.flows import ticket as tickets
from agenticops.flows.drive import desk
from agenticops.flows.drive.claim import Claim
from agenticops.ports.agent import DESK
from tests.drive import proof
from tests.drive.rig import drive, journal, train
from tests.support import THOROUGH, thorough, write

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
        # How often a driver was killed; agents are not counted.
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
        """Kill an agent as soon as one is at work that may be, and some time later the driver."""
        until = time.monotonic() + 2
        while driver.poll() is None and time.monotonic() < until and not self.cut():
            time.sleep(0.01)
        time.sleep(self.dice.random() / 2)
        self.alone(driver)

    def cut(self) -> bool:
        """Kill an agent of a ticket that had none killed yet; tell whether there was one."""
        for pid, ticket in self.agents():
            if ticket not in self.spared:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    self.spared.add(ticket)
                    return True
        return False

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
    settings = {"budgets": BUDGETS, "seconds": 8}
    killer = Killer(train(place / "repo", list(tempers), bullets=2, seconds=0.05, more=settings), seed)
    while killer.kills < kills and not killer.life():
        pass
    killer.finish()
    proof.judge(killer.repo, PARALLEL)
    return killer.kills


def test_a_drive_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    assert survive(tmp_path, FEW, seed=7, kills=5 if THOROUGH else 3) > 1


class Died(BaseException):
    """What ends a driver where it stands."""


@thorough
def test_who_dies_before_the_block_is_followed_by_one_who_gives_the_same_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = train(tmp_path / "repo", ["crashing"])

    def die(*_: object) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(tickets, "block", die)
        with pytest.raises(Died):
            drive(repo)
    assert [(o.state, o.reason) for o in drive(repo).outcomes] == [("blocked", "same_failure")]
    proof.judge(repo)
    assert len(journal(repo)) == 3


def test_a_lock_of_all_branches_that_a_dead_git_left_holds_up_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "WAIT", 0.1)
    repo = train(tmp_path / "repo", ["good"])
    write(repo, ".git/packed-refs.lock", "")
    assert [o.state for o in drive(repo).outcomes] == ["delivered"]
    proof.judge(repo)


def half(place: Path) -> None:
    """Leave a desk as a git that was killed does: its files are gone, all but the one that names its repository."""
    for path in place.iterdir():
        if path.name != ".git":
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def whole(place: Path) -> None:
    """Leave only the file that names the repository, as who looks at a desk may write it while git takes it away."""
    half(place)
    shutil.rmtree((place / ".git").read_text().split()[1])


@thorough
@pytest.mark.parametrize("leave", [half, whole])
def test_a_desk_that_was_taken_away_by_half_is_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leave: Callable[[Path], None]
) -> None:
    repo = train(tmp_path / "repo", ["good"])

    def die(workspace: object, place: str, ticket: str) -> str:
        leave(Path(place))
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(desk, "close_desk", die)
        patch.setattr(Claim, "release", lambda claim, done: claim.hold.release())
        with pytest.raises(Died):
            drive(repo)
    drive(repo)
    proof.judge(repo)


@thorough
@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_lost_by_two_hundred_kills(tmp_path: Path, seed: int) -> None:
    assert THOROUGH and survive(tmp_path, MANY, seed, kills=55) >= 50
