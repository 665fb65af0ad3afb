"""Trees in git: a commit and the staged files read like any other tree."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import StateError, TrainError
from agenticops.model.tree import Tree
from agenticops.ports.git import Git
from agenticops.ports.stage import StagedTree
from agenticops.ports.trees import CommitTree
from tests.support import commit_all, git, write

FILES = {"a.md": b"1", "docs/b.md": b"22\r\n", "docs/deep/c.md": b"", "docs/deep/ü d.md": b"\x00\xff"}


@pytest.fixture
def begun(repo: Path) -> Path:
    for path, content in FILES.items():
        write(repo, path, content)
    commit_all(repo)
    return repo


def tree_of(kind: str, repo: Path) -> Tree:
    here = Git.discover(str(repo))
    return StagedTree(here) if kind == "staged" else CommitTree(here, "HEAD")


@pytest.mark.parametrize("kind", ["commit", "staged"])
def test_it_reads_what_was_committed_not_what_lies_there(begun: Path, kind: str) -> None:
    tree = tree_of(kind, begun)
    write(begun, "a.md", "edited")
    (begun / "docs/b.md").unlink()
    assert {p: tree.read(p) for p in FILES} == FILES
    assert [tree.size(p) for p in FILES] == [1, 4, 0, 2]
    assert tree.names("") == ["a.md", "docs"]
    assert tree.names("docs") == ["b.md", "deep"]
    assert tree.names("docs/deep") == ["c.md", "ü d.md"]
    assert tree.names("a.md") == []


@pytest.mark.parametrize("kind", ["commit", "staged"])
@pytest.mark.parametrize(
    "path", ["none", "docs/none", "a.md/x", "docs", "../a.md", "/etc/passwd", "docs/../a.md", ".git/config"]
)
def test_what_is_not_in_it_is_none(begun: Path, kind: str, path: str) -> None:
    tree = tree_of(kind, begun)
    assert (tree.read(path), tree.size(path)) == (None, None)


@pytest.mark.parametrize("kind", ["commit", "staged"])
def test_a_link_is_not_followed(begun: Path, kind: str) -> None:
    (begun / "link").symlink_to("a.md")
    (begun / "way").symlink_to("docs")
    commit_all(begun)
    tree = tree_of(kind, begun)
    try:
        assert tree.read("link") is None
    except StateError as e:
        assert "link" in e.message
    assert tree.read("way/b.md") is None
    assert tree.names("way") == []


def test_the_stage_is_what_the_next_commit_would_hold(begun: Path) -> None:
    write(begun, "a.md", "staged")
    write(begun, "new.md", "new")
    git(begun, "add", "a.md", "new.md")
    git(begun, "rm", "--quiet", "docs/b.md")
    write(begun, "a.md", "later")
    tree = tree_of("staged", begun)
    assert (tree.read("a.md"), tree.read("new.md"), tree.read("docs/b.md")) == (b"staged", b"new", None)
    assert tree.names("") == ["a.md", "docs", "new.md"]
    assert tree.names("docs") == ["deep"]


def test_an_empty_stage(repo: Path) -> None:
    tree = tree_of("staged", repo)
    assert (tree.names(""), tree.read("a.md")) == ([], None)


def test_a_file_that_is_not_merged_says_so(begun: Path) -> None:
    for branch in ("one", "two"):
        git(begun, "switch", "--quiet", "-c", branch, "main")
        write(begun, "a.md", branch)
        commit_all(begun)
    git(begun, "merge", "one", check=False)
    tree = tree_of("staged", begun)
    with pytest.raises(StateError, match="merge of this file is not finished"):
        tree.read("a.md")
    assert tree.read("docs/b.md") == FILES["docs/b.md"]


@pytest.mark.parametrize("revision", ["HEAD", "main", "HEAD~0", "v1", "HEAD^{commit}"])
def test_a_revision_in_any_spelling(begun: Path, revision: str) -> None:
    git(begun, "tag", "-a", "v1", "-m", "one")
    assert CommitTree(Git.discover(str(begun)), revision).read("a.md") == b"1"


@pytest.mark.parametrize("revision", ["nope", "HEAD~99", "f" * 40, "", "HEAD:a.md", "--all", "main..main", "v9^{}"])
def test_a_revision_that_is_not_here(begun: Path, revision: str) -> None:
    with pytest.raises(TrainError, match="names no commit that is here") as caught:
        CommitTree(Git.discover(str(begun)), revision)
    assert "fetch" in caught.value.hint


def test_a_commit_of_a_bare_repository(begun: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(begun), "bare.git")
    assert CommitTree(Git.discover(str(tmp_path / "bare.git")), "main").read("a.md") == b"1"
