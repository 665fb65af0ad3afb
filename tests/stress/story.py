"""Stories: honest histories of the tiny train in real git, told by the commands, different for each seed."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.stations import TINY_FILES, filled, must
from tests.support import commit_all, git, new_repo, write

WAYS = ("merge", "squash", "rebase", "cherry-pick", "on main", "merged twice")
FIRST, SECOND = "142", "143"


@contextmanager
def own_environment(folder: Path) -> Iterator[None]:
    """Nothing of the user's git, home or agent reaches a story; a colleague's name and mail are the story's own."""
    kept = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("GIT_", "AGENTICOPS_", "GITHUB_")) or name == "CLAUDECODE":
            del os.environ[name]
    config = folder / "gitconfig"
    text = (
        "[user]\n\tname = Ada Lovelace\n\temail = ada@example.org\n[init]\n\tdefaultBranch = main\n[gc]\n\tauto = 0\n"
    )
    config.write_text(text + "[core]\n\tfsync = none\n[advice]\n\tdetachedHead = false\n")
    os.environ |= {"HOME": str(folder), "GIT_CONFIG_GLOBAL": str(config), "GIT_CONFIG_NOSYSTEM": "1"}
    os.environ["GIT_CEILING_DIRECTORIES"] = str(folder)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


class Story:
    """One repository. When it is told, shape_142 is done, build_142 and shape_143 are open and have checked bullets."""

    def __init__(self, path: Path, dice: random.Random, way: str) -> None:
        self.path, self.dice, self.way = path, dice, way
        new_repo(path)
        for name, text in TINY_FILES.items():
            # Both modes have limits: what a ticket's branch may change is judged too.
            write(path, name, re.sub(r"(?m)^    title: (Plan|Make)$", r"\g<0>\n    writable: [src/**]", text))
        self.base = commit_all(path, "Start the tiny train")
        self._open(FIRST)
        self._open(SECOND)
        if way == "on main":
            self._shape_here()
        else:
            self._shape_aside()
        must(path, "advance", f"shape_{FIRST}", "--to", "build")
        commit_all(path, "Shape is done")
        self._begin_second()
        self._build()

    def _open(self, item: str) -> None:
        must(self.path, "work", "new", "--kind", "PRD", "--title", f"Need {item}", "--issue", item, "--start")
        commit_all(self.path, f"Open {item}")

    def maybe(self, chance: float = 0.5) -> bool:
        return self.dice.random() < chance

    def commit(self, message: str, chance: float = 1.0) -> None:
        if self.maybe(chance):
            commit_all(self.path, message)

    def tick(self, ticket: str, number: int) -> None:
        """Check a bullet, by the command or in an editor."""
        if self.maybe(0.7):
            must(self.path, "checklist", "tick", str(number), "--ticket", ticket)
            return
        file = self.path / "tickets" / ticket / "checklist.md"
        lines = file.read_text().split("\n")
        boxes = [i for i, line in enumerate(lines) if line.startswith("- [")]
        lines[boxes[number - 1]] = lines[boxes[number - 1]].replace("[ ]", "[x]")
        file.write_text("\n".join(lines))

    def _work_shape(self, ticket: str) -> None:
        must(self.path, "begin", ticket, "--agent", "planner")
        self.commit("Begin", 0.7)
        for number in self.dice.sample((1, 2, 3), 3):
            self.tick(ticket, number)
            self.commit(f"Tick {number}", 0.6)
        if self.maybe():
            must(self.path, "checklist", "reword", "2", "Draw two sketches", "--ticket", ticket)
            self.commit("Reword", 0.5)
        if self.maybe():
            must(self.path, "checklist", "add", "Show it", "--section", "Core activities", "--ticket", ticket)
            self.commit("Add a bullet", 0.5)
        filled(self.path, "brief")
        must(self.path, "artifact", "record", "--all", "--ticket", ticket)
        commit_all(self.path, "Record the brief")

    def _shape_here(self) -> None:
        self._work_shape(f"shape_{FIRST}")

    def _shape_aside(self) -> None:
        ticket = f"shape_{FIRST}"
        branch, path = f"phase/{ticket}", self.path
        git(path, "switch", "-q", "-c", branch)
        self._work_shape(ticket)
        if self.way == "merged twice":
            self._meanwhile()
            git(path, "switch", "-q", branch)
            git(path, "merge", "-q", "--no-ff", "-m", "Take main in", "main")
        if self.maybe():
            must(path, "advance", ticket)
            commit_all(path, "In review")
        if self.way != "merged twice" and self.maybe(0.8):
            self._meanwhile()
        git(path, "switch", "-q", "main")
        self._integrate(branch)

    def _meanwhile(self) -> None:
        """Somebody works another ticket on the default branch, with the root session."""
        git(self.path, "switch", "-q", "main")
        must(self.path, "begin", f"shape_{SECOND}", "--agent", "planner")
        must(self.path, "session", "note", "The nurses are on holiday")
        commit_all(self.path, "Begin 143")
        self.tick(f"shape_{SECOND}", 1)
        commit_all(self.path, "Tick 143")

    def _integrate(self, branch: str) -> None:
        path = self.path
        if self.way in ("merge", "merged twice"):
            git(path, "merge", "-q", "--no-ff", "-m", f"Merge {branch}", branch)
        elif self.way == "squash":
            git(path, "merge", "-q", "--squash", branch)
            git(path, "commit", "-q", "-m", f"Squash {branch}")
        elif self.way == "rebase":
            git(path, "switch", "-q", branch)
            git(path, "rebase", "-q", "main")
            git(path, "switch", "-q", "main")
            git(path, "merge", "-q", "--ff-only", branch)
        else:
            git(path, "cherry-pick", f"main..{branch}")

    def _begin_second(self) -> None:
        ticket = f"shape_{SECOND}"
        text = (self.path / "tickets" / ticket / "ticket.yml").read_text()
        if "in_progress" not in text:
            must(self.path, "begin", ticket, "--agent", "planner")
        self.tick(ticket, 3)
        commit_all(self.path, "Work on 143")

    def _build(self) -> None:
        """The second phase on a branch of its own, merged before it is done."""
        ticket, path = f"build_{FIRST}", self.path
        git(path, "switch", "-q", "-c", f"phase/{ticket}")
        must(path, "begin", ticket, "--agent", "maker")
        commit_all(path, "Begin to build")
        must(path, "checklist", "tick", "1", "--ticket", ticket)
        commit_all(path, "Tick the build")
        git(path, "switch", "-q", "main")
        git(path, "merge", "-q", "--no-ff", "-m", f"Merge phase/{ticket}", f"phase/{ticket}")
