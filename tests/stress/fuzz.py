"""Harness `fuzz`: bytes of every kind into everything that reads what somebody else wrote.

One number makes one input, so that a failure is met again by its number and the seed. Workers are programs of their own
under a limit of memory; the input that kills one is known by its number, and the next worker goes on behind it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from tests.stress.fuzz_worker import MEGABYTES, SECONDS
from tests.stress.harness import Harness, Row
from tests.support import OPERATOR, cli, commit_all, git, new_repo

INPUTS = 1_000_000
COMMANDS = 4_000
WORKERS = 2
MUTANTS = ("depth", "aliases", "size")
MUTANT_INPUTS = 6_000
UNDER_MUTATION = ("yamltext.load", "yamltext.convert")
LIMIT = 600.0
DEATHS = 5
HERE = Path(__file__).resolve()


class Share(NamedTuple):
    """What one worker is given."""

    total: int
    seed: int
    commands: bool = False
    off: str = ""
    only: tuple[str, ...] = ()


class Tally:
    """What all workers met."""

    def __init__(self) -> None:
        self.count = self.refused = self.failures = self.peak = 0
        self.slowest: tuple[float, str] = (0.0, "")
        self.shown: list[str] = []

    def take(self, told: dict[str, Any]) -> None:
        """Add a worker's account."""
        self.count += told["count"]
        self.refused += told["refused"]
        self.failures += told["failures"]
        self.peak = max(self.peak, told["peak"])
        self.slowest = max(self.slowest, tuple(told["slowest"]))
        self.shown += told["shown"]

    def died(self, number: int, code: int) -> None:
        """Count an input that killed its worker."""
        self.count += 1
        self.failures += 1
        self.shown.append(f"input {number}: the interpreter died ({code})")


def run(scale: float, seed: int) -> list[Row]:
    """Read a million inputs at scale 1, and some thousand command lines."""
    inputs, commands = max(int(INPUTS * scale), 500), max(int(COMMANDS * scale), 20)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        parsers = _fuzzed(Path(folder), Share(inputs, seed))
        lines = _fuzzed(Path(folder), Share(commands, seed, commands=True))
    return [
        *_rows("fuzzed bytes into every parser", parsers, inputs, f"{parsers.refused:,} refused"),
        *_rows("fuzzed command lines", lines, commands, "run in process"),
    ]


def mutant(scale: float, seed: int) -> list[Row]:
    """Switch the limits off, one after the other; when one of them is not missed, say so."""
    found = []
    for off in MUTANTS:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
            tally = _fuzzed(Path(folder), Share(MUTANT_INPUTS, seed, off=off, only=UNDER_MUTATION))
        row = Row(f"without the limit of {off}", "; ".join(tally.shown[:1])[:120], "a failure", not tally.failures)
        if row.holds:
            return [row]
        found.append(row)
    return found


def _rows(goal: str, tally: Tally, wanted: int, note: str) -> list[Row]:
    slow, where = tally.slowest
    return [
        Row(goal, f"{tally.count:,} inputs", f"≥ {wanted:,}", tally.count >= wanted, note),
        Row("  anything but a value, StateError or UsageError", str(tally.failures), "0", not tally.failures,
            " | ".join(tally.shown[:3])),
        Row("  slowest input, CPU time", f"{slow * 1000:.0f} ms", f"≤ {SECONDS * 1000:.0f} ms", slow <= SECONDS, where),
        Row("  peak memory of a worker", f"{tally.peak} MB", f"≤ {MEGABYTES} MB", tally.peak <= MEGABYTES),
    ]  # fmt: skip


def _fuzzed(folder: Path, share: Share) -> Tally:
    """Run the workers side by side until all inputs are read."""
    tally = Tally()
    until = time.time() + LIMIT
    running = []
    for index in range(WORKERS):
        desk = folder / f"{'commands' if share.commands else 'parsers'}-{index}"
        desk.mkdir()
        if share.commands:
            _repository(desk / "repository")
        running.append((index, desk, _worker(desk, share, index, until)))
    deaths = 0
    while running:
        index, desk, worker = running.pop(0)
        if share.off and tally.failures:
            worker.kill()
            worker.communicate()
            continue
        out = _answer(worker)
        if worker.returncode == 0:
            tally.take(json.loads(out))
            continue
        number = int.from_bytes((desk / "number").read_bytes(), "little")
        tally.died(number, worker.returncode)
        deaths += 1
        if not share.off and deaths < DEATHS and number:
            tally.count += (number - index) // WORKERS
            running.append((index, desk, _worker(desk, share, number + WORKERS, until)))
    return tally


def _answer(worker: subprocess.Popen[bytes]) -> bytes:
    """Wait for a worker, but not for one that hangs."""
    try:
        return worker.communicate(timeout=LIMIT + 60)[0]
    except subprocess.TimeoutExpired:
        worker.kill()
        return worker.communicate()[0]


def _worker(desk: Path, share: Share, start: int, until: float) -> subprocess.Popen[bytes]:
    orders = {
        "folder": str(desk),
        "repository": str(desk / "repository"),
        "commands": share.commands,
        "start": start,
        "stop": share.total,
        "step": WORKERS,
        "seed": share.seed,
        "off": share.off,
        "only": share.only,
        "until": until,
    }
    environment = {n: v for n, v in os.environ.items() if not n.startswith(("AGENTICOPS_", "COVERAGE", "GIT_"))}
    environment |= {"HOME": str(desk), "TMPDIR": str(desk), "GIT_CEILING_DIRECTORIES": str(desk)}
    command = [sys.executable, str(HERE.with_name("fuzz_worker.py")), json.dumps(orders)]
    return subprocess.Popen(
        command, cwd=desk, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _repository(folder: Path) -> None:
    """Start a small repository with a ticket at work."""
    new_repo(folder, "--initial-branch=main")
    name, mail = OPERATOR.rstrip(">").split(" <")
    git(folder, "config", "user.name", name)
    git(folder, "config", "user.email", mail)
    for call in (("init", "--train", "software"), ("work", "new", "--kind", "PRD", "--title", "Refills", "--start")):
        code, _, err = cli(folder, *call)
        if code:
            raise AssertionError(f"{call}: {err}")
    commit_all(folder)


HARNESS = Harness("fuzz", run, mutant)
