"""Meetings: called, moved, held; who is called is told; a calendar takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import UsageError
from agenticops.flows import meeting, notices
from agenticops.flows.meeting import Call
from agenticops.workspace import Workspace
from tests.support import write


@pytest.fixture
def repo(train: Path) -> Path:
    write(train, "config/automation.yml", "people:\n  ada: {email: ada@example.org}\n")
    return train


def called(repo: Path, **more: Any) -> str:
    wanted = Call("Agree on limits", "2026-12-01T14:00+01:00", ("ada", "bo@example.org"), ("Figures", "Next"), 45)
    from msgspec.structs import replace

    return meeting.call(Workspace(str(repo)), replace(wanted, **more)).id


def test_a_meeting_from_call_to_outcome(repo: Path) -> None:
    name = called(repo)
    found = meeting.show(Workspace(str(repo)), name[:5])
    assert (found.status, found.starts, found.data["minutes"]) == ("called", "2026-12-01T13:00:00.000Z", 45)
    assert (
        notices.inbox(Workspace(str(repo)), "ada")[0].data["text"].startswith("2026-12-01 13:00 UTC, 45 minutes\n- Fig")
    )
    meeting.move(Workspace(str(repo)), name, "2026-12-02 09:00", "Ada is away")
    meeting.hold(Workspace(str(repo)), name, "Agreed", ["Limits stay"])
    found = meeting.show(Workspace(str(repo)), name)
    assert (found.status, found.starts) == ("held", "2026-12-02T09:00:00.000Z")
    assert (found.data["outcome"], found.data["decisions"]) == ("Agreed", ["Limits stay"])
    assert len(notices.inbox(Workspace(str(repo)), "bo@example.org")) == 2
    with pytest.raises(UsageError, match="was held already"):
        meeting.move(Workspace(str(repo)), name, off=True)


def test_what_was_called_off_is_not_to_come(repo: Path) -> None:
    first, second = called(repo), called(repo, starts="2026-11-30 08:00")
    assert [m.id for m in meeting.every(Workspace(str(repo)))] == [second, first]
    meeting.move(Workspace(str(repo)), first, off=True, reason="settled")
    assert [m.id for m in meeting.every(Workspace(str(repo)))] == [second]
    assert [m.status for m in meeting.every(Workspace(str(repo)), everything=True)] == ["called", "off"]


def test_a_calendar_reads_it(repo: Path) -> None:
    import icalendar

    name = called(repo)
    meeting.move(Workspace(str(repo)), name, "2026-12-02 09:00")
    data = meeting.ics(Workspace(str(repo)), meeting.every(Workspace(str(repo))))
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert (event["uid"], event["sequence"], event["status"]) == (f"{name}@agenticops", 1, "CONFIRMED")
    assert event.decoded("dtstart").isoformat() == "2026-12-02T09:00:00+00:00"
    assert event.decoded("dtend").isoformat() == "2026-12-02T09:45:00+00:00"
    assert sorted(str(a) for a in event["attendee"]) == ["MAILTO:ada@example.org", "MAILTO:bo@example.org"]


@pytest.mark.parametrize(
    ("more", "words"),
    [({"starts": "tomorrow"}, "no time"), ({"purpose": " "}, "has a purpose"), ({"about": "build_9"}, "no ticket")],
)
def test_what_is_no_meeting(repo: Path, more: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        called(repo, **more)
    assert meeting.every(Workspace(str(repo))) == []


def test_as_the_pipeline_declares_it(repo: Path) -> None:
    with pytest.raises(UsageError, match="declares a meeting 'kick'"):
        meeting.declared(Workspace(str(repo)), "kick")
