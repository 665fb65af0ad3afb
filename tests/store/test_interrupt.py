"""Ctrl-C: what was begun is whole when the command ends, and the command ends as interrupted."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from agenticops.model.event import Draft
from agenticops.store import journal
from agenticops.store.interrupt import HeldBack
from tests.support import snapshot, workspace


def test_it_comes_through_at_the_end() -> None:
    steps = []
    with pytest.raises(KeyboardInterrupt), HeldBack():
        os.kill(os.getpid(), signal.SIGINT)
        steps.append("went on")
    assert steps == ["went on"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_nothing_comes_when_nothing_came() -> None:
    with HeldBack():
        pass


def test_another_thread_may_write() -> None:
    done = []

    def write() -> None:
        with HeldBack() as held:
            done.append(held.held)

    thread = threading.Thread(target=write)
    thread.start()
    thread.join()
    assert done == [False]


@pytest.mark.parametrize("where", ["write", "apply", "close"])
def test_a_ctrl_c_in_the_middle_of_a_write_leaves_it_whole(
    repo: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    real = getattr(journal, where)

    def interrupted(*arguments: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        return real(*arguments)

    monkeypatch.setattr(journal, where, interrupted)
    with pytest.raises(KeyboardInterrupt), workspace(repo).transaction("test") as tx:
        tx.write("a.md", "a")
        tx.write("b.md", "b")
        tx.append(Draft("noted", "train"))
    files = snapshot(repo)
    assert (files["a.md"], files["b.md"], len(files)) == (b"a", b"b", 3)
    assert not (repo / ".git/agenticops/journal.json").exists()
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0")
    with workspace(repo).transaction("next") as tx:
        assert tx.recovered == ""


def test_a_ctrl_c_before_it_leaves_nothing(repo: Path) -> None:
    with pytest.raises(KeyboardInterrupt), workspace(repo).transaction("test") as tx:
        tx.write("a.md", "a")
        os.kill(os.getpid(), signal.SIGINT)
    assert snapshot(repo) == {}
