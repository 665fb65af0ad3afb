"""The ids of contents are the same in the working tree, in the index and in a commit; the index is not believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.core import covers
from agenticops.ports.git import Git
from agenticops.ports.listing import Listing
from agenticops.ports.stage import StagedTree
from agenticops.ports.trees import CommitTree
from agenticops.store.tree import WorkingTree
from tests.support import commit_all, git, new_repo, workspace, write


def filled(repo: Path) -> Path:
    write(repo, ".gitattributes", "*.txt text eol=crlf\n")
    write(repo, ".gitignore", "build/\n")
    write(repo, "windows.txt", "a\r\nb\r\n")
    write(repo, "src/app.py", "print(1)\n")
    write(repo, 'odd/"quoted" \\ tab\t.py', "x")
    write(repo, '"first.py', "y")
    write(repo, "new\nline", "z")
    write(repo, "umläut/ß.py", "ü")
    write(repo, "build/out", "x")
    os.symlink("src/app.py", repo / "link")
    os.symlink("/etc", repo / "outside")
    return repo


def three(repo: Path) -> tuple[str, str, str]:
    tree = workspace(repo).tree
    found = Git.discover(str(repo))
    trees = (tree, StagedTree(found), CommitTree(found, "HEAD"))
    digests = [covers.digest(t.ids(t.paths())) for t in trees]
    return digests[0], digests[1], digests[2]


def test_the_three_trees_agree(repo: Path) -> None:
    filled(repo)
    working = workspace(repo).tree
    before = covers.digest(working.ids(working.paths()))
    assert "build/out" not in working.paths() and "outside" in working.paths() and "new\nline" in working.paths()
    commit_all(repo)
    assert len({before, *three(repo)}) == 1, "what git would add is what it has added"
    write(repo, "src/app.py", "print(2)\n")
    working_now, staged, committed = three(repo)
    assert working_now != staged == committed
    git(repo, "add", "--all")
    working_now, staged, committed = three(repo)
    assert working_now == staged != committed
    (repo / "windows.txt").unlink()
    assert three(repo)[0] != staged
    git(repo, "add", "--all")
    assert three(repo)[0] == three(repo)[1]


def test_a_repository_with_longer_ids(tmp_path: Path) -> None:
    repo = filled(new_repo(tmp_path / "repo", "--object-format=sha256"))
    tree = workspace(repo).tree
    found = tree.ids(tree.paths())
    commit_all(repo)
    rows = git(repo, "ls-tree", "-r", "-z", "HEAD").split("\0")
    known = {row.partition("\t")[2]: row.split()[2] for row in rows if row}
    assert {p: i.lstrip("!") for p, i in found.items()} == known and len(known["link"]) == 64


def test_a_changed_file_is_seen_whatever_the_index_was_told(repo: Path) -> None:
    filled(repo)
    commit_all(repo)
    tree = workspace(repo).tree
    before = tree.ids(tree.paths())
    git(repo, "update-index", "--assume-unchanged", "src/app.py")
    write(repo, "src/app.py", "print(3)\n")
    after = tree.ids(tree.paths())
    assert {p for p in after if after[p] != before[p]} == {"src/app.py"}


def test_nothing_is_read_through_a_link(repo: Path, tmp_path: Path) -> None:
    filled(repo)
    commit_all(repo)
    write(tmp_path, "elsewhere/app.py", "print(1)\n")
    (repo / "src/app.py").unlink()
    (repo / "src").rmdir()
    os.symlink(tmp_path / "elsewhere", repo / "src")
    found = Listing(Git.discover(str(repo))).ids(["src/app.py", "link", "none"])
    assert list(found) == ["link"]


def test_another_repository_is_named_by_its_commit(repo: Path) -> None:
    write(new_repo(repo / "vendor"), "x", "1")
    first = commit_all(repo / "vendor")
    listing = Listing(Git.discover(str(repo)))
    assert listing.paths() == ["vendor"] and listing.ids(["vendor"]) == {"vendor": f"!{first}"}
    git(repo, "-c", "advice.addEmbeddedRepo=false", "add", "vendor")
    git(repo, "commit", "--quiet", "-m", "x")
    assert CommitTree(Git.discover(str(repo)), "HEAD").ids(["vendor"]) == {"vendor": f"!{first}"}
    git(repo, "clone", "--quiet", ".", "copy")
    assert Listing(Git.discover(str(repo / "copy"))).ids(["vendor"]) == {"vendor": f"!{first}"}


def test_an_unfinished_change_counts_as_made(repo: Path) -> None:
    filled(repo)
    tree = workspace(repo).tree
    tree.overlay = {"src/app.py": b"print(9)\n", "windows.txt": None, "fresh.txt": b"a\r\n"}
    found = tree.ids(tree.paths())
    tree.overlay = {}
    write(repo, "src/app.py", "print(9)\n")
    write(repo, "fresh.txt", "a\n")
    (repo / "windows.txt").unlink()
    assert found == tree.ids(tree.paths())


def test_a_tree_without_git_says_so(tmp_path: Path) -> None:
    from agenticops.errors import StateError

    with pytest.raises(StateError, match="git cannot be asked"):
        WorkingTree(str(tmp_path)).paths()
