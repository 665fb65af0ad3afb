"""Calendar: a meeting as an iCalendar file, by the library icalendar (extra `calendar`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
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
    caller: str = ""


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
        # Whoever has guests is their host: calendars pass over attendees of nobody's meeting (RFC 5545, 3.8.4.3).
        name, address = parseaddr(entry.caller)
        if entry.people and address:
            event.add("organizer", _person(library, name or address, address), encode=0)
        for name, address in entry.people:
            event.add("attendee", _person(library, name, address), encode=0)
        calendar.add_component(event)
    found: bytes = calendar.to_ical()
    return found


def _person(library: Any, name: str, address: str) -> Any:
    found = library.vCalAddress(f"MAILTO:{address}")
    found.params["cn"] = library.vText(name)
    return found


def _library() -> Any:
    try:
        import icalendar
    except ImportError:
        hint = "pip install 'agenticops[calendar]'"
        raise TrainError("calendar files need the library icalendar, which is not installed", hint=hint) from None
    return icalendar
