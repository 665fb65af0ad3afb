"""The git port: what it reads from git's own files agrees with what git says."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from agenticops.errors import RemoteError, TrainError, UsageError
from agenticops.ports.git import Git
from tests.support import OPERATOR, commit_all, git, new_repo, workspace, write


def at(path: Path | str) -> Git:
    return Git.discover(str(path))


def agrees(here: Git) -> None:
    """Compare the port with git itself."""
    said = git(here.root, "rev-parse", "--show-toplevel", "--absolute-git-dir").split("\n")
    assert [here.root, here.git_dir] == [os.path.realpath(p) for p in said[:2]]
    common = git(here.root, "rev-parse", "--git-common-dir").strip()
    assert os.path.realpath(here.common_dir) == os.path.realpath(os.path.join(here.root, common))
    assert here.head() == git(here.root, "rev-parse", "--verify", "--quiet", "HEAD", check=False).strip()
    assert here.branch() == git(here.root, "symbolic-ref", "--short", "--quiet", "HEAD", check=False).strip()


@pytest.fixture
def begun(repo: Path) -> Path:
    write(repo, "a.md", "1\n")
    commit_all(repo)
    return repo


def test_an_unborn_branch(repo: Path) -> None:
    here = at(repo)
    agrees(here)
    assert (here.head(), here.branch(), here.in_progress()) == ("", "main", "")


def test_a_branch_and_a_folder_below(begun: Path) -> None:
    (begun / "deep" / "er").mkdir(parents=True)
    agrees(at(begun))
    agrees(at(begun / "deep" / "er"))
    git(begun, "switch", "--quiet", "-c", "phase/training_142")
    agrees(at(begun))
    assert at(begun).branch() == "phase/training_142"


def test_a_repository_by_way_of_a_link(begun: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(begun)
    agrees(at(tmp_path / "link"))


def test_a_detached_head(begun: Path) -> None:
    git(begun, "checkout", "--quiet", "--detach")
    agrees(at(begun))
    assert at(begun).branch() == ""


def test_packed_refs(begun: Path) -> None:
    git(begun, "branch", "not-main")
    commit_all(begun, "second")
    git(begun, "pack-refs", "--all")
    assert not (begun / ".git/refs/heads/main").exists()
    agrees(at(begun))
    commit_all(begun, "third")
    agrees(at(begun))


def test_a_branch_whose_name_ends_like_another_in_packed_refs(begun: Path) -> None:
    git(begun, "switch", "--quiet", "-c", "x/refs/heads/main")
    commit_all(begun, "other")
    git(begun, "switch", "--quiet", "main")
    git(begun, "pack-refs", "--all")
    agrees(at(begun))


def test_a_worktree(begun: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(begun, "worktree", "add", "--quiet", "-b", "other", str(other))
    commit_all(other, "there")
    agrees(at(other))
    agrees(at(begun))
    assert at(other).common_dir == at(begun).git_dir
    assert at(other).git_dir != at(begun).git_dir
    git(other, "pack-refs", "--all")
    agrees(at(other))


def test_a_worktree_whose_repository_is_gone(begun: Path, tmp_path: Path) -> None:
    git(begun, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "other"))
    shutil.rmtree(begun)
    with pytest.raises(TrainError, match="not there") as caught:
        at(tmp_path / "other")
    assert caught.value.hint == "git worktree repair"


def test_a_submodule(begun: Path, tmp_path: Path) -> None:
    outer = new_repo(tmp_path / "outer")
    git(outer, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(begun), "inner")
    agrees(at(outer / "inner"))
    assert at(outer / "inner").git_dir == str(outer / ".git/modules/inner")


def test_a_separate_git_dir(tmp_path: Path) -> None:
    new_repo(tmp_path / "work", "--separate-git-dir", str(tmp_path / "store"))
    agrees(at(tmp_path / "work"))


def test_the_middle_of_a_rebase_a_merge_a_cherry_pick_and_a_bisect(begun: Path) -> None:
    git(begun, "switch", "--quiet", "-c", "other")
    write(begun, "a.md", "other\n")
    other = commit_all(begun)
    git(begun, "switch", "--quiet", "main")
    write(begun, "a.md", "main\n")
    commit_all(begun)
    for name, start, stop in (
        ("rebase", ("rebase", "other"), ("rebase", "--abort")),
        ("merge", ("merge", "other"), ("merge", "--abort")),
        ("cherry-pick", ("cherry-pick", other), ("cherry-pick", "--abort")),
        ("revert", ("revert", "--no-edit", other), ("revert", "--abort")),
        ("bisect", ("bisect", "start"), ("bisect", "reset")),
    ):
        git(begun, *start, check=False)
        assert at(begun).in_progress() == name
        agrees(at(begun))
        git(begun, *stop)
        assert at(begun).in_progress() == ""


def test_no_repository(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="is in no git repository") as caught:
        at(tmp_path)
    assert "git init" in caught.value.hint
    (tmp_path / ".git").mkdir()
    with pytest.raises(TrainError, match="is in no git repository"):
        at(tmp_path)


def test_a_bare_repository_has_no_files(begun: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "--quiet", "--bare", str(begun), str(bare))
    assert at(bare).root == ""
    assert at(bare).head() == at(begun).head()
    for use in (lambda w: w.tree, lambda w: w.index, lambda w: w.train):
        with pytest.raises(TrainError, match="bare repository"):
            use(workspace(bare))


def test_the_inside_of_a_git_folder(begun: Path) -> None:
    with pytest.raises(TrainError, match="inside of a git folder"):
        at(begun / ".git")


@pytest.mark.parametrize("relative", [False, True])
def test_git_dir_and_work_tree_of_the_environment_count(
    begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, relative: bool
) -> None:
    elsewhere = new_repo(tmp_path / "elsewhere")
    monkeypatch.chdir(begun)
    monkeypatch.setenv("GIT_DIR", ".git" if relative else str(begun / ".git"))
    here = at(".")
    assert os.path.realpath(here.root) == str(begun)
    assert here.head() == git(begun, "rev-parse", "HEAD").strip()
    assert os.path.realpath(here.git_dir) == str(begun / ".git")
    assert os.path.realpath(here.common_dir) == str(begun / ".git")
    monkeypatch.setenv("GIT_DIR", str(begun / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(elsewhere))
    assert at(elsewhere).root == str(elsewhere)
    assert at(elsewhere).head() == git(begun, "rev-parse", "HEAD").strip()


def test_a_git_dir_that_is_none(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(TrainError, match="no git repository"):
        at(begun)


def test_without_git_the_files_are_still_read(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = git(begun, "rev-parse", "HEAD").strip()
    monkeypatch.setenv("PATH", "/nonexistent")
    assert (at(begun).head(), at(begun).branch()) == (head, "main")
    with pytest.raises(RemoteError, match="git is not installed") as caught:
        at(begun).tracked("a.md")
    assert caught.value.exit_code == 4


def test_a_failing_git_speaks_for_itself(begun: Path) -> None:
    with pytest.raises(TrainError, match="git rev-parse failed: fatal"):
        at(begun).run("rev-parse", "--verify", "nope")


# Stamp and position


def test_the_stamp_changes_with_head_and_index_and_with_nothing_else(begun: Path) -> None:
    here = at(begun)
    seen = [here.stamp()]
    write(begun, "b.md", "x")
    git(begun, "log")
    assert here.stamp() == seen[0]
    for step in (("add", "b.md"), ("commit", "-qm", "b"), ("switch", "-qc", "x"), ("checkout", "-q", "--detach")):
        git(begun, *step)
        seen.append(here.stamp())
    assert len(set(seen)) == len(seen)


def test_the_position_differs_when_head_came_back(begun: Path) -> None:
    here = at(begun)
    seen = [here.position()]
    commit_all(begun, "second")
    seen.append(here.position())
    git(begun, "reset", "--quiet", "--mixed", "HEAD~1")
    seen.append(here.position())
    assert here.head() == seen[0].split(":")[0]
    assert len(set(seen)) == 3
    git(begun, "status")
    assert here.position() == seen[2]


def test_reading_leaves_the_index_alone(begun: Path) -> None:
    here = at(begun)
    before = (begun / ".git/index").stat().st_mtime_ns
    os.utime(begun / "a.md", ns=(1, 1))
    here.tracked("a.md")
    here.run("status")
    assert (begun / ".git/index").stat().st_mtime_ns == before


# Who, and what


def test_the_operator(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert at(begun).identity() == OPERATOR
    git(begun, "config", "user.name", "Grace > Hopper")
    assert at(begun).identity() == "Grace  Hopper <ada@example.org>"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(begun, "config", "--unset", "user.name")
    git(begun, "config", "user.useConfigOnly", "true")
    with pytest.raises(UsageError, match="who you are"):
        at(begun).identity()


@pytest.mark.parametrize("name", ["a b.md", "*.md", ":(top)x", "[a].md", "-x", "ü.md", "a\nb"])
def test_tracked_takes_names_as_they_are(repo: Path, name: str) -> None:
    write(repo, "other.md", "x")
    git(repo, "add", "other.md")
    write(repo, name, "x")
    assert not at(repo).tracked(name)
    git(repo, "--literal-pathspecs", "add", "--", name)
    assert at(repo).tracked(name)
    assert not at(repo).tracked(name + "x")


def test_the_author_of_a_line(begun: Path) -> None:
    git(begun, "config", "user.name", "Grace Hopper")
    write(begun, "a.md", "1\n2\n")
    commit_all(begun)
    write(begun, "a.md", "1\n2\n3\n")
    lines = [at(begun).author_of("a.md", n) for n in (1, 2, 3, 9)]
    assert lines == [OPERATOR, "Grace Hopper <ada@example.org>", "", ""]
    assert at(begun).author_of("none.md", 1) == ""


def test_the_version_is_one_that_is_supported(begun: Path) -> None:
    assert (2, 30) <= at(begun).version() < (9,)
