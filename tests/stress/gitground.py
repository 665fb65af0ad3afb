"""Where git work is played: a folder in memory where there is one, an environment of its own, and two processes."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from unittest import mock

from tests.conftest import GIT_CONFIG
from tests.stations import TINY_FILES
from tests.support import commit_all, new_repo, workspace, write

T = TypeVar("T")
MEMORY = "/dev/shm"
BEGUN = "1767261600 +0000"


@contextmanager
def ground() -> Iterator[tuple[Path, Path]]:
    """Give an empty folder, and a template repository with a tiny train and two open tickets."""
    from agenticops.flows import work
    from agenticops.model.work import WorkItem

    place = MEMORY if os.access(MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="agenticops-git-", dir=place) as name:
        folder = Path(name)
        (folder / "gitconfig").write_text(GIT_CONFIG + "[core]\n\tfsync = none\n")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "AGENTICOPS_", "CLAUDECODE"))}
        own = {"HOME": name, "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"), "GIT_CONFIG_NOSYSTEM": "1"}
        own |= {"AGENTICOPS_HOST": "yard", "GIT_AUTHOR_DATE": BEGUN, "GIT_COMMITTER_DATE": BEGUN}
        own |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C.UTF-8", "GIT_CEILING_DIRECTORIES": name}
        with mock.patch.dict(os.environ, {**kept, **own}, clear=True):
            repo = new_repo(folder / "template")
            for path, text in TINY_FILES.items():
                write(repo, path, text)
            commit_all(repo, "Adopt")
            for number in (1, 2):
                item = WorkItem(id=f"t0000000{number}", kind="PRD", title="Refills")
                work.new(workspace(repo, seed=number), item, start=True)
            commit_all(repo, "Open")
            yield folder, repo


def spread(
    play: Callable[[Path, Path, int], T], folder: Path, template: Path, seeds: Iterable[int], processes: int = 2
) -> list[T]:
    """Play every seed; on two processes when there are many."""
    listed = [(folder, template, seed) for seed in seeds]
    if len(listed) < 20:
        return [play(*one) for one in listed]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return pool.starmap(play, listed, chunksize=4)
