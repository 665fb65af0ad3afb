"""`notify`, `inbox` and `meeting` at the terminal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.stations import data, must, refused


def test_told_and_read(train: Path) -> None:
    must(train, "notify", "bo,cy", "Scanner [/nope] \x1b[31mback", "--urgent")
    shown = must(train, "inbox", "--for", "bo")
    assert "Scanner [/nope]" in shown and "\x1b" not in shown and "! " in shown
    assert "next  agenticops inbox --for bo --read" in shown
    assert len(data(train, "inbox", "--for", "cy", "--json")["notices"]) == 1
    assert "1 notice read" in must(train, "inbox", "--for", "bo", "--read")
    assert "nothing new" in must(train, "inbox", "--for", "bo")


def test_status_says_at_a_terminal_what_is_unread(train: Path) -> None:
    me = subprocess.run(["git", "config", "user.email"], cwd=train, capture_output=True, text=True).stdout.strip()

    def said(*words: str) -> str:
        ours, theirs = os.openpty()
        done = subprocess.run([sys.executable, "-m", "agenticops", *words], cwd=train, stdout=-3, stderr=theirs)
        os.write(theirs, b"\n")
        with os.fdopen(ours, "rb") as file:
            os.close(theirs)
            found = file.readline().decode()
        assert done.returncode == 0
        return found

    assert said("status").strip() == ""
    must(train, "notify", f"{me},bo", "Scanner")
    assert "✉ 1 unread" in said("status") and "agenticops inbox" in said("next")
    assert said("status", "--json").strip() == ""
    must(train, "inbox", "--read")
    assert said("next").strip() == ""


def test_a_notice_as_a_step_declares_it_about_a_ticket(train: Path) -> None:
    refused(train, "notify", "bo", "x", "--about", "nope", code=2)
    refused(train, "notify", "bo", "x", "--field", "name", code=2)
    refused(train, "notify", "--like", "nope", code=2)


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
