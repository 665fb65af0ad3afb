"""Holds: one at a time among threads and processes, given up by death, with a note for the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from agenticops.errors import TrainError, UsageError
from agenticops.store.hold import Hold, names

HOLDER = """
import subprocess, sys, time
from agenticops.store.hold import Hold
hold = Hold(sys.argv[1], "ticket-142")
print("took" if hold.take() else "refused", flush=True)
hold.write({"desk": "there"})
child = subprocess.Popen(["sleep", "30"], close_fds=False)
print(child.pid, flush=True)
time.sleep(30)
"""


def one(folder: Path, name: str = "ticket-142") -> Hold:
    return Hold(str(folder), name)


def test_one_has_it_until_it_lets_go(tmp_path: Path) -> None:
    first, second = one(tmp_path / "drive"), one(tmp_path / "drive")
    assert first.take() and first.mine
    assert not second.take() and not second.mine
    assert not first.take()
    assert one(tmp_path / "drive", "ticket-7").take()
    file = os.stat(tmp_path / "drive" / "ticket-142.lock").st_ino
    first.release()
    assert second.take() and not first.take()
    assert os.stat(tmp_path / "drive" / "ticket-142.lock").st_ino == file


def test_of_many_threads_one_gets_it_at_a_time(tmp_path: Path) -> None:
    inside, most, taken = [0], [0], [0]

    def work() -> None:
        for _ in range(200):
            hold = one(tmp_path)
            if hold.take():
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                taken[0] += 1
                inside[0] -= 1
                hold.release()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] and taken[0] >= 200


def test_the_next_one_has_it_at_once_after_a_kill_and_reads_the_note(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "took\n"
        child = int(holder.stdout.readline())
        mine = one(tmp_path)
        assert not mine.take()
        assert mine.read() == {"desk": "there"}
        holder.kill()
        holder.wait()
        # What it started lives on, and does not have it.
        os.kill(child, 0)
        assert mine.take()
        os.kill(child, signal.SIGKILL)
    assert mine.read() == {"desk": "there"}


def test_a_note_is_for_who_holds_it_to_write_and_for_all_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "drive"
    assert names(str(folder)) == [] and one(folder).read() == {}
    with pytest.raises(TrainError, match="is not held"):
        one(folder).write({"pid": 1})
    hold = one(folder)
    assert hold.take() and hold.read() == {} and names(str(folder)) == []
    hold.write({"pid": 1, "desk": "é"})
    hold.write({"pid": 2})
    hold.release()
    assert one(folder).read() == {"pid": 2} and names(str(folder)) == ["ticket-142"]
    for broken in ("[]", "{", "[" * 100_000, "\udcff"):
        (folder / "ticket-142.json").write_bytes(broken.encode("utf-8", "surrogateescape"))
        assert one(folder).read() == {}
    assert hold.take()
    hold.write({})
    hold.write({})
    assert names(str(folder)) == [] and sorted(os.listdir(folder)) == ["ticket-142.lock"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "drive").symlink_to(elsewhere)
    with pytest.raises(TrainError, match="cannot be used"):
        one(tmp_path / "drive").take()
    (elsewhere / "ticket-142.lock").symlink_to(tmp_path / "target")
    with pytest.raises(TrainError, match="cannot be used"):
        one(elsewhere).take()
    (elsewhere / "ticket-142.json").symlink_to(tmp_path / "target")
    with pytest.raises(TrainError, match="link"):
        one(elsewhere).read()
    assert not (tmp_path / "target").exists()
    with pytest.raises(UsageError):
        one(elsewhere, "../ticket")
