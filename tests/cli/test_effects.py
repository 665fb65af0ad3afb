"""Events whose effect git took back, and documents that are staged without their events."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.stations import SHAPE, Board, codes, data, events, must
from tests.support import commit_all, git, run_cli

CHECKLIST, TICKET = f"tickets/{SHAPE}/checklist.md", f"tickets/{SHAPE}/ticket.yml"


def hint(repo: Path, *options: str) -> str:
    found = data(repo, "check", *options, code=3)["findings"]
    return str(next(f["hint"] for f in found if f["code"] in ("VT331", "VT332")))


def test_a_stash_that_is_dropped_leaves_events_to_void(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "ticket", "block", SHAPE, "--reason", "waits for parts")
    git(repo, "stash", "--quiet")
    assert codes(repo, "check") == ["VT331"] and "git stash pop" in hint(repo)
    git(repo, "stash", "drop", "--quiet")
    assert "mended" in run_cli(repo, "doctor", "--fix").stdout
    (voided,) = events(repo, "voided")
    assert len(voided["data"]["events"]) == 1 and codes(repo, "check") == []
    commit_all(repo)
    must(repo, "ticket", "block", SHAPE, "--reason", "again")
    assert codes(repo, "check") == []
    assert data(repo, "doctor")["symptoms"]


def test_a_change_that_comes_back_counts_again(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "ticket", "block", SHAPE, "--reason", "waits for parts")
    git(repo, "stash", "--quiet")
    run_cli(repo, "doctor", "--fix")
    git(repo, "stash", "pop", "--quiet")
    assert codes(repo, "check") == ["VT331"] and "count again" in hint(repo)
    run_cli(repo, "doctor", "--fix")
    assert codes(repo, "check") == [] and data(repo, "ticket", "show", SHAPE)["status"] == "blocked"
    commit_all(repo)
    must(repo, "ticket", "unblock", SHAPE, "--reason", "they came")
    assert codes(repo, "check") == []


def test_a_ticket_that_was_cleaned_away_can_be_opened_again(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--kind", "PRD", "--title", "Refills", "--issue", "142", "--start")
    shutil.rmtree(repo / "tickets")
    (repo / "docs/work/142.md").unlink()
    assert "VT331" in codes(repo, "check")
    run_cli(repo, "doctor", "--fix")
    assert codes(repo, "check") == []
    must(repo, "work", "new", "--kind", "PRD", "--title", "Refills", "--issue", "142", "--start")
    assert codes(repo, "check") == []


def test_half_a_step_is_left_to_a_person(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "advance")
    git(repo, "restore", "--", ".")
    assert "VT331" in codes(repo, "check") and "a part of this step is left" in hint(repo)
    before = len(events(repo))
    run_cli(repo, "doctor", "--fix", check_code=None)
    assert len(events(repo)) == before


def test_a_status_that_a_person_edited_is_not_taken_for_a_restore(at: Board) -> None:
    repo = at("tiny-working")
    path = repo / TICKET
    path.write_text(path.read_text().replace("status: in_progress", "status: todo"))
    assert codes(repo, "check") == ["VT305"]


def test_staged_documents_want_their_events_staged(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    must(repo, "ticket", "block", SHAPE, "--reason", "waits for parts")
    git(repo, "add", "tickets")
    assert codes(repo, "check", "--staged") == ["VT332", "VT332"]
    assert "git add .agenticops/events/" in hint(repo, "--staged")
    git(repo, "add", hint(repo, "--staged").rpartition(" ")[2])
    assert codes(repo, "check", "--staged") == []


def test_staged_events_want_their_documents_staged(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    must(repo, "ticket", "block", SHAPE, "--reason", "waits for parts")
    git(repo, "add", ".agenticops")
    assert codes(repo, "check", "--staged") == ["VT332", "VT332"]
    git(repo, "add", CHECKLIST, TICKET)
    assert codes(repo, "check", "--staged") == []


def test_a_staged_session_wants_its_events_staged(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "session", "note", "The nurses want a list")
    git(repo, "add", "docs")
    assert codes(repo, "check", "--staged") == ["VT332"]
    git(repo, "add", ".agenticops")
    assert codes(repo, "check", "--staged") == []


def test_what_was_staged_before_more_was_done_is_whole(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "checklist", "tick", "1")
    git(repo, "add", "--all")
    must(repo, "checklist", "tick", "2")
    must(repo, "ticket", "block", SHAPE, "--reason", "waits for parts")
    assert codes(repo, "check", "--staged") == []
