"""Refs: what moved while an agent ran, and nobody moved who may: put back, or told. ADR 0036.

Git notes in the log of each checkout where its HEAD stood. A branch that moved, and whose checkout did not go along,
was moved from elsewhere: git itself lets nobody do that, but by its plumbing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from msgspec import Struct

from agenticops.model.layout import PHASE_BRANCH
from agenticops.ports.git import Git

HEADS, TICKETS, TAGS, REPLACE = "refs/heads/", f"refs/heads/{PHASE_BRANCH}", "refs/tags/", "refs/replace/"
LEASES = "refs/agenticops/leases/"
SEEN = (HEADS, TAGS, REPLACE, LEASES)


class Moved(Struct, frozen=True):
    """A ref that moved; "" is none. `back` is where it belongs, or None when that is for a person to say."""

    ref: str
    old: str
    new: str
    back: str | None = None

    @property
    def words(self) -> str:
        """Say what moved, and how to look at it."""
        name = self.ref.removeprefix(HEADS)
        if not self.new:
            return f"{name}, which was taken away (it was {self.old[:12]})"
        look = f"git log {self.old[:12]}...{self.new[:12]}" if self.old else f"git show {self.new[:12]}"
        return f"{name} from {self.old[:12] or 'nothing'} to {self.new[:12]} ({look})"


def listed(git: Git) -> dict[str, str]:
    """List the refs that are looked at, each with what it names."""
    rows = git.run("for-each-ref", "--format=%(objectname) %(refname)", *SEEN).stdout.splitlines()
    return {ref: named for named, _, ref in (row.partition(" ") for row in rows)}


def astray(git: Git, was: dict[str, str], now: dict[str, str], default: str, agents: Iterable[str]) -> list[Moved]:
    """List what moved from elsewhere; `default` is the default branch, `agents` names git's folders of their desks."""
    changed = [ref for ref in sorted(was.keys() | now.keys()) if was.get(ref, "") != now.get(ref, "")]
    look = _Look(git, default, frozenset(agents)) if changed else None
    found = (look.at(ref, was.get(ref, ""), now.get(ref, "")) for ref in changed) if look is not None else ()
    return [moved for moved in found if moved is not None]


class _Look:
    """The checkouts of a clone, and where each stood."""

    def __init__(self, git: Git, default: str, agents: frozenset[str]) -> None:
        self.git, self.default = git, default
        # By the ref that a checkout is on: where it stood, the last one last.
        self.stood: dict[str, list[str]] = {}
        # Where people and the trunk stood, and where agents did.
        self.ours: set[str] = set()
        self.theirs: set[str] = set()
        common = git.common_dir
        linked = os.path.join(common, "worktrees")
        names = sorted(os.listdir(linked)) if os.path.isdir(linked) else []
        for folder in (common, *(os.path.join(linked, name) for name in names)):
            tips = [row.split(" ", 2)[1] for row in _rows(os.path.join(folder, "logs", "HEAD")) if row.count(" ") > 1]
            (self.theirs if folder in agents else self.ours).update(tips)
            head = "".join(_rows(os.path.join(folder, "HEAD")))
            if head.startswith("ref: ") and tips:
                self.stood[head[5:].strip()] = tips

    def at(self, ref: str, old: str, new: str) -> Moved | None:
        """Judge one ref that moved; None when that is as it may be."""
        if ref.startswith(REPLACE):
            return Moved(ref, old, new, old)
        if ref.startswith(LEASES):
            return None if new else Moved(ref, old, new, old)
        if ref in self.stood:
            return self._checked_out(ref, old, new, self.stood[ref])
        if ref == self.default:
            return self._default(ref, old, new)
        if not old or self._within(old, new or self.default):
            return None
        if ref.startswith(TICKETS):
            # What another clone pushed is taken over as it is; what is gone, and did not come in, is not.
            return None if new else Moved(ref, old, new, old)
        return Moved(ref, old, new)

    def _checked_out(self, ref: str, old: str, new: str, stood: list[str]) -> Moved | None:
        last = stood[-1]
        went = new == last or (new in stood and self._within(old, new))
        # One that its own checkout took away is the affair of who works there.
        return None if went or not last.strip("0") else Moved(ref, last, new, last)

    def _default(self, ref: str, old: str, new: str) -> Moved | None:
        """Judge the default branch where nobody has it checked out: what could be a person's stays."""
        if not old or (new and self._within(old, new) and (new in self.ours or self._fetched(ref, new))):
            return None
        made = [tip for tip in self.theirs if tip.strip("0")]
        rest = self._new(new, [old, *made]) if new else ""
        return Moved(ref, old, new, None if rest else old)

    def _new(self, tip: str, known: list[str]) -> str:
        words = ("rev-list", "--max-count=1", "--ignore-missing", "--stdin")
        rows = "\n".join([tip, *(f"^{one}" for one in known)])
        return self.git.run(*words, input=f"{rows}\n").stdout.strip()

    def _fetched(self, ref: str, new: str) -> bool:
        pattern = f"refs/remotes/*/{ref.removeprefix(HEADS)}"
        return new in self.git.run("for-each-ref", "--format=%(objectname)", pattern).stdout.split()

    def _within(self, old: str, new: str) -> bool:
        if not old:
            return True
        return bool(new) and self.git.run("merge-base", "--is-ancestor", old, new, check=False).returncode == 0


def _rows(file: str) -> list[str]:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as f:
            return f.read().splitlines()
    except OSError:
        return []
