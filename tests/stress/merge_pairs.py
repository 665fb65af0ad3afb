"""Pairs of edits to different fields, bullets or lines of one document, merged by git alone, without the driver."""

from __future__ import annotations

import os
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Callable

from tests.stress import papers
from tests.stress.harness import Harness, Row

PAIRS = 10_000
BATCH = 500
GOAL = "pairs of edits to different fields or bullets, no driver"


def run(scale: float, seed: int) -> list[Row]:
    """Merge pairs of edits in the layout that the tool writes."""
    pairs, conflicts, notes = measure(scale, seed, lambda text: text)
    measured = f"{conflicts} conflicts in {pairs} pairs"
    wanted = max(1, round(PAIRS * scale))
    return [Row(GOAL, measured, f"0 in ≥ {wanted}", pairs >= wanted and not conflicts, notes)]


def mutant(scale: float, seed: int) -> list[Row]:
    """The same pairs in a dense layout, without blank lines."""
    pairs, conflicts, _ = measure(scale, seed, papers.dense)
    return [Row("the same in a dense layout", f"{conflicts} conflicts in {pairs} pairs", "0", not conflicts)]


def measure(scale: float, seed: int, layout: Callable[[str], str]) -> tuple[int, int, str]:
    """Merge batches of pairs as files of two branches; gives pairs, conflicts, and where the conflicts were."""
    dice = random.Random(seed)
    wanted = max(1, round(PAIRS * scale))
    done, clashing = 0, Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        _git(folder, "init", "--quiet", "--template=")
        while done < wanted:
            batch = [_pair(dice, layout) for _ in range(min(BATCH, wanted - done))]
            clashing.update(_conflicts(folder, batch))
            done += len(batch)
    return done, clashing.total(), ", ".join(f"{n} × {name}" for name, n in clashing.most_common(4))


def _pair(dice: random.Random, layout: Callable[[str], str]) -> tuple[str, list[str]]:
    """Give what was edited, and the three texts: two different places of one document, one on each side."""
    while True:
        path = dice.choice(papers.PATHS)
        text = layout(papers.paper(dice, path))
        found = papers.edits(dice, text, path)
        if len(found) < 2:
            continue
        one, two = dice.sample(found, 2)
        sides = [layout(one.apply(text)), layout(two.apply(text))]
        if text not in sides and sides[0] != sides[1]:
            return f"{path}: {one.place} and {two.place}", [text, *sides]


def _conflicts(folder: str, batch: list[tuple[str, list[str]]]) -> list[str]:
    """Commit the batch on a base and two branches, let git merge the trees; gives the kinds of pairs in conflict."""
    commits: list[str] = []
    for side in range(3):
        for number, (_, texts) in enumerate(batch):
            with open(os.path.join(folder, f"{number}.txt"), "w", encoding="utf-8", newline="") as file:
                file.write(texts[side])
        _git(folder, "add", "--all")
        tree = _git(folder, "write-tree").strip()
        above = ["-p", commits[0]] if commits else []
        commits.append(_git(folder, "commit-tree", tree, *above, "-m", "side").strip())
    said = _git(folder, "merge-tree", "--write-tree", "--name-only", "--no-messages", *commits[1:], codes=(0, 1))
    for number in range(len(batch)):
        os.unlink(os.path.join(folder, f"{number}.txt"))
    return [batch[int(name.split(".")[0])][0] for name in said.split("\n")[1:] if name]


def _git(folder: str, *arguments: str, codes: tuple[int, ...] = (0,)) -> str:
    who = {f"GIT_{r}_{f}": v for r in ("AUTHOR", "COMMITTER") for f, v in (("NAME", "Ada"), ("EMAIL", "a@example.org"))}
    clean = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": folder, **who}
    done = subprocess.run(["git", *arguments], cwd=folder, env={**os.environ, **clean}, capture_output=True, text=True)
    if done.returncode not in codes:
        raise RuntimeError(f"git {arguments[0]}: {done.stderr}")
    return done.stdout


HARNESS = Harness("merge_pairs", run, mutant)
