"""Paths: nothing outside the repository is ever opened, and nothing that is no plain file is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.errors import StateError
from agenticops.store import paths


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    (tmp_path / "root" / "docs").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    handle = os.open(tmp_path / "root", os.O_RDONLY | os.O_DIRECTORY)
    yield handle
    os.close(handle)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "root"


LEAVING = [
    "", "/etc/passwd", "..", "../outside/secret", "docs/../../outside/secret", "docs/..", ".", "./docs/a", "docs//a",
    "docs/", "docs\\..\\a", "a\0b", ".git", ".git/config", ".GIT/config", ".Git/hooks/post-commit", "docs/.git/config",
    ".git ", ".git.", ".git. .",
]  # fmt: skip


@pytest.mark.parametrize("path", LEAVING)
def test_a_path_that_leaves_is_refused_by_every_door(root: int, path: str, tmp_path: Path) -> None:
    doors = [paths.read, paths.status, lambda r, p: paths.replace(r, p, b"x"), paths.remove]
    if path:
        doors.append(paths.names)
    for door in doors:
        with pytest.raises(StateError, match="leaves the repository") as caught:
            door(root, path)  # type: ignore[operator]
        assert caught.value.place == path
    assert (tmp_path / "outside" / "secret").read_text() == "secret"


@pytest.mark.parametrize("path", [".gitignore", ".github/x.yml", "a/.gitkeep", "..a", "a..", "…", "a b/ü"])
def test_names_that_only_look_like_it_are_fine(root: int, path: str) -> None:
    paths.replace(root, path, b"content")
    assert paths.read(root, path) == b"content"


def test_a_link_as_the_last_component_is_not_followed(root: int, folder: Path) -> None:
    (folder / "link").symlink_to("../outside/secret")
    with pytest.raises(StateError, match="symbolic link") as caught:
        paths.read(root, "link")
    assert caught.value.place == "link"
    (folder / "inside").symlink_to("docs")
    with pytest.raises(StateError):
        paths.names(root, "inside")


def test_a_link_in_the_middle_is_not_followed(root: int, folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to("../outside")
    with pytest.raises(StateError, match="link"):
        paths.read(root, "link/secret")
    with pytest.raises(StateError, match="link"):
        paths.replace(root, "link/secret", b"changed")
    with pytest.raises(StateError, match="link"):
        paths.remove(root, "link/secret")
    with pytest.raises(StateError, match="link"):
        paths.status(root, "link/secret")
    assert (tmp_path / "outside" / "secret").read_text() == "secret"


def test_a_write_over_a_link_replaces_the_link(root: int, folder: Path, tmp_path: Path) -> None:
    (folder / "link").symlink_to("../outside/secret")
    paths.replace(root, "link", b"mine")
    assert (tmp_path / "outside" / "secret").read_text() == "secret"
    assert not (folder / "link").is_symlink()


def test_what_is_no_plain_file_is_not_read(root: int, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    for name in ("pipe", "docs"):
        with pytest.raises(StateError) as caught:
            paths.read(root, name)
        assert caught.value.place == name
    (folder / "file").write_text("x")
    for door in (paths.read, paths.names, paths.status):
        with pytest.raises(StateError, match="where a folder is wanted"):
            door(root, "file/below")
    with pytest.raises(StateError):
        paths.names(root, "file")


def test_a_name_that_is_too_long_is_said(root: int) -> None:
    for door in (paths.read, paths.status):
        with pytest.raises(StateError, match="too long"):
            door(root, "docs/" + "x" * 300)


def test_what_is_not_there_is_none(root: int) -> None:
    assert paths.read(root, "no") is None
    assert paths.read(root, "no/where") is None
    assert paths.status(root, "no/where") is None
    assert paths.names(root, "no/where") == []
    paths.remove(root, "no")
    paths.remove(root, "no/where")


def test_read_write_list_and_remove(root: int, folder: Path) -> None:
    paths.replace(root, "a/b/c.txt", b"one")
    paths.replace(root, "a/b/c.txt", b"two")
    paths.replace(root, "a/A.txt", b"", sync=False)
    assert paths.read(root, "a/b/c.txt") == b"two"
    assert paths.read(root, "a/b/c.txt", limit=2) == b"tw"
    assert paths.names(root, "a") == ["A.txt", "b"]
    assert paths.names(root, "") == ["a", "docs"]
    paths.remove(root, "a/b/c.txt")
    assert not (folder / "a/b/c.txt").exists()


@pytest.mark.parametrize("mask", [0o022, 0o077])
@pytest.mark.parametrize("mode", [0o644, 0o755, 0o600])
def test_a_file_keeps_its_mode(root: int, folder: Path, mode: int, mask: int) -> None:
    file = folder / "file"
    file.write_text("x")
    file.chmod(mode)
    before = os.umask(mask)
    try:
        paths.replace(root, "file", b"y")
        paths.replace(root, "new", b"y")
    finally:
        os.umask(before)
    assert stat.S_IMODE(file.stat().st_mode) == mode
    assert stat.S_IMODE((folder / "new").stat().st_mode) == 0o666 & ~mask


def test_no_handle_is_left_open(root: int, folder: Path) -> None:
    (folder / "link").symlink_to("docs")
    (folder / "file").write_text("x")
    before = set(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else set()
    for path in ("file", "docs", "link", "link/x", "file/x", "no/where", "../x", "docs/" + "x" * 300):
        for door in (paths.read, paths.names, paths.status):
            try:
                door(root, path)
            except StateError:
                continue
    paths.replace(root, "a/b", b"x")
    assert before in (set(), set(os.listdir("/proc/self/fd")))
