"""Rule breaks: honest histories hold commit by commit, and each way to break one is refused by its own code."""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from agenticops.core import checks
from agenticops.flows import replay
from agenticops.model.finding import Finding
from tests.stress.breaks import BREAKS, Break
from tests.stress.harness import Harness, Row
from tests.stress.story import WAYS, Story, own_environment
from tests.support import git, workspace

HISTORIES = 52
BROKEN = 5  # histories that are broken, each in every way


def judged(path: Path, base: str, branch: str, steps: bool = True) -> list[Finding]:
    """Replay what lies between a commit and HEAD; the errors, each with its commit."""
    verdict = replay.compare(workspace(path), replay.Call(base, "HEAD", branch=branch, replay=steps))
    return [f for f in verdict.findings if f.severity == "error"]


def honest(folder: Path, number: int, seed: int) -> tuple[Story, list[str]]:
    """Tell one story and judge it in both ways: commit by commit, and as one long step."""
    story = Story(folder / f"story{number}", random.Random(seed * 1000 + number), WAYS[number % len(WAYS)])
    found = [f"{story.way}: {f.place} {f.code} {f.message}" for f in judged(story.path, story.base, "main")]
    found += [f"{story.way}, one step: {f.code} {f.message}" for f in judged(story.path, story.base, "main", False)]
    return story, found


def broken(folder: Path, story: Story, change: Break, seed: int) -> tuple[str, str]:
    """Break a copy of a story; give what is wrong with the refusal ("" if nothing), and with that of one long step."""
    path = folder / "broken"
    shutil.copytree(story.path, path, symlinks=True)
    try:
        before = git(path, "rev-parse", "HEAD").strip()
        change.do(path, random.Random(seed))
        mine = set(git(path, "rev-list", "HEAD", f"^{before}").split())
        base = story.base if change.branch == "main" else before
        found = judged(path, base, change.branch)
        right = [f for f in found if f.code in change.codes and f.commit in mine]
        stray = [f for f in found if f.commit and f.commit not in mine]
        wrong = "" if right and not stray else f"{change.name}: {[(f.code, f.commit[:7], f.message) for f in found]}"
        if not change.lasts:
            return wrong, ""
        ends = judged(path, before, change.branch, False)
        return wrong, "" if any(f.code in change.codes for f in ends) else f"{change.name}: {[f.code for f in ends]}"
    finally:
        shutil.rmtree(path)


def run(scale: float, seed: int) -> list[Row]:
    """Tell the stories, break some of them in every way."""
    refused = tried = steps = long_steps = 0
    wrong: list[str] = []
    false: list[str] = []
    count = max(1, round(HISTORIES * scale))
    with tempfile.TemporaryDirectory() as name, own_environment(Path(name)):
        for number in range(count):
            story, found = honest(Path(name), number, seed)
            false += found[:1]
            steps += int(git(story.path, "rev-list", "--count", f"{story.base}..HEAD"))
            if number < max(1, round(BROKEN * scale)):
                chosen = BREAKS if scale >= 0.1 else random.Random(seed).sample(BREAKS, 5)
                for kind, change in enumerate(chosen):
                    replayed, compared = broken(Path(name), story, change, seed * 100_000 + number * 100 + kind)
                    tried += 1
                    refused += not replayed
                    long_steps += change.lasts and not compared
                    wrong += [w for w in (replayed, compared) if w]
            shutil.rmtree(story.path)
    wanted = "≥ 200, all" if scale >= 1 else "all"
    enough = scale < 1 or (tried >= 200 and count >= 50)
    note = "; ".join(wrong[:3])
    return [
        Row("seeded rule breaks refused, right code, commit named", f"{refused} of {tried}", wanted,
            refused == tried and enough and not wrong, note),
        Row("… of them, seen between two trees too", f"{long_steps}", "all that last", not wrong),
        Row("honest histories that hold", f"{count - len(false)} of {count} ({steps} commits)",
            "≥ 50, all" if scale >= 1 else "all", not false and enough, "; ".join(false[:3])),
    ]  # fmt: skip


def mutant(scale: float, seed: int) -> list[Row]:
    """Switch each rule off in turn: the break that is its own must slip through."""
    alive: list[str] = []
    with tempfile.TemporaryDirectory() as name, own_environment(Path(name)):
        story, _ = honest(Path(name), seed % len(WAYS), seed)
        rules = list(checks.RULES) if scale >= 0.05 else random.Random(seed).sample(list(checks.RULES), 3)
        for rule in rules:
            change = next(b for b in BREAKS if b.rule == rule)
            if not without(rule, lambda c=change: broken(Path(name), story, c, seed)[0]):
                alive.append(rule)
    noticed = len(rules) - len(alive)
    return [Row("rules whose absence is noticed", f"{noticed} of {len(rules)}", "none", bool(alive), ", ".join(alive))]


def without(rule: str, do: Callable[[], str]) -> str:
    """Do something while a rule is switched off."""
    kept = dict(checks.RULES)
    del checks.RULES[rule]
    try:
        return do()
    finally:
        checks.RULES.clear()
        checks.RULES.update(kept)


HARNESS = Harness("rulebreaks", run, mutant)
