"""A train and the fake GitHub side by side: a clone, a bare repository that the fake serves, and the way in."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.forge import Forge, access
from tests.stations import ITEM, SHAPE, Board, must, work_through
from tests.support import commit_all, git, new_repo


@contextmanager
def running() -> Iterator[Forge]:
    """Run a fake. What tests leave in circles is let go of in this thread: SQLite wants it, the fake has its own."""
    gc.disable()
    try:
        with Forge() as forge:
            yield forge
    finally:
        gc.enable()
        gc.collect()


def enter(forge: Forge, monkeypatch: pytest.MonkeyPatch, token: str = access.WRITE) -> None:
    """Let commands find the fake."""
    monkeypatch.setenv("GITHUB_API_URL", forge.url)
    monkeypatch.setenv("GITHUB_TOKEN", token)
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/train")


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """A fake that commands find."""
    with running() as found:
        enter(found, monkeypatch)
        yield found


def join(forge: Forge, repo: Path, bare: Path) -> Path:
    """Push a train to a repository that the fake serves; its item's issue is there."""
    new_repo(bare, "--bare", "--initial-branch=main")
    git(repo, "remote", "add", "origin", str(bare))
    git(repo, "push", "--quiet", "origin", "main")
    forge.use_git(bare)
    forge.seed(int(ITEM))
    return repo


def in_review(at: Board, forge: Forge, bare: Path) -> Path:
    """Give a train on the branch of its first ticket, whose gate holds; the branch is pushed."""
    repo = join(forge, at("tiny-opened"), bare)
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin", "--agent", "planner")
    work_through(repo, SHAPE)
    must(repo, "advance")
    commit_all(repo, "Do the work")
    push(repo)
    return repo


def push(repo: Path) -> str:
    """Push the branch of the first ticket; give its commit."""
    git(repo, "push", "--quiet", "origin", f"phase/{SHAPE}")
    return git(repo, "rev-parse", "HEAD").strip()
