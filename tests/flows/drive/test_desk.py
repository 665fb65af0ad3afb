"""Desks: a worktree of its own for each ticket; what a run changed is seen, kept aside, and undone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.core.drive.settings import Settings
from agenticops.errors import TrainError
from agenticops.flows.drive import desk
from agenticops.workspace import Workspace
from tests.support import TINY, commit_all, git, new_repo, write

NAME = "build_142"


@pytest.fixture
def here(tmp_path: Path) -> Workspace:
    repo = new_repo(tmp_path / "train")
    write(repo, "a.txt", "one\n")
    write(repo, "docs/b.txt", "two\n")
    write(repo, ".gitignore", "*.tmp\n")
    write(repo, "config/pipeline.yml", TINY)
    commit_all(repo)
    return Workspace(str(repo))


def opened(here: Workspace) -> Workspace:
    return desk.open_desk(here, Settings(), NAME, "refs/heads/main")


def test_a_desk_stands_beside_the_repository_on_its_own_branch(here: Workspace, tmp_path: Path) -> None:
    found = opened(here)
    assert Path(found.root) == tmp_path / "train.desks" / NAME
    assert found.branch == f"phase/{NAME}"
    assert opened(here).root == found.root
    assert git(here.root, "status", "--porcelain") == ""


def test_the_settings_may_put_it_elsewhere(here: Workspace, tmp_path: Path) -> None:
    assert desk.folder(here, Settings(desks="../elsewhere")) == str(tmp_path / "elsewhere")


def test_a_desk_on_another_branch_is_not_used(here: Workspace) -> None:
    found = opened(here)
    git(found.root, "switch", "--quiet", "-c", "mine")
    with pytest.raises(TrainError, match="is on mine"):
        desk.refuse_elsewhere(opened(here), NAME)


def test_a_merged_desk_goes_and_one_with_changes_stays(here: Workspace) -> None:
    found = opened(here)
    write(Path(found.root), "new.txt", "kept")
    desk.close_desk(here, found.root, NAME)
    assert Path(found.root, "new.txt").exists()
    Path(found.root, "new.txt").unlink()
    desk.close_desk(here, found.root, NAME)
    assert not Path(found.root).exists()
    assert f"phase/{NAME}" not in git(here.root, "branch")


def test_changes_are_what_differs_between_two_snapshots(here: Workspace) -> None:
    found = opened(here)
    root = Path(found.root)
    before = desk.snapshot(found.git)
    write(root, "a.txt", "")
    (root / "docs/b.txt").unlink()
    write(root, "new/c.txt", "three\n")
    write(root, "x.tmp", "ignored")
    changed = {c.path: (c.emptied, c.gone) for c in desk.changes(found.git, before, desk.snapshot(found.git))}
    assert changed == {"a.txt": (True, False), "docs/b.txt": (False, True), "new/c.txt": (False, False)}
    assert desk.changes(found.git, before, before) == []


def test_what_is_put_aside_can_be_found_again(here: Workspace) -> None:
    found = opened(here)
    root = Path(found.root)
    before = desk.snapshot(found.git)
    write(root, "a.txt", "changed\n")
    (root / "docs/b.txt").unlink()
    write(root, "new/c [x]*.txt", "three\n")
    after = desk.snapshot(found.git)
    paths = [c.path for c in desk.changes(found.git, before, after)]
    ref = desk.put_aside(found.git, f"{NAME}/run", after, before, paths)
    assert (root / "a.txt").read_text() == "one\n" and (root / "docs/b.txt").read_text() == "two\n"
    assert not (root / "new").exists()
    assert git(here.root, "show", f"{ref}:new/c [x]*.txt") == "three\n"
    assert desk.snapshot(found.git) == before


def test_only_the_named_paths_are_set_back(here: Workspace) -> None:
    found = opened(here)
    root = Path(found.root)
    before = desk.snapshot(found.git)
    write(root, "a.txt", "changed\n")
    write(root, "docs/b.txt", "changed\n")
    desk.restore(found.git, before, ["a.txt"])
    assert (root / "a.txt").read_text() == "one\n" and (root / "docs/b.txt").read_text() == "changed\n"


def test_a_desk_that_git_was_taking_away_when_it_was_killed_goes(here: Workspace) -> None:
    found = opened(here)
    Path(found.root, ".git").unlink()
    desk.close_desk(here, found.root, NAME)
    assert not os.path.exists(found.root) and not git(here.root, "branch", "--list", f"phase/{NAME}")
    os.makedirs(found.root)
    desk.close_desk(here, found.root, NAME)
    assert os.path.exists(found.root), "this one is not git's"


@pytest.mark.parametrize("whole", [True, False])
def test_a_desk_that_git_was_making_when_it_was_killed_is_made_anew(here: Workspace, whole: bool) -> None:
    place = opened(here).root
    inside = Path(here.git.common_dir, "worktrees", NAME)
    (inside / "locked").write_text("initializing\n")
    Path(place, "a.txt").unlink()
    if not whole:
        (inside / "gitdir").unlink()
        Path(place, ".git").unlink()
    other = desk.open_desk(here, Settings(), "build_14", "refs/heads/main")
    assert Path(opened(here).root, "a.txt").exists() and Path(other.root, "a.txt").exists()
    assert git(here.root, "worktree", "list").count("build_14") == 4
