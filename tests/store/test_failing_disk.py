"""A disk that fails: the command says what became of the change, and that is true."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import ConflictError, TrainError
from agenticops.model.event import Draft
from agenticops.store import journal, paths
from agenticops.store.lock import Lock
from tests.support import commit_all, git, snapshot, workspace, write


def full(real: Callable[..., Any], at: int) -> Callable[..., Any]:
    """Fail the nth call as on a full disk."""
    left = at

    def call(*arguments: Any, **named: Any) -> Any:
        nonlocal left
        left -= 1
        if left == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(*arguments, **named)

    return call


def change(repo: Path) -> None:
    with workspace(repo).transaction("test") as tx:
        tx.write("a.md", "new a")
        tx.write("b.md", "new b")


@pytest.fixture
def begun(repo: Path) -> Path:
    write(repo, "a.md", "old a")
    write(repo, "b.md", "old b")
    commit_all(repo)
    return repo


@pytest.mark.parametrize("where", ["write", "settle"])
def test_before_the_journal_is_there_nothing_was_written(
    begun: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    owner = journal if where == "write" else paths
    monkeypatch.setattr(owner, where, full(getattr(owner, where), 1))
    with pytest.raises(TrainError, match="nothing was written: No space left"):
        change(begun)
    assert snapshot(begun) == {"a.md": b"old a", "b.md": b"old b"}


def test_when_the_first_file_fails_the_journal_is_taken_back(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "replace", full(paths.replace, 1))
    with pytest.raises(TrainError, match="nothing was written"):
        change(begun)
    assert not (begun / ".git/agenticops/journal.json").exists()
    assert workspace(begun).tree.read("b.md") == b"old b"


def test_when_a_later_file_fails_the_change_counts(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(paths, "replace", full(paths.replace, 2))
        with pytest.raises(TrainError, match="the change counts") as caught:
            change(begun)
    assert caught.value.exit_code == 1
    assert (begun / "b.md").read_bytes() == b"old b"
    assert workspace(begun).tree.read("b.md") == b"new b"
    with workspace(begun).transaction("next") as tx:
        assert tx.recovered == "applied"
    assert snapshot(begun) == {"a.md": b"new a", "b.md": b"new b"}


def test_a_journal_that_cannot_be_removed_denies_nothing(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(journal, "close", full(journal.close, 1))
        change(begun)
    assert snapshot(begun) == {"a.md": b"new a", "b.md": b"new b"}
    change(begun)


def test_a_temporary_file_does_not_stay(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = os.open(begun, os.O_RDONLY)
    monkeypatch.setattr(os, "fsync", full(os.fsync, 1))
    with pytest.raises(OSError, match="No space"):
        paths.replace(root, "a.md", b"new")
    os.close(root)
    assert snapshot(begun) == {"a.md": b"old a", "b.md": b"old b"}


def test_what_a_crash_left_is_not_written_into(begun: Path) -> None:
    write(begun, ".a.md.agenticops~", "half")
    os.link(begun / ".a.md.agenticops~", begun / "elsewhere")
    change(begun)
    assert snapshot(begun) == {"a.md": b"new a", "b.md": b"new b", "elsewhere": b"half"}


def test_a_lock_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    with pytest.raises(TrainError, match="lock cannot be taken"), Lock(str(tmp_path / "folder"), "test"):
        pass


def test_a_lock_whose_file_was_removed_by_hand_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0.1")
    old = Lock(str(tmp_path), "old")
    handle = os.open(tmp_path / "lock", os.O_RDWR | os.O_CREAT)
    old.handle = handle
    (tmp_path / "lock").unlink()
    with old, pytest.raises(ConflictError), Lock(str(tmp_path), "new"):
        pass


def test_a_file_that_goes_is_part_of_the_unit(begun: Path) -> None:
    with workspace(begun).transaction("test") as tx:
        tx.remove("a.md")
        assert tx.read("a.md") is None
        tx.write("c.md", "c")
        tx.append(Draft("noted", "train"))
    assert {p for p in snapshot(begun) if p.endswith(".md")} == {"b.md", "c.md"}


def test_a_deletion_that_was_not_applied_is_shown_and_finished(begun: Path) -> None:
    here = workspace(begun)
    os.makedirs(here.state_folder)
    entry = journal.Entry("a.md", journal.digest(b"old a"), None)
    journal.write(here.state_folder, [entry], here.git.head(), "test", here.root, here.git.position())
    assert workspace(begun).tree.names("") == [".git", "b.md"]
    with workspace(begun).transaction("next") as tx:
        assert tx.recovered == "applied"
    assert not (begun / "a.md").exists()


def test_what_was_read_by_way_of_the_tree_is_not_overwritten_either(begun: Path) -> None:
    here = workspace(begun)
    with pytest.raises(ConflictError, match="changed while"), here.transaction("test") as tx:
        text = here.tree.read("a.md") or b""
        write(begun, "a.md", "an editor saved this")
        tx.write("a.md", text + b" and more")
    assert (begun / "a.md").read_text() == "an editor saved this"


def note(repo: Path) -> tuple[str, ...]:
    with workspace(repo).transaction("test") as tx:
        tx.append(Draft("noted", "train"))
    return tuple(tx.written)


def test_a_shard_that_was_committed_before_the_recovery_stays_sealed(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shard,) = note(begun)
    with monkeypatch.context() as patch:
        patch.setattr(journal, "apply", lambda root, entries: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            note(begun)
    commit_all(begun)
    sealed = (begun / shard).read_bytes()
    assert len(workspace(begun).log.select("1", ())) == 2
    note(begun)
    assert (begun / shard).read_bytes() == sealed
    assert git(begun, "diff", "--name-only", "HEAD") == ""
    assert len(workspace(begun).log.select("1", ())) == 3


def test_a_link_in_the_way_keeps_the_journal_aside(begun: Path) -> None:
    here = workspace(begun)
    os.makedirs(here.state_folder)
    journal.write(here.state_folder, [journal.Entry("a.md", journal.digest(b"old a"), b"x")], "", "test")
    (begun / "a.md").unlink()
    (begun / "a.md").symlink_to("b.md")
    with workspace(begun).transaction("next") as tx:
        assert tx.recovered.startswith("journal-aside-")
    assert (begun / "b.md").read_bytes() == b"old b"


def test_a_journal_whose_content_is_not_what_was_meant_is_refused(begun: Path) -> None:
    here = workspace(begun)
    os.makedirs(here.state_folder)
    journal.write(here.state_folder, [journal.Entry("a.md", "", b"meant")], "", "test")
    file = Path(here.state_folder) / "journal.json"
    file.write_text(file.read_text().replace(journal.digest(b"meant"), journal.digest(b"other")))
    with pytest.raises(TrainError, match="cannot be read"):
        journal.read(here.state_folder)


def test_recovery_makes_the_journal_durable_before_it_touches_a_file(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its writer may have died between the rename and the flush of the folder."""
    here = workspace(begun)
    os.makedirs(here.state_folder)
    journal.write(here.state_folder, [journal.Entry("a.md", journal.digest(b"old a"), b"new a")], "", "test")
    order = []
    real_sync, real_replace = journal._sync, paths.replace
    monkeypatch.setattr(journal, "_sync", lambda folder: (order.append(folder), real_sync(folder)))
    monkeypatch.setattr(paths, "replace", lambda *a, **k: (order.append("file"), real_replace(*a, **k)))
    with workspace(begun).transaction("next"):
        pass
    assert order[:3] == [os.path.dirname(here.state_folder), here.state_folder, "file"]
