"""Several worktrees of one clone write at the same time, each on its branch; then all are merged: nothing conflicts."""

from __future__ import annotations

import multiprocessing
import random
import shutil
from collections import Counter
from pathlib import Path

from agenticops.errors import TrainError
from agenticops.flows import checklist
from agenticops.model.event import Draft
from agenticops.store import log
from agenticops.store.tree import WorkingTree
from tests.stress import gitmutants
from tests.stress.gitground import ground
from tests.stress.harness import Harness, Row
from tests.support import NOW, commit_all, git, workspace

ROUNDS, WORKTREES, WRITES = 40, 4, 10


def labour(path: Path, seed: int) -> list[str]:
    """Write and commit in one worktree; give the ids that were acknowledged."""
    dice, told = random.Random(seed), []
    for number in range(WRITES):
        here = workspace(path, NOW + number * 60_000, dice.randrange(2**40))
        try:
            if dice.randrange(2):
                words = f"Look at case {dice.randrange(10**6)}"
                checklist.add(here, "shape_t00000001", words, "Core activities", False)
            else:
                with here.transaction("note") as tx:
                    tx.append(Draft("session_noted", "train", data={"text": "as before"}))
                told += [e.id for e in tx.events]
        except TrainError:
            pass
        if not dice.randrange(3):
            commit_all(path)
    commit_all(path)
    return told


def held(path: Path) -> Counter[str]:
    """Count the events in the files."""
    tree = WorkingTree(str(path))
    return Counter(e.id for p in log.shards(tree) for e in log.decode(tree.read(p) or b"", p))


def play(folder: Path, template: Path, seed: int) -> tuple[int, str]:
    """One round: the number of events, and what was violated."""
    repo = folder / f"round-{seed}" / "repo"
    shutil.copytree(template, repo, symlinks=True)
    paths = [repo.with_name(f"desk-{n}") for n in range(WORKTREES)]
    for path in paths:
        git(repo, "worktree", "add", "--quiet", "-b", path.name, str(path))
    try:
        with multiprocessing.get_context("fork").Pool(WORKTREES) as pool:
            told = pool.starmap(labour, [(path, seed * 100 + n) for n, path in enumerate(paths)])
        wanted = set().union(*(held(path) for path in paths))
        lost = {i for ids in told for i in ids} - wanted
        for path in paths:
            out = git(repo, "merge", "--quiet", "--no-edit", path.name, check=False)
            if any(row.startswith("CONFLICT") and ".agenticops/" in row for row in out.splitlines()):
                return len(wanted), f"round {seed}: {out.strip()}"
            for name in git(repo, "diff", "--name-only", "--diff-filter=U").split():
                git(repo, "checkout", "--quiet", "--theirs", "--", name)
            commit_all(repo)
        found = held(repo)
        lost |= wanted - set(found)
        twice = [i for i, n in found.items() if n > 1]
        return len(wanted), f"round {seed}: {len(lost)} lost, {len(twice)} twice" if lost or twice else ""
    except (TrainError, AssertionError) as e:
        return 0, f"round {seed}: {e}"
    finally:
        shutil.rmtree(repo.parent)


def measure(scale: float, seed: int, mutant: str = "") -> Row:
    """Play the rounds of a scale."""
    rounds = max(1, round(ROUNDS * scale))
    with ground() as (folder, template), gitmutants.applied(mutant):
        found = [play(folder, template, seed * 1_000 + n) for n in range(rounds)]
    wrong = [w for _, w in found if w]
    goal = f"{WORKTREES} worktrees of one clone write at once, then merge" + (f", mutant: {mutant}" if mutant else "")
    measured = f"{rounds} rounds, {sum(n for n, _ in found):,} events, {len(wrong)} violations"
    return Row(goal, measured, "0 conflicts, losses or duplicates", not wrong, wrong[0] if wrong else "")


def run(scale: float, seed: int) -> list[Row]:
    """Reach the figure."""
    return [measure(scale, seed)]


def mutant(scale: float, seed: int) -> list[Row]:
    """One shard for all worktrees."""
    return [measure(scale, seed, gitmutants.NAMES[0])]


HARNESS = Harness("worktrees", run, mutant)
