"""Random git work over the log, with a model beside it: what is acknowledged is there once, and nothing conflicts.

The model knows nothing of shards: a commit is a set of event ids, and merge, rebase, cherry-pick and revert do to the
set what git does to files that never change. Real git, no merge driver, two worktrees.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from agenticops.core import checklist as checklists
from agenticops.errors import TrainError
from agenticops.flows import checklist, doctor, ticket, void, work
from agenticops.model.event import Draft
from agenticops.model.work import WorkItem
from tests.stress import gitmutants
from tests.stress.gitground import ground, spread
from tests.stress.gitmodel import LOG, Clone, Desk, Violation
from tests.stress.harness import Harness, Row
from tests.support import workspace

RUNS, STEPS = 1_000, 12
DAY = 86_400_000


class Play(Clone):
    """One run in one clone."""

    # Writing

    def write(self, desk: Desk) -> None:
        """Let a flow of the tool write; what it acknowledged is loose now."""
        before = self.there(desk)
        self.now += self.dice.choice((1_000, 60_000, DAY, 20 * DAY))
        here = workspace(desk.path, self.now, self.dice.randrange(2**40))
        try:
            self.dice.choice((self.tick, self.tick, self.add, self.block, self.spend, self.open, self.note))(here)
        except TrainError:
            pass
        after = self.there(desk)
        if before - after:
            raise Violation("a write took events away")
        desk.loose |= frozenset(after - before)
        self.written += sum((after - before).values())

    def one(self, here: object) -> str:
        names = here.index.rows("SELECT id FROM ticket ORDER BY id")  # type: ignore[attr-defined]
        return str(self.dice.choice(names)[0]) if names else ""

    def tick(self, here: object) -> None:
        name = self.one(here)
        text = here.train.checklist_text(here.train.ticket(name))  # type: ignore[attr-defined]
        left = [b.key for b in checklists.parse(text or "").bullets if not b.checked]
        if left:
            checklist.tick(here, name, [self.dice.choice(left)])  # type: ignore[arg-type]

    def add(self, here: object) -> None:
        words = f"Look at case {self.dice.randrange(10**6)}"
        checklist.add(here, self.one(here), words, "Core activities", False)  # type: ignore[arg-type]

    def block(self, here: object) -> None:
        name = self.one(here)
        state = here.train.ticket(name).status  # type: ignore[attr-defined]
        (ticket.unblock if state == "blocked" else ticket.block)(here, name, "waits for parts")  # type: ignore[arg-type]

    def spend(self, here: object) -> None:
        ticket.edit(here, self.one(here), {}, hours=float(self.dice.randrange(1, 9)))  # type: ignore[arg-type]

    def note(self, here: object) -> None:
        with here.transaction("note") as tx:  # type: ignore[attr-defined]
            for _ in range(self.dice.randrange(1, 4)):
                tx.append(Draft("session_noted", "train", data={"text": "as before"}))

    def open(self, here: object) -> None:
        name = f"t{self.dice.randrange(10**8):08d}"
        work.new(here, WorkItem(id=name, kind="PRD", title="Refills"), start=True)  # type: ignore[arg-type]

    # Git work

    def commit(self, desk: Desk, *options: str) -> None:
        base = self.ids(desk, self.head(desk))
        self.git(desk, "add", "-A")
        self.git(desk, "commit", "-q", "--allow-empty", "-m", "work", *options)
        self.know(desk, base | desk.loose)
        desk.loose = frozenset()

    def amend(self, desk: Desk) -> None:
        if not self.parents(desk, self.head(desk)):
            return  # a root that is amended is another history
        self.commit(desk, "--amend")

    def commit_files_only(self, desk: Desk) -> None:
        base = self.ids(desk, self.head(desk))
        self.git(desk, "add", "-u")
        self.git(desk, "commit", "-q", "--allow-empty", "-m", "forgets the log")
        self.know(desk, base)

    def fork(self, desk: Desk) -> None:
        self.names += 1
        self.git(desk, "checkout", "-q", "-b", f"b{self.names}")

    def switch(self, desk: Desk) -> None:
        names = self.branches(desk)
        if names:
            self.git(desk, "checkout", "-q", self.dice.choice(names), check=False)

    def settle(self, desk: Desk, go_on: Callable[[], subprocess.CompletedProcess[str]]) -> bool:
        """Resolve what conflicts outside the log, and go on; tell whether that came to an end."""
        for _ in range(12):
            rows = self.git(desk, "diff", "--name-only", "--diff-filter=U", "-z").stdout
            for path in filter(None, rows.split("\0")):
                if path.startswith(LOG):
                    raise Violation(f"conflict in {path}")
                for side in self.dice.sample(("--ours", "--theirs"), 2):
                    if not self.git(desk, "checkout", "-q", side, "--", path, check=False).returncode:
                        break
                self.git(desk, "add", "--", path, check=False)
            if not go_on().returncode:
                return True
        return False

    def merge(self, desk: Desk, name: str = "", squash: bool = False) -> None:
        names = [name] if name else self.others(desk)
        if not names:
            return
        name = self.dice.choice(names)
        if self.dice.randrange(4):
            self.commit(desk)
        theirs = self.git(desk, "rev-parse", name).stdout.strip()
        how = "--squash" if squash else self.dice.choice(("--no-ff", "--ff"))
        for _ in range(2):
            ours = self.head(desk)
            wanted = self.merged(desk, ours, theirs)
            done = self.git(desk, "merge", "-q", "--no-edit", how, name, check=False)
            if "would be overwritten" not in done.stderr and "not uptodate" not in done.stderr:
                break
            self.commit(desk)
        self.settle(desk, lambda: self.git(desk, "commit", "-q", "--allow-empty", "-m", "merge", check=False))
        self.know(desk, wanted)

    def squash(self, desk: Desk) -> None:
        self.merge(desk, squash=True)

    def rebase(self, desk: Desk) -> None:
        names = self.others(desk)
        if not names:
            return
        self.commit(desk)
        old, onto = self.head(desk), self.dice.choice(names)
        top = self.git(desk, "rev-parse", onto).stdout.strip()
        if self.git(desk, "merge-base", "--is-ancestor", top, old, check=False).returncode == 0:
            return
        listed = self.git(desk, "rev-list", "--reverse", "--topo-order", "--no-merges", f"{top}..{old}").stdout.split()
        wanted = set(self.ids(desk, top))
        for commit in listed:
            added, taken = self.delta(desk, commit)
            wanted = (wanted | added) - taken
        if any(self.delta(desk, c)[1] for c in listed):
            return  # rebase leaves out what was picked already: with a revert between, the order is git's own
        done = self.git(desk, "rebase", "-q", onto, check=False)
        if done.returncode and not self.settle(desk, lambda: self.go_on(desk, "rebase")):
            self.git(desk, "rebase", "--abort")
            return
        self.know(desk, wanted)

    def go_on(self, desk: Desk, verb: str) -> subprocess.CompletedProcess[str]:
        done = self.git(desk, "-c", "core.editor=true", verb, "--continue", check=False)
        busy = self.git(desk, "diff", "--name-only", "--diff-filter=U").stdout
        staged = self.git(desk, "diff", "--cached", "--quiet", check=False).returncode
        return done if not done.returncode or busy or staged else self.git(desk, verb, "--skip", check=False)

    def pick(self, desk: Desk, verb: str = "cherry-pick") -> None:
        self.commit(desk)
        span = ("--all", "--not", "HEAD") if verb == "cherry-pick" else ("HEAD",)
        listed = self.git(desk, "rev-list", "--no-merges", "-n8", *span).stdout.split()
        listed = [c for c in listed if self.parents(desk, c)]
        if not listed:
            return
        commit, here = self.dice.choice(listed), self.ids(desk, self.head(desk))
        added, taken = self.delta(desk, commit)
        wanted = (here | added) - taken if verb == "cherry-pick" else (here - added) | taken
        before = self.head(desk)
        words = ("--allow-empty",) if verb == "cherry-pick" else ("--no-edit",)
        done = self.git(desk, verb, *words, commit, check=False)
        if done.returncode and not self.settle(desk, lambda: self.go_on(desk, verb)):
            self.git(desk, verb, "--abort", check=False)
            wanted = here
        if self.head(desk) != before:
            self.know(desk, wanted)
        elif wanted != here:
            raise Violation(f"{verb} did nothing")

    def revert(self, desk: Desk) -> None:
        self.pick(desk, "revert")

    def reset(self, desk: Desk) -> None:
        old = self.head(desk)
        parents = self.parents(desk, old)
        if len(parents) != 1 or self.delta(desk, old)[1]:
            return
        how = self.dice.choice(("--soft", "--mixed", "--hard"))
        self.git(desk, "reset", "-q", how, "HEAD~1")
        if how != "--hard":
            desk.loose |= self.delta(desk, old)[0]
            self.write(desk)
        if how == "--soft":
            self.commit(desk)

    def restore(self, desk: Desk) -> None:
        self.git(desk, "restore", "--", ".")
        self.mend(desk)

    def stage(self, desk: Desk) -> None:
        """Stage and unstage; sometimes what was staged is kept in a stash meanwhile."""
        self.git(desk, "add", "-A")
        if self.dice.randrange(2):
            made = self.git(desk, "stash", "create").stdout.strip()
            if made:
                self.git(desk, "stash", "store", made)
                self.stashes.insert(0, desk.loose)
        else:
            self.write(desk)
        self.git(desk, "restore", "--staged", ".")
        self.write(desk)

    def stash(self, desk: Desk) -> None:
        also = self.dice.choice(((), ("--include-untracked",)))
        untracked, staged = self.loose_by_state(desk)
        before = len(self.git(desk, "stash", "list").stdout.splitlines())
        self.git(desk, "stash", "push", "-q", *also)
        if len(self.git(desk, "stash", "list").stdout.splitlines()) > before:
            gone = staged | untracked if also else staged
            desk.loose -= gone
            self.stashes.insert(0, gone)

    def unstash(self, desk: Desk) -> None:
        if not self.stashes:
            return
        entry = self.stashes[0]
        if self.dice.randrange(4) and not entry & (self.ids(desk, self.head(desk)) | desk.loose):
            self.commit(desk)
            done = self.git(desk, "stash", "apply", "-q", check=False)
            self.settle(desk, lambda: subprocess.CompletedProcess((), 0))
            desk.loose |= entry & frozenset(self.there(desk)) if done.returncode else entry
            self.verify(desk, "stash apply")
            if self.dice.randrange(3) == 0:
                return
        self.git(desk, "stash", "drop", "-q")
        self.stashes.pop(0)
        self.mend(desk)

    def mend(self, desk: Desk) -> None:
        """Void what has no effect; then nothing is left that could be."""
        before = self.there(desk)
        self.now += 1_000
        here = workspace(desk.path, self.now, self.dice.randrange(2**40))
        doctor.mend(here, [doctor.Symptom("effects", False, fix="void them")])
        desk.loose |= frozenset(self.there(desk) - before)
        again = workspace(desk.path, self.now, 0)
        if any(loss.whole for loss in void.losses(again)) or void.returned(again):
            raise Violation("events without effect are left after doctor --fix")

    def tidy(self, desk: Desk) -> None:
        words = self.dice.choice((("pack-refs", "--all"), ("reflog", "expire", "--expire=now", "--all"), ("status",)))
        if "reflog" not in words or not self.stashes:  # a stash lives in its reflog
            self.git(desk, *words)

    def worktree(self, desk: Desk) -> None:
        if len(self.desks) == 1:
            self.names += 1
            path = self.desks[0].path.with_name("other")
            self.git(desk, "worktree", "add", "-q", "-b", f"b{self.names}", str(path))
            self.desks.append(Desk(path))

    def step(self) -> None:
        desk = self.dice.choice(self.desks)
        for _ in range(self.dice.randrange(3)):
            self.write(desk)
        often = (self.commit, self.fork, self.switch, self.merge, self.rebase, self.pick, self.revert, self.stash)
        rare = (self.amend, self.commit_files_only, self.squash, self.reset, self.restore, self.stage, self.tidy)
        deed = self.dice.choice((*often, *often, *rare, self.unstash, self.unstash, self.worktree))
        self.trail.append(deed.__name__)
        deed(desk)
        for each in self.desks:
            self.verify(each, deed.__name__)

    def finish(self) -> None:
        """Commit everything and merge every branch into one."""
        for desk in self.desks:
            self.commit(desk)
        desk = self.desks[0]
        for name in self.others(desk):
            self.merge(desk, name)
            self.verify(desk, f"the last merge of {name}")
        here = workspace(desk.path, self.now, 0)
        order = [e.order for e in here.log.select("1", ())]
        if order != sorted(order) or len(order) != len(self.ids(desk, self.head(desk))):
            raise Violation("the log is not in order")


def play(folder: Path, template: Path, seed: int) -> tuple[int, int, str]:
    """One run: the number of git operations, of events, and what was violated."""
    repo = folder / f"run-{seed}" / "repo"
    shutil.copytree(template, repo, symlinks=True)
    game, wrong = Play(repo, seed), ""
    try:
        for _ in range(STEPS):
            game.step()
        game.finish()
    except (Violation, TrainError) as e:
        wrong = f"seed {seed}: {e}"
    shutil.rmtree(repo.parent)
    return len(game.trail), game.written, wrong


def measure(scale: float, seed: int, mutant: str = "") -> Row:
    """Play the runs of a scale."""
    runs = max(4, round(RUNS * scale))
    with ground() as (folder, template), gitmutants.applied(mutant):
        found = spread(play, folder, template, range(seed * 100_000, seed * 100_000 + runs))
    wrong = [w for _, _, w in found if w]
    done, written = sum(f[0] for f in found), sum(f[1] for f in found)
    goal = "random git work over the log" + (f", mutant: {mutant}" if mutant else "")
    measured = f"{runs:,} runs, {done:,} operations, {written:,} events, {len(wrong)} violations"
    return Row(goal, measured, "≥ 1,000 runs, 0 violations", not wrong, wrong[0] if wrong else "")


def run(scale: float, seed: int) -> list[Row]:
    """Reach the figure."""
    return [measure(scale, seed)]


def mutant(scale: float, seed: int) -> list[Row]:
    """Break the shard rule in each way; give the mutants that live, or else all of them."""
    # Few runs go the way on which a shard that stays open is met twice.
    rows = [measure(scale * times, seed, name) for name, times in zip(gitmutants.NAMES, (0.2, 2), strict=True)]
    return [row for row in rows if row.holds] or rows


HARNESS = Harness("gitwork", run, mutant)
