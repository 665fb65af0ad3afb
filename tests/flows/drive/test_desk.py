"""Desks: a worktree of its own for each ticket; what a run changed is seen, kept aside, and undone."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
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


def test_a_desk_that_stands_elsewhere_is_named_with_the_way_to_bring_it(here: Workspace, tmp_path: Path) -> None:
    before, moved = opened(here).root, Settings(desks="../moved")
    with pytest.raises(TrainError, match=f"phase/{NAME} is checked out in another folder") as refused:
        desk.open_desk(here, moved, NAME, "refs/heads/main")
    place = tmp_path / "moved" / NAME
    assert refused.value.place == before and refused.value.hint == f"git worktree move {before} {place}"
    place.parent.mkdir(exist_ok=True)
    git(here.root, *refused.value.hint.split()[1:])
    assert desk.open_desk(here, moved, NAME, "refs/heads/main").root == str(place)


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


@pytest.mark.parametrize("instead", ["elsewhere", "nothing", "folder", "link"])
def test_a_desk_is_the_clones_again_whatever_its_git_file_says(here: Workspace, tmp_path: Path, instead: str) -> None:
    root = Path(opened(here).root)
    file = root / ".git"
    was = file.read_text()
    file.unlink()
    if instead == "elsewhere":
        file.write_text(f"gitdir: {here.git.git_dir}\n")
    elif instead == "folder":
        git(root, "init", "--quiet")
    elif instead == "link":
        write(tmp_path, "elsewhere", was)
        file.symlink_to(tmp_path / "elsewhere")
    assert desk.pin(here.git.common_dir, str(root)) == "the desk's .git"
    assert file.read_text() == was and not file.is_symlink()
    assert desk.pin(here.git.common_dir, str(root)) == ""
    assert git(root, "branch", "--show-current").strip() == f"phase/{NAME}"
    kept = list((Path(here.git.common_dir) / "agenticops/drive/aside").glob(".git.*"))
    assert len(kept) == (instead != "nothing")


def test_git_is_not_asked_in_a_desk_that_is_gone(here: Workspace) -> None:
    root = opened(here).root
    shutil.rmtree(root)
    with pytest.raises(desk.Gone) as e:
        desk.pin(here.git.common_dir, root)
    assert e.value.hint == f"its branch is kept: agenticops drive resume {NAME}"
    os.makedirs(root)
    shutil.rmtree(os.path.join(here.git.common_dir, "worktrees"))
    with pytest.raises(desk.Gone) as e:
        desk.pin(here.git.common_dir, root)
    assert "move it away" in e.value.hint


def test_odd_files_are_seen_and_undone(here: Workspace) -> None:
    found = opened(here)
    root, before = Path(found.root), desk.snapshot(found.git)
    (root / "a.txt").unlink()
    write(root, "a.txt/inner.txt", "a folder for a file")
    shutil.rmtree(root / "docs")
    (root / "docs").symlink_to("/tmp")
    write(root, "new\nline.txt", "x")
    write(root, ":(top)x", "x")
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9.txt")).write_text("x")
    os.mkfifo(root / "pipe")
    git(root, "init", "--quiet", "empty")
    git(root, "init", "--quiet", "whole")
    write(root, "whole/x.txt", "x")
    git(root / "whole", "add", "x.txt")
    git(root / "whole", "commit", "--quiet", "--message", "x")
    after = desk.snapshot(found.git, before)
    changed = desk.changes(found.git, before, after)
    assert {c.path for c in changed if c.nested} == {"whole"}
    assert {"new\nline.txt", ":(top)x", "caf\udce9.txt", "a.txt/inner.txt", "docs"} <= {c.path for c in changed}
    desk.put_aside(found.git, f"{NAME}/run", after, before, [c.path for c in changed])
    assert (root / "a.txt").read_text() == "one\n" and (root / "docs/b.txt").read_text() == "two\n"
    assert not (root / "docs").is_symlink() and not (root / "whole").exists()
    assert desk.snapshot(found.git, before) == before


@pytest.mark.parametrize("flag", ["--skip-worktree", "--assume-unchanged"])
def test_no_file_is_overlooked_because_an_agent_said_so(here: Workspace, flag: str) -> None:
    found = opened(here)
    root, before = Path(found.root), desk.snapshot(found.git)
    write(root, "a.txt", "changed\n")
    index = os.path.join(found.git.git_dir, "agenticops", "drive.index")
    found.git.run("update-index", flag, "a.txt", env={"GIT_INDEX_FILE": index})
    git(root, "update-index", flag, "a.txt")
    desk.unstage(found.git)
    after = desk.snapshot(found.git, before)
    assert [c.path for c in desk.changes(found.git, before, after)] == ["a.txt"]
    assert git(root, "status", "--porcelain") == " M a.txt\n"
    desk.restore(found.git, before, ["a.txt"])
    assert (root / "a.txt").read_text() == "one\n"


def test_a_desk_that_git_cannot_read_is_made_anew_and_all_of_it_is_kept(here: Workspace) -> None:
    found = opened(here)
    root, before = Path(found.root), desk.snapshot(found.git)
    write(root, "log/x.txt", "spared")
    write(root, ".gitattributes", "*.txt working-tree-encoding=UTF-16\n")
    write(root, "odd.txt", "no order of bytes")
    with pytest.raises(TrainError, match="BOM"):
        desk.snapshot(found.git, before)
    desk.renew(found.git, before, lambda path: path.startswith("log/"))
    (root / "log/x.txt").unlink()
    assert desk.snapshot(found.git, before) == before and (root / "a.txt").read_text() == "one\n"
    (kept,) = (Path(here.git.common_dir) / "agenticops/drive/aside").glob("odd.txt.*")
    assert kept.read_text() == "no order of bytes"


def test_what_stands_in_the_way_of_a_file_is_kept_aside(here: Workspace) -> None:
    found = opened(here)
    root, before = Path(found.root), desk.snapshot(found.git)
    (root / "a.txt").unlink()
    write(root, "a.txt/ignored.tmp", "x")
    shutil.rmtree(root / "docs")
    write(root, "docs", "a file for a folder")
    desk.restore(found.git, before, ["a.txt", "docs/b.txt"])
    assert (root / "a.txt").read_text() == "one\n" and (root / "docs/b.txt").read_text() == "two\n"
    kept = sorted(p.name.rpartition(".")[0] for p in (Path(here.git.common_dir) / "agenticops/drive/aside").iterdir())
    assert kept == ["a.txt", "docs"]


def test_nothing_is_undone_through_a_link_that_leads_elsewhere(here: Workspace, tmp_path: Path) -> None:
    found = opened(here)
    root, before = Path(found.root), desk.snapshot(found.git)
    write(tmp_path, "elsewhere/new.txt", "a person's")
    shutil.rmtree(root / "docs")
    (root / "docs").symlink_to(tmp_path / "elsewhere")
    desk.restore(found.git, before, ["docs/new.txt", "docs/b.txt"])
    assert (tmp_path / "elsewhere/new.txt").exists() and not (tmp_path / "elsewhere/b.txt").exists()
    assert (root / "docs/b.txt").read_text() == "two\n"


def test_a_desk_into_which_somebody_writes_while_it_goes_goes_all_the_same(here: Workspace) -> None:
    """The watch gives signs of life of an agent until its ticket is over."""
    for _ in range(2):
        found, over = opened(here), threading.Event()
        write(Path(found.root), ".gitignore", "*.tmp\nlate/\n")
        commit_all(found.root)

        def looks_in(place: Path, over: threading.Event) -> None:
            while not over.is_set():
                with contextlib.suppress(OSError):
                    (place / "late").mkdir(exist_ok=True)
                    for sign in range(20):
                        (place / "late" / f"{sign}").write_text("x")

        for sign in range(1000):
            write(Path(found.root), f"late/before/{sign}", "x")
        thread = threading.Thread(target=looks_in, args=(Path(found.root), over))
        thread.start()
        try:
            assert desk.close_desk(here, found.root, NAME) == ""
        finally:
            over.set()
            thread.join()
        assert NAME not in git(here.root, "worktree", "list")
        shutil.rmtree(found.root, ignore_errors=True)
        git(here.root, "branch", "--force", f"phase/{NAME}", "main")
