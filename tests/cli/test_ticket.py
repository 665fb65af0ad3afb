"""`ticket`: visits are opened, listed, shown, edited, blocked, cancelled."""

from __future__ import annotations

import json

import pytest

from tests.stations import FIRST, ITEM, SHAPE, TITLE, Board, codes, data, events, must, refused
from tests.support import git, run_cli, snapshot, status, write


def test_new_opens_the_first_visit(at: Board) -> None:
    repo = at("software")
    must(repo, "work", "new", "--title", TITLE, "--issue", ITEM)
    out = run_cli(repo, "ticket", "new", ITEM, "--commit").stdout
    assert f"✓ ticket {FIRST} opened" in out and "mode scope · agent onboarder" in out
    assert f"next  agenticops begin {FIRST} --agent onboarder" in out
    assert {p.name for p in (repo / "tickets" / FIRST).iterdir()} == {"ticket.yml", "checklist.md", "ACTIVE_SESSION.md"}
    assert status(repo) == "" and "committed" in out
    text = (repo / "tickets" / FIRST / "checklist.md").read_text()
    assert "{{" not in text and "product/142/requirements/requirements.md *" in text


def test_what_is_opened_holds_no_time(at: Board) -> None:
    folder = at("opened") / "tickets" / FIRST
    assert all("202" not in p.read_text() for p in folder.iterdir())


def test_a_task_visits_one_phase(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--kind", "Task", "--title", "x", "--issue", "77")
    assert "say which" in refused(repo, "ticket", "new", "77", code=2)
    assert data(repo, "ticket", "new", "77", "--phase", "build")["ticket"]["id"] == "build_77"


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((ITEM,), 1, "already travels: shape_142"),
        (("9",), 2, "there is no item '9'"),
        ((), 2, "missing argument 'ITEM'"),
    ],
)
def test_new_refuses(at: Board, arguments: tuple[str, ...], code: int, words: str) -> None:
    repo = at("tiny-opened")
    assert words in refused(repo, "ticket", "new", *arguments, code=code)
    assert status(repo) == ""


def test_a_closed_item_opens_no_ticket_again(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "ticket", "cancel", "--reason", "no")
    assert "cancelled" in refused(repo, "ticket", "new", ITEM)


def test_list_filters(at: Board) -> None:
    repo = at("tiny-build")
    assert run_cli(repo, "ticket", "list").stdout.split()[0] == "build_142"
    assert [t["id"] for t in data(repo, "ticket", "list", "--all")] == ["build_142", SHAPE]
    assert [t["id"] for t in data(repo, "ticket", "list", "--status", "done")] == [SHAPE]
    assert [t["id"] for t in data(repo, "ticket", "list", "--phase", "shape", "--all")] == [SHAPE]
    assert len(data(repo, "ticket", "list", "--item", ITEM, "--all")) == 2
    assert "there is no item '9'" in refused(repo, "ticket", "list", "--item", "9", code=2)
    assert "there is no status 'open'" in refused(repo, "ticket", "list", "--status", "open", code=2)
    assert "unknown phase 'launch'" in refused(repo, "ticket", "list", "--phase", "launch")
    assert must(repo, "ticket", "list", "--status", "blocked").startswith("no tickets\n")


def test_show_gives_everything(at: Board) -> None:
    repo = at("working")
    found = json.loads(run_cli(repo, "ticket", "show", FIRST, "--json").stdout)["data"]
    for field in (
        "id", "work_item", "issue", "url", "title", "description", "operator", "team", "project", "client", "parents",
        "phase", "stage", "mode", "agent", "status", "priority", "artifacts", "optional", "entry", "exit",
        "started_at", "completed_at", "duration_estimate_days", "effort_hours", "revenue_value", "evaluation",
    ):  # fmt: skip
        assert field in found, field
    assert (found["stage"], found["status"], found["issue"]) == ("Entry criteria", "in_progress", 142)
    assert found["started_at"].endswith("Z") and found["completed_at"] == ""
    assert True not in found["evaluation"].values()
    assert f"{FIRST}  {TITLE}  in progress" in must(repo, "ticket", "show")


def test_show_of_a_finished_visit(at: Board) -> None:
    found = data(at("tiny-build"), "ticket", "show", SHAPE)
    assert found["status"] == "done" and found["completed_at"] and found["evaluation"]["checklist"]


def test_edit_changes_what_people_own(at: Board) -> None:
    repo = at("tiny-opened")
    path = repo / f"tickets/{SHAPE}/ticket.yml"
    before = path.read_text() + "\nmine: kept\n"
    path.write_text(before)
    run_cli(repo, "ticket", "edit", "--operator", "Grace <g@example.org>", "--estimate-days", "3")
    must(repo, "ticket", "edit", SHAPE, "--description", "why: because", "--estimate-hours", "1.5")
    text = path.read_text()
    assert "\nmine: kept\n" in text and 'operator: "Grace <g@example.org>"' in text
    found = data(repo, "ticket", "show")
    assert (found["duration_estimate_days"], found["effort_estimate_hours"]) == (3.0, 1.5)
    assert found["description"] == "why: because"
    assert "nothing to change" in refused(repo, "ticket", "edit", code=2)
    assert path.read_text() == text


def test_block_and_unblock(at: Board) -> None:
    repo = at("tiny-working")
    out = run_cli(repo, "ticket", "block", "--reason", "waits for [data]").stdout
    assert out.startswith(f"✓ {SHAPE} is blocked") and f"next  agenticops ticket unblock {SHAPE}" in out
    assert "held by  waits for [data]" in must(repo, "status")
    assert "VT306" in codes(repo, "check", SHAPE) and codes(repo, "check") == []
    assert "is blocked: waits for [data]" in refused(repo, "begin", SHAPE)
    assert "it cannot become blocked" in refused(repo, "ticket", "block", "--reason", "again")
    run_cli(repo, "ticket", "unblock", SHAPE, "--reason", "data came")
    assert "is not blocked" in refused(repo, "ticket", "unblock")
    assert "VT306" not in codes(repo, "check", SHAPE)
    assert [e["data"]["reason"] for e in (*events(repo, "ticket_blocked"), *events(repo, "ticket_unblocked"))] == [
        "waits for [data]",
        "data came",
    ]
    assert "blocked_by" in (repo / f"tickets/{SHAPE}/ticket.yml").read_text()


@pytest.mark.parametrize("command", ["block", "cancel"])
@pytest.mark.parametrize("reason", [(), ("--reason", " ")])
def test_a_reason_is_owed(at: Board, command: str, reason: tuple[str, ...]) -> None:
    repo = at("tiny-opened")
    assert "reason" in refused(repo, "ticket", command, *reason, code=2)
    assert status(repo) == ""


def test_cancel_ends_the_visit_and_freezes_its_files(at: Board) -> None:
    repo = at("tiny-working")
    run_cli(repo, "ticket", "cancel", SHAPE, "--reason", "no-go")
    assert data(repo, "status")["tickets"] == []
    assert "is cancelled" in refused(repo, "checklist", "tick", "1", "--ticket", SHAPE)
    assert "it cannot become" in refused(repo, "ticket", "cancel", SHAPE, "--reason", "again")
    assert codes(repo, "check") == [], "a cancelled ticket leaves no session behind"
    write(repo, f"tickets/{SHAPE}/checklist.md", "- [x] all done *\n")
    assert "VT310" in codes(repo, "check")


def test_which_ticket_is_meant(at: Board) -> None:
    repo = at("tiny-opened")
    assert data(repo, "ticket", "show")["id"] == SHAPE, "the only open one"
    must(repo, "work", "new", "--title", "x", "--issue", "77", "--start")
    err = refused(repo, "ticket", "show", code=2)
    assert "2 tickets are open: say which" in err and SHAPE in err
    assert "is the start of 2 tickets" in refused(repo, "ticket", "show", "shape", code=2)
    must(repo, "begin", "shape_77")
    assert data(repo, "ticket", "show")["id"] == "shape_77", "that of the session"
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    assert data(repo, "ticket", "show")["id"] == SHAPE, "that of the phase branch"
    assert data(repo, "ticket", "show", "shape_7")["id"] == "shape_77", "a unique beginning"


def test_a_hand_edited_status_stops_every_move(at: Board) -> None:
    repo = at("tiny-working")
    path = repo / f"tickets/{SHAPE}/ticket.yml"
    path.write_text(path.read_text().replace("status: in_progress", "status: in_review"))
    before = snapshot(repo)
    for call in (["ticket", "block", "--reason", "x"], ["ticket", "cancel", "--reason", "x"], ["begin"]):
        err = refused(repo, *call)
        assert "VT305" in err and f"at    tickets/{SHAPE}/ticket.yml" in err and "set it back to in_progress" in err
    assert snapshot(repo) == before
    assert "VT305" in codes(repo, "check") and "VT305" in codes(repo, "advance")
