"""The clock: the real time, unless a test hands in another."""

from __future__ import annotations

import time

import pytest

from agenticops.ports.clock import Clock, timestamp


def test_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    before = time.time_ns() // 1_000_000
    assert before <= Clock().milliseconds() <= time.time_ns() // 1_000_000
    monkeypatch.setenv("AGENTICOPS_NOW", "1767261600123")
    assert Clock().milliseconds() == 1767261600123
    monkeypatch.setenv("AGENTICOPS_NOW", "soon")
    assert Clock().milliseconds() >= before


def test_the_dice_fall_differently() -> None:
    assert len(Clock().entropy(10)) == 10
    assert Clock().entropy(10) != Clock().entropy(10)


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_767_261_600_007, "2026-01-01T10:00:00.007Z"),
        (999, "1970-01-01T00:00:00.999Z"),
    ],
)
def test_a_time_is_written_in_utc(milliseconds: int, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert timestamp(milliseconds) == text
    finally:
        monkeypatch.undo()
        time.tzset()
