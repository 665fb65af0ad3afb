"""Putting sessions to rest: what hooks noted is taken over, there is a summary, and what is frozen is the last text."""

from __future__ import annotations

from pathlib import Path

from agenticops.flows import session
from agenticops.model.digest import sha256
from agenticops.model.event import Draft
from tests.stations import SHAPE, Board, codes, data, events, must, refused, work_through
from tests.support import commit_all, git, workspace

ROOT = "docs/session-context/ACTIVE_SESSION.md"
OWN = f"tickets/{SHAPE}/ACTIVE_SESSION.md"


def hooked(repo: Path) -> None:
    """Note a file and a to-do list as hooks do."""
    here = workspace(repo)
    found, _ = session.current(here)
    todos = [{"id": "m1", "content": "draw the sketch", "status": "pending"}]
    with here.transaction("hook") as tx:
        tx.append(Draft("artifact_touched", f"session/{found.id}", SHAPE, "142", {"path": "a.py", "verb": "created"}))
        tx.append(Draft("todos_noted", f"session/{found.id}", SHAPE, "142", {"todos": todos}))


def test_archived_by_hand_with_a_summary_from_the_log(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "session", "decide", "measure weekly")
    must(repo, "ticket", "edit", SHAPE, "--add-hours", "1.5")
    hooked(repo)
    text = (repo / data(repo, "session", "archive")["path"]).read_text()
    head, _, told = text.partition("## Summary")
    assert "created:\n    - a.py" in head and "draw the sketch" in head
    assert "- planner worked shape_142 in mode plan" in told and "1.5 hours noted" in told and "(UTC)" in told
    assert "- decided: measure weekly" in told and "- left open: draw the sketch" in told
    (event,) = events(repo, "session_archived")
    assert event["data"]["facts"]["hours"] == 1.5 and event["data"]["summary"] in text
    assert [e["kind"] for e in events(repo)[-2:]] == ["session_saved", "session_archived"]


def test_archived_with_a_persons_words(at: Board) -> None:
    repo = at("tiny-working")
    path = data(repo, "session", "archive", "--summary", "The  export\nis clean.")["path"]
    assert (repo / path).read_text().endswith("\nThe export is clean.\n")
    must(repo, "begin")
    assert "at most 2000" in refused(repo, "session", "archive", "--summary", "x" * 2001, code=2)


def test_an_archive_of_the_tickets_own_session_that_goes_on_and_ends_again(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    (repo / OWN).write_text((repo / OWN).read_text() + "\nMy own words.\n")
    for note in ("one", "two"):
        must(repo, "session", "note", note)
        must(repo, "session", "archive")
        must(repo, "begin")
    must(repo, "session", "archive")
    text = (repo / OWN).read_text()
    assert text.count("## Summary") == 1 and "My own words." in text


def test_closing_takes_over_what_hooks_noted_before_the_files_are_frozen(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    work_through(repo, SHAPE)
    hooked(repo)
    must(repo, "advance")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "--no-edit", f"phase/{SHAPE}")
    must(repo, "advance", SHAPE, "--commit")
    text = (repo / OWN).read_text()
    assert "status: archived" in text and "    - a.py" in text and "- left open: draw the sketch" in text
    assert "(UTC)" not in text, "what a transition writes holds no time: two clones write the same"
    (done,) = events(repo, "ticket_done")
    assert done["data"]["files"][OWN] == sha256((repo / OWN).read_bytes())
    assert [e["data"]["path"] for e in events(repo, "session_archived")] == [OWN]
    assert codes(repo, "check") == []


def test_a_ticket_that_nobody_began_is_closed_without_a_summary(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "ticket", "cancel", SHAPE, "--reason", "no need")
    assert "status: archived" in (repo / OWN).read_text() and "## Summary" not in (repo / OWN).read_text()
    assert events(repo, "session_archived") == []


def test_a_broken_session_does_not_hold_a_cancellation(at: Board) -> None:
    repo = at("tiny-opened")
    (repo / OWN).write_text((repo / OWN).read_text().replace("status: init", "status: asleep"))
    must(repo, "ticket", "cancel", SHAPE, "--reason", "no need")
    assert "status: archived" in (repo / OWN).read_text()


def test_save_and_show_say_what_is_unsaved(at: Board) -> None:
    repo = at("tiny-working")
    assert data(repo, "session", "show")["unsaved"] is False
    assert data(repo, "session", "save")["saved"] is False
    hooked(repo)
    shown = data(repo, "session", "show")
    assert shown["unsaved"] and shown["session"]["artifacts"]["created"] == ["a.py"]
    assert "agenticops session save" in must(repo, "session", "show") and "a.py" not in (repo / ROOT).read_text()
    assert "1 created, 0 modified, 1 of the agent's to-dos" in must(repo, "session", "save")
    assert "a.py" in (repo / ROOT).read_text() and data(repo, "session", "show")["unsaved"] is False
