"""Power loss: every state that a modelled disk may be left in, at every step of a transaction and of its recovery."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from collections import Counter
from pathlib import Path

from agenticops.errors import StateError
from agenticops.model.event import Draft
from agenticops.model.layout import JOURNAL
from agenticops.ports.git import Git
from agenticops.store import journal
from agenticops.store.tree import WorkingTree
from tests.stress import yard
from tests.stress.disk import LIMIT, Disk, Killed, Op, Recorder
from tests.stress.harness import Harness, Row
from tests.stress.yard import snapshot
from tests.support import OPERATOR

STATE = ".git/agenticops"
FEW, TASTE = 64, 0.02
OLDER = b"an older version\n"
Files = dict[str, bytes]
Whole = dict[str, set[bytes | None]]


def journals(ops: list[Op]) -> list[dict[str, bytes | None]]:
    """What each journal that was put in place says of each file."""
    found, content = [], b""
    for op in ops:
        if op.path == f"{STATE}/{JOURNAL}~" and op.what == "write":
            content = op.content
        elif op.to == f"{STATE}/{JOURNAL}":
            rows = json.loads(content)["files"]
            found.append({r["path"]: None if r["content"] is None else base64.b64decode(r["content"]) for r in rows})
    return found


def stages(start: Files, touched: set[str], steps: list[dict[str, bytes | None]], young: bool) -> list[Whole]:
    """The states that are whole: before, and after each transaction. What was never flushed may be older, or gone."""
    first: Whole = {p: {start.get(p)} | ({OLDER, None} if young else set()) for p in touched}
    found = [first]
    for step in steps:
        found.append({**found[-1], **{p: {c} for p, c in step.items()}})
    return found


class Loss:
    """Plays commands, and after each of their steps takes the power away."""

    def __init__(self, folder: Path, seed: int, deaf: bool, limit: int) -> None:
        self.repo = folder / "repo"
        self.place = folder / "place"
        self.dice = random.Random(seed)
        self.deaf = deaf
        self.limit = limit
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def command(self, number: int, command: yard.Command, template: Path, young: bool, die: int) -> int:
        """Play one command (dying at a step, then recovered, when `die` says so); give the number of its steps."""
        yard.fresh(template, self.repo)
        if young:
            shutil.rmtree(self.repo / STATE, ignore_errors=True)
        before = snapshot(self.repo)
        folders = {f[len(str(self.repo)) + 1 :] for f, _, _ in os.walk(self.repo)}
        folders = {f for f in folders if f == STATE or (f and not f.startswith(".git/"))}
        recorder = Recorder(str(self.repo), self.deaf)
        recorder.die = die
        with recorder.listen():
            try:
                command.act(yard.open_at(self.repo, number))
            except Killed:
                _next(self.repo)
        self._lose(command.name, recorder.ops, before, folders, young)
        return len(recorder.ops)

    def _lose(self, name: str, ops: list[Op], before: Files, folders: set[str], young: bool) -> None:
        steps = journals(ops)
        touched = {path for step in steps for path in step}
        start = {p: c for p, c in before.items() if p in touched}
        above = {p.rsplit("/", n)[0] for p in touched for n in range(1, p.count("/") + 1)} & folders
        disk = Disk(start, above | {".git"} | ({STATE} & folders), dict.fromkeys(start, OLDER) if young else {})
        whole = stages(start, touched, steps, young)
        known: set[tuple[tuple[str, bytes], ...]] = set()
        for number, op in enumerate([None, *ops]):
            if op is not None and self._modelled(op, disk):
                disk.do(op)
            acknowledged = number == len(ops)
            for state in disk.after_power_loss(self.dice, self.limit):
                self.counts["states"] += 1
                found = tuple(sorted((p, c) for p, c in state.items() if not p.endswith("shard.json")))
                if found not in known or acknowledged:
                    known.add(found)
                    self._check(f"{name}, step {number} of {len(ops)}", dict(found), whole, acknowledged)

    @staticmethod
    def _modelled(op: Op, disk: Disk) -> bool:
        """Leave out what is no part of a transaction: the lock, and flushing a folder that it does not touch."""
        if op.path.endswith("/lock"):
            return False
        here = disk.root
        for piece in op.path.split("/") if op.what == "sync" and op.path else []:
            if piece not in here.live:
                return False
            here = here.live[piece]
        return True

    def _check(self, where: str, state: Files, whole: list[Whole], acknowledged: bool) -> None:
        """Start again after the power loss: a reader looks, the next writer recovers."""
        self.counts["checked"] += 1
        shutil.rmtree(self.place, ignore_errors=True)
        (self.place / STATE).mkdir(parents=True)
        for path, content in state.items():
            file = self.place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        folder, tree = str(self.place / STATE), WorkingTree(str(self.place))
        try:
            tree.overlay = journal.overlay(folder, tree.handle)
            seen = {p: tree.read(p) for p in whole[0]}
            tree.overlay = {}
            journal.recover(folder, tree.handle, "loss")
        except StateError as e:
            return self._blame(where, e.message)
        settled = {p: tree.read(p) for p in whole[0]}
        if seen != settled:
            self._blame(where, "the reader saw another state than the one recovered")
        elif not any(
            all(settled[p] in may for p, may in one.items()) for one in (whole[-1:] if acknowledged else whole)
        ):
            self._blame(where, "an acknowledged write is not whole" if acknowledged else "mixed")
        elif (self.place / STATE / JOURNAL).exists():
            self._blame(where, "the journal stays")

    def _blame(self, where: str, why: str) -> None:
        self.counts["wrong"] += 1
        self.wrong.append(f"{where}: {why}")


def _next(repo: Path) -> None:
    with yard.open_at(repo, 1_000).transaction("next") as tx:
        tx.append(Draft("noted", "train"))


def run(scale: float, seed: int, deaf: bool = False) -> list[Row]:
    """Enumerate the states of every command: on old and on young files, and with a crash of the process before."""
    dice = random.Random(seed)
    with yard.room() as room:
        loss = Loss(room, seed, deaf, FEW if deaf or scale < TASTE else LIMIT)
        kept = Git.identity
        Git.identity = lambda self: OPERATOR  # type: ignore[method-assign]
        try:
            repo = yard.found(room / "first")
            chosen = yard.commands()
            wanted = {"several", *(c.name for c in chosen if c.name != "init" and dice.random() < scale)}
            for number, command in enumerate(chosen):
                command.hand(repo)
                if command.name in wanted:
                    template = room / f"t{number}"
                    yard.fresh(repo, template)
                    steps = loss.command(number, command, template, False, -1)
                    loss.command(number, command, template, True, -1)
                    for die in dice.sample(range(steps), max(1, round(4 * scale))):
                        loss.command(number, command, template, bool(die % 2), die)
                command.act(yard.open_at(repo, number))
        finally:
            Git.identity = kept  # type: ignore[method-assign]
    counts = loss.counts
    measured = f"{counts['states']:,} states ({counts['checked']:,} distinct), {counts['wrong']} violations"
    goal = f"modelled power-loss states of {len(wanted)} commands"
    return [
        Row(goal, measured, "0 violations", not counts["wrong"] and counts["states"] > 0, "; ".join(loss.wrong[:2]))
    ]


def mutant(scale: float, seed: int) -> list[Row]:
    """No fsync."""
    return run(scale, seed, deaf=True)


HARNESS = Harness("powerloss", run, mutant)
