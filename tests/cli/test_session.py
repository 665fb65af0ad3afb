"""`begin`, `session` and `handoff`: one writer at a time, no hand-off into the air, the text stays people's."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.store import journal
from tests.stations import BUILD, FIRST, SHAPE, Board, codes, data, events, must, refused
from tests.support import commit_all, git, run_cli, status, write

ROOT = "docs/session-context/ACTIVE_SESSION.md"


def session(repo: Path) -> dict[str, object]:
    found: dict[str, object] = data(repo, "session", "show")["session"]
    return found


def test_begin_opens_the_session_and_starts_the_ticket(at: Board) -> None:
    repo = at("opened")
    out = run_cli(repo, "begin", FIRST, "--agent", "onboarder").stdout
    assert out.startswith(f"✓ onboarder works {FIRST}") and f"session in {ROOT}" in out
    assert out.endswith("  next  agenticops mode show\n")
    now = session(repo)
    assert (now["status"], now["ticket"], now["mode"], now["phase"]) == ("active", FIRST, "scope", "requirements")
    assert now["operator"] == "Ada Lovelace <ada@example.org>" and "Task" in now["restricted_tools"]  # type: ignore[operator]
    assert now["parents"] == {"prd": "142", "crd": ""}
    assert data(repo, "ticket", "show")["status"] == "in_progress"
    assert [e["kind"] for e in events(repo)[-2:]] == ["session_began", "ticket_started"]


def test_the_agent_is_the_tickets_own_unless_told(at: Board) -> None:
    repo = at("opened")
    assert data(repo, "begin")["session"]["agent"] == "onboarder"


@pytest.mark.parametrize(
    ("agent", "words"), [("lab", "lab does not work in requirements (mode scope)"), ("bob", "unknown agent 'bob'")]
)
def test_begin_as_somebody_else(at: Board, agent: str, words: str) -> None:
    repo = at("opened")
    err = refused(repo, "begin", "--agent", agent)
    assert words in err and "onboarder" in err
    assert status(repo) == ""


def test_one_session_has_one_writer(at: Board) -> None:
    repo = at("working")
    assert "onboarder works requirements_142 in this session" in refused(repo, "begin", "--agent", "evaluator")
    must(repo, "work", "new", "--title", "x", "--issue", "7", "--start")
    err = refused(repo, "begin", "requirements_7")
    assert "the session works requirements_142 for onboarder" in err and "agenticops session archive" in err
    must(repo, "begin", FIRST)
    assert len(events(repo, "session_resumed")) == 1


def test_notes_decisions_todos_blockers_and_steps(at: Board) -> None:
    repo = at("working")
    run_cli(repo, "session", "note", "two boxes  were\nempty")
    run_cli(repo, "session", "decide", "measure [weekly]")
    run_cli(repo, "session", "block", "no access to ward 7")
    run_cli(repo, "session", "step", "ask the nurses")
    todo = data(repo, "session", "todo", "add", "profile the March export", "--priority", "high")["session"]["todos"][0]
    run_cli(repo, "session", "todo", "add", "draw")
    now = session(repo)
    assert now["notes"] == ["two boxes were empty"] and now["decisions"] == ["measure [weekly]"]
    assert now["blockers"] == ["no access to ward 7"] and now["next_steps"] == ["ask the nurses"]
    out = run_cli(repo, "session", "show").stdout
    assert "measure [weekly]" in out and f"todo {todo['id']}" in out and "no access to ward 7" in out
    assert "no access to ward 7" in must(repo, "status")
    must(repo, "session", "todo", "done", "March")
    run_cli(repo, "session", "todo", "done", "draw")
    assert "to-dos match 'fly'" in refused(repo, "session", "todo", "done", "fly", code=2)
    run_cli(repo, "session", "unblock", "WARD 7")
    assert "has no blockers" in refused(repo, "session", "unblock", code=2)
    assert session(repo)["blockers"] == []
    assert "nothing to write down" in refused(repo, "session", "note", " ", code=2)
    kinds = [e["kind"] for e in events(repo) if e["subject"].startswith("session/")]
    assert kinds == [
        "session_began", "session_noted", "session_decided", "session_blocked", "next_step_added",
        "todo_added", "todo_added", "todo_completed", "todo_completed", "session_unblocked",
    ]  # fmt: skip


def test_the_text_below_and_unknown_fields_stay(at: Board) -> None:
    repo = at("working")
    text = (repo / ROOT).read_text().replace("id: s-", "mood: sunny # today\n\nid: s-") + "\nMy own *words* [/b].\n"
    write(repo, ROOT, text)
    must(repo, "session", "decide", "go")
    must(repo, "session", "pause")
    now = (repo / ROOT).read_text()
    assert now.endswith("\nMy own *words* [/b].\n") and "mood: sunny # today\n" in now


def test_pause_and_resume(at: Board) -> None:
    repo = at("working")
    run_cli(repo, "session", "pause")
    assert "the session is paused" in refused(repo, "session", "pause")
    assert "the session is paused" in refused(repo, "handoff", "--to", "evaluator", "--next", "x")
    run_cli(repo, "session", "resume")
    assert "the session is active" in refused(repo, "session", "resume")
    assert session(repo)["status"] == "active"


def test_a_handoff_brings_what_the_next_agent_requires(at: Board) -> None:
    repo = at("working")
    done = run_cli(repo, "handoff", "--to", "evaluator", check_code=3)
    assert done.stdout.startswith("✗ the hand-off to evaluator lacks 2\n") and done.stderr == ""
    assert "VT505" in done.stdout and 'next  agenticops handoff --to evaluator --next "…"' in done.stdout
    assert session(repo)["status"] == "active"
    assert [f["code"] for f in data(repo, "handoff", "--to", "evaluator", code=3)["findings"]] == ["VT505", "VT505"]
    out = run_cli(repo, "handoff", "--to", "evaluator", "--note", "leak in age", "--next", "Review A1").stdout
    assert out.startswith(f"✓ onboarder handed {FIRST} to evaluator")
    assert out.endswith(f"  next  agenticops begin {FIRST} --agent evaluator\n")
    assert codes(repo, "check", FIRST).count("VT504") == 1 and codes(repo, "check") == []
    assert data(repo, "next")["command"] == f"agenticops begin {FIRST} --agent evaluator"
    assert "was handed to evaluator, not to onboarder" in refused(repo, "begin", "--agent", "onboarder")
    out = run_cli(repo, "begin", "--agent", "evaluator").stdout
    assert "leak in age" in out and "Review A1" in out, "the next agent reads what it was left"
    assert [e["kind"] for e in events(repo, "handoff_accepted")] == ["handoff_accepted"]
    assert codes(repo, "check", FIRST).count("VT504") == 0
    assert (session(repo)["agent"], session(repo)["status"]) == ("evaluator", "active")


@pytest.mark.parametrize(
    ("to", "code", "words"),
    [("onboarder", 2, "has the session already"), ("bob", 1, "unknown agent"), ("lab", 1, "does not work in")],
)
def test_a_handoff_to_nobody(at: Board, to: str, code: int, words: str) -> None:
    repo = at("working")
    assert words in refused(repo, "handoff", "--to", to, "--next", "x", "--note", "x", code=code)
    assert status(repo) == ""


def test_archive_keeps_the_text_and_makes_room(at: Board) -> None:
    repo = at("working")
    must(repo, "session", "decide", "go")
    path = data(repo, "session", "archive")["path"]
    assert path.startswith("docs/session-context/archive/20") and "go" in (repo / path).read_text()
    assert "status: archived" in (repo / path).read_text() and "status: init" in (repo / ROOT).read_text()
    err = refused(repo, "session", "show")
    assert "no session is open" in err and "agenticops begin" in err
    assert [(s["path"], s["session"]["status"]) for s in data(repo, "session", "list")] == [(path, "archived")]
    must(repo, "begin")
    assert len(run_cli(repo, "session", "list").stdout.splitlines()) == 2
    assert codes(repo, "check") == []


@pytest.mark.parametrize("call", ["show", "note x", "decide x", "block x", "step x", "pause", "archive", "todo add x"])
def test_without_a_session(at: Board, call: str) -> None:
    repo = at("opened")
    err = refused(repo, "session", *call.split())
    assert "no session is open" in err and f"at    {ROOT}" in err and "agenticops begin" in err
    assert status(repo) == ""


def test_on_a_phase_branch_it_is_the_tickets_own(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    must(repo, "begin")
    own = f"tickets/{SHAPE}/ACTIVE_SESSION.md"
    assert data(repo, "session", "note", "here")["path"] == own
    assert ROOT not in status(repo) and not (repo / ROOT).exists()
    assert data(repo, "session", "archive")["path"] == own
    assert "here" in (repo / own).read_text() and "status: archived" in (repo / own).read_text()


def test_on_another_branch_begin_wants_a_ticket(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--title", "x", "--issue", "7", "--start")
    must(repo, "work", "new", "--title", "x", "--issue", "8", "--start")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "topic")
    assert "say which" in refused(repo, "begin", code=2)
    assert data(repo, "begin", "shape_7")["path"] == "tickets/shape_7/ACTIVE_SESSION.md"
    assert data(repo, "session", "note", "x")["session"]["ticket"] == "shape_7"


def test_the_next_phase_takes_the_session_over(at: Board) -> None:
    repo = at("tiny-ready")
    must(repo, "advance")
    assert "no session is open" in refused(repo, "session", "show")
    must(repo, "begin")
    assert session(repo)["ticket"] == BUILD
    assert len(data(repo, "session", "list")) == 2


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (f"ticket: {SHAPE}", "ticket: shape_999", "VT503"),
        ("mode: plan", "mode: make", "VT503"),
        ("status: active", "status: sleepy", "VT501"),
        ("---\nid:", "id:", "VT501"),
    ],
)
def test_a_session_that_disagrees_is_found(at: Board, old: str, new: str, code: str) -> None:
    repo = at("tiny-working")
    text = (repo / ROOT).read_text()
    assert old in text
    write(repo, ROOT, text.replace(old, new, 1))
    found = [f for f in data(repo, "check", code=3)["findings"] if f["code"] == code]
    assert found and found[0]["path"] == ROOT


def test_a_session_of_another_ticket_is_found(at: Board) -> None:
    repo = at("tiny-opened")
    path = repo / f"tickets/{SHAPE}/ACTIVE_SESSION.md"
    path.write_text(path.read_text().replace(f"ticket: {SHAPE}", "ticket: build_9"))
    assert "VT502" in codes(repo, "check", SHAPE)


def test_resume_shows_first_what_it_would_give_back(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "session", "decide", "measure [weekly]")
    text = (repo / ROOT).read_text()
    write(repo, ROOT, "scribbled over")
    before = status(repo)
    out = run_cli(repo, "session", "resume", "--dry-run").stdout
    assert "the file was broken" in out and "kept     docs/session-context/_legacy/root-" in out
    assert "in hand  Name the goal" in out or "in hand  Ask the nurses" in out
    assert out.endswith("  next  agenticops session resume\n")
    assert status(repo) == before and (repo / ROOT).read_text() == "scribbled over"
    found = data(repo, "session", "resume")["recovery"]
    assert (found["state"], found["session"]["decisions"]) == ("broken", ["measure [weekly]"])
    assert (repo / found["kept"]).read_text() == "scribbled over"
    assert "scribbled over" in (repo / ROOT).read_text() and "measure [weekly]" in text
    assert codes(repo, "check") == [] and session(repo)["decisions"] == ["measure [weekly]"]


def test_a_hand_off_is_restored_as_one(at: Board) -> None:
    repo = at("working")
    must(repo, "handoff", "--to", "evaluator", "--note", "leak", "--next", "Review")
    (repo / ROOT).unlink()
    out = run_cli(repo, "session", "resume").stdout
    assert out.startswith("✓ it is handed off") and out.endswith(f"agenticops begin {FIRST} --agent evaluator\n")
    assert "the session is handed off" in refused(repo, "session", "resume")
    must(repo, "begin", "--agent", "evaluator")
    assert session(repo)["agent"] == "evaluator"


def test_resume_says_what_a_crash_interrupted(at: Board) -> None:
    repo = at("tiny-working")
    old = (repo / ROOT).read_bytes()
    new = old.replace(b"status: active", b"status: paused")
    journal.write(
        str(repo / ".git" / "agenticops"), [journal.Entry(ROOT, journal.digest(old), new)], "", "session pause"
    )
    out = run_cli(repo, "session", "resume").stdout
    # The file is paused by then and the log does not know it: that counts as an edit by hand.
    assert "crashed  a write was interrupted and is finished: session pause: 1 files" in out
    assert session(repo)["status"] == "active" and not (repo / ".git/agenticops/journal.json").exists()
