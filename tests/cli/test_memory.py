"""`remember`, `recall`, `forget`, and the line on the mode page."""

from __future__ import annotations

from tests.stations import SHAPE, Board, data, events, must, refused
from tests.support import cli, commit_all, git, run_cli


def test_a_day_of_notes(at: Board) -> None:
    repo = at("tiny-working")
    out = must(repo, "remember", "The scanner  rounds up", "--ticket", SHAPE, "--tag", "scan")
    assert "remembered for ticket shape_142" in out and f"next  agenticops recall --ticket {SHAPE}" in out
    assert data(repo, "remember", "The scanner rounds\nup", "--ticket", SHAPE)["new"] is False
    must(repo, "remember", "Sample first", "--mode", "plan")
    must(repo, "remember", "Ask on Mondays")
    (found,) = data(repo, "recall", "scan", "round")["notes"]
    assert (found["text"], found["scope"], found["tags"]) == ("The scanner rounds up", f"ticket/{SHAPE}", ["scan"])
    assert found["agent"] == "planner" and found["id"].startswith("n")
    assert [n["text"] for n in data(repo, "recall")["notes"]] == ["Ask on Mondays", "Sample first", found["text"]]
    assert [n["text"] for n in data(repo, "recall", "--limit", "1")["notes"]] == ["Ask on Mondays"]
    assert "… 2 more; --all shows them" in must(repo, "recall", "--limit", "1")
    assert [n["text"] for n in data(repo, "recall", "--tag", "SCAN")["notes"]] == [found["text"]]
    assert [n["text"] for n in data(repo, "recall", "--mode", "plan")["notes"]] == ["Sample first"]
    page = must(repo, "mode", "show")
    assert f"notes    1 for the ticket, 1 for the mode, 1 for the project  agenticops recall --ticket {SHAPE}" in page
    assert "1 for the mode, 1 for the project  agenticops recall --mode plan" in must(repo, "mode", "show", "plan")
    must(repo, "forget", found["id"][:6], "--reason", "replaced")
    assert "no note says so" in must(repo, "recall", "scanner")
    shown = must(repo, "recall", "scanner", "--all")
    assert found["text"] in shown and "forgotten: replaced" in shown
    assert "1 for the ticket" not in must(repo, "mode", "show")
    kept = [e for e in events(repo, "remembered") if e["ticket" if "ticket" in e else "kind"] == SHAPE]
    assert [e["item"] for e in kept] == ["142"] and len(events(repo, "forgotten")) == 1


def test_notes_do_not_disturb_the_gate_nor_the_replay(at: Board) -> None:
    repo = at("tiny-ready")
    base = git(repo, "rev-parse", "HEAD").strip()
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "remember", "Ask on Mondays", "--ticket", SHAPE)
    must(repo, "remember", "For everybody")
    commit_all(repo, "Remember")
    assert data(repo, "check", SHAPE)["holds"]
    assert data(repo, "check", "--base", base, "--head", "HEAD", "--replay")["holds"]


def test_what_is_written_is_shown_and_not_obeyed(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "remember", "--", '--all [/nope] \x1b[31m\u202e AND "x" OR *')
    out = run_cli(repo, "recall", '"x"', "AND", "*").stdout
    assert "--all [/nope] \\u001b[31m\\u202e AND" in out and "\x1b" not in out


def test_what_is_refused(at: Board) -> None:
    repo = at("tiny-opened")
    assert "the note is empty" in refused(repo, "remember", " ", code=2)
    assert "there is no ticket" in refused(repo, "recall", "--ticket", "none_1", code=2)
    assert "unknown mode 'play'" in refused(repo, "remember", "x", "--mode", "play")
    assert "there is no note" in refused(repo, "forget", "nnnn", "--reason", "x", code=2)
    assert cli(repo, "forget", "nnnn")[0] == 2


def test_outside_a_train(at: Board, tmp_path: object, repo: object) -> None:
    assert "no train yet" in refused(repo, "remember", "x")  # type: ignore[arg-type]
