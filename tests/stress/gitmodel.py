"""The model of the git work harness: a clone, its worktrees, and what each commit must hold. It knows no shards."""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from agenticops.ports.git import Git
from agenticops.store import log
from agenticops.store.tree import WorkingTree
from tests.support import NOW

LOG = ".agenticops/"
Ids = frozenset[str]


class Violation(Exception):
    """The log has a conflict, or differs from the model."""


class Desk:
    """One worktree: its folder, and the acknowledged events that are in no commit."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loose: Ids = frozenset()


class Clone:
    """A clone, looked at through git, and the model beside it."""

    def __init__(self, repo: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.now = NOW
        self.desks = [Desk(repo)]
        self.stashes: list[Ids] = []
        self.commits: dict[str, Ids] = {}
        self.written = self.tocks = 0
        self.trail: list[str] = []
        self.names = 0
        if not self.dice.randrange(4):
            self.git(self.desks[0], "config", "core.logAllRefUpdates", "false")
        self.commits[self.head(self.desks[0])] = frozenset(self.there(self.desks[0]))

    # Looking

    def git(self, desk: Desk, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        self.tocks += 1
        at = f"{NOW // 1000 + self.tocks} +0000"
        env = {**os.environ, "GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        done = subprocess.run(["git", *words], cwd=desk.path, env=env, capture_output=True, text=True, check=False)
        for row in (done.stdout + done.stderr).splitlines():
            if row.startswith("CONFLICT") and LOG in row:
                raise Violation(f"git {' '.join(words)}: {row}")
        if check and done.returncode:
            raise Violation(f"git {' '.join(words)} → {done.returncode}: {done.stdout}{done.stderr}")
        return done

    def head(self, desk: Desk) -> str:
        return Git.discover(str(desk.path)).head()

    def there(self, desk: Desk) -> Counter[str]:
        tree = WorkingTree(str(desk.path))
        found: Counter[str] = Counter()
        for path in log.shards(tree):
            found.update(e.id for e in log.decode(tree.read(path) or b"", path))
        return found

    def branches(self, desk: Desk) -> list[str]:
        """The branches, but for those that are checked out."""
        rows = self.git(desk, "for-each-ref", "--format=%(refname:short) %(worktreepath)", "refs/heads").stdout
        return [row.split(" ")[0] for row in rows.splitlines() if row.endswith(" ")]

    def others(self, desk: Desk) -> list[str]:
        """Every branch but the one of this desk."""
        rows = self.git(desk, "for-each-ref", "--format=%(refname:short)%(HEAD)", "refs/heads").stdout.splitlines()
        return [row.strip() for row in rows if not row.endswith("*")]

    def parents(self, desk: Desk, commit: str) -> list[str]:
        return self.git(desk, "rev-list", "--parents", "-n1", commit).stdout.split()[1:]

    def delta(self, desk: Desk, commit: str) -> tuple[Ids, Ids]:
        """What a commit added and took away."""
        before, after = self.ids(desk, self.parents(desk, commit)[0]), self.ids(desk, commit)
        return after - before, before - after

    def ids(self, desk: Desk, commit: str) -> Ids:
        """What a commit holds; a rebase makes commits that only git knows, between two that the model knows."""
        if commit not in self.commits:
            found = self.git(desk, "grep", "-hoE", '^[{]"id":"[0-9A-Z]+', commit, "--", LOG, check=False).stdout
            self.commits[commit] = frozenset(row[7:] for row in found.splitlines())
        return self.commits[commit]

    def loose_by_state(self, desk: Desk) -> tuple[Ids, Ids]:
        """The ids in untracked and in staged shards."""
        rows = self.git(desk, "status", "--porcelain", "-z", "-uall", "--no-renames", "--", LOG).stdout.split("\0")
        tree = WorkingTree(str(desk.path))
        found: dict[bool, set[str]] = {True: set(), False: set()}
        for row in filter(None, rows):
            if row[0] in "?A":
                found[row[0] == "?"].update(e.id for e in log.decode(tree.read(row[3:]) or b"", row[3:]))
        return frozenset(found[True]), frozenset(found[False])

    def verify(self, desk: Desk, after: str) -> None:
        """Compare the log in the files with the model."""
        wanted, found = self.ids(desk, self.head(desk)) | desk.loose, self.there(desk)
        twice = [i for i, n in found.items() if n > 1]
        lost, foreign = wanted - set(found), set(found) - wanted
        if twice or lost or foreign:
            raise Violation(f"after {after}: {len(lost)} lost, {len(foreign)} not expected, {len(twice)} twice")

    def know(self, desk: Desk, ids: Iterable[str]) -> None:
        self.commits[self.head(desk)] = frozenset(ids)

    def merged(self, desk: Desk, ours: str, theirs: str) -> Ids:
        """What a three-way merge makes of the sets; several bases are merged first."""
        bases = self.git(desk, "merge-base", "--all", ours, theirs, check=False).stdout.split()
        base = self.ids(desk, bases[0]) if bases else frozenset()
        for other in bases[1:]:
            base = self.merged(desk, bases[0], other)
        a, b = self.ids(desk, ours), self.ids(desk, theirs)
        return (a | b) - (base - a) - (base - b)
