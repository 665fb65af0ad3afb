"""The checkout that a person has of the default branch: how it follows is noted, and finished when it was cut off.

Git leaves locks and half of the files when the machine goes down while it works. What is here then is a file of the old
commit, of the new one, or the beginning of that; anything else is a person's, and stays. ADR 0036.
"""

from __future__ import annotations

import os

from agenticops.errors import TrainError
from agenticops.flows.drive import desk
from agenticops.ports.git import Git
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace


def follow(git: Git, hold: Hold, new: str, old: str) -> str:
    """Let a checkout follow by fast-forward; say why it does not, or ""."""
    hold.write({"checkout": git.root, "new": new, "old": old})
    done = git.run("merge", "--quiet", "--ff-only", new, check=False)
    hold.write({})
    if done.returncode and git.head() == old:
        words = (done.stderr or done.stdout).strip().splitlines()
        return words[0] if words else "git refuses"
    return ""


def finish(hold: Hold, branch: str) -> None:
    """Finish what a driver began that was killed meanwhile, with its git."""
    note = hold.read()
    place, new, old = (str(note.get(key, "")) for key in ("checkout", "new", "old"))
    try:
        if place and old:
            _finished(Workspace(place).git, branch, new, old)
    except TrainError:
        pass  # it is not there any more, or not git's
    hold.write({})


def _finished(git: Git, branch: str, new: str, old: str) -> None:
    if git.branch() != branch or git.head() not in (new, old):
        return
    desk.unlock(git, f"refs/heads/{branch}")
    rows = git.run("diff-tree", "-r", "-z", "--name-only", "--no-renames", old, new).stdout.split("\0")[:-1]
    texts = {path: [_blob(git, f"{side}:{path}") for side in (old, new)] for path in rows}
    touched = set(git.run("diff", "--name-only", "-z", old).stdout.split("\0")[:-1])
    if touched <= texts.keys() and all(_ours(git, path, *sides) for path, sides in texts.items()):
        git.run("reset", "--quiet", "--hard", new)


def _ours(git: Git, path: str, was: bytes | None, now: bytes | None) -> bool:
    """Tell whether a file is as git had it, or as it was about to write it."""
    place = os.path.join(git.root, path)
    if not os.path.lexists(place):
        return True
    if os.path.islink(place) or not os.path.isfile(place):
        return False
    with open(place, "rb") as file:
        there = file.read()
    return there == was or (now is not None and now.startswith(there))


def _blob(git: Git, name: str) -> bytes | None:
    found = git.run("cat-file", "blob", name, check=False)
    return None if found.returncode else found.stdout.encode("utf-8", "surrogateescape")
