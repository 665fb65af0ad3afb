"""Notices: which channels, when, and how much."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from agenticops.core import automation, notices
from agenticops.core.automation import Quiet, Throttle
from agenticops.core.notices import Notice
from agenticops.errors import StateError, UsageError

SAID = automation.read(
    b"""\
webhooks: {secret: "env:HOOK_SECRET"}
channels:
  mail: {type: email}
  team: {type: slack, url: "env:SLACK_URL"}
  hook: {type: webhook, url: "https://example.org/in"}
people:
  ada: {email: ada@example.org, channels: [mail, team, log]}
  bo: {}
"""
)
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_the_channels_of_a_person_or_the_one_that_is_wanted() -> None:
    assert [name for name, _ in notices.channels(SAID, Notice("ada", "x"))] == ["mail", "team"]
    assert [name for name, _ in notices.channels(SAID, Notice("bo", "x", channel="hook"))] == ["hook"]
    assert notices.channels(SAID, Notice("bo", "x")) == notices.channels(SAID, Notice("nobody", "x")) == []
    with pytest.raises(StateError, match="no channel"):
        notices.channels(SAID, Notice("ada", "x", channel="pager"))


@pytest.mark.parametrize(
    ("begin", "end", "zone", "at", "due"),
    [
        ("22:00", "06:30", "UTC", "2026-11-21T23:00", "2026-11-22T06:30"),
        ("22:00", "06:30", "UTC", "2026-11-22T05:00", "2026-11-22T06:30"),
        ("22:00", "06:30", "UTC", "2026-11-22T06:30", ""),
        ("22:00", "06:30", "Europe/Berlin", "2026-11-21T21:30", "2026-11-22T05:30"),
        ("12:00", "13:00", "UTC", "2026-11-21T12:30", "2026-11-21T13:00"),
        ("12:00", "13:00", "UTC", "2026-11-21T11:59", ""),
        # In the night in which the clock is put forward there is an hour less.
        ("22:00", "06:30", "Europe/Berlin", "2026-03-28T22:00", "2026-03-29T04:30"),
    ],
)
def test_quiet_hours_end_where_the_person_is(begin: str, end: str, zone: str, at: str, due: str) -> None:
    found = notices.due(Quiet(begin, end, zone), datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert (found.strftime("%Y-%m-%dT%H:%M") if found else "") == due


def test_how_much_is_too_much() -> None:
    told = [NOON - timedelta(minutes=m) for m in (90, 50, 10)]
    assert notices.full(Throttle(2, "hour"), told, NOON)
    assert not notices.full(Throttle(3, "hour"), told, NOON)
    assert not notices.full(None, told * 100, NOON)


def test_what_goes_over_a_channel() -> None:
    notice = Notice("ada", "Done", "All of it.", about="ticket/build_1")
    found = {name: notices.payload(SAID, name, SAID.channel(name), notice) for name in ("mail", "team", "hook")}
    assert found["mail"] == ("email", {"to": ["ada@example.org"], "subject": "Done", "text": "All of it."})
    assert found["team"] == ("slack", {"name": "team", "text": "Done\nAll of it."})
    assert found["hook"][1]["body"] == {"to": "ada", "subject": "Done", "text": "All of it.", "about": "ticket/build_1"}
    with pytest.raises(UsageError, match="no e-mail address"):
        notices.payload(SAID, "mail", SAID.channel("mail"), Notice("bo", "x"))
