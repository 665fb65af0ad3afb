"""Calendar: a meeting as an iCalendar file, by the library icalendar (extra `calendar`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from agenticops.errors import TrainError


class Entry(Struct, frozen=True):
    """An appointment: when and for how many minutes, who comes (address by name), and what it is about."""

    id: str
    title: str
    text: str
    begins: datetime
    minutes: int
    made: datetime
    people: Sequence[tuple[str, str]] = ()
    off: bool = False
    sequence: int = 0


def write(entries: Sequence[Entry]) -> bytes:
    """Write appointments as one file. Raises TrainError where the library is missing."""
    library = _library()
    calendar = library.Calendar()
    calendar.add("prodid", "-//AgenticOps Value Train//EN")
    calendar.add("version", "2.0")
    for entry in entries:
        event = library.Event()
        event.add("uid", f"{entry.id}@agenticops")
        event.add("summary", entry.title)
        event.add("description", entry.text)
        event.add("dtstamp", entry.made)
        event.add("dtstart", entry.begins)
        event.add("dtend", entry.begins + timedelta(minutes=entry.minutes))
        event.add("sequence", entry.sequence)
        event.add("status", "CANCELLED" if entry.off else "CONFIRMED")
        for name, address in entry.people:
            attendee = library.vCalAddress(f"MAILTO:{address}")
            attendee.params["cn"] = library.vText(name)
            event.add("attendee", attendee, encode=0)
        calendar.add_component(event)
    found: bytes = calendar.to_ical()
    return found


def _library() -> Any:
    try:
        import icalendar
    except ImportError:
        hint = "pip install 'agenticops[calendar]'"
        raise TrainError("calendar files need the library icalendar, which is not installed", hint=hint) from None
    return icalendar
