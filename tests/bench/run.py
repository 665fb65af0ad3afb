"""Measures start-up and throughput against the figures that the design promises: `make bench`.

Each command runs as users run it, by the console script, with its bytecode compiled and its output thrown away.
Ratios are medians of CPU time (user and system, git below it too) against `python -c pass` of the same interpreter,
in turns with it; the rest is wall time. Exit code 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median

import forging
import ground
import guarding
import hooks
import log
import past
import piloting
import scale
import serving
import taskwarrior
import writing
from figures import Figure, absolute, relative, summary, table
from herd import SEED, Herd
from timing import Sample, in_turns, peak_memory

from agenticops.flows import checklist as bullets
from agenticops.workspace import Workspace

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
MODULE = [sys.executable, "-m", "agenticops"]
# What a developer's shell may set and a user's does not; without bytecode every figure would be about compiling.
FOREIGN = ("PYTHON", "COVERAGE", "AGENTICOPS_", "GIT_")


@dataclass(frozen=True)
class Effort:
    """How much is measured."""

    rounds: int
    slow_rounds: int
    tickets: int
    still_open: int
    events: int

    @property
    def full(self) -> bool:
        """Whether the goals for 10,000 tickets apply."""
        return self.tickets >= 10_000


FULL = Effort(21, 5, 10_000, 100, 1_000_000)
QUICK = Effort(5, 2, 300, 30, 20_000)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"only these: {', '.join(SECTIONS)}")
    parser.add_argument("--quick", action="store_true", help="few rounds and few tickets: does it run, roughly")
    parser.add_argument(
        "--events", metavar="N", type=int, help="events of the section scale; its goals are for 1,000,000"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the figures there too")
    options = parser.parse_args()
    if unknown := [name for name in options.sections if name not in SECTIONS]:
        parser.error(f"no section {unknown[0]!r}: there are {', '.join(SECTIONS)}")
    effort = QUICK if options.quick else FULL
    if options.events:
        effort = replace(effort, events=options.events)
    for name in [n for n in os.environ if n.startswith(FOREIGN)]:
        del os.environ[name]
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="agenticops-bench-") as folder:
        for name in options.sections or SECTIONS:
            done = SECTIONS[name](Path(folder), effort)
            print(table(done) if not figures else "\n" + table(done), flush=True)
            figures += done
    print(f"\n{summary(figures)}\n{machine()}")
    if options.json:
        rows = [{**asdict(f), "holds": f.holds} for f in figures]
        options.json.write_text(
            json.dumps({"machine": machine(), "figures": rows}, indent=2, ensure_ascii=False) + "\n"
        )
    return 1 if any(f.holds is False for f in figures) else 0


def machine() -> str:
    """Say what was measured on, without its name."""
    program = taskwarrior.found()
    parts = [
        f"{os.cpu_count()} cores {platform.machine()}",
        f"Python {platform.python_version()}",
        ground.git(ROOT, "--version"),
        f"taskwarrior {taskwarrior.version(program)}" if program else "no taskwarrior",
    ]
    return " · ".join(parts)


def startup(folder: Path, effort: Effort) -> list[Figure]:
    """The commands that agents and hooks call all the time, in the demo's repository."""
    repo = ground.prepared(folder / "demo", ROOT / "build/demo")
    ticket = ground.ticket(repo)
    commands = {
        "base": [sys.executable, "-c", "pass"],
        "--version": [SCRIPT, "--version"],
        "python -m agenticops --version": [*MODULE, "--version"],
        "status": [SCRIPT, "status"],
        "python -m agenticops status": [*MODULE, "status"],
        "next": [SCRIPT, "next"],
        "mode show": [SCRIPT, "mode", "show"],
        "check TICKET, warm": [SCRIPT, "check", ticket],
        "check TICKET, cold": [SCRIPT, "check", ticket],
    }
    goals = {"--version": 2, "status": 6, "next": 6, "mode show": 6, "check TICKET, warm": 8, "check TICKET, cold": 12}
    before = {"check TICKET, cold": lambda: ground.forget(repo)}
    samples = in_turns(commands, str(repo), os.environ, effort.rounds, before)
    _sound(samples)
    base = _cpu(samples.pop("base"))
    found = [relative(name, _cpu(runs), base, goals.get(name), "python -c pass") for name, runs in samples.items()]
    memory = peak_memory([SCRIPT, "status"], str(repo), os.environ, 5)
    found.append(absolute("status, peak memory", memory, 30, "MB", ground.size(repo)))
    return found


def agents(folder: Path, effort: Effort) -> list[Figure]:
    """What a coding agent's hooks call, in a repository like the one above."""
    repo = ground.prepared(folder / "hooks", ROOT / "build/demo")
    return [*hooks.figures(repo, effort.rounds), *guarding.figures(repo, effort.rounds)]


def serves(folder: Path, effort: Effort) -> list[Figure]:
    """The server for agents, until it has told its tools."""
    return serving.figures(folder / "serving", effort.slow_rounds)


def forges(folder: Path, effort: Effort) -> list[Figure]:
    """The sync with a forge, against the fake of the tests."""
    return forging.figures(folder / "forging", effort.slow_rounds, 10_000 if effort.full else 1_000)


def writes(folder: Path, effort: Effort) -> list[Figure]:
    """The commands that change something, in a repository like the one above."""
    return writing.figures(ground.prepared(folder / "writing", ROOT / "build/no-demo"), effort.rounds)


def lists(folder: Path, effort: Effort) -> list[Figure]:
    """Lists over many tickets, most of them done; and what a change costs."""
    herd = Herd(folder / "herd", effort.tickets, effort.still_open).folder
    small = Herd(folder / "small", effort.tickets // 10, effort.still_open).folder
    count = f"{effort.tickets:,}"
    size = ground.size(herd)
    goal = 1.0 if effort.full else None
    built = _first_build(herd, effort)
    found = [absolute(f"first index of {count} tickets", built, 6.0 if effort.full else None, "s", size)]
    commands = {
        "open": [SCRIPT, "ticket", "list"],
        "all": [SCRIPT, "ticket", "list", "--all"],
        "status": [SCRIPT, "status"],
    }
    warm = in_turns(commands, str(herd), os.environ, effort.rounds)
    _sound(warm)
    many, few = _tasks(folder, effort, effort.tickets), _tasks(folder, effort, effort.still_open)
    tasks, pending = f"task list, {count} tasks", f"task list, {effort.still_open} of {count} pending"
    found += [
        _against(f"ticket list, {count} tickets", _wall(warm["open"]), many, tasks, goal),
        _against(f"ticket list --all, {count} tickets", _wall(warm["all"]), many, tasks, goal),
        _against(f"ticket list, {effort.still_open} open", _wall(warm["open"]), few, pending, None),
        absolute(f"status, {count} tickets", _wall(warm["status"]), None, "s"),
    ]
    changed = _after_change(herd, effort)
    found.append(absolute("ticket list after one changed file", changed, 0.25, "s", f"{count} tickets"))
    less = _after_change(small, effort)
    reference = f"{effort.still_open} open of {effort.tickets // 10:,}"
    what = f"the same, {effort.still_open} open of {count}"
    found.append(relative(what, changed, less, 1.5 if effort.full else None, reference))
    return [*found, _staged(herd, effort)]


def all_open(folder: Path, effort: Effort) -> list[Figure]:
    """The same with every ticket open, which no team has: each is looked at on every call. Without goals."""
    herd = Herd(folder / "all-open", effort.tickets, effort.tickets).folder
    count = f"{effort.tickets:,} open tickets"
    size = ground.size(herd)
    built = _first_build(herd, effort)
    warm = in_turns(
        {"open": [SCRIPT, "ticket", "list"], "status": [SCRIPT, "status"]}, str(herd), os.environ, effort.slow_rounds
    )
    many = _tasks(folder, effort, effort.tickets)
    return [
        absolute(f"first index of {count}", built, None, "s", size),
        _against(f"ticket list, {count}", _wall(warm["open"]), many, f"task list, {effort.tickets:,} tasks", None),
        absolute(f"status, {count}", _wall(warm["status"]), None, "s"),
        absolute("ticket list after one changed file", _after_change(herd, effort), None, "s", count),
    ]


def long_log(folder: Path, effort: Effort) -> list[Figure]:
    """The log itself, when it has become long; and after compaction."""
    return log.section(folder, effort.full, effort.slow_rounds)


def long_past(folder: Path, effort: Effort) -> list[Figure]:
    """A history of a thousand commits, replayed."""
    return past.section(folder, effort.full, effort.slow_rounds)


def drives(folder: Path, effort: Effort) -> list[Figure]:
    """The auto-pilot, by agents that only sleep and write a file."""
    return piloting.figures(folder / "drive", effort.slow_rounds, 5.0 if effort.full else 0.5)


def scaled(folder: Path, effort: Effort) -> list[Figure]:
    """A year of workflows, and what a user would take instead."""
    return scale.figures(folder / "scale", effort.events, effort.rounds, 2)


# What is measured, by the name that selects it, in this order.
SECTIONS: dict[str, Callable[[Path, Effort], list[Figure]]] = {
    "startup": startup,
    "agents": agents,
    "mcp": serves,
    "forge": forges,
    "writing": writes,
    "lists": lists,
    "open": all_open,
    "log": long_log,
    "past": long_past,
    "drive": drives,
    "scale": scaled,
}


def _cpu(runs: list[Sample]) -> float:
    return median(s.cpu for s in runs)


def _wall(runs: list[Sample]) -> float:
    return median(s.wall for s in runs)


def _sound(samples: dict[str, list[Sample]]) -> None:
    """A command that fails is fast: refuse to measure it. A gate that does not hold (3) is an answer."""
    for name, runs in samples.items():
        codes = {s.code for s in runs} - {0, 3}
        if codes:
            sys.exit(f"{name} ended with exit code {min(codes)}: nothing to measure")


def _first_build(repo: Path, effort: Effort) -> float:
    runs = in_turns(
        {"build": [SCRIPT, "ticket", "list"]},
        str(repo),
        os.environ,
        effort.slow_rounds,
        {"build": lambda: ground.forget(repo)},
    )
    return _wall(runs["build"])


def _after_change(repo: Path, effort: Effort) -> float:
    """Write into the checklist of an open ticket before each run, as an editor does."""
    file = repo / "tickets" / ground.ticket(repo) / "checklist.md"
    text = file.read_text()
    turn = iter(range(10_000))

    def change() -> None:
        file.write_text(f"{text}\n- [ ] Look again, round {next(turn)}\n")

    runs = in_turns(
        {"changed": [SCRIPT, "ticket", "list"]}, str(repo), os.environ, effort.slow_rounds * 2, {"changed": change}
    )
    file.write_text(text)
    return _wall(runs["changed"])


def _staged(repo: Path, effort: Effort) -> Figure:
    """What a hook costs before a commit of one tick, beyond one and a half times `git status` in the same tree."""
    ticket = ground.ticket(repo)
    ground.git(repo, "reset", "--quiet", "--hard")
    first = next(b.key for b in bullets.show(Workspace(str(repo)), ticket)[1].bullets if not b.checked)
    bullets.tick(Workspace(str(repo)), ticket, [first])
    ground.git(repo, "add", "--all")
    commands = {"check": [SCRIPT, "check", "--staged"], "status": [shutil.which("git") or "git", "status"]}
    runs = in_turns(commands, str(repo), os.environ, effort.slow_rounds * 2)
    _sound(runs)
    cost, status = _cpu(runs["check"]), _cpu(runs["status"])
    ground.git(repo, "reset", "--quiet", "--hard")
    reference = f"{cost * 1000:.1f} ms, and git status {status * 1000:.1f} ms"
    what = f"check --staged, {effort.tickets:,} tickets, CPU beyond 1.5 × git status"
    return absolute(what, cost - 1.5 * status, 0.06 if effort.full else None, "s", reference)


def _tasks(folder: Path, effort: Effort, pending: int) -> float | None:
    """Measure `task list`, once for each number of pending tasks; None without taskwarrior."""
    program = taskwarrior.found()
    if not program:
        return None
    titles = ["Forecast refills in the north", "Rank returns per branch", "Explain claims after a recall"]
    with tempfile.TemporaryDirectory(dir=folder) as here:
        tasks = taskwarrior.Tasks(program, Path(here, "tasks"), effort.tickets, pending, titles, SEED)
        runs = in_turns({"list": tasks.command}, here, tasks.environment, effort.rounds)
    _sound(runs)
    return _wall(runs["list"])


def _against(what: str, cost: float, yardstick: float | None, name: str, goal: float | None) -> Figure:
    if yardstick is None:
        return Figure(what, f"{cost * 1000:.1f} ms", f"no taskwarrior: {taskwarrior.GET_IT}", goal=goal, unit="×")
    return relative(what, cost, yardstick, goal, name)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except subprocess.CalledProcessError as e:
        sys.exit(f"{' '.join(map(str, e.cmd))} failed:\n{e.stderr}")
