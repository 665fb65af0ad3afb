"""The log at length: 64,000 events at 100 and at 3 a commit, before and after compaction."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import ground
from figures import Figure, absolute
from herd import Herd
from timing import in_turns

from agenticops.flows import compact
from agenticops.store import log
from agenticops.workspace import Workspace

SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
GIT = shutil.which("git") or "git"
EVENTS = 64_000
FEW = 4_000
EVENTS_FOLDER = ".agenticops/events"


class Long(Herd):
    """A repository that has nothing but a log, in shards of some size."""

    def __init__(self, folder: Path, events: int, size: int) -> None:
        self.count, self.size = events, size
        self.silent = True
        super().__init__(folder, 0, 0)

    def _write(self, tickets: int, still_open: int) -> None:
        while len(self.events) < self.count:
            self._item(len(self.path), opens=False)
        self.silent = False
        for first in range(0, self.count, self.size):
            shard = self.events[first : min(first + self.size, self.count)]
            self._file(log.new_path(shard[0].at, shard[0].id), log.encode(shard))
        ground.commit(self.folder, "Log")

    def _file(self, path: str, content: bytes) -> None:
        if not self.silent:
            super()._file(path, content)


def section(folder: Path, full: bool, rounds: int) -> list[Figure]:
    """Measure both logs; the goals are for 64,000 events."""
    found: list[Figure] = []
    events = EVENTS if full else FEW
    for size in (100, 3):
        repo = Long(folder / f"log-{size}", events, size).folder
        what = f"{events:,} events, {size} a commit"
        # At 100 a commit nothing has to be packed yet; at 3 the figures before compaction have no goal.
        found += _figures(repo, what, full and size == 100, rounds)
        begun = perf_counter()
        compact.compact(Workspace(str(repo)), commit=True, least=2)
        found.append(absolute(f"log compact, {what}", perf_counter() - begun, None, "s"))
        found += _figures(repo, f"{what}, compacted", full, rounds)
        found.append(_packed(repo, folder / f"tip-{size}", what, full))
    return found


def _figures(repo: Path, what: str, aimed: bool, rounds: int) -> list[Figure]:
    tree = Workspace(str(repo)).tree
    reads = []
    for _ in range(rounds):
        begun = perf_counter()
        log.read(tree)
        reads.append(perf_counter() - begun)
    calls = {"log": [SCRIPT, "log", "--limit", "1"]}
    first = in_turns(calls, str(repo), os.environ, rounds, {"log": lambda: ground.forget(repo)})
    files = f"{len(log.shards(tree)):,} files"
    return [
        absolute(f"read the log, {what}", median(reads), 0.5 if aimed else None, "s", files),
        absolute(f"first `log`, builds the index, {what}", median(s.wall for s in first["log"]), None, "s", files),
        absolute(f"git status, what the log adds, {what}", _status(repo, rounds), 0.02 if aimed else None, "s", files),
    ]


def _status(repo: Path, rounds: int) -> float:
    """Time `git status` with the log, less the time of a copy without it."""
    bare = repo.with_name(repo.name + "-bare")
    shutil.copytree(repo, bare, symlinks=True)
    shutil.rmtree(bare / EVENTS_FOLDER)
    ground.commit(bare, "Without the log")
    costs = []
    for place in (repo, bare):
        ground.git(place, "status")  # refreshes the stamps that the index holds
        runs = in_turns({"status": [GIT, "status", "--porcelain"]}, str(place), os.environ, max(rounds, 5) * 2)
        costs.append(median(s.wall for s in runs["status"]))
    shutil.rmtree(bare)
    return max(costs[0] - costs[1], 0.0)


def _packed(repo: Path, target: Path, what: str, aimed: bool) -> Figure:
    """Weigh what a fresh clone of the last commit brings, and all of history, which keeps the old shards."""
    ground.git(repo, "repack", "-a", "-d", "-f", "-q")
    subprocess.run([GIT, "clone", "--quiet", "--depth", "1", f"file://{repo}", str(target)], check=True)
    whole = f"{_megabytes(repo):.1f} MB with all history"
    figure = absolute(
        f"packed, last commit, {what}, compacted", _megabytes(target), 5.0 if aimed else None, "MB", whole
    )
    shutil.rmtree(target)
    return figure


def _megabytes(repo: Path) -> float:
    return sum(f.stat().st_size for f in (repo / ".git/objects/pack").glob("*.pack")) / 1e6
