"""Periods and days between times."""

from __future__ import annotations

from agenticops.core.analytics import periods


def test_a_period_begins_with_its_first_day() -> None:
    assert periods.beginning("2026-01-01T10:00", "day") == "2026-01-01"
    assert periods.beginning("2026-01-01", "week") == "2025-12-29"
    assert periods.beginning("2026-01-31", "month") == "2026-01-01"


def test_periods_in_between_are_named() -> None:
    assert list(periods.between("2025-12-22", "2026-01-05", "week")) == ["2025-12-22", "2025-12-29", "2026-01-05"]
    assert list(periods.between("2025-11-01", "2026-02-01", "month"))[1:3] == ["2025-12-01", "2026-01-01"]
    assert list(periods.between("2026-02-28", "2026-03-01", "day")) == ["2026-02-28", "2026-03-01"]


def test_less_than_nothing_is_nothing() -> None:
    assert periods.days("2026-01-01T00:00:00.000Z", "2026-01-02T12:00:00.000Z") == 1.5
    assert periods.days("2026-01-02T00:00:00.000Z", "2026-01-01T00:00:00.000Z") == 0.0
    assert periods.days("", "2026-01-01T00:00:00.000Z") == 0.0


def test_a_day_later_and_the_end_of_the_calendar() -> None:
    assert periods.after("2026-01-01T20:00:00.000Z", 0.5) == "2026-01-02"
    assert periods.after("2026-01-01T20:00:00.000Z", 1e9) == "9999-12-31"
    assert periods.before("2026-01-29T01:02:03.000Z", 28) == "2026-01-01T01:02:03.000Z"


def test_the_calendar_has_a_beginning_too() -> None:
    assert periods.before("0001-01-03T00:00:00.000Z", 28) == "0001-01-01T00:00:00.000Z"
