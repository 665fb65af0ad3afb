"""The claim on the user's index: `index.lock`, as every git command takes it, and a copy that is to become the index.

The lock file is a hard link to a note of ours. So a lock that a killed process left behind can be told from the lock
of a git command that runs, and the next writer, who holds the lock of the clone, finishes or drops what was begun.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from types import TracebackType

from agenticops.errors import ConflictError
from agenticops.ports.git import Git

_PAUSE = 0.02
NOTE = "index.claim"
NEXT = "index.next"


class Claim:
    """Holds the user's index while a commit is made; waits a bounded time for git commands that hold it."""

    def __init__(self, git: Git, wait: float) -> None:
        self.git = git
        self.wait = wait
        folder = os.path.join(git.git_dir, "agenticops")
        self.note_file = os.path.join(folder, NOTE)
        self.next = os.path.join(folder, NEXT)
        # A hook of git hands its index over by this variable.
        self.index = os.path.join(git.root, os.environ.get("GIT_INDEX_FILE") or os.path.join(git.git_dir, "index"))
        self.lock = f"{self.index}.lock"
        self.env = {"GIT_INDEX_FILE": self.next}

    def __enter__(self) -> Claim:
        recover(self.git)
        self._write({"index": self.index})
        try:
            self._acquire()
        except BaseException:
            _drop(self.note_file)
            raise
        try:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(self.index, self.next)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def _acquire(self) -> None:
        deadline = time.monotonic() + self.wait
        while True:
            try:
                return self._link()
            except FileExistsError:
                if time.monotonic() >= deadline:
                    raise ConflictError(
                        f"git's index is locked by another git command; waited {self.wait:g} s, nothing was committed",
                        place=self.lock,
                        hint="try again when it has ended; if none runs, remove the lock file",
                    ) from None
            time.sleep(_PAUSE)

    def _link(self) -> None:
        try:
            os.link(self.note_file, self.lock)
        except FileExistsError:
            raise
        except OSError:
            # A file system without hard links, or an index on another one: then a lock that is left stays, as git's do.
            os.close(os.open(self.lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))

    def _write(self, said: dict[str, str]) -> None:
        # In place: the lock is a link to this very file.
        handle = os.open(self.note_file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            data = json.dumps(said).encode()
            os.pwrite(handle, data, 0)
            os.ftruncate(handle, len(data))
        finally:
            os.close(handle)

    def note(self, commit: str) -> None:
        """Say which commit the copy belongs to: once HEAD has it, the copy is the index."""
        self._write({"index": self.index, "commit": commit})

    def install(self) -> None:
        """Make the copy the user's index."""
        os.replace(self.next, self.index)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        settle(self)


def settle(claim: Claim) -> None:
    """Let go: finish the index when HEAD has the commit already, for example when Ctrl-C came in between."""
    said = _read(claim.note_file)
    if os.path.exists(claim.next) and said.get("commit") and _reached(claim.git, said["commit"]):
        claim.install()
    for file in (claim.next, f"{claim.next}.lock", claim.lock, claim.note_file):
        _drop(file)


def recover(git: Git) -> None:
    """Finish or drop what a killed process left; only who holds the lock of the clone may call it."""
    claim = Claim(git, 0)
    said = _read(claim.note_file)
    if not said:
        _drop(claim.note_file)
        return
    claim.index = said.get("index", claim.index)
    claim.lock = f"{claim.index}.lock"
    try:
        ours = os.path.samefile(claim.note_file, claim.lock)
    except FileNotFoundError:
        ours = False
    if ours:
        return settle(claim)
    for file in (claim.next, f"{claim.next}.lock", claim.note_file):
        _drop(file)
    return None


def _reached(git: Git, commit: str) -> bool:
    return git.head() == commit or not git.run("merge-base", "--is-ancestor", commit, "HEAD", check=False).returncode


def _read(file: str) -> dict[str, str]:
    try:
        with open(file, encoding="utf-8") as f:
            said = json.load(f)
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in said.items()} if isinstance(said, dict) else {}


def _drop(file: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(file)
