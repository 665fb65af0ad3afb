"""Two sides compact the log at once and merge: no conflict, nothing lost, nothing doubled, and `log verify` agrees.

Each run takes two clones of one default branch with a history of shards. Both append, commit and compact at times of
their own, some apply retention; then git merges them, without any driver. The events are as alike as events can be,
because git takes a deleted file for a renamed one when it looks like a new one.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agenticops.core import pack, retention
from agenticops.flows import compact, logcheck
from agenticops.model import ids
from agenticops.model.event import Actor, Draft, Event
from agenticops.ports.clock import timestamp
from agenticops.store import log
from agenticops.workspace import Workspace
from tests.stress.harness import Harness, Row
from tests.support import OPERATOR, TINY, FixedClock, commit_all, git, new_repo, write

RUNS = 200
DAY = 86_400_000
START = 1_747_000_000_000  # 2025-05-11, so that a history of some weeks has two or three months
KINDS = ("effort_spent", "session_noted", "session_decided", "resource_sampled", "resource_sampled", "error_logged")
FATE = retention.Judge.fate
CONFIG = f"""\
[user]
\tname = {OPERATOR.split(" <")[0]}
\temail = {OPERATOR.split("<")[1].rstrip(">")}
[init]
\tdefaultBranch = main
[commit]
\tgpgSign = false
[gc]
\tauto = 0
"""


@dataclass
class Tally:
    """What the runs came to."""

    runs: int = 0
    compactions: int = 0
    packs: int = 0
    dropped: int = 0
    events: int = 0
    wrong: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        for name in ("runs", "compactions", "packs", "dropped", "events"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for what, number in other.wrong.items():
            self.wrong[what] = self.wrong.get(what, 0) + number

    def note(self, what: str) -> None:
        self.wrong[what] = self.wrong.get(what, 0) + 1


@contextmanager
def ground() -> Iterator[Path]:
    """A folder and an environment of its own: nothing of the user's git configuration counts."""
    before = dict(os.environ)
    # What a disk does is the business of other harnesses; this one goes faster without.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="agenticops-compact-", dir=memory) as folder:
        Path(folder, "gitconfig").write_text(CONFIG)
        for name in [n for n in os.environ if n.startswith(("GIT_", "AGENTICOPS_"))]:
            del os.environ[name]
        os.environ |= {"GIT_CONFIG_GLOBAL": f"{folder}/gitconfig", "GIT_CONFIG_NOSYSTEM": "1", "HOME": folder}
        try:
            yield Path(folder)
        finally:
            os.environ.clear()
            os.environ.update(before)


class Side:
    """One clone, with what its writers were told is written."""

    def __init__(self, path: Path, dice: random.Random, now: int, tally: Tally) -> None:
        self.path, self.dice, self.now, self.tally = path, dice, now, tally
        self.written: set[str] = set()
        self.dropped: set[str] = set()

    def workspace(self) -> Workspace:
        self.now += self.dice.randrange(1000, DAY // 24)
        return Workspace(str(self.path), clock=FixedClock(self.now, self.dice.randrange(2**32)))

    def act(self) -> None:
        what = self.dice.choice(("write", "write", "compact", "retain", "retain"))
        if what == "write":
            self.write()
        elif what == "compact":
            self.compact(keep=False)
        else:
            self.now += self.dice.choice((0, 25, 50, 100)) * DAY
            for _ in range(self.dice.choice((1, 2))):  # the first packs what has expired, the second drops it
                self.compact(keep=True)

    def write(self) -> None:
        for _ in range(self.dice.randrange(1, 3)):
            with self.workspace().transaction("stress") as tx:
                for _ in range(self.dice.randrange(1, 5)):
                    tx.append(draft(self.dice))
            self.written |= {e.id for e in tx.events}
        if self.dice.random() < 0.8:
            commit_all(self.path, "Write")

    def compact(self, keep: bool) -> None:
        here = self.workspace()
        before = everything(here)
        found = compact.compact(here, keep=keep, commit=self.dice.random() < 0.5, least=2)
        self.tally.compactions += bool(found.plan.changes)
        self.tally.packs += sum(m.packs for m in found.months)
        gone = set(before) - set(everything(here))
        judge = compact.judge_of(here)
        for name in gone:
            if not keep or FATE(judge, before[name]) != "drop":
                self.tally.note("an event vanished in its own clone")
        self.dropped |= gone
        self.tally.dropped += len(gone)
        if found.plan.changes and not found.commit:
            commit_all(self.path, "Compact")


def draft(dice: random.Random) -> Draft:
    """An event that is like many others."""
    kind = dice.choice(KINDS)
    data: dict[str, Any] = {"hours": 1, "text": "as every day"}
    if kind == "error_logged":
        data = {"severity": dice.choice(("critical", "warning", "warning")), "text": "the disk is full"}
    return Draft(kind, "train", data=data)


def everything(here: Workspace) -> dict[str, Event]:
    """Read all events of a clone, the archived ones too."""
    found = {}
    for top in (compact.EVENTS, compact.PAST_EVENTS):
        for path in log.shards(here.tree, top):
            found |= {e.id: e for e in log.decode(here.tree.read(path) or b"", path)}
    return found


def history(path: Path, dice: random.Random) -> int:
    """Write a history of shards as the tool writes them, some of them large; gives the time at its end."""
    new_repo(path)
    write(path, "config/pipeline.yml", TINY)
    write(path, ".gitattributes", ".agenticops/** text eol=lf\n")
    now, lamport = START, 0
    actor = Actor(OPERATOR, "", "stress")
    for _ in range(dice.randrange(2, 30)):
        now += dice.randrange(DAY // 2, 3 * DAY)
        events = []
        for _ in range(dice.choice((1, 1, 3, 3, 10, 60))):
            lamport += 1
            now += 1000
            one = draft(dice)
            name = ids.ulid(now, dice.randbytes(10))
            events.append(Event(name, lamport, timestamp(now), actor, one.kind, one.subject, data=one.data))
        write(path, log.new_path(events[0].at, events[0].id), log.encode(events))
    commit_all(path, "History")
    return now


def once(folder: Path, seed: int, tally: Tally) -> None:
    """One run: two sides at once, a merge, and what is left of the log."""
    dice = random.Random(seed)
    now = history(folder / "one", dice)
    shutil.copytree(folder / "one", folder / "two")
    sides = [Side(folder / name, dice, now, tally) for name in ("one", "two")]
    start = everything(sides[0].workspace())
    for side in sides:
        if dice.random() < 0.5:
            side.write()
        side.compact(keep=False)
        for _ in range(dice.randrange(1, 5)):
            side.act()
        commit_all(side.path, "The end")
    one, two = sides
    merged = git(one.path, "pull", "--quiet", "--no-rebase", "--no-edit", "../two", "main", check=False)
    tally.runs += 1
    if git(one.path, "ls-files", "--unmerged") or "CONFLICT" in merged:
        tally.note("conflict")
        return
    judge_log(one, {*start, *one.written, *two.written}, one.dropped | two.dropped, tally)
    one.now = max(one.now, two.now)
    one.write()
    one.compact(keep=False)
    commit_all(one.path, "And once more")
    judge_log(one, {*start, *one.written, *two.written}, one.dropped | two.dropped, tally)


def judge_log(side: Side, written: set[str], dropped: set[str], tally: Tally) -> None:
    """Compare what is in the log with what was written, by way of the files and by way of the index."""
    here = side.workspace()
    found = everything(here)
    tally.events += len(found)
    if written - dropped - set(found):
        tally.note("lost")
    if set(found) - written - {e.id for e in found.values() if e.kind.startswith("log_")}:
        tally.note("from nowhere")
    read = [e.id for e in log.read(here.tree)]
    indexed = [e.id for e in here.log.select("1", ())]
    if len(read) != len(set(read)) or len(indexed) != len(set(indexed)):
        tally.note("doubled")
    if read != indexed:
        tally.note("index and files disagree")
    audited = logcheck.verify(here)
    if not audited.holds:
        tally.note(f"verify: {audited.findings[0].code}")
    if git(side.path, "status", "--porcelain"):
        tally.note("not committed")


def runs(seeds: Sequence[int]) -> Tally:
    """Run for each seed, each in a folder of its own."""
    tally = Tally()
    with ground() as top:
        for number in seeds:
            folder = top / str(number)
            folder.mkdir()
            once(folder, number, tally)
            shutil.rmtree(folder)
    return tally


def seeds_of(count: int, seed: int) -> list[int]:
    """Give each run a seed of its own."""
    return [seed * 1_000_003 + number for number in range(count)]


def all_runs(count: int, seed: int) -> Tally:
    """Run so many, by two processes when it is worth it."""
    seeds = seeds_of(count, seed)
    if count < 20:
        return runs(seeds)
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        one, two = pool.map(runs, [seeds[::2], seeds[1::2]])
    one.add(two)
    return one


def run(scale: float, seed: int) -> list[Row]:
    """Two sides compact at once, 200 times at scale 1."""
    tally = all_runs(max(3, round(RUNS * scale)), seed)
    measured = f"{tally.runs} merges, {sum(tally.wrong.values())} wrong"
    note = ", ".join(f"{n} × {w}" for w, n in sorted(tally.wrong.items()))
    done = f"{tally.compactions} compactions, {tally.packs} packs, {tally.dropped} events expired"
    return [
        Row("compaction on two sides: conflicts, lost or doubled", measured, f"≥ {RUNS}, 0", not tally.wrong, note),
        Row("  what they did", done, "some of each", min(tally.compactions, tally.packs, tally.dropped) > 0),
    ]


@contextmanager
def patched(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Replace an attribute for a while."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _one_name(real: Callable[..., tuple[str, bytes]]) -> Callable[..., tuple[str, bytes]]:
    def named(folder: str, part: list[pack.Line], archive: bool) -> tuple[str, bytes]:
        return f"{folder}/pack-0.jsonl", real(folder, part, archive)[1]

    return named


def _flush_left(real: Callable[..., tuple[str, bytes]]) -> Callable[..., tuple[str, bytes]]:
    def flat(folder: str, part: list[pack.Line], archive: bool) -> tuple[str, bytes]:
        path, content = real(folder, part, archive)
        return path, b"".join(row.strip() + b"\n" for row in content.split(b"\n") if row)

    return flat


def protections() -> dict[str, tuple[Any, str, Any]]:
    """Name what keeps compaction whole, with what takes its place when it is switched off."""
    return {
        "packs of one name": (pack, "_pack", _one_name(pack._pack)),
        "packs not indented": (pack, "_pack", _flush_left(pack._pack)),
        "retention keeps no record": (pack, "record", lambda path, lines, archived: {}),
        "fresh events expire too": (retention.Judge, "fate", lambda self, e: "drop" if self.name(e) else "keep"),
    }


def mutant(scale: float, seed: int) -> list[Row]:
    """Each protection off, one at a time; the row holds when one of them is not noticed."""
    count = max(40, round(RUNS * scale))
    alive = []
    for name, (owner, attribute, value) in protections().items():
        with patched(owner, attribute, value):
            if not any(runs([one]).wrong for one in seeds_of(count, seed)):
                alive.append(name)
    return [Row("compaction without its protections", f"not noticed: {', '.join(alive) or 'none'}", "", bool(alive))]


HARNESS = Harness("compact", run, mutant)
