"""`notify`, `inbox` and `meeting` at the terminal."""

from __future__ import annotations

from pathlib import Path

from tests.stations import data, must, refused


def test_told_and_read(train: Path) -> None:
    must(train, "notify", "bo,cy", "Scanner [/nope] \x1b[31mback", "--urgent")
    shown = must(train, "inbox", "--for", "bo")
    assert "Scanner [/nope]" in shown and "\x1b" not in shown and "! " in shown
    assert len(data(train, "inbox", "--for", "cy", "--json")["notices"]) == 1
    assert "1 notice read" in must(train, "inbox", "--for", "bo", "--read")
    assert "nothing new" in must(train, "inbox", "--for", "bo")


def test_meetings(train: Path, tmp_path: Path) -> None:
    found = data(train, "meeting", "call", "Agree", "--at", "2026-12-01 14:00", "--with", "ada@example.org", "--json")
    assert "Agree" in must(train, "meeting", "list")
    file = tmp_path / "a.ics"
    must(train, "meeting", "ics", found["id"], "--out", str(file))
    assert b"BEGIN:VEVENT" in file.read_bytes()
    refused(train, "meeting", "ics", "--out", str(file), code=2)
    must(train, "meeting", "cancel", found["id"], "--reason", "settled")
    assert "no meetings" in must(train, "meeting", "list")
    refused(train, "meeting", "call", "Agree", code=2)
