"""Scale: a year of workflows, 1,000,000 events of 100,000 instances; and what a user would take instead."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import events
import ground
import rulebook
from figures import Figure, absolute, milliseconds
from firm import FULL, Firm
from timing import Sample, in_turns, once, peak_memory

from agenticops.workspace import Workspace

SCRIPT = os.path.join(os.path.dirname(sys.executable), "agenticops")
PEERS = Path(__file__).parent / "peers"
# Moves in bulk: of a peer that takes milliseconds for each one, fewer.
MANY, FEW = 5_000, 500
NEW = 1_000
LISTED = ("HS_STD", "quoted")


class Scene:
    """The repository with its goals, which count at full size only."""

    def __init__(self, folder: Path, count: int, rounds: int) -> None:
        self.place = folder
        self.rounds = rounds
        self.full = count >= FULL
        folder.mkdir(parents=True)
        self.firm = Firm(folder / "firm", count)
        self.repo = self.firm.folder
        self.size = f"{count:,} events"

    def goal(self, wanted: float) -> float | None:
        """Give a goal where it applies."""
        return wanted if self.full else None

    def moves(self) -> list[dict[str, str]]:
        """List the steps that instances under way can take next, along their template's way to success."""
        sql = "SELECT id, template, state FROM instance WHERE status='active' ORDER BY started, id"
        found = []
        for name, template, state in Workspace(str(self.repo)).index.rows(sql):
            names = [one[0] for one in events.PATHS[template]]
            for at in range(names.index(state), len(names) - 2):
                found.append({"id": name, "from": names[at], "to": names[at + 1], "template": template})
        return found


def figures(folder: Path, count: int, rounds: int, slow_rounds: int) -> list[Figure]:
    """Measure all of it; the least of some rounds, because others' work makes nothing faster."""
    scene = Scene(folder, count, rounds)
    return [*_index(scene, slow_rounds), *_commands(scene), *_bulk(scene), *_reports(scene), _rules(scene)]


def _index(scene: Scene, rounds: int) -> list[Figure]:
    """The index: built, with nothing changed, and after new events."""
    repo, goal = scene.repo, scene.goal
    build = [SCRIPT, "workflow", "list", "--limit", "1"]
    runs = in_turns({"build": build}, str(repo), os.environ, rounds, {"build": lambda: ground.forget(repo)})["build"]
    ground.forget(repo)
    peak = peak_memory(build, str(repo), os.environ, 1)
    same = _inside(repo, lambda: None, scene.rounds)
    moved = _inside(repo, lambda: os.utime(repo / ".git/index"), scene.rounds)
    more = _inside(repo, lambda: scene.firm.more(NEW, 250), min(scene.rounds, 8))
    return [
        absolute(f"first index of {scene.size}", _wall(runs), goal(30), "s", f"{_cpu(runs):.1f} s CPU"),
        absolute("the same, peak memory", peak, goal(400), "MB", f"{len(scene.firm.shards):,} shards"),
        absolute("refresh, nothing changed, CPU", same[1], goal(0.06), "s"),
        absolute("refresh, git's index written, CPU", moved[1], goal(0.06), "s", "every file is looked at"),
        absolute(f"refresh after {NEW:,} new events", more[0], goal(0.15), "s", f"{milliseconds(more[1])} CPU"),
    ]


def _commands(scene: Scene) -> list[Figure]:
    """What people call, as whole processes, in turns with the same by hand."""
    repo, goal = scene.repo, scene.goal
    table = str(scene.place / "hand.sqlite")
    hand = [sys.executable, str(PEERS / "bysqlite.py"), table]
    subprocess.run([*hand, "make", str(repo / ".git/agenticops/index.sqlite")], check=True)
    moves = scene.moves()
    ids = list(dict.fromkeys(row["id"] for row in moves))
    firsts = iter({row["id"]: row for row in reversed(moves)}.values())
    ours = [SCRIPT, "workflow"]
    step, by_hand = [*ours, "transition", "", "--to", ""], [*hand, "move", "", "", ""]

    def turn() -> None:
        row = next(firsts)
        step[3], step[5] = row["id"], row["to"]
        by_hand[4:] = [row["id"], row["from"], row["to"]]

    commands = {
        "base": [sys.executable, "-c", "pass"],
        "list": [*ours, "list", "--template", LISTED[0], "--state", LISTED[1]],
        "show": [*ours, "show", ids[-1]],
        "step": step,
        "list by hand": [*hand, "list", *LISTED],
        "show by hand": [*hand, "show", ids[-1]],
        "step by hand": by_hand,
    }
    runs = in_turns(commands, str(repo), os.environ, scene.rounds, {"step": turn})
    _sound(runs)
    names = {"list": "workflow list, by template and state", "show": "workflow show", "step": "workflow transition"}
    goals = {"list": 0.12, "show": 0.12, "step": 0.09}
    bare = runs["base"]
    found = [absolute("python -c pass, whole process", _wall(bare), None, "s", f"{milliseconds(_cpu(bare))} CPU")]
    for key, name in names.items():
        least, floor = _wall(runs[key]), _wall(runs[f"{key} by hand"])
        reference = f"{milliseconds(floor)} SQLite by hand"
        shown = f"{milliseconds(least)} ({milliseconds(_cpu(runs[key]))} CPU)"
        found.append(Figure(name, shown, reference, least / floor, least, goal(goals[key]), "s"))
    return found


def _bulk(scene: Scene) -> list[Figure]:
    """Transitions a second, against what stores less, or the same with more ado."""
    moves = scene.moves()
    several, few = _last(moves, MANY), _last(moves, FEW)
    lines = scene.place / "moves.jsonl"
    lines.write_text("".join(json.dumps({k: v for k, v in row.items() if k != "template"}) + "\n" for row in several))
    hand = [sys.executable, str(PEERS / "bysqlite.py"), str(scene.place / "hand.sqlite"), "bulk"]
    ours = _piped([SCRIPT, "workflow", "transition", "--stdin"], scene.repo, lines)
    by_hand = _piped(hand, scene.repo, lines)
    graphs = {code: _ways(path) for code, path in events.PATHS.items()}
    cost = ours.wall / len(several)
    peers = {
        "SQLite by hand, a transaction a step": by_hand.wall / len(several),
        "transitions, in memory, stores nothing": _peer("transitions", {"templates": graphs, "moves": several}),
        "dbos, a step each, on SQLite": _peer("dbos", {"moves": few}, str(scene.place)),
    }
    what = f"workflow transition --stdin, {len(several):,} moves"
    spent = f"{ours.cpu / len(several) * 1000:.2f} s CPU for 1,000"
    found = [Figure(what, f"{1 / cost:,.0f} /s", spent, None, 1000 * cost, scene.goal(1.0), "s for 1,000")]
    for name, theirs in peers.items():
        if theirs is None:
            found.append(Figure("the same", f"{1 / cost:,.0f} /s", f"not installed: {name}"))
        else:
            found.append(
                Figure("the same, time of one", milliseconds(cost), f"{theirs * 1000:.3f} ms {name}", cost / theirs)
            )
    return found


def _reports(scene: Scene) -> list[Figure]:
    """Each report over the whole year, as a whole process."""
    from agenticops.cli.commands import report

    names = [c.name or (c.callback.__name__ if c.callback else "") for c in report.app.registered_commands]
    commands = {name: [SCRIPT, "report", name, "--of", "workflows"] for name in names}
    runs = in_turns(commands, str(scene.repo), os.environ, 3)
    _sound(runs)
    return [
        absolute(f"report {name}", _wall(found), scene.goal(2.0), "s", f"{milliseconds(_cpu(found))} CPU")
        for name, found in runs.items()
    ]


def _rules(scene: Scene) -> Figure:
    seconds, fired = rulebook.matched(5)
    what = f"{rulebook.RULES} rules matched against {rulebook.EVENTS:,} events"
    return absolute(what, seconds, 1.0, "s", f"{fired:,} firings")


def _inside(repo: Path, before: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Bring the index up to date in this process; give the least wall and CPU seconds."""
    walls, costs = [], []
    _ = Workspace(str(repo)).index
    for _ in range(rounds):
        before()
        begun, cost = perf_counter(), process_time()
        index = Workspace(str(repo)).index
        walls.append(perf_counter() - begun)
        costs.append(process_time() - cost)
        index.close()
    return min(walls), min(costs)


def _last(moves: list[dict[str, str]], count: int) -> list[dict[str, str]]:
    """Choose all steps of the youngest instances, first steps first: about so many."""
    chosen = {row["id"] for row in moves[-count:]}
    place: dict[str, int] = {}
    rows = []
    for row in (row for row in moves if row["id"] in chosen):
        place[row["id"]] = place.get(row["id"], 0) + 1
        rows.append((place[row["id"]], row))
    return [row for _, row in sorted(rows, key=lambda one: one[0])]


def _ways(path: tuple[tuple[str, str, str], ...]) -> dict[str, list[str]]:
    names = [name for name, _, _ in path]
    return {name: names[at + 1 : at + 2] if at < len(names) - 2 else [] for at, name in enumerate(names)}


def _piped(command: list[str], folder: Path, lines: Path) -> Sample:
    here = os.getcwd()
    os.chdir(folder)
    try:
        sample = once(command, os.environ, str(lines))
    finally:
        os.chdir(here)
    if sample.code:
        sys.exit(f"{command[1:3]} ended with exit code {sample.code}: nothing to measure")
    return sample


def _peer(name: str, asked: dict[str, Any], *words: str) -> float | None:
    """Let a package take the moves in a process of its own; give the seconds of one, or None without the package."""
    if importlib.util.find_spec(name) is None:
        return None
    command = [sys.executable, str(PEERS / f"by{name}.py"), *words]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1]) / len(asked["moves"])


def _wall(runs: list[Sample]) -> float:
    return min(s.wall for s in runs)


def _cpu(runs: list[Sample]) -> float:
    return min(s.cpu for s in runs)


def _sound(samples: dict[str, list[Sample]]) -> None:
    """A command that fails is fast: refuse to measure it."""
    for name, runs in samples.items():
        if codes := {s.code for s in runs} - {0}:
            sys.exit(f"{name} ended with exit code {min(codes)}: nothing to measure")
