"""The pulse lets one through in an interval."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

from agenticops.store.pulse import SECONDS, Pulse
from tests.support import NOW

STEP = SECONDS * 1000


def test_one_in_an_interval(tmp_path: Path) -> None:
    pulse = Pulse(str(tmp_path), "seen")
    assert [pulse.due(NOW), pulse.due(NOW), pulse.due(NOW + STEP - 1)] == [True, False, False]
    assert [pulse.due(NOW + STEP), pulse.due(NOW + STEP)] == [True, False]


def test_a_clock_that_was_set_back_does_not_silence_it(tmp_path: Path) -> None:
    pulse = Pulse(str(tmp_path), "seen")
    assert pulse.due(NOW + 100 * STEP) and pulse.due(NOW)


def _ask(folder: str) -> bool:
    return Pulse(folder, "seen").due(NOW)


def test_of_many_at_once_one_is_let_through(tmp_path: Path) -> None:
    with multiprocessing.get_context("fork").Pool(4) as pool:
        assert sum(pool.map(_ask, [str(tmp_path)] * 40)) == 1


def test_where_nothing_can_be_noted_it_is_never_time(tmp_path: Path) -> None:
    assert not Pulse(str(tmp_path / "none"), "seen").due(NOW)
    os.symlink(tmp_path / "elsewhere", tmp_path / "link")
    assert not Pulse(str(tmp_path), "link").due(NOW)
    assert not (tmp_path / "elsewhere").exists()
