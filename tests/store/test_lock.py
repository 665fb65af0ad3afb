"""The lock: one writer at a time, also over processes that are killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from agenticops.errors import ConflictError
from agenticops.store import lock
from agenticops.store.lock import Lock

HOLDER = """
import sys, time
from agenticops.store.lock import Lock
with Lock(sys.argv[1], "advance"):
    print("held", flush=True)
    sys.stdin.read()
"""
COUNTER = """
import sys
from agenticops.store.lock import Lock
for _ in range(20):
    with Lock(sys.argv[1], "count"):
        number = int(open(sys.argv[2]).read())
        open(sys.argv[2], "w").write(str(number + 1))
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    """Start a process that holds the lock until its stdin closes."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=10)


def test_a_second_writer_waits_a_bounded_time_and_says_for_whom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0.2")
    process = holder(tmp_path)
    begun = time.monotonic()
    with pytest.raises(ConflictError) as caught, Lock(str(tmp_path), "mine"):
        pass
    waited = time.monotonic() - begun
    assert caught.value.message == f"process {process.pid} (advance) is writing; waited 0.2 s"
    assert caught.value.exit_code == 5
    assert caught.value.place == str(tmp_path / "lock")
    assert 0.2 <= waited < 2
    end(process)
    with Lock(str(tmp_path), "mine"):
        pass


def test_it_waits_until_the_holder_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "10")
    process = holder(tmp_path)
    begun = time.monotonic()
    threading.Timer(0.15, lambda: process.stdin.close()).start()  # type: ignore[union-attr]
    with Lock(str(tmp_path), "mine"):
        assert time.monotonic() - begun >= 0.1
    assert process.wait(10) == 0
    process.stdout.close()  # type: ignore[union-attr]


def test_a_holder_that_is_killed_holds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "5")
    process = holder(tmp_path)
    inode = os.stat(tmp_path / "lock").st_ino
    process.kill()
    end(process)
    with Lock(str(tmp_path), "mine"):
        pass
    assert os.stat(tmp_path / "lock").st_ino == inode


def test_the_file_survives_and_names_its_holder_only_while_held(tmp_path: Path) -> None:
    file = tmp_path / "agenticops" / "lock"
    with Lock(str(tmp_path / "agenticops"), "advance"):
        said = json.loads(file.read_text())
        assert (said["pid"], said["command"]) == (os.getpid(), "advance")
        assert 0 <= time.time() - said["since"] < 60
        inode = file.stat().st_ino
    assert file.read_text() == ""
    with Lock(str(tmp_path / "agenticops"), "again"):
        assert file.stat().st_ino == inode


def test_an_exception_lets_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0")
    with pytest.raises(RuntimeError), Lock(str(tmp_path), "one"):
        raise RuntimeError
    with Lock(str(tmp_path), "two"):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '"x"', "{}", "\0\0"])
def test_a_holder_whose_note_cannot_be_read_is_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0")
    with Lock(str(tmp_path), "one"):
        (tmp_path / "lock").write_text(content)
        with pytest.raises(ConflictError, match="another process is writing"), Lock(str(tmp_path), "two"):
            pass


def test_counting_under_the_lock_loses_nothing(tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    command = [sys.executable, "-c", COUNTER, str(tmp_path), str(number)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [p.wait(30) for p in processes] == [0] * 4
    assert number.read_text() == "80"


def test_a_wait_that_is_no_number_counts_as_not_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "soon")
    monkeypatch.setattr(lock, "WAIT_SECONDS", 0.1)
    with Lock(str(tmp_path), "one"):  # noqa: SIM117
        with pytest.raises(ConflictError, match=r"waited 0\.1 s"), Lock(str(tmp_path), "two"):
            pass


@pytest.mark.parametrize(("turns", "least", "most"), [(5, 0.6, 10.0), (1000, 1.2, 10.0)])
def test_while_others_take_turns_it_waits_on_within_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, turns: int, least: float, most: float
) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0.2")
    stop = threading.Event()

    def take_turns() -> None:
        for turn in range(turns):
            if stop.wait(0.1):
                return
            (tmp_path / "lock").write_text(f'{{"pid": {turn}, "command": "turn"}}')

    with Lock(str(tmp_path), "one"):
        others = threading.Thread(target=take_turns)
        others.start()
        begun = time.monotonic()
        with pytest.raises(ConflictError, match="is writing; waited"), Lock(str(tmp_path), "two"):
            pass
        waited = time.monotonic() - begun
        stop.set()
        others.join()
    assert least <= waited < most
