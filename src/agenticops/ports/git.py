"""Git: where a repository is and what it says. Hot reads look at its files; everything else asks `git` itself."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from agenticops.errors import RemoteError, TrainError, UsageError

if TYPE_CHECKING:
    from subprocess import CompletedProcess

MINIMUM = (2, 30)
NOT_A_REPOSITORY = "run it inside a git repository, or start one: git init"
IN_PROGRESS = {
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "BISECT_LOG": "bisect",
}


class Git:
    """One worktree: `root` (its top folder), `git_dir` (its own) and `common_dir` (shared by all worktrees)."""

    def __init__(self, root: str, git_dir: str, common_dir: str) -> None:
        # A bare repository has no root.
        self.root = root
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.trusted: Callable[[str, str], bool] = lambda key, value: False
        self._suspect: bool | None = None
        self._configured = ""
        self._programs: dict[str, tuple[str, str]] | None = None

    @classmethod
    def discover(cls, start: str) -> Git:
        """Find the repository around a folder. Raises TrainError when there is none, or when it is bare."""
        if os.environ.get("GIT_DIR") or os.environ.get("GIT_WORK_TREE"):
            return cls._ask(start)
        folder = os.path.realpath(start)
        while True:
            entry = os.path.join(folder, ".git")
            if os.path.isdir(entry):
                if not os.path.isfile(os.path.join(entry, "HEAD")):
                    return cls._ask(start)
                return cls(folder, entry, _common(entry))
            if os.path.isfile(entry):
                with open(entry, encoding="utf-8", errors="surrogateescape") as f:
                    target = f.read(4096).removeprefix("gitdir:").strip()
                git_dir = os.path.normpath(os.path.join(folder, target))
                if not os.path.isdir(git_dir):
                    raise TrainError(
                        "the .git file points to a folder that is not there", place=entry, hint="git worktree repair"
                    )
                return cls(folder, git_dir, _common(git_dir))
            if os.path.isfile(os.path.join(folder, "HEAD")) and os.path.isdir(os.path.join(folder, "objects")):
                return cls._ask(start)
            parent = os.path.dirname(folder)
            if parent == folder:
                raise TrainError(f"{os.path.realpath(start)} is in no git repository", hint=NOT_A_REPOSITORY)
            folder = parent

    @classmethod
    def _ask(cls, start: str) -> Git:
        probe = cls(start, "", "")
        answer = probe.run("rev-parse", "--is-bare-repository", "--absolute-git-dir", "--git-common-dir", check=False)
        if answer.returncode:
            raise TrainError(f"{start} is in no git repository", hint=NOT_A_REPOSITORY)
        bare, git_dir, common = answer.stdout.split("\n")[:3]
        if bare == "true":
            return cls("", git_dir, os.path.normpath(os.path.join(start, common)))
        top = probe.run("rev-parse", "--show-toplevel", check=False)
        if top.returncode:
            raise TrainError("this is the inside of a git folder", hint="run it in the working tree")
        return cls(top.stdout.rstrip("\n"), git_dir, os.path.normpath(os.path.join(start, common)))

    def run(
        self,
        *arguments: str,
        check: bool = True,
        input: str | None = None,
        optional_locks: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> CompletedProcess[str]:
        """Run git in the worktree, without prompts. Raises TrainError with git's own words when it fails."""
        import subprocess

        try:
            done = subprocess.run(
                self.command(*arguments),
                cwd=self.root or self.git_dir,
                env={**self.environment(optional_locks), **(env or {})},
                input=input,
                capture_output=True,
                text=True,
                errors="surrogateescape",
            )
        except FileNotFoundError:
            if not os.path.isdir(self.root or self.git_dir):
                raise TrainError("the folder is gone", place=self.root or self.git_dir) from None
            raise RemoteError("git is not installed, or not on the PATH", hint="install git 2.30 or newer") from None
        if check and done.returncode:
            raise self._failure(arguments, done.stderr or done.stdout)
        return done

    def _failure(self, arguments: Sequence[str], said: str) -> TrainError:
        if "dubious ownership" in said:
            hint = f"if you trust its owner: git config --global --add safe.directory {self.root or self.git_dir}"
            return TrainError("git does not work in a repository that belongs to another user", hint=hint)
        words = said.strip().splitlines()
        return TrainError(f"git {arguments[0]} failed: {words[-1] if words else 'no message'}")

    def command(self, *arguments: str) -> list[str]:
        """Give the words that run git: nothing that the clone names is executed (see `shield`).

        Raises SecretError for a word that looks like a secret: everybody on the machine can read the process list.
        """
        from agenticops.core import secrets
        from agenticops.ports import shield

        known = secrets.known_values(os.environ)
        for word in arguments:
            secrets.refuse(word, "an argument of git", known, noun="argument")
        return ["git", *shield.OPTIONS, *self._overrides(), *shield.arguments(arguments)]

    def environment(self, optional_locks: bool = False) -> dict[str, str]:
        """Give the environment that git runs in."""
        from agenticops.ports import shield

        return {
            **shield.environment(os.environ, optional_locks),
            **(shield.worktree(self.root) if self.suspect else {}),
        }

    @property
    def suspect(self) -> bool:
        """Tell whether the clone's configuration, as it is now, names programs, or another worktree."""
        files = (os.path.join(self.common_dir, "config"), os.path.join(self.git_dir, "config.worktree"))
        configured = ":".join(_look(f) for f in files)
        if self._suspect is None or configured != self._configured:
            from agenticops.ports import shield

            self._suspect = bool(self.git_dir) and shield.suspect(*files)
            self._configured, self._programs = configured, None
        return self._suspect

    def programs(self) -> dict[str, tuple[str, str]]:
        """Give the programs that the clone's configuration names: key → (its value, the user's own value or "")."""
        if not self.suspect:
            return {}
        if self._programs is None:
            from agenticops.ports import shield

            self._programs = {}  # asking is itself a call of git
            self._programs = shield.programs(self.run("config", "--list", "--includes", "--show-scope", "-z").stdout)
        return self._programs

    def _overrides(self) -> list[str]:
        from agenticops.ports import shield

        found = self.programs()
        return shield.overrides(found, self.trusted) if found else []

    def head(self) -> str:
        """Give the commit that HEAD names, or "" on an unborn branch."""
        reference = self._head_file()
        if reference is not None and not reference.startswith("ref: "):
            return reference
        if reference is not None:
            found = self._ref(reference[5:])
            if found:
                return found
        answer = self.run("rev-parse", "--verify", "--quiet", "HEAD", check=False)
        return answer.stdout.strip()

    def position(self) -> str:
        """Give HEAD's commit and how the files look that git writes when it moves HEAD: it may have come back.

        The reflog grows by each move, but it may be switched off, or expire, and a move that another worktree makes is
        not in it. The files of HEAD, its branch, the packed refs and the ref tables are replaced by each move; that of
        the stash because `stash create` and `store` keep a copy of what is staged and move nothing.
        """
        reference = self._head_file() or ""
        branch = reference[5:] if reference.startswith("ref: ") else ""
        own, common = self.git_dir, self.common_dir
        files = [f"{own}/logs/HEAD", f"{own}/HEAD", f"{own}/reftable/tables.list", f"{common}/refs/stash"]
        if branch:
            loose = f"{common}/{branch}"
            files.append(loose if os.path.exists(loose) else f"{common}/packed-refs")
        files.append(f"{common}/reftable/tables.list")
        return ":".join([self.head(), *(_look(f) for f in files)])

    def branch(self) -> str:
        """Give the checked-out branch, also of a rebase in progress, or "" on a detached HEAD."""
        reference = self._head_file()
        if reference is None:
            return self.run("symbolic-ref", "--short", "--quiet", "HEAD", check=False).stdout.strip()
        return reference[5:].removeprefix("refs/heads/") if reference.startswith("ref: ") else ""

    def in_progress(self) -> str:
        """Name the operation that is under way (rebase, merge …), or ""."""
        for entry, name in IN_PROGRESS.items():
            if os.path.exists(os.path.join(self.git_dir, entry)):
                return name
        return ""

    def stamp(self) -> str:
        """A cheap value that changes when HEAD or the index may have changed; reads files only."""
        reference = self._head_file() or ""
        commit = self._ref(reference[5:]) if reference.startswith("ref: ") else reference
        try:
            s = os.stat(os.path.join(self.git_dir, "index"))
            index = f"{s.st_mtime_ns}:{s.st_size}:{s.st_ino}"
        except OSError:
            index = ""
        return f"{reference}|{commit}|{index}"

    def identity(self) -> str:
        """Give the operator: `Name <mail>` of this clone. Raises UsageError when git does not know one."""
        answer = self.run("var", "GIT_AUTHOR_IDENT", check=False)
        if answer.returncode:
            raise UsageError(
                "git does not know who you are", hint='git config user.name "…" and git config user.email "…"'
            )
        return answer.stdout.rsplit(">", 1)[0].strip() + ">"

    def tracked(self, path: str) -> bool:
        """Tell whether the index knows a path."""
        return bool(self.run("ls-files", "-z", "--", f":(literal){path}").stdout)

    def author_of(self, path: str, line: int) -> str:
        """Give `Name <mail>` of the commit that wrote a line, or "" when it is not committed."""
        answer = self.run("blame", "--porcelain", "-L", f"{line},{line}", "--", path, check=False)
        fields = dict(row.split(" ", 1) for row in answer.stdout.split("\n") if " " in row and not row.startswith("\t"))
        if answer.returncode or fields.get("author-mail") == "<not.committed.yet>":
            return ""
        return f"{fields.get('author', '')} {fields.get('author-mail', '')}".strip()

    def version(self) -> tuple[int, ...]:
        """Give git's version as numbers."""
        words = self.run("version").stdout.split()
        numbers = words[2].split(".") if len(words) > 2 else []
        return tuple(int(n) for n in numbers[:3] if n.isdecimal())

    def _head_file(self) -> str | None:
        try:
            with open(os.path.join(self.git_dir, "HEAD"), encoding="utf-8", errors="surrogateescape") as f:
                text = f.read(4096).strip()
        except OSError:
            return None
        # A reftable repository keeps a placeholder here; git itself must be asked then.
        return None if text.endswith("refs/heads/.invalid") else text

    def _ref(self, name: str) -> str:
        if not name.startswith("refs/") or ".." in name:
            return ""  # a HEAD that names a file elsewhere is none
        for base in (self.git_dir, self.common_dir):
            try:
                with open(os.path.join(base, name), encoding="ascii", errors="replace") as f:
                    return f.read(128).strip()
            except OSError:
                continue
        try:
            with open(os.path.join(self.common_dir, "packed-refs"), encoding="utf-8", errors="surrogateescape") as f:
                for row in f:
                    if row.rstrip("\n").endswith(" " + name):
                        return row.split(" ", 1)[0]
        except OSError:
            pass
        return ""


def _look(file: str) -> str:
    try:
        s = os.stat(file)
    except OSError:
        return ""
    return f"{s.st_size}.{s.st_mtime_ns}.{s.st_ino}"


def _common(git_dir: str) -> str:
    try:
        with open(os.path.join(git_dir, "commondir"), encoding="utf-8", errors="surrogateescape") as f:
            return os.path.normpath(os.path.join(git_dir, f.read(4096).strip()))
    except OSError:
        return git_dir
