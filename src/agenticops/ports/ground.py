"""Ground: the repository around a tool call, found without git, and where the paths of the call lead.

The guard asks this before every tool call; it loads nothing but `os` (ADR 0025).
"""

from __future__ import annotations

import os

from agenticops.core.ruling import INSIDE, OUTSIDE, TEMPORARY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# The most characters of a path that a system opens; following a longer one would take for ever.
LONGEST = 4096
# What a train has at its root; either is enough, or deleting the pipeline would open everything.
_MARKS = ("config/pipeline.yml", ".agenticops")


def train(start: str) -> tuple[str, str]:
    """Give the root and git folder of the train around a folder, or ("", ""). Other repositories within are passed."""
    folder = os.path.realpath(start)
    while True:
        git = os.path.join(folder, ".git")
        if os.path.lexists(git) and any(os.path.lexists(os.path.join(folder, m)) for m in _MARKS):
            return folder, _git_folder(folder, git)
        above = os.path.dirname(folder)
        if above == folder:
            return "", ""
        folder = above


def _git_folder(folder: str, git: str) -> str:
    """Follow the `.git` file of a linked worktree or of a submodule."""
    try:
        handle = os.open(git, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return git
    try:
        named = os.fsdecode(os.read(handle, 4096)).removeprefix("gitdir:").strip()
    except OSError:
        return git  # a folder, as in most repositories
    finally:
        os.close(handle)
    return os.path.normpath(os.path.join(folder, named))


class Ground:
    """The files around a call that was made in the folder `here`, for the train at `root`."""

    def __init__(self, root: str, here: str, environment: Mapping[str, str]) -> None:
        self.root, self.here, self.environment = root, here, environment

    def place(self, path: str, base: str = "") -> tuple[str, str]:
        """Say where a path leads, links followed. Raises ValueError for what is no path."""
        if path.startswith("~") or base.startswith("~"):
            return OUTSIDE, f"{base}{path}"
        if len(base) + len(path) > LONGEST:
            raise ValueError("no system opens it")
        real = os.path.realpath(os.path.join(self.here, base, path))
        if real == self.root:
            return INSIDE, ""
        if real.startswith(f"{self.root}/"):
            return INSIDE, real[len(self.root) + 1 :]
        return (TEMPORARY if self._passing(real) else OUTSIDE), real

    def folder(self, path: str, base: str = "") -> bool:
        """Tell whether a folder is there."""
        return os.path.isdir(os.path.join(self.here, base, path))

    def _passing(self, real: str) -> bool:
        """Tell whether a path is of the moment: a device, a temporary file, or what the client keeps for itself."""
        if real.startswith("/dev/"):
            return True
        home = self.environment.get("CLAUDE_CONFIG_DIR") or os.path.join(self.environment.get("HOME", "/"), ".claude")
        if real.startswith((f"{os.path.realpath(home)}/plans/", f"{os.path.realpath(home)}/projects/")):
            return True
        folders = (self.environment.get("TMPDIR", ""), "/tmp", "/var/tmp")
        if not any(real.startswith(f"{os.path.realpath(f)}/") for f in folders if f.strip("/")):
            return False
        return not _versioned(real)


def _versioned(path: str) -> bool:
    """Tell whether a path lies in some repository."""
    return any(os.path.lexists(os.path.join(above, ".git")) for above in _above(path))


def _above(path: str) -> Iterator[str]:
    while (folder := os.path.dirname(path)) != path:
        yield folder
        path = folder
