"""Branches and commits of a repository: in memory, or those of a real bare repository."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


class MergeConflict(Exception):
    """The two sides change the same lines."""


@dataclass(frozen=True)
class Commit:
    """A commit; the tree is a name only."""

    sha: str
    message: str
    tree: str
    parents: tuple[str, ...]


class Refs(Protocol):
    """What the fake asks of a git repository; `ref` is a full name as refs/heads/main."""

    def get(self, ref: str) -> str | None:
        """Give the commit of a ref."""

    def put(self, ref: str, sha: str | None) -> None:
        """Point a ref to a commit, or remove it."""

    def names(self) -> list[str]:
        """List the refs."""

    def commit(self, sha: str) -> Commit | None:
        """Read a commit."""

    def make(self, message: str, tree: str, parents: tuple[str, ...]) -> Commit:
        """Write a commit."""

    def ancestors(self, sha: str) -> set[str]:
        """Give the commits that a commit contains, itself too."""

    def merge(self, base: str, head: str, message: str, squash: bool) -> str:
        """Write the merge of two commits, or raise `MergeConflict`."""

    def mergeable(self, base: str, head: str) -> bool:
        """Tell whether a merge would hold."""


class MemoryRefs:
    """Commits that are names only; `conflicts` holds the heads that do not merge."""

    def __init__(self) -> None:
        self.conflicts: set[str] = set()
        self._refs: dict[str, str] = {}
        self._commits: dict[str, Commit] = {}
        self.put("refs/heads/main", self.make("Begin", EMPTY_TREE, ()).sha)

    def get(self, ref: str) -> str | None:
        return self._refs.get(ref)

    def put(self, ref: str, sha: str | None) -> None:
        if sha is None:
            self._refs.pop(ref, None)
        else:
            self._refs[ref] = sha

    def names(self) -> list[str]:
        return sorted(self._refs)

    def commit(self, sha: str) -> Commit | None:
        return self._commits.get(sha)

    def make(self, message: str, tree: str, parents: tuple[str, ...]) -> Commit:
        sha = hashlib.sha1("\0".join((message, tree, *parents)).encode(), usedforsecurity=False).hexdigest()
        return self._commits.setdefault(sha, Commit(sha, message, tree, parents))

    def ancestors(self, sha: str) -> set[str]:
        found: set[str] = set()
        waiting = [sha]
        while waiting:
            one = waiting.pop()
            if one not in found and one in self._commits:
                found.add(one)
                waiting.extend(self._commits[one].parents)
        return found

    def merge(self, base: str, head: str, message: str, squash: bool) -> str:
        if not self.mergeable(base, head):
            raise MergeConflict
        return self.make(message, self._commits[head].tree, (base,) if squash else (base, head)).sha

    def mergeable(self, base: str, head: str) -> bool:
        return head not in self.conflicts


class GitRefs:
    """The branches of a bare repository on this machine, to which a test pushes with real git."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self, ref: str) -> str | None:
        return self._git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", fails=True) or None

    def put(self, ref: str, sha: str | None) -> None:
        self._git("update-ref", *(("-d", ref) if sha is None else (ref, sha)))

    def names(self) -> list[str]:
        return self._git("for-each-ref", "--format=%(refname)").splitlines()

    def commit(self, sha: str) -> Commit | None:
        text = self._git("log", "-1", "--format=%H%n%T%n%P%n%B", sha, fails=True)
        if not text:
            return None
        full, tree, parents, message = (text + "\n").split("\n", 3)
        return Commit(full, message.strip(), tree, tuple(parents.split()))

    def make(self, message: str, tree: str, parents: tuple[str, ...]) -> Commit:
        sides = [word for parent in parents for word in ("-p", parent)]
        who = ("-c", "user.name=Fake GitHub", "-c", "user.email=noreply@example.org")
        return Commit(self._git(*who, "commit-tree", tree, *sides, "-m", message), message, tree, parents)

    def ancestors(self, sha: str) -> set[str]:
        return set(self._git("rev-list", sha).splitlines())

    def merge(self, base: str, head: str, message: str, squash: bool) -> str:
        tree = self._git("merge-tree", "--write-tree", base, head, fails=True)
        if not tree:
            raise MergeConflict
        return self.make(message, tree, (base,) if squash else (base, head)).sha

    def mergeable(self, base: str, head: str) -> bool:
        return bool(self._git("merge-tree", "--write-tree", base, head, fails=True))

    def _git(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *words], check=not fails, capture_output=True, text=True, encoding="utf-8"
        )
        return "" if done.returncode else done.stdout.strip()
