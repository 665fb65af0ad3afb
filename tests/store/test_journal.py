"""The journal: wherever a writer dies, readers see the old state or the new one, and the next writer finishes it."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import StateError
from agenticops.model.event import Draft
from agenticops.store import journal
from agenticops.store.journal import Entry, digest
from tests.support import THOROUGH, commit_all, snapshot, workspace, write

OLD = {"docs/a.md": b"old a\n", "docs/b.md": b"old b\n"}
NEW = {"docs/a.md": b"new a\n", "docs/b.md": b"new b\n", "docs/new/c.md": b"new c\n"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader waits for a writer that is still at work; here it is dead."""
    monkeypatch.setattr("agenticops.workspace.WAITS", 1)


@pytest.fixture
def begun(repo: Path) -> Path:
    for path, content in OLD.items():
        write(repo, path, content)
    commit_all(repo)
    return repo


def change(repo: Path) -> None:
    with workspace(repo).transaction("test") as tx:
        for path, content in NEW.items():
            tx.write(path, content)
        tx.append(Draft("noted", "train"))


def die_after(calls: int, work: Callable[[], None]) -> int:
    """Run `work` in a child that dies, as by kill -9, before its nth call that changes the disk; 0 when it lived."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = calls

    def fragile(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return real(*arguments, **named)

        return call

    try:
        for name in ("replace", "fsync", "unlink", "mkdir"):
            setattr(os, name, fragile(getattr(os, name)))
        work()
        os._exit(0)
    finally:
        os._exit(70)


def seen(repo: Path) -> tuple[dict[str, bytes | None], int]:
    """What a reader sees: the files, and how many events."""
    here = workspace(repo)
    return {p: here.tree.read(p) for p in NEW}, len(here.log.select("1", ()))


def test_wherever_a_writer_dies_the_change_is_whole(begun: Path, tmp_path: Path) -> None:
    before: tuple[dict[str, bytes | None], int] = ({**OLD, "docs/new/c.md": None}, 0)
    after = (NEW, 1)
    outcomes = []
    copy = tmp_path / "copy"
    for calls in range(0, 100, 1 if THOROUGH else 2):
        os.system(f"rm -rf '{copy}' && cp -r '{begun}' '{copy}'")
        code = die_after(calls, lambda: change(copy))
        assert code in (0, 9), f"call {calls}: exit {code}"
        found = seen(copy)
        assert found in (before, after), f"after {calls} calls"
        assert not outcomes or outcomes[-1] == before or found == after
        outcomes.append(found)
        with workspace(copy).transaction("next") as tx:
            tx.append(Draft("noted", "train"))
        assert seen(copy) == (found[0], found[1] + 1)
        files = {p: c for p, c in snapshot(copy).items() if not p.startswith(".agenticops/")}
        assert files == {p: c for p, c in found[0].items() if c is not None}
        assert not (copy / ".git/agenticops/journal.json").exists()
        if code == 0:
            break
    assert code == 0
    assert calls > 10
    assert outcomes[0] == before
    assert after in outcomes[:-1]


def test_a_reader_changes_nothing_on_disk(begun: Path) -> None:
    entries = [Entry(p, digest(OLD.get(p)), c) for p, c in NEW.items()]
    here = workspace(begun)
    os.makedirs(here.state_folder)
    journal.write(here.state_folder, entries, here.git.head(), "test")
    kept = snapshot(begun)
    assert seen(begun)[0] == NEW
    assert workspace(begun).tree.names("docs") == ["a.md", "b.md", "new"]
    assert snapshot(begun) == kept
    assert os.path.exists(os.path.join(here.state_folder, "journal.json"))


def unfinished(repo: Path) -> str:
    here = workspace(repo)
    os.makedirs(here.state_folder)
    journal.write(here.state_folder, [Entry(p, digest(OLD.get(p)), c) for p, c in NEW.items()], "", "test")
    return here.state_folder


def test_a_file_that_changed_in_between_is_not_overwritten(begun: Path) -> None:
    folder = unfinished(begun)
    write(begun, "docs/b.md", "by hand\n")
    assert seen(begun)[0] == {**OLD, "docs/b.md": b"by hand\n", "docs/new/c.md": None}
    with workspace(begun).transaction("next") as tx:
        tx.append(Draft("noted", "train"))
        recovered = tx.recovered
    assert recovered.startswith("journal-aside-")
    assert json.loads((Path(folder) / recovered).read_text())["purpose"] == "test"
    assert not (Path(folder) / "journal.json").exists()
    assert (begun / "docs/a.md").read_bytes() == OLD["docs/a.md"]
    assert (begun / "docs/b.md").read_bytes() == b"by hand\n"
    assert not (begun / "docs/new").exists()


def test_one_that_is_half_applied_is_finished(begun: Path) -> None:
    unfinished(begun)
    write(begun, "docs/a.md", NEW["docs/a.md"])
    assert seen(begun)[0] == NEW
    with workspace(begun).transaction("next") as tx:
        assert tx.recovered == "applied"
        assert tx.read("docs/b.md") == NEW["docs/b.md"]
    assert {p: (begun / p).read_bytes() for p in NEW} == NEW


def test_a_file_that_is_gone_keeps_it_aside(begun: Path) -> None:
    unfinished(begun)
    (begun / "docs/a.md").unlink()
    with workspace(begun).transaction("next") as tx:
        assert tx.recovered.startswith("journal-aside-")
    assert not (begun / "docs/a.md").exists()


def test_a_half_written_journal_is_no_journal(begun: Path) -> None:
    here = workspace(begun)
    os.makedirs(here.state_folder)
    (Path(here.state_folder) / "journal.json~").write_text('{"files": [{"pa')
    assert seen(begun)[0] == {**OLD, "docs/new/c.md": None}
    change(begun)
    assert seen(begun)[0] == NEW


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', '{"files": [{"path": "../x"}]}'])
def test_a_journal_that_cannot_be_read_stops_with_its_place(begun: Path, text: str) -> None:
    here = workspace(begun)
    os.makedirs(here.state_folder)
    (Path(here.state_folder) / "journal.json").write_text(text)
    with pytest.raises(StateError, match="journal"), here.transaction("next") as tx:
        tx.write("docs/a.md", "x")
    assert (begun / "docs/a.md").read_bytes() == OLD["docs/a.md"]


def test_a_journal_that_leaves_the_repository_is_refused(begun: Path, tmp_path: Path) -> None:
    folder = workspace(begun).state_folder
    os.makedirs(folder)
    journal.write(folder, [Entry("../outside", "", b"x")], "", "test")
    with pytest.raises(StateError, match="leaves the repository"), workspace(begun).transaction("next"):
        pass
    assert not (tmp_path / "outside").exists()


def test_a_writer_that_cannot_begin_lets_go_of_the_lock(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0")
    here = workspace(begun)
    _ = here.log
    journal.write(here.state_folder, [Entry("../outside", "", b"x")], "", "test")
    with pytest.raises(StateError, match="leaves the repository"), here.transaction("next"):
        pass
    (Path(here.state_folder) / "journal.json").unlink()
    change(begun)
    assert seen(begun)[0] == NEW


def test_the_digest_of_nothing_is_not_that_of_an_empty_file() -> None:
    assert digest(None) == ""
    assert digest(b"") != ""


def test_recovering_where_there_is_nothing(tmp_path: Path) -> None:
    handle = os.open(tmp_path, os.O_RDONLY)
    assert journal.recover(str(tmp_path), handle, "x") == ""
    assert journal.overlay(str(tmp_path), handle) == {}
    os.close(handle)
