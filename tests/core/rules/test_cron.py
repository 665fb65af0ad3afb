"""Schedules: times in a zone, and the last that was missed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from agenticops.core.rules import cron


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "since", "until", "found"),
    [
        ("0 9 * * *", "UTC", "2026-03-01T08:59", "2026-03-01T09:00", "2026-03-01T09:00"),
        ("0 9 * * *", "UTC", "2026-03-01T09:00", "2026-03-01T09:00", None),
        ("0 9 * * *", "UTC", "2026-03-01T09:00", "2026-03-01T23:00", None),
        ("0 9 * * *", "UTC", "2026-03-01T00:00", "2026-03-05T08:00", "2026-03-04T09:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-03-01T00:00", "2026-03-01T12:00", "2026-03-01T08:00"),
        ("0 9 * * *", "Europe/Berlin", "2026-07-01T00:00", "2026-07-01T12:00", "2026-07-01T07:00"),
        ("*/15 * * * *", "UTC", "2026-03-01T00:00", "2026-03-01T01:01", "2026-03-01T01:00"),
        # The clock jumps from 2 to 3: what is at half past two comes once.
        ("30 2 * * *", "Europe/Berlin", "2026-03-29T00:00", "2026-03-29T12:00", "2026-03-29T01:00"),
        ("0 0 1 1 *", "UTC", "2000-01-01T00:01", "2026-06-01T00:00", "2026-01-01T00:00"),
    ],
)
def test_the_last_time_between_two_moments(
    expression: str, zone: str, since: str, until: str, found: str | None
) -> None:
    assert cron.last(expression, zone, at(since), at(until)) == (at(found) if found else None)


def test_the_next_time() -> None:
    assert cron.following("0 9 * * 1", "UTC", at("2026-03-03T10:00")) == at("2026-03-09T09:00")


@pytest.mark.parametrize("expression", ["", "* * * *", "* * * * * *", "61 * * * *", "x * * * *", "0 0 31 2 *"])
def test_what_is_no_schedule(expression: str) -> None:
    assert list(cron.faults(expression, "UTC"))


def test_what_is_no_zone() -> None:
    assert list(cron.faults("* * * * *", "../../etc/passwd")) and list(cron.faults("* * * * *", "Mars"))
    assert not list(cron.faults("* * * * *", "America/New_York"))
