"""The words by which git calls this program to merge a file: who finds them in a clone's configuration knows them."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from functools import cache

from agenticops.errors import EXIT_CONFLICT

KEY = "merge.agenticops.driver"
# Git's own merge by lines, in the form of a driver.
BY_LINES = "git merge-file --marker-size=%L -L ours -L base -L theirs %A %O %B"


def command() -> str:
    """The command that git runs: the driver; where it dies, is missing or cannot read a file, git's own line merge."""
    return _words("agenticops" if shutil.which("agenticops") else _absolute())


@cache
def commands() -> tuple[str, ...]:
    """All words that `command` may give here: a PATH may have changed since."""
    return _words("agenticops"), _words(_absolute())


def _words(called: str) -> str:
    known = f"code=$?; test $code -eq {EXIT_CONFLICT} && exit {EXIT_CONFLICT}"
    return f"{called} merge-driver %O %A %B %L %P || {{ {known}; {BY_LINES}; }}"


def _absolute() -> str:
    """Name this program where no PATH leads to it. `-I`: nothing of the repository is imported."""
    here = os.path.join(os.path.dirname(sys.executable), "agenticops")
    called = [here] if os.access(here, os.X_OK) else [sys.executable, "-I", "-m", "agenticops"]
    return shlex.join(called).replace("%", "%%")
