"""Meetings: called, moved, held; who is called is told; a calendar takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import StateError, UsageError
from agenticops.flows import meeting, notices
from agenticops.flows.meeting import Call
from agenticops.model.event import Draft
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
    mail = Workspace(str(repo)).operator.rpartition("<")[2].rstrip(">")
    assert str(event["organizer"]) == f"MAILTO:{mail}"


def test_a_calendar_file_is_written_as_its_standard_says(repo: Path) -> None:
    import icalendar

    purpose = "Größe; der \\ Grenzen, einig — " + "日本語" * 30
    name = called(repo, purpose=purpose, agenda=("Zahlen, Daten; Fakten", "zwei\nZeilen"))
    data = meeting.ics(Workspace(str(repo)), [meeting.show(Workspace(str(repo)), name)])
    assert data.endswith(b"END:VCALENDAR\r\n") and data.count(b"\n") == data.count(b"\r\n")
    assert all(len(row) <= 75 and row.decode() is not None for row in data.split(b"\r\n"))
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert (str(event["summary"]), str(event["description"])) == (
        purpose,
        "- Zahlen, Daten; Fakten\n- zwei\nZeilen",
    )


def test_a_time_that_somebody_wrote_by_hand_is_named(repo: Path) -> None:
    with Workspace(str(repo)).transaction("test") as tx:
        tx.append(Draft("meeting_called", "meeting/mhand", data={"purpose": "x", "starts": "soon"}))
    with pytest.raises(StateError, match="mhand has no time"):
        meeting.ics(Workspace(str(repo)), meeting.every(Workspace(str(repo))))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"starts": "tomorrow"}, "no time"),
        ({"starts": "0001-01-01T00:00+14:00"}, "too far away"),
        ({"starts": "9999-12-31T23:59-12:00"}, "too far away"),
        ({"purpose": " "}, "has a purpose"),
        ({"about": "build_9"}, "no ticket"),
    ],
)
def test_what_is_no_meeting(repo: Path, more: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        called(repo, **more)
    assert meeting.every(Workspace(str(repo))) == []


def test_as_the_pipeline_declares_it(repo: Path) -> None:
    with pytest.raises(UsageError, match="declares a meeting 'kick'"):
        meeting.declared(Workspace(str(repo)), "kick")
