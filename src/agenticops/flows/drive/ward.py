"""Ward: what lies around a desk and is no agent's to change is put back after a run. ADR 0036.

All worktrees of a clone share its configuration, its refs and its stash, and the file `.git` of a desk says which clone
that is.
"""

from __future__ import annotations

import os
import re
import secrets
import threading

from agenticops.flows.drive import desk, refs
from agenticops.model.layout import PHASE_BRANCH
from agenticops.ports.git import Git

BEFORE = "refs/agenticops/before/"
STASH = "refs/stash"
SHARED = ("config", "info/exclude", "info/attributes")
OWN = "config.worktree"
# People set the upstreams of their branches meanwhile.
_BRANCHES = re.compile(rb'^\[branch "[^\n]*\n(?:[ \t]+[^\n]*\n)*', re.M)


class Ward:
    """How it was before an agent ran; of agents that run side by side: before the first of them. One for a drive."""

    def __init__(self, default: str) -> None:
        self.turn, self.default = threading.Lock(), default
        # Of each ticket whose agent runs: git's folder of its desk, and the configuration that is the desk's own.
        self.runs: dict[str, tuple[str, bytes | None]] = {}
        # The shared files (None: not there), and the lines of the stash, oldest first.
        self.files: dict[str, bytes | None] = {}
        self.stash: tuple[bytes, ...] = ()
        self.refs: dict[str, str] = {}
        # Found while agents still ran: what each did to its desk, refs that were put back, and those that stay.
        self.desks: dict[str, str] = {}
        self.back: list[str] = []
        self.left: list[str] = []

    def begin(self, git: Git, ticket: str, tree: str) -> None:
        """Note how it is before a run, and keep what that needs from being pruned while it lasts."""
        with self.turn:
            if not self.runs:
                self.files = {file: _bytes(file) for file in (os.path.join(git.common_dir, name) for name in SHARED)}
                self.stash, self.refs = _stashed(git), refs.listed(git)
            parents = dict.fromkeys([git.head(), *map(_new, self.stash)])
            words = [word for parent in parents for word in ("-p", parent)]
            kept = git.run("commit-tree", tree, *words, "-m", f"Before a run: {ticket}", env=desk.IDENT).stdout.strip()
            git.run("update-ref", f"{BEFORE}{ticket}", kept)
            self.runs[ticket] = git.git_dir, _bytes(os.path.join(git.git_dir, OWN))

    def moved(self, ref: str, new: str) -> None:
        """Note a move of our own."""
        with self.turn:
            self.refs[ref] = new

    def note(self, ticket: str, words: str) -> None:
        """Note what was put back at a desk, by whoever looked at it while its agent ran."""
        with self.turn:
            if words and ticket in self.runs:
                self.desks[ticket] = words

    def look(self, git: Git) -> None:
        """Put refs back while agents still run: the trunk is to build on none that went astray."""
        with self.turn:
            if self.runs:
                self._refs(git, "", f"drive/{secrets.token_hex(4)}")

    def end(self, git: Git, ticket: str, name: str) -> str:
        """Put back what changed around a desk; say what it was, or "". What is there instead is kept aside.

        Raises desk.Gone when there is no desk any more. Nothing is asked of git before the desk is the clone's again.
        """
        with self.turn:
            inside, own = self.runs[ticket]
            try:
                found = [_file(git.common_dir, file, was) for file, was in self.files.items()]
                found.append(_file(git.common_dir, os.path.join(inside, OWN), own))
                found.append(desk.pin(git.common_dir, git.root, inside) or self.desks.get(ticket, ""))
                found.append(self._stash(git, ticket, name))
                self._refs(git, ticket, f"{ticket}/{name}")
            finally:
                del self.runs[ticket]
                self.desks.pop(ticket, None)
            back, left, self.back, self.left = self.back, self.left, [], []
        said = [words for words in (*found, *back) if words]
        put = [f"it changed {', '.join(said)}; that is put back"] if said else []
        stay = [f"while it ran, somebody moved {', '.join(left)}; that is left as it is"] if left else []
        return "; ".join((*put, *stay))

    def _refs(self, git: Git, ticket: str, name: str) -> None:
        """Put back the refs that belong elsewhere; note which, and which stay. What is lost by either is kept aside."""
        now = refs.listed(git)
        for moved in refs.astray(git, self.refs, now, self.default, (inside for inside, _ in self.runs.values())):
            kept = moved.old if moved.back is None else moved.new
            if kept:
                git.run("update-ref", f"{desk.ASIDE}{name}-{moved.ref.removeprefix('refs/')}", kept)
            if moved.back is None:
                self.left.append(moved.words)
            elif _swapped(git, moved.ref, moved.back, moved.new):
                now = {**now, moved.ref: moved.back}
                # Its own branch is looked at by its turn.
                self.back += [moved.words] if moved.ref != f"{refs.TICKETS}{ticket}" else []
        self.refs = now

    def _stash(self, git: Git, ticket: str, name: str) -> str:
        """Put the stash back: with what is not there any more, and without what was stashed in the desk."""
        was, now = self.stash, _stashed(git)
        ours = re.compile(rb"\t(?:WIP on|On) " + re.escape(f"{PHASE_BRANCH}{ticket}:".encode()))
        had = {_new(row) for row in was}
        fresh = [row for row in now if _new(row) not in had]
        self.stash = wanted = (*was, *(row for row in fresh if not ours.search(row)))
        if [*map(_new, wanted)] == [*map(_new, now)]:
            return ""
        for n, row in enumerate(fresh):
            git.run("update-ref", f"{desk.ASIDE}{ticket}/{name}-stash{n or ''}", _new(row))
        if not wanted:
            git.run("update-ref", "-d", STASH)
            return "the stash"
        git.run("update-ref", STASH, _new(wanted[-1]))
        old, rows = "0" * len(_new(wanted[0])), []
        for row in wanted:
            rows.append(old.encode() + row[row.index(b" ") :] + b"\n")
            old = _new(row)
        _write(os.path.join(git.common_dir, "logs", STASH), b"".join(rows))
        return "the stash"


def forget(git: Git, ticket: str) -> None:
    """Let go what was kept while a run lasted."""
    git.run("update-ref", "-d", f"{BEFORE}{ticket}", check=False)


def _swapped(git: Git, ref: str, new: str, old: str) -> bool:
    words = (ref, new, old or "0" * len(new)) if new else ("-d", ref, old)
    return git.run("update-ref", *words, check=False).returncode == 0


def _file(common: str, file: str, was: bytes | None) -> str:
    now = _bytes(file)
    if now == was or (now is not None and was is not None and _BRANCHES.sub(b"", now) == _BRANCHES.sub(b"", was)):
        return ""
    desk.keep(common, file)
    if was is not None:
        _write(file, was)
    return f"the clone's {os.path.basename(file)}"


def _stashed(git: Git) -> tuple[bytes, ...]:
    return tuple((_bytes(os.path.join(git.common_dir, "logs", STASH)) or b"").splitlines())


def _new(row: bytes) -> str:
    return row.split(b" ", 2)[1].decode("ascii", "replace")


def _bytes(file: str) -> bytes | None:
    try:
        with open(file, "rb") as f:
            return f.read()
    except OSError:
        return None


def _write(file: str, data: bytes) -> None:
    os.makedirs(os.path.dirname(file), exist_ok=True)
    fresh = f"{file}.{secrets.token_hex(4)}"
    with open(fresh, "wb") as f:
        f.write(data)
    os.replace(fresh, file)
