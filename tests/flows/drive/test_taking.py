"""Taking: before the next item is chosen, the desks go that a driver left behind which died."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.flows.drive import desk
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import commit_all, git, thorough, write


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A train whose driver died between the push of the default branch and the end of the desk."""
    repo = rig.train(tmp_path / "train", ["good"])
    with monkeypatch.context() as patch:
        patch.setattr(desk, "close_desk", lambda *a: "")
        assert [o.state for o in rig.drive(repo).outcomes] == ["delivered"]
    assert place(repo).exists()
    return repo


def place(repo: Path) -> Path:
    return repo.parent / "train.desks" / "build_1"


def test_the_desk_of_what_was_delivered_goes_with_its_branch(left: Path) -> None:
    assert rig.drive(left).outcomes == ()
    assert not place(left).exists() and not git(left, "branch", "--list", "phase/*")


@thorough
def test_it_stays_while_something_in_it_is_not_committed_and_goes_then(left: Path) -> None:
    write(place(left), "mine.txt", "x")
    rig.drive(left)
    assert (place(left) / "mine.txt").exists()
    (place(left) / "mine.txt").unlink()
    rig.drive(left)
    assert not place(left).exists()


@thorough
def test_it_stays_while_its_branch_has_more_than_was_merged(left: Path) -> None:
    write(place(left), "mine.txt", "x")
    commit_all(place(left), "mine")
    rig.drive(left)
    assert (place(left) / "mine.txt").exists() and git(left, "branch", "--list", "phase/build_1")


def test_the_desk_of_a_ticket_that_is_held_stays(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["lying"], more={"tries": 1})
    assert [o.state for o in rig.drive(repo).outcomes] == ["blocked"]
    rig.drive(repo)
    assert place(repo).exists() and Workspace(str(place(repo))).branch == "phase/build_1"
