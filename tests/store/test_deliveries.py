"""Deliveries: remembered across processes, the oldest forgotten, never through a link."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agenticops.store.deliveries import Deliveries


def test_what_was_noted_is_known(tmp_path: Path) -> None:
    folder = str(tmp_path / "agenticops")
    assert not Deliveries(folder).seen("a")
    Deliveries(folder).note("a", "b")
    Deliveries(folder).note("b", "c")
    assert all(Deliveries(folder).seen(name) for name in "abc") and Deliveries(folder).seen("x", "c")
    assert not Deliveries(folder).seen("x", "y") and not Deliveries(folder).seen()
    assert (tmp_path / "agenticops/deliveries").read_text() == "a\nb\nc\n"


def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    kept = Deliveries(str(tmp_path), most=3)
    for name in "abcd":
        kept.note(name)
    assert not kept.seen("a") and kept.seen("b") and kept.seen("d")


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    code = (
        "import sys; from agenticops.store.deliveries import Deliveries\n"
        "for n in range(20): Deliveries(sys.argv[1]).note(f'{sys.argv[2]}{n}')"
    )
    both = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), name]) for name in "xy"]
    assert [one.wait(60) for one in both] == [0, 0]
    assert len((tmp_path / "deliveries").read_text().split()) == 40


def test_no_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "agenticops").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"."):
        Deliveries(str(tmp_path / "agenticops")).seen("a")
