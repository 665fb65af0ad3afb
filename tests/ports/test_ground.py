"""Ground: which train a call is in, and where its paths lead."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.ports.ground import Ground, train
from tests.support import git, new_repo, write


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder on the disk: what is below /dev, also in memory, counts as a device."""
    with tempfile.TemporaryDirectory() as place:
        yield Path(place)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with a pipeline, as far as its folders tell."""
    path = new_repo(tmp_path / "repo")
    write(path, "config/pipeline.yml", "name: x\n")
    write(path, "src/deep/a.py", "")
    return path


def ground(root: Path, here: Path | None = None, **environment: str) -> Ground:
    return Ground(str(root), str(here or root), {"HOME": "/nowhere", **environment})


def test_the_train_is_found_from_any_folder(root: Path, tmp_path: Path) -> None:
    wanted = (str(root), str(root / ".git"))
    assert train(str(root)) == train(str(root / "src/deep")) == train(str(root / "src/none/there")) == wanted
    assert train(str(tmp_path)) == ("", "")
    (tmp_path / "link").symlink_to(root / "src")
    assert train(str(tmp_path / "link")) == wanted


def test_a_repository_in_the_train_is_passed_and_one_without_a_train_is_none(root: Path, tmp_path: Path) -> None:
    inner = new_repo(root / "vendor/lib")
    assert train(str(inner))[0] == str(root)
    write(inner, "config/pipeline.yml", "name: y\n")
    assert train(str(inner))[0] == str(inner)
    assert train(str(new_repo(tmp_path / "other"))) == ("", "")


def test_without_its_pipeline_it_still_is_a_train(root: Path) -> None:
    write(root, ".agenticops/manifest.json", "{}")
    (root / "config/pipeline.yml").unlink()
    assert train(str(root))[0] == str(root)


def test_a_linked_worktree_has_a_git_folder_of_its_own(root: Path, tmp_path: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-qm", "x")
    git(root, "worktree", "add", "-q", str(tmp_path / "second"), "-b", "second")
    assert train(str(tmp_path / "second")) == (str(tmp_path / "second"), str(root / ".git/worktrees/second"))


def test_a_strange_git_entry_does_not_hang(root: Path) -> None:
    (root / ".git").rename(root / "kept")
    os.mkfifo(root / ".git")
    assert train(str(root)) == (str(root), str(root))
    (root / ".git").unlink()
    (root / ".git").write_bytes(b"gitdir: \xff/x\n")
    assert train(str(root))[0] == str(root)


def test_places(root: Path, tmp_path: Path) -> None:
    here = ground(root, root / "src")
    assert here.place("deep/a.py") == here.place(str(root / "src/deep/a.py")) == ("inside", "src/deep/a.py")
    assert here.place("../config/./x") == here.place("x", "../config/") == ("inside", "config/x")
    assert here.place("..") == ("inside", "")
    assert here.place("~/x") == here.place("x", "~/") == ("outside", "~/x")
    assert here.place("/etc/hosts") == ("outside", "/etc/hosts")
    assert here.place("/dev/null")[0] == "temporary"
    assert here.place(f"{root}-more/x")[0] != "inside"
    assert here.folder("deep") and not here.folder("deep/a.py") and here.folder("src", "../")
    with pytest.raises(ValueError):
        here.place("a\0b")
    with pytest.raises(ValueError):
        here.place("a\ud800b")


def test_links_are_followed(root: Path) -> None:
    (root / "src/easy").symlink_to("../config")
    (root / "src/self").symlink_to("self")
    (root / "src/far").symlink_to("/etc")
    assert ground(root).place("src/easy/pipeline.yml") == ("inside", "config/pipeline.yml")
    assert ground(root).place("src/far/hosts") == ("outside", "/etc/hosts")
    assert ground(root).place("src/self")[0] == "inside"


def test_temporary_files_pass_unless_they_are_in_a_repository(root: Path, tmp_path: Path) -> None:
    loose, other = tmp_path / "loose", new_repo(tmp_path / "other")
    loose.mkdir()
    here = ground(root, TMPDIR=str(tmp_path))
    assert here.place(str(loose / "x"))[0] == "temporary"
    assert here.place(str(other / "deep/x"))[0] == "outside"
    assert ground(root, TMPDIR="/").place("/opt/x")[0] == "outside"


def test_what_the_client_keeps_for_itself_passes(root: Path) -> None:
    here = ground(root, CLAUDE_CONFIG_DIR="/opt/claude")
    assert here.place("/opt/claude/plans/x.md")[0] == "temporary"
    assert here.place("/opt/claude/settings.json")[0] == "outside"
