"""The working tree: files as they are, with an unfinished transaction laid over them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.errors import StateError
from agenticops.model.tree import MemoryTree, Tree
from agenticops.store.tree import WorkingTree
from tests.support import write

FILES = {"a.md": b"1", "docs/b.md": b"22", "docs/deep/c.md": b"", "docs/deep/d.md": b"4"}


def working(folder: Path, files: dict[str, bytes] = FILES) -> WorkingTree:
    for path, content in files.items():
        write(folder, path, content)
    return WorkingTree(str(folder))


@pytest.mark.parametrize("kind", ["memory", "working"])
def test_every_tree_reads_alike(tmp_path: Path, kind: str) -> None:
    tree: Tree = MemoryTree(dict(FILES)) if kind == "memory" else working(tmp_path)
    assert {p: tree.read(p) for p in FILES} == FILES
    assert [tree.size(p) for p in FILES] == [1, 2, 0, 1]
    assert tree.names("") == ["a.md", "docs"]
    assert tree.names("docs") == ["b.md", "deep"]
    assert tree.names("docs/deep") == ["c.md", "d.md"]
    assert (tree.read("none"), tree.size("docs/none"), tree.names("no/where")) == (None, None, [])


def test_an_overlay_adds_changes_and_removes(tmp_path: Path) -> None:
    tree = working(tmp_path)
    tree.overlay = {"a.md": b"new", "new/folder/x.md": b"x", "docs/b.md": None}
    assert (tree.read("a.md"), tree.size("a.md")) == (b"new", 3)
    assert (tree.read("docs/b.md"), tree.size("docs/b.md")) == (None, None)
    assert tree.names("") == ["a.md", "docs", "new"]
    assert tree.names("new") == ["folder"]
    assert tree.names("docs") == ["deep"]
    assert tree.read("docs/deep/d.md") == b"4"


def test_half_written_files_are_not_listed(tmp_path: Path) -> None:
    tree = working(tmp_path, {".a.md.agenticops~": b"half", "a.md": b"whole"})
    assert tree.names("") == ["a.md"]


def test_a_link_and_a_folder_are_not_read(tmp_path: Path) -> None:
    tree = working(tmp_path)
    (tmp_path / "link").symlink_to("a.md")
    for path in ("link", "docs"):
        # They have a size, so that nobody takes them for absent.
        assert tree.size(path) is not None
        with pytest.raises(StateError):
            tree.read(path)


def test_a_tree_follows_its_folder_not_its_name(tmp_path: Path) -> None:
    tree = working(tmp_path / "one")
    os.rename(tmp_path / "one", tmp_path / "two")
    assert tree.read("a.md") == b"1"
