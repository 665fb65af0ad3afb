"""The trunk: one change of the default branch at a time, by compare-and-swap; a checkout follows, or none is made."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from agenticops.flows.drive import trunk
from agenticops.flows.drive.driver import read_settings
from agenticops.flows.drive.trunk import Conflict, DirtyCheckout, Trunk
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import commit_all, git, write


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return rig.train(tmp_path / "train", ["good"])


def line(repo: Path) -> Trunk:
    workspace = Workspace(str(repo))
    return Trunk(workspace, read_settings(workspace))


def add(name: str, text: str = "x\n"):  # type: ignore[no-untyped-def]
    def do(there: Workspace) -> str:
        write(Path(there.root), name, text)
        return commit_all(Path(there.root), name)

    return do


def test_a_clean_checkout_follows(repo: Path) -> None:
    made = line(repo).change(add("a.txt"))
    assert git(repo, "rev-parse", "main").strip() == made
    assert (repo / "a.txt").exists() and rig.clean(repo)


def test_without_a_checkout_the_branch_itself_moves(repo: Path) -> None:
    git(repo, "switch", "--quiet", "-c", "elsewhere")
    made = line(repo).change(add("a.txt"))
    assert git(repo, "rev-parse", "main").strip() == made
    assert not (repo / "a.txt").exists()


def test_a_dirty_checkout_pauses_before_anything_is_done(repo: Path) -> None:
    write(repo, "README.md", "mine\n")
    done: list[str] = []
    with pytest.raises(DirtyCheckout, match=r"README\.md") as e:
        line(repo).change(lambda there: done.append(there.root))
    assert not done and str(repo) in e.value.hint
    assert (repo / "README.md").read_text() == "mine\n"


def test_a_checkout_that_git_takes_for_none_pauses(repo: Path) -> None:
    line(repo).change(add("a.txt"))
    before = git(repo, "rev-parse", "main")
    git(repo, "config", "core.bare", "true")
    with pytest.raises(DirtyCheckout, match="for a bare repository") as e:
        line(repo).change(add("b.txt"))
    assert "config core.bare false" in e.value.hint
    assert git(repo, "rev-parse", "main") == before
    git(repo, "config", "core.bare", "false")
    line(repo).change(add("b.txt"))
    assert (repo / "b.txt").exists() and rig.clean(repo)


def test_an_untracked_file_in_the_way_is_not_overwritten(repo: Path) -> None:
    write(repo, "a.txt", "mine\n")
    before = git(repo, "rev-parse", "main")
    with pytest.raises(DirtyCheckout):
        line(repo).change(add("a.txt"))
    assert (repo / "a.txt").read_text() == "mine\n"
    assert git(repo, "rev-parse", "main") == before


def test_a_branch_that_moved_meanwhile_is_met_again(repo: Path) -> None:
    tips: list[str] = []

    def do(there: Workspace) -> None:
        tips.append(there.git.head())
        if len(tips) == 1:
            write(repo, "theirs.txt", "x\n")
            commit_all(repo, "theirs")
        add("ours.txt")(there)

    line(repo).change(do)
    assert len(tips) == 2 and tips[0] != tips[1]
    assert {"theirs.txt", "ours.txt"} <= set(git(repo, "ls-files").split())


def test_many_change_it_and_each_change_is_there(repo: Path) -> None:
    lines = [line(repo), line(repo)]
    threads = [threading.Thread(target=lines[n % 2].change, args=(add(f"{n}.txt"),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {f"{n}.txt" for n in range(6)} <= set(git(repo, "ls-files").split())


def test_what_a_change_that_failed_left_is_thrown_away(repo: Path) -> None:
    here = line(repo)

    def fail(there: Workspace) -> None:
        write(Path(there.root), "half.txt", "half")
        write(Path(there.root), "README.md", "half")
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError):
        here.change(fail)
    here.change(add("a.txt"))
    assert "half.txt" not in git(repo, "ls-files")
    assert (repo / "README.md").read_text() == "# A train\n"


def test_a_conflict_is_told_with_its_files_and_nothing_is_left(repo: Path) -> None:
    git(repo, "branch", "phase/build_1")
    write(repo, "README.md", "ours\n")
    commit_all(repo)
    git(repo, "switch", "--quiet", "phase/build_1")
    write(repo, "README.md", "theirs\n")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    before = git(repo, "rev-parse", "main")
    with pytest.raises(Conflict, match=r"README\.md"):
        line(repo).change(lambda there: trunk.merge(there, "build_1", "Part 1"))
    assert git(repo, "rev-parse", "main") == before and rig.clean(repo)


@pytest.mark.parametrize("meddled", ["dirty", "overlooked", "elsewhere", "gone", "branch"])
def test_what_is_done_to_its_worktree_between_two_changes_counts_for_nothing(repo: Path, meddled: str) -> None:
    here = line(repo)
    tip = here.change(add("a.txt"))
    git(repo, "branch", "other")
    place, readme = Path(here.place), Path(here.place, "README.md")
    if meddled == "overlooked":
        git(place, "update-index", "--skip-worktree", "README.md")
    if meddled in ("dirty", "overlooked"):
        readme.write_text("meddled\n")
    elif meddled == "elsewhere":
        Path(place, ".git").write_text(f"gitdir: {repo}/.git\n")
    elif meddled == "branch":
        git(place, "switch", "--quiet", "other")
    else:
        Path(place, ".git").unlink()

    def do(there: Workspace) -> tuple[str, str]:
        add("b.txt")(there)
        return readme.read_text(), there.branch

    assert here.change(do) == ("# A train\n", "main"), "a detached one stands for the branch"
    assert git(repo, "branch", "--show-current").strip() == "main" and rig.clean(repo)
    assert {"a.txt", "b.txt"} <= set(git(repo, "ls-tree", "--name-only", "main").split())
    assert git(repo, "rev-parse", "other").strip() == tip
