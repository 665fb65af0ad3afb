"""The ledger of runs: each line is on the disk, the last state counts, and a torn line is skipped."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import msgspec
import pytest

from agenticops.errors import StateError, TrainError
from agenticops.store import runs
from agenticops.store.runs import Runs
from tests.core.drive.test_budget import run


def test_the_last_state_counts_and_reading_makes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "agenticops"
    assert Runs(str(folder)).read() == {} and not folder.exists()
    one = run(assignment_id="A", assignment_status="pending")
    for state in (one, run(assignment_id="B"), msgspec.structs.replace(one, assignment_status="active")):
        Runs(str(folder)).append(state)
    found = Runs(str(folder)).read()
    assert {name: r.assignment_status for name, r in found.items()} == {"A": "active", "B": "completed"}
    assert (folder / "drive/runs.jsonl").read_bytes().count(b"\n") == 3
    assert (folder / "drive/runs.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [b'{"assignment_id":"T","ag', b"\xff\xfe", b'{"assignment_id":"T"}'])
def test_a_torn_line_is_skipped_and_the_next_one_is_whole(tmp_path: Path, torn: bytes) -> None:
    ledger = Runs(str(tmp_path))
    ledger.append(run(assignment_id="A"))
    with open(tmp_path / runs.PATH, "ab") as file:
        file.write(torn)
    assert list(ledger.read()) == ["A"]
    ledger.append(run(assignment_id="B"))
    assert list(ledger.read()) == ["A", "B"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "agenticops", tmp_path / "elsewhere"
    elsewhere.write_text("mine\n")
    (folder / "drive").mkdir(parents=True)
    (folder / "drive/runs.jsonl").symlink_to(elsewhere)
    with pytest.raises(TrainError, match="cannot be written"):
        Runs(str(folder)).append(run())
    with pytest.raises(StateError, match="link"):
        Runs(str(folder)).read()
    assert elsewhere.read_text() == "mine\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a full disk")
def test_a_disk_that_takes_no_more_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def full(path: str, flags: int, *mode: int, dir_fd: int | None = None) -> int:
        return real("/dev/full", os.O_RDWR) if path == runs.FILE else real(path, flags, *mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(TrainError, match="No space left"):
        Runs(str(tmp_path)).append(run())


def append_many(folder: str, name: str) -> None:
    for number in range(50):
        Runs(folder).append(run(assignment_id=f"{name}{number}", outcome="x" * 2000))


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.starmap(append_many, [(str(tmp_path), name) for name in "AB"])
    assert len(Runs(str(tmp_path)).read()) == 100
