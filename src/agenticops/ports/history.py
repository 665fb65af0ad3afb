"""History: commits with their parents, what differs between two of them, and blobs by id. Nothing is checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from agenticops.errors import RemoteError, TrainError
from agenticops.model.history import ODD, Change, Changes
from agenticops.ports.git import Git

DEEP = "fetch the whole history: git fetch --unshallow (in CI: fetch-depth: 0)"
LINK, MODULE = "120000", "160000"
RAW = ("--stdin", "-r", "-m", "--root", "--raw", "-z", "--no-renames", "--no-abbrev")
# What was pushed is judged, not what this clone would put in its place.
ORIGINAL = {"GIT_NO_REPLACE_OBJECTS": "1"}


class Link(NamedTuple):
    """A commit and its parents, in order."""

    commit: str
    parents: tuple[str, ...]


class History:
    """Questions to the commits of a repository. Replaced objects do not count: what was pushed is judged."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self._reader: subprocess.Popen[bytes] | None = None

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the reading process."""
        reader, self._reader = self._reader, None
        if reader is not None and reader.stdin and reader.stdout:
            reader.stdin.close()
            reader.stdout.close()
            reader.wait()

    def commit(self, revision: str) -> str:
        """Give the id of a commit. Raises TrainError when it is not here."""
        spec = f"{revision}^{{commit}}"
        answer = self.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", spec, check=False)
        if not revision or answer.returncode:
            hint = "in a shallow clone, fetch the history: git fetch --unshallow (in CI: fetch-depth: 0)"
            raise TrainError(f"{revision!r} names no commit that is here", hint=hint)
        return answer.stdout.strip()

    def fork_point(self, base: str, head: str) -> str:
        """Give the commit where two histories part; "" when they share none. Raises TrainError in a shallow clone."""
        found = self.git.run("merge-base", base, head, check=False, env=ORIGINAL).stdout.split()
        if not found and self._cut():
            raise TrainError(f"{base[:10]} and {head[:10]} meet in no commit that is here", hint=DEEP)
        return found[0] if found else ""

    def walk(self, base: str, head: str) -> list[Link]:
        """List what `head` has and `base` ("": nothing) has not, parents first.

        Raises TrainError when the clone is too shallow.
        """
        without = [f"^{base}"] if base else []
        rows = self._run("rev-list", "--topo-order", "--reverse", "--parents", head, *without)
        links = [Link(ids[0], tuple(ids[1:])) for ids in map(str.split, rows.splitlines())]
        cut = self._cut()
        for link in links:
            if link.commit in cut:
                raise TrainError(f"the parents of {link.commit[:10]} are not here: the clone is shallow", hint=DEEP)
        return links

    def back(self, tip: str, count: int) -> str:
        """Give the commit that lies so many first parents back; "" when the history is shorter."""
        rows = self._run("rev-list", "--first-parent", f"--max-count={count + 1}", tip).split()
        return rows[count] if len(rows) > count else ""

    def _cut(self) -> set[str]:
        """The commits at which a shallow clone ends."""
        try:
            with open(os.path.join(self.git.common_dir, "shallow"), encoding="ascii", errors="replace") as f:
                return set(f.read().split())
        except OSError:
            return set()

    def differences(self, pairs: Sequence[tuple[str, str]]) -> list[Changes]:
        """Compare commits, each `(after, before)`; with "" for `before`, the commit is compared with nothing."""
        asked = "".join(f"{after} {before}".rstrip() + "\n" for after, before in pairs)
        found: list[Changes] = []
        words = iter(self._run("diff-tree", "--always", *RAW, input=asked).split("\0"))
        for word in words:
            if word.startswith(":"):
                _, path, change = raw_entry(word, next(words))
                found[-1][path] = change
            elif word:
                found.append({})
        return found

    def files(self, commit: str, folders: Sequence[str]) -> dict[str, str]:
        """Give the blobs of a commit by path, in some folders only."""
        listed = self._run("ls-tree", "-r", "-z", "--full-tree", commit, "--", *folders)
        found = {}
        for row in filter(None, listed.split("\0")):
            head, _, path = row.partition("\t")
            mode, _, blob = head.split(" ")
            found[path] = ODD + blob if mode in (LINK, MODULE) else blob
        return found

    def uncommitted(self, commit: str, staged: bool) -> Changes:
        """Compare the working tree, or what is staged, with a commit. Unwritten content has the id `work:PATH`."""
        how = ("--cached",) if staged else ()
        options = ("--raw", "-z", "--no-renames", "--no-abbrev", *how)
        words = iter(self._run("diff", *options, commit, "--").split("\0"))
        found: Changes = {}
        for word in filter(None, words):
            status, path, change = raw_entry(word, next(words))
            if status == "U":  # an unfinished merge: the tree's reader refuses it where it is staged
                found.setdefault(path, Change("", "" if staged else f"work:{path}"))
            else:
                there = not staged and status != "D" and not change.new
                found[path] = Change(change.old, f"work:{path}") if there else change
        if not staged:
            fresh = self._run("ls-files", "-z", "--others", "--exclude-standard")
            for path in filter(None, fresh.split("\0")):
                found[path] = Change(found[path].old if path in found else "", f"work:{path}")
        return found

    def versions(self, path: str, tip: str, others: Iterable[str]) -> list[str]:
        """List the blobs that a path was given on one side only, newest first; a merge gives none that a parent had."""
        without = [f"^{o}" for o in others]
        commits = self._run("rev-list", "--topo-order", tip, *without, "--", f":(literal){path}")
        if not commits:
            return []
        raw = [word for word in RAW if word != "-m"]
        words = self._run("diff-tree", "-c", *raw, "--", f":(literal){path}", input=commits).split("\0")
        found = [_made(word) for word in words if word.startswith(":")]
        return list(dict.fromkeys(filter(None, found)))

    def sizes(self, blobs: Iterable[str]) -> dict[str, int]:
        """Give the sizes of many blobs at once."""
        asked = "".join(f"{b}\n" for b in blobs)
        if not asked:
            return {}
        rows = self._run("cat-file", "--batch-check=%(objectname) %(objectsize)", input=asked).splitlines()
        return {b: int(size) for b, _, size in (row.partition(" ") for row in rows) if size.isdecimal()}

    def _run(self, *arguments: str, input: str | None = None) -> str:
        return self.git.run(*arguments, input=input, env=ORIGINAL).stdout

    def read(self, blob: str) -> bytes:
        """Give the content of a blob. Raises TrainError when it is not here."""
        reader = self._reader or self._start()
        assert reader.stdin is not None and reader.stdout is not None
        reader.stdin.write(blob.encode() + b"\n")
        reader.stdin.flush()
        head = reader.stdout.readline().split()
        if len(head) != 3:
            raise TrainError(f"the object {blob[:10]} is not here", hint=DEEP)
        content = reader.stdout.read(int(head[2]))
        reader.stdout.read(1)
        return content

    def _start(self) -> subprocess.Popen[bytes]:
        try:
            self._reader = subprocess.Popen(
                self.git.command("cat-file", "--batch"),
                cwd=self.git.root or self.git.git_dir,
                env={**self.git.environment(), **ORIGINAL},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
        except FileNotFoundError:
            raise RemoteError("git is not installed, or not on the PATH", hint="install git 2.30 or newer") from None
        return self._reader


def raw_entry(head: str, path: str) -> tuple[str, str, Change]:
    """Read one entry of git's raw difference: its status, the path, the blobs."""
    old_mode, new_mode, old, new, status = head[1:].split(" ")
    return status[0], path, Change(_blob(old_mode, old), _blob(new_mode, new))


def _made(head: str) -> str:
    """Read what an entry made of its path: before each parent's mode stands a colon."""
    words = head.lstrip(":").split(" ")
    return _blob(words[len(head) - len(head.lstrip(":"))], words[-2])


def _blob(mode: str, blob: str) -> str:
    if not blob.strip("0"):
        return ""
    return ODD + blob if mode in (LINK, MODULE) else blob
