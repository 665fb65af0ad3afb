"""Crash points: every writing command is killed before each step that changes the disk; nothing may be lost or mixed.

Three kinds of points: the command dies and the next writer finishes; that next writer dies too; and people use git in
between (commit, checkout, stash, removal of the worktree). Each is a real process that kills itself with SIGKILL.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from agenticops.model.event import Draft
from agenticops.model.layout import EVENTS
from agenticops.ports.git import Git
from agenticops.store import journal
from tests.stress import yard
from tests.stress.harness import Harness, Row
from tests.stress.tripwire import Tripwire, begin, ended, in_child, killed_at
from tests.stress.yard import snapshot
from tests.support import OPERATOR, commit_all, git

POINTS = 10_000
NEXT = 1_000
GIT_WORK = ("commit", "checkout", "stash", "stash pop")
WORKERS = 2
# A taste takes a few commands, always the one that moves an item on.
TASTE = 0.02
ADVANCE = next(n for n, c in enumerate(yard.commands()) if c.name == "advance")


class Scene(NamedTuple):
    """A command before which everything stands still: a template to copy, what it shows, what it will show."""

    number: int
    command: yard.Command
    template: Path
    before: yard.State
    after: yard.State
    steps: int


class Point(NamedTuple):
    """Where to die: the command's step, the step of the recovery (-1: none), what people do with git in between."""

    scene: int
    step: int
    again: int = -1
    work: str = ""


def scenes(folder: Path, committed: bool, only: Collection[int] = range(1_000)) -> list[Scene]:
    """Play the commands once; keep what stood before each, and count its steps. `only` keeps some of them."""
    repo = yard.found(folder / "repo")
    git(repo, "branch", "elsewhere")
    made = []
    for number, command in enumerate(yard.commands()[: max(only) + 1]):
        if committed:
            commit_all(repo)
        command.hand(repo)
        if number not in only:
            command.act(yard.open_at(repo, number))
            continue
        template = folder / f"before-{number}"
        yard.fresh(repo, template)
        before = yard.look(repo)
        count = folder / "count"

        def act(command: yard.Command = command, number: int = number, count: Path = count) -> None:
            wire = Tripwire(-1)
            wire.lay()
            command.act(yard.open_at(repo, number))
            count.write_text(str(wire.passed))

        if in_child(act):
            raise AssertionError(f"{command.name} does not work")
        made.append(Scene(number, command, template, before, yard.look(repo), int(count.read_text())))
    return made


class Crashes:
    """Kills at points, and notes what went wrong."""

    def __init__(self, all_scenes: list[Scene], folder: Path, broken: Callable[[], None]) -> None:
        self.scenes = all_scenes
        self.repo = folder / "repo"
        self.broken = broken
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def at(self, point: Point) -> None:
        """Kill at one point, look, let the next writer finish, look again."""
        scene = self.scenes[point.scene]
        repo = yard.fresh(scene.template, self.repo)
        code = self._die(point.step, lambda: scene.command.act(yard.open_at(repo, scene.number)))
        self.counts["killed"] += code == -9
        seen = yard.look(repo)
        if seen not in (scene.before, scene.after):
            return self._blame(point, "mixed", "a reader sees neither the old nor the new state")
        if code == 0 and seen != scene.after:
            return self._blame(point, "lost", "an acknowledged write is not there")
        if code not in (0, -9):
            return self._blame(point, "mixed", f"exit {code}")
        if point.work:
            return self._with_git(point, scene)
        if yard.indexed(repo) != seen.events:
            return self._blame(point, "mixed", "the index disagrees with the log")
        first = seen
        if point.again >= 0:
            code = self._die(point.again, lambda: _next(repo, 0))
            self.counts["killed"] += code == -9
            seen = yard.look(repo)
            new = [e for e in seen.events if e not in first.events]
            if seen.files != first.files or seen.events[: len(first.events)] != first.events or len(new) > 1:
                return self._blame(point, "mixed", "after a crash of the recovery")
            if code == 0 and not new:
                return self._blame(point, "lost", "what the recovering writer wrote")
        self._settled(point, seen)
        return None

    def _settled(self, point: Point, seen: yard.State) -> None:
        """The next writer brings to disk just what a reader saw, and clears away the rest."""
        _next(self.repo, 1)
        files = {p: c for p, c in snapshot(self.repo).items() if not p.startswith(EVENTS)}
        events = yard.look(self.repo).events
        if files != seen.files or events[:-1] != seen.events:
            self._blame(point, "mixed", "the next writer changed what a reader saw")
        elif yard.leftovers(self.repo):
            self._blame(point, "mixed", f"left over: {yard.leftovers(self.repo)}")

    def _with_git(self, point: Point, scene: Scene) -> None:
        repo, folder = self.repo, str(self.repo / ".git" / "agenticops")
        self._git(point.work, repo)
        entries = journal.read(folder)
        raw = (Path(folder) / "journal.json").read_bytes() if entries else b""
        handle = os.open(repo, os.O_RDONLY)
        fits = journal.applies(handle, entries)
        os.close(handle)
        wanted = _documents(repo)
        for entry in entries if fits else ():
            if not entry.path.startswith(EVENTS):
                wanted.pop(entry.path, None)
                if entry.content is not None:
                    wanted[entry.path] = entry.content
        _next(repo, 1)
        if _documents(repo) != wanted:
            return self._blame(point, "mixed", f"{point.work}: recovered to another state")
        aside = sorted(Path(folder).glob("journal-aside-*"))
        if entries and not fits and [p.read_bytes() for p in aside] != [raw]:
            return self._blame(point, "lost", f"{point.work}: the journal was not kept aside")
        if point.work == "commit" and git(repo, "diff", "--name-only", "HEAD", "--", EVENTS):
            return self._blame(point, "mixed", "a sealed shard was written to")
        if point.work == "stash pop":
            git(repo, "stash", "pop", "--quiet", check=False)
        known = _everywhere(repo)
        wanted_events = scene.after.events if entries and fits else scene.before.events
        for event in wanted_events:
            if event not in known:
                return self._blame(point, "lost", f"{point.work}: event {event}")
        return None

    def _git(self, work: str, repo: Path) -> None:
        if work == "commit":
            commit_all(repo)
        elif work == "checkout":
            git(repo, "checkout", "--quiet", "elsewhere", check=False)
        else:
            git(repo, "stash", "push", "--quiet", "--include-untracked")

    def _die(self, step: int, work: Callable[[], object]) -> int:
        return killed_at(step, work, self.broken)

    def _blame(self, point: Point, what: str, why: str) -> None:
        self.counts[what] += 1
        self.wrong.append(f"{self.scenes[point.scene].command.name} {tuple(point[1:])}: {why}")


def _next(repo: Path, number: int) -> None:
    with yard.open_at(repo, NEXT + number).transaction("next") as tx:
        tx.append(Draft("noted", "train"))


def _documents(repo: Path) -> dict[str, bytes]:
    """The documents as they stand; what a write that never ended left beside them is none."""
    return {p: c for p, c in snapshot(repo).items() if not p.startswith(EVENTS) and not p.endswith(".agenticops~")}


def _everywhere(repo: Path) -> str:
    """All event lines that are anywhere: in the working tree, on a branch, in a stash."""
    here = [c.decode() for p, c in snapshot(repo).items() if p.startswith(EVENTS)]
    return "".join(here) + git(repo, "log", "--all", "--reflog", "-m", "-p", "--format=", "--", EVENTS)


def points(all_scenes: list[Scene], scale: float, dice: random.Random) -> list[Point]:
    """Choose the points: at scale 1 every step of every command, and as many with a second crash or with git."""
    plain = [Point(n, step) for n, s in enumerate(all_scenes) for step in range(s.steps + 1)]
    more = max(len(plain) // 2, POINTS // WORKERS - len(plain))
    again = [Point(p.scene, p.step, dice.randrange(100)) for p in dice.choices(plain, k=more * 2 // 3)]
    work = [Point(p.scene, p.step, -1, dice.choice(GIT_WORK)) for p in dice.choices(plain, k=more - more * 2 // 3)]
    return [p for group in (plain, again, work) for p in dice.sample(group, max(1, int(len(group) * scale)))]


def worktrees(folder: Path, scale: float, dice: random.Random, counts: Counter[str]) -> list[str]:
    """A writer dies in a linked worktree; the worktree is removed; the main one writes on at once."""
    repo = yard.found(folder / "main")
    _next(repo, 0)
    commit_all(repo)
    wrong = []
    for step in sorted(dice.sample(range(70), max(2, int(70 * scale)))):
        git(repo, "worktree", "add", "--quiet", "-b", f"side-{step}", str(folder / "side"))
        side = folder / "side"
        code = killed_at(step, lambda side=side: yard.play(side, yard.commands()[1], 1))  # type: ignore[misc]
        counts["killed"] += code == -9
        force = ["--force"] if git(repo, "worktree", "remove", str(side), check=False) or side.exists() else []
        if force:
            git(repo, "worktree", "remove", "--force", str(side))
        seen = yard.look(repo)
        _next(repo, step + 2)
        if yard.look(repo).events[:-1] != seen.events or yard.leftovers(repo):
            counts["mixed"] += 1
            wrong.append(f"worktree removed after step {step}")
    return wrong


def _share(number: int, scale: float, seed: int, folder: Path, broken: Callable[[], None]) -> None:
    """One worker's share: one history, committed before each command or never."""
    os.environ["AGENTICOPS_LOCK_WAIT"] = "5"
    # A reader waits a little for a writer that is still at work; here it is dead.
    sys.modules["agenticops.workspace"].WAITS = 0  # type: ignore[attr-defined]
    # Who works here is known: asking git for it a hundred times a second shows nothing.
    Git.identity = lambda self: OPERATOR  # type: ignore[method-assign]
    gc.disable()
    gc.freeze()
    dice = random.Random(seed * 100 + number)
    folder.mkdir()
    some = range(1_000) if scale >= TASTE else [*dice.sample(range(ADVANCE), 3), ADVANCE]
    made = scenes(folder, bool(number), some)
    crashes = Crashes(made, folder, broken)
    for point in points(made, scale, dice):
        crashes.at(point)
    extra = worktrees(folder, scale, dice, crashes.counts) if number else []
    result = {"counts": crashes.counts, "wrong": [*crashes.wrong, *extra], "commands": len(made)}
    (folder / "result.json").write_text(json.dumps(result))


def _shares(scale: float, seed: int, broken: Callable[[], None]) -> Iterator[dict[str, object]]:
    with yard.room() as room:
        children = []
        for number in range(WORKERS):
            share = partial(_share, number, scale, seed, room / str(number), broken)
            children.append(begin(share))
        codes = [ended(child) for child in children]
        if any(codes):
            raise AssertionError(f"the workers of the crash harness ended with {codes}")
        for number in range(WORKERS):
            yield json.loads((room / str(number) / "result.json").read_text())


def run(scale: float, seed: int, broken: Callable[[], None] = lambda: None) -> list[Row]:
    """Kill at points; count what was lost or mixed."""
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    commands = 0
    for share in _shares(scale, seed, broken):
        counts.update(share["counts"])  # type: ignore[arg-type]
        wrong += share["wrong"]  # type: ignore[operator]
        commands = max(commands, int(share["commands"]))  # type: ignore[call-overload]
    killed, lost, mixed = counts["killed"], counts["lost"], counts["mixed"]
    least = int(POINTS * scale) if scale >= TASTE else 1
    holds = not lost and not mixed and killed >= least
    measured = f"{killed:,} kills, {commands} commands, {lost} lost, {mixed} mixed"
    wanted = f"≥ {least:,}, 0 lost, 0 mixed"
    return [Row("crash points: kill at every step", measured, wanted, holds, "; ".join(wrong[:3]))]


def mutant(scale: float, seed: int) -> list[Row]:
    """No journal: each file is replaced whole and flushed, but not all of them together."""

    def broken() -> None:
        journal.write = lambda *a, **k: None  # type: ignore[assignment]
        journal.close = lambda folder: None

    return run(scale, seed, broken)


HARNESS = Harness("crash", run, mutant)
