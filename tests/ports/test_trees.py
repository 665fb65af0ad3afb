"""Trees in git show what the working tree shows, and nothing that a link points to."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.errors import StateError, TrainError
from agenticops.model.tree import Tree
from agenticops.ports.git import Git
from agenticops.ports.trees import CommitTree, StagedTree
from agenticops.store.tree import WorkingTree
from tests.support import commit_all, git, write

FILES = {"a.txt": "one\n", "docs/work/7.md": "seven\n", "docs/räder.md": "Räder\r\n", "empty": ""}
TREES: dict[str, Callable[[Path], Tree]] = {
    "working": lambda repo: WorkingTree(str(repo)),
    "commit": lambda repo: CommitTree(Git.discover(str(repo)), "HEAD"),
    "staged": lambda repo: StagedTree(Git.discover(str(repo))),
}


@pytest.fixture
def filled(repo: Path) -> Path:
    for path, content in FILES.items():
        write(repo, path, content)
    commit_all(repo)
    return repo


@pytest.mark.parametrize("make", TREES.values(), ids=TREES)
def test_every_tree_reads_alike(filled: Path, make: Callable[[Path], Tree]) -> None:
    tree = make(filled)
    assert {p: tree.read(p) for p in FILES} == {p: c.encode() for p, c in FILES.items()}
    assert {p: tree.size(p) for p in FILES} == {p: len(c.encode()) for p, c in FILES.items()}
    assert tree.names("docs") == ["räder.md", "work"]
    assert [n for n in tree.names("") if n != ".git"] == ["a.txt", "docs", "empty"]
    assert (tree.read("none"), tree.size("docs/none"), tree.names("none")) == (None, None, [])


def test_a_commit_stays_as_it_was(filled: Path) -> None:
    write(filled, "a.txt", "two\n")
    git(filled, "add", "a.txt")
    write(filled, "a.txt", "three\n")
    assert [make(filled).read("a.txt") for make in TREES.values()] == [b"three\n", b"one\n", b"two\n"]


def test_a_link_is_not_followed(filled: Path) -> None:
    os.symlink("/etc/passwd", filled / "link")
    commit_all(filled)
    with pytest.raises(StateError, match="symbolic link"):
        TREES["commit"](filled).read("link")
    assert TREES["staged"](filled).read("link") is None


def test_an_unfinished_merge_is_an_error(filled: Path) -> None:
    git(filled, "switch", "-qc", "side")
    write(filled, "a.txt", "side\n")
    commit_all(filled)
    git(filled, "switch", "-q", "main")
    write(filled, "a.txt", "main\n")
    commit_all(filled)
    git(filled, "merge", "-q", "side", check=False)
    with pytest.raises(StateError, match="merge of this file is not finished"):
        TREES["staged"](filled).read("a.txt")


@pytest.mark.parametrize("revision", ["nope", "HEAD~9", "0" * 40])
def test_a_commit_that_is_not_here_names_the_way_out(filled: Path, revision: str) -> None:
    with pytest.raises(TrainError) as caught:
        CommitTree(Git.discover(str(filled)), revision)
    assert "fetch-depth: 0" in caught.value.hint
