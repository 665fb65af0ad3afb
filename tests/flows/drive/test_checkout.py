"""The checkout of the default branch: what was cut off is finished, and nothing of a person's is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.drive import checkout, desk
from agenticops.ports.git import Git
from agenticops.store.hold import Hold
from tests.drive.rig import clean
from tests.support import commit_all, git, new_repo, write


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout that stands one commit behind a branch `next`."""
    monkeypatch.setattr(desk, "WAIT", 0.1)
    repo = new_repo(tmp_path / "train")
    write(repo, "a.txt", "one\n" * 20)
    write(repo, "b.txt", "one\n")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "next")
    write(repo, "a.txt", "two\n" * 20)
    write(repo, "docs/new.txt", "two\n" * 20)
    (repo / "b.txt").unlink()
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    return repo


def cut_off(repo: Path) -> Hold:
    """Leave what a driver and its git leave that are killed while a checkout follows."""
    hold = Hold(str(repo / ".git/agenticops/drive"), "trunk")
    assert hold.take()
    old, new = git(repo, "rev-parse", "main", "next").split()
    hold.write({"checkout": str(repo), "new": new, "old": old})
    for lock in ("HEAD.lock", "index.lock", "refs/heads/main.lock"):
        write(repo / ".git", lock, "")
    return hold


def test_it_follows_and_leaves_no_note(repo: Path) -> None:
    hold = Hold(str(repo / ".git/agenticops/drive"), "trunk")
    assert hold.take()
    old, new = git(repo, "rev-parse", "main", "next").split()
    assert checkout.follow(Git.discover(str(repo)), hold, new, old) == ""
    assert git(repo, "rev-parse", "main").strip() == new and clean(repo) and hold.read() == {}


@pytest.mark.parametrize("half", [{}, {"a.txt": "two\n" * 20}, {"a.txt": "two\n" * 3, "docs/new.txt": "two\n"}])
def test_a_fast_forward_that_was_cut_off_is_finished(repo: Path, half: dict[str, str]) -> None:
    hold = cut_off(repo)
    for path, text in half.items():
        write(repo, path, text)
    checkout.finish(hold, "main")
    assert git(repo, "rev-parse", "main") == git(repo, "rev-parse", "next") and clean(repo) and hold.read() == {}


@pytest.mark.parametrize("path", ["a.txt", "docs/new.txt", "b.txt"])
def test_what_a_person_wrote_meanwhile_stays(repo: Path, path: str) -> None:
    hold = cut_off(repo)
    write(repo, path, "mine\n")
    checkout.finish(hold, "main")
    assert (repo / path).read_text() == "mine\n" and git(repo, "rev-parse", "main") != git(repo, "rev-parse", "next")
    assert hold.read() == {}


def test_a_checkout_that_moved_on_is_left_alone(repo: Path) -> None:
    hold = cut_off(repo)
    for lock in ("HEAD.lock", "index.lock", "refs/heads/main.lock"):
        (repo / ".git" / lock).unlink()
    write(repo, "c.txt", "mine\n")
    mine = commit_all(repo)
    checkout.finish(hold, "main")
    assert git(repo, "rev-parse", "main").strip() == mine and clean(repo)
