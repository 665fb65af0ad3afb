"""Many at once: 16 processes in one clone write through the flows and the command line, and are killed and stopped.

Four worktrees of one clone share its lock; four processes work in each. A worker notes an operation before it begins
and after it was acknowledged; at the end each acknowledged one must be in the log just once, and in its document.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from agenticops.errors import ConflictError
from agenticops.flows import ticket as tickets
from agenticops.flows import work
from agenticops.model.event import Draft
from agenticops.ports.git import Git
from agenticops.store import journal, log
from agenticops.store.lock import Lock
from agenticops.workspace import Workspace
from tests.stress import yard
from tests.stress.harness import Harness, Row
from tests.stress.tripwire import begin, ended
from tests.support import CONSOLE_SCRIPT, OPERATOR, commit_all, git, item

FLOWS, CLI = 100_000, 2_000
WORKERS, CLI_WORKERS, TREES = 16, 4, 4
HOLDERS = 20
NEXT_SECONDS = 1.0


def item_of(worker: int) -> str:
    """The work item that a worker edits."""
    return f"t{worker:08d}"


def prepared(folder: Path) -> list[Path]:
    """Make a clone with four worktrees, and a work item with an open ticket for each worker."""
    repo = yard.found(folder / "main")
    for worker in range(1, WORKERS + 1):
        here = Workspace(str(repo))
        if item_of(worker) not in here.train.item_ids():
            work.new(here, item(item_of(worker)))
        tickets.new(here, item_of(worker))
    commit_all(repo)
    trees = [repo]
    for number in range(1, TREES):
        git(repo, "worktree", "add", "--quiet", "-b", f"side-{number}", str(folder / f"side-{number}"))
        trees.append(folder / f"side-{number}")
    return trees


class Notes:
    """What a worker began (?), what was acknowledged (=), refused (!) or went wrong (#), in order."""

    def __init__(self, file: Path) -> None:
        self.file = file
        text = file.read_text() if file.exists() else ""
        rows = [r.split(" ", 2) for r in text.split("\n") if r]
        self.begun = [int(r[1]) for r in rows if r[0] == "?"]
        self.kept = [int(r[1]) for r in rows if r[0] == "="]
        self.refused = sum(r[0] == "!" for r in rows)
        self.wrong = [" ".join(r) for r in rows if r[0] == "#"]

    def add(self, sign: str, number: int, why: str = "") -> None:
        # One write each, so that a kill leaves no half of a line; the file is read when its worker is dead.
        handle = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(handle, f"{sign} {number} {why[-300:]!r}\n".encode())
        os.close(handle)


def labour(worker: int, tree: Path, notes: Path, quota: int, broken: Callable[[], None]) -> None:
    """Work through the flows: most operations are an event, every fourth changes a document as well."""
    broken()
    Git.identity = lambda self: OPERATOR  # type: ignore[method-assign]
    gc.freeze()
    mine = Notes(notes)
    number, kept = max(mine.begun, default=0), len(mine.kept)
    while kept < quota:
        number += 1
        mine.add("?", number)
        try:
            here = Workspace(str(tree))
            if number % 4:
                tickets.edit(here, f"shape_{item_of(worker)}", {}, hours=float(number))
            else:
                work.edit(here, item_of(worker), {"title": f"Title {number}"})
        except ConflictError as e:
            mine.add("!", number, e.message)
            continue
        except Exception as e:
            mine.add("#", number, f"{type(e).__name__}: {e}")
            continue
        mine.add("=", number)
        kept += 1


def command_line(worker: int, tree: Path, notes: Path, quota: int, dice: random.Random) -> None:
    """Work through the console script; some of its processes are killed under way."""
    mine, number, kept = Notes(notes), 0, 0
    while kept < quota:
        number += 1
        mine.add("?", number)
        if number % 4:
            call = ["ticket", "edit", f"shape_{item_of(worker)}", "--add-hours", str(number)]
        else:
            call = ["work", "edit", item_of(worker), "--title", f"Title {number}"]
        with subprocess.Popen(
            [CONSOLE_SCRIPT, *call], cwd=tree, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            if dice.random() < 0.03:
                time.sleep(dice.uniform(0.02, 0.3))
                process.kill()
            _, said = process.communicate()
        code = process.returncode
        if code != -signal.SIGKILL:
            mine.add({0: "=", 5: "!"}.get(code, "#"), number, said.decode())
        kept += code == 0


class Crowd:
    """Sixteen processes; some are killed and begun again, some stand still for a moment."""

    def __init__(self, room: Path, scale: float, seed: int, broken: Callable[[], None]) -> None:
        self.room = room
        self.dice = random.Random(seed)
        self.broken = broken
        self.trees = prepared(room)
        self.flows = -(-int(FLOWS * scale) // (WORKERS - CLI_WORKERS))
        self.cli = -(-int(CLI * scale) // CLI_WORKERS)
        self.children: dict[int, int] = {}
        self.counts: Counter[str] = Counter()

    def start(self, worker: int) -> None:
        tree, notes = self.trees[worker % TREES], self.room / f"notes-{worker}"
        if worker <= CLI_WORKERS:
            dice = random.Random(self.dice.random())
            self.children[begin(lambda: command_line(worker, tree, notes, self.cli, dice))] = worker
        else:
            self.children[begin(lambda: labour(worker, tree, notes, self.flows, self.broken))] = worker

    def work(self, kills: int) -> None:
        """Let them work; disturb them until so many were killed."""
        for worker in range(1, WORKERS + 1):
            self.start(worker)
        while self.children:
            child, status = os.waitpid(-1, os.WNOHANG)
            if child:
                worker = self.children.pop(child)
                if os.waitstatus_to_exitcode(status) == -signal.SIGKILL:
                    self.start(worker)
                continue
            self._disturb(kills)

    def _disturb(self, kills: int) -> None:
        time.sleep(self.dice.uniform(0.01, 0.1))
        victims = [c for c, w in self.children.items() if w > CLI_WORKERS]
        if not victims:
            return
        victim = self.dice.choice(victims)
        if self.counts["killed"] < kills and self.dice.random() < 0.5:
            os.kill(victim, signal.SIGKILL)
            self.counts["killed"] += 1
        elif self.dice.random() < 0.3:
            os.kill(victim, signal.SIGSTOP)
            time.sleep(self.dice.uniform(0.005, 0.05))
            os.kill(victim, signal.SIGCONT)
            self.counts["stopped"] += 1

    def judge(self) -> list[str]:
        """Compare what was acknowledged with what is there."""
        wrong = []
        for number, tree in enumerate(self.trees):
            with Workspace(str(tree)).transaction("last") as tx:
                tx.append(Draft("noted", "train"))
            rows = [r for c in _shards(tree) for r in c.split(b"\n") if r]
            events = log.read(Workspace(str(tree)).tree)
            numbers = len({e.lamport for e in events})
            if not len(rows) == len(events) == numbers:
                wrong.append(f"tree {number}: {len(rows)} lines, {len(events)} events, {numbers} Lamport numbers")
            if yard.indexed(tree) != tuple(e.id for e in events):
                wrong.append(f"tree {number}: the index disagrees")
            hours = Counter((e.item, e.data["hours"]) for e in events if e.kind == "effort_spent")
            edits = Counter(e.item for e in events if e.kind == "item_edited")
            for worker in range(1, WORKERS + 1):
                if self.trees[worker % TREES] == tree:
                    wrong += self._judged(worker, tree, hours, edits)
        return wrong

    def _judged(self, worker: int, tree: Path, hours: Counter[tuple[str, object]], edits: Counter[str]) -> list[str]:
        notes, name = Notes(self.room / f"notes-{worker}"), item_of(worker)
        kind = "cli" if worker <= CLI_WORKERS else "flows"
        self.counts[kind] += len(notes.kept)
        self.counts["refused"] += notes.refused
        wrong = list(notes.wrong)
        for number in notes.begun:
            count = hours[(name, float(number))]
            if number % 4 and count > 1:
                wrong.append(f"{name}: {number} stands {count} times")
        gone = [n for n in notes.kept if n % 4 and hours[(name, float(n))] != 1]
        self.counts["lost"] += len(gone)
        kept = [n for n in notes.kept if not n % 4]
        begun = [n for n in notes.begun if not n % 4]
        if not len(kept) <= edits[name] <= len(begun):
            self.counts["lost"] += max(0, len(kept) - edits[name])
            wrong.append(f"{name}: {edits[name]} edits in the log, {len(kept)} acknowledged")
        title = Workspace(str(tree)).train.item(name).title
        last = max(kept, default=0)
        if last and title not in {f"Title {n}" for n in begun if n >= last}:
            wrong.append(f"{name}: the title is {title!r}, acknowledged was {last}")
        return wrong + [f"{name}: lost {gone[:3]}"] * bool(gone)


def _shards(tree: Path) -> list[bytes]:
    return [p.read_bytes() for p in sorted((tree / ".agenticops/events").rglob("*.jsonl"))]


def next_writer(tree: Path, times: int) -> float:
    """Kill the holder of the lock while another writer waits; give the longest time until that one had written."""
    longest = 0.0
    for number in range(times):
        read, write = os.pipe()
        holder = begin(lambda write=write, number=number: _hold(tree, write, bool(number % 2)))  # type: ignore[misc]
        os.read(read, 1)
        waiting = begin(lambda write=write: _write(tree, write))  # type: ignore[misc]
        time.sleep(0.15)
        killed = time.monotonic()
        os.kill(holder, signal.SIGKILL)
        ended(holder)
        longest = max(longest, float(os.read(read, 64).decode()) - killed)
        ended(waiting)
        os.close(read)
        os.close(write)
    return longest


def _hold(tree: Path, ready: int, half: bool) -> None:
    """Hold the lock for ever: in the middle of the block, or with the files half written."""

    def stuck(*arguments: object, **named: object) -> None:
        os.write(ready, b".")
        time.sleep(60)

    with Workspace(str(tree)).transaction("holder") as tx:
        tx.append(Draft("noted", "train"))
        if half:
            journal.close = stuck
        else:
            stuck()


def _write(tree: Path, done: int) -> None:
    with Workspace(str(tree)).transaction("waiting") as tx:
        tx.append(Draft("noted", "train"))
    os.write(done, str(time.monotonic()).encode())


def run(scale: float, seed: int, broken: Callable[[], None] = lambda: None) -> list[Row]:
    """Let them work, then count."""
    with yard.room() as room:
        os.environ["AGENTICOPS_LOCK_WAIT"] = "60"
        crowd = Crowd(room, scale, seed, broken)
        begun = time.monotonic()
        crowd.work(kills=max(8, int(400 * scale)))
        spent = time.monotonic() - begun
        wrong = crowd.judge()
        longest = next_writer(crowd.trees[0], max(2, int(HOLDERS * min(scale, 1))))
    counts = crowd.counts
    measured = f"{counts['flows']:,} + {counts['cli']:,} by CLI, {counts['lost']} lost"
    enough = counts["flows"] >= int(FLOWS * scale) and counts["cli"] >= int(CLI * scale)
    note = f"{counts['killed']} killed, {counts['stopped']} stopped, {counts['refused']} refused, {spent:.0f} s; "
    return [
        Row(
            f"{WORKERS} processes, random KILL and STOP",
            measured,
            f"≥ {int(FLOWS * scale):,} + {int(CLI * scale):,}, 0 lost",
            enough and not counts["lost"] and not wrong,
            note + "; ".join(wrong[:3]),
        ),
        Row("next writer after kill -9 of the holder", f"{longest:.2f} s", "≤ 1 s", longest <= NEXT_SECONDS),
    ]


def mutant(scale: float, seed: int) -> list[Row]:
    """The lock's file is removed on release, and nobody looks whether the one that is locked still stands."""
    leave = Lock.__exit__

    def removed(self: Lock, *what: object) -> None:
        try:
            os.unlink(self.path)
        except FileNotFoundError:
            pass
        leave(self, None, None, None)

    def broken() -> None:
        Lock.__exit__ = removed  # type: ignore[assignment,method-assign]
        Lock._stands = lambda self: True  # type: ignore[method-assign]

    return run(scale, seed, broken)


HARNESS = Harness("many", run, mutant)
