"""`check` and `advance`: a gate refuses until it holds; then the work moves along the edges, and only there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stations import BUILD, ITEM, SHAPE, SHIP, Board, codes, data, events, must, refused, work_through
from tests.support import commit_all, git, run_cli, snapshot, status, write


def test_advance_refuses_then_passes_then_opens_the_next(at: Board) -> None:
    repo = at("tiny-working")
    before = snapshot(repo)
    done = run_cli(repo, "advance", check_code=3)
    assert done.stdout.startswith("✗ the gate of shape does not hold (4 findings)\n") and done.stderr == ""
    assert f"  tickets/{SHAPE}/checklist.md:5  VT101  required and not checked: Ask the nurses\n" in done.stdout
    assert "  docs/142/brief.md  VT201  missing: brief\n" in done.stdout
    assert done.stdout.endswith("  why   agenticops explain VT101\n")
    assert {p for p, c in snapshot(repo).items() if before.get(p) != c and not p.startswith(".agenticops")} == set()
    work_through(repo, SHAPE)
    assert run_cli(repo, "check", SHAPE).stdout.startswith(f"✓ the gate of {SHAPE} holds: 4 checks")
    out = run_cli(repo, "advance", "--commit").stdout.splitlines()
    assert out[0].startswith("✓ gate holds: 4 checks, 1 artifact")
    assert out[1].startswith("✓ shape → build") and f"ticket {BUILD} · mode make" in out[1]
    assert out[2].startswith("✓ committed ") and out[3] == "  next  agenticops next"
    assert status(repo) == ""
    assert git(repo, "log", "-1", "--format=%s").strip() == f"{SHAPE}: shape → build"
    assert (repo / f"tickets/{SHAPE}/ticket.yml").read_text().count("status: done") == 1
    assert [e["kind"] for e in events(repo) if e["kind"].startswith("gate")] == ["gate_refused", "gate_passed"]
    assert data(repo, "ticket", "show")["id"] == BUILD


def test_a_refusal_in_json_is_an_envelope_too(at: Board) -> None:
    done = run_cli(at("tiny-working"), "advance", "--json", check_code=3)
    found = json.loads(done.stdout)
    assert (found["kind"], found["data"]["state"]) == ("advance", "refused")
    assert found["data"]["verdict"]["findings"][0]["severity"] == "error"


def test_the_same_refusal_is_recorded_once(at: Board) -> None:
    repo = at("tiny-working")
    for _ in range(3):
        codes(repo, "advance")
    assert len(events(repo, "gate_refused")) == 1


def test_check_changes_nothing(at: Board) -> None:
    repo = at("tiny-working")
    before = snapshot(repo)
    for call in (["check"], ["check", SHAPE], ["gate", "show", "shape"], ["next"], ["status"], ["mode", "show"]):
        run_cli(repo, *call, check_code=3 if call == ["check", SHAPE] else 0)
    assert snapshot(repo) == before and status(repo) == ""


def test_several_ways_on_want_a_choice(at: Board) -> None:
    repo = at("tiny-build")
    err = refused(repo, "advance", code=2)
    assert "build leads to shape, ship: say which" in err and f"advance {BUILD} --to shape" in err
    assert status(repo) == ""
    assert data(repo, "advance", "--to", "ship")["successor"]["id"] == SHIP


def test_a_cycle_opens_a_second_visit(at: Board) -> None:
    repo = at("tiny-build")
    must(repo, "advance", "--to", "shape", "--commit")
    again = f"{SHAPE}-2"
    assert data(repo, "ticket", "show")["id"] == again
    must(repo, "begin")
    work_through(repo, again, words="New measurements.")
    must(repo, "advance", "--commit")
    assert data(repo, "ticket", "show")["id"] == f"{BUILD}-2"
    assert [e["data"]["to"] for e in data(repo, "work", "show", ITEM)["way"][1:]] == [SHAPE, BUILD, again, f"{BUILD}-2"]
    assert codes(repo, "check") == []


def test_no_way_but_the_edges(at: Board) -> None:
    repo = at("tiny-ready")
    for goal in ("ship", "done"):
        (finding,) = data(repo, "advance", "--to", goal, code=3)["verdict"]["findings"]
        assert finding["code"] == "VT312" and "build" in finding["hint"]
    assert "unknown phase 'launch'" in refused(repo, "advance", "--to", "launch")
    assert data(repo, "ticket", "show")["status"] == "in_progress"


def test_the_end_of_the_way(at: Board) -> None:
    repo = at("tiny-build")
    must(repo, "advance", "--to", "ship", "--commit")
    must(repo, "begin")
    work_through(repo, SHIP)
    out = run_cli(repo, "advance", "--to", "done", "--commit").stdout
    assert "✓ ship → done" in out and f"work item {ITEM} is delivered" in out
    assert status(repo) == ""
    assert "1 of 1 work items done" in must(repo, "status")
    assert [w["stands"] for w in data(repo, "work", "list")] == ["done"]
    assert "is delivered" in refused(repo, "ticket", "new", ITEM)
    assert f"{SHIP} is done already" in refused(repo, "advance", SHIP)
    assert codes(repo, "check") == []


def test_a_task_is_done_after_its_one_phase(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--kind", "Task", "--title", "x", "--issue", "7", "--start", "--phase", "build")
    must(repo, "begin")
    must(repo, "checklist", "tick", "--all-in", "Core activities")
    write(repo, "docs/7/plan.md", "# Plan\n\nAda writes, Grace tests.\n")
    must(repo, "artifact", "record", "--all")
    assert data(repo, "advance")["state"] == "finished"


def test_an_operator_may_override_and_the_log_says_why(at: Board) -> None:
    repo = at("tiny-working")
    assert "an override needs its reason" in refused(repo, "advance", "--override", code=2)
    out = run_cli(repo, "advance", "--override", "--reason", "the client waits").stdout
    assert out.startswith("! gate overridden: 4 findings stand") and "✓ shape → build" in out
    (event,) = events(repo, "gate_overridden")
    assert event["data"]["reason"] == "the client waits" and event["data"]["codes"] == ["VT101", "VT201"]
    assert data(repo, "ticket", "show")["id"] == BUILD


def test_an_override_leaves_the_edges_and_a_block(at: Board) -> None:
    repo = at("tiny-working")
    must(repo, "ticket", "block", "--reason", "x")
    assert "VT306" in codes(repo, "advance")
    must(repo, "advance", "--override", "--reason", "now", "--to", "ship")
    assert data(repo, "ticket", "show")["id"] == SHIP
    assert codes(repo, "check") == []


def test_an_agent_cannot_override(at: Board) -> None:
    repo = at("tiny-working")
    call = ("advance", "--override", "--reason", "I want to")
    done = run_cli(repo, *call, env={"AGENTICOPS_AGENT": "planner"}, check_code=1)
    assert done.stdout == "" and "an agent (planner) cannot override a gate" in done.stderr
    assert status(repo) == ""


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("  ship:\n", "  ship:\n    gate: release\n", "VT402"),
        (
            "artifacts:\n  brief:",
            "gates:\n  default:\n    checks: [ticket, horoscope]\n\nartifacts:\n  brief:",
            "VT401",
        ),
    ],
)
def test_an_unknown_gate_or_check_fails(at: Board, old: str, new: str, code: str) -> None:
    repo = at("tiny-ready")
    path = repo / "config/pipeline.yml"
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    assert code in codes(repo, "check")
    must(repo, "work", "new", "--kind", "Task", "--title", "x", "--issue", "7", "--start", "--phase", "ship")
    assert code in codes(repo, "check", "ship_7")
    assert data(repo, "advance", "ship_7", code=3)["state"] == "refused"


def test_what_a_ticket_owes_was_settled_when_it_was_opened(at: Board) -> None:
    repo = at("tiny-ready")
    path = repo / "config/pipeline.yml"
    path.write_text(path.read_text().replace("    artifacts: [brief]\n", ""))
    assert codes(repo, "check", SHAPE) == []
    (repo / "docs/142/brief.md").unlink()
    assert "VT201" in codes(repo, "check", SHAPE)


@pytest.mark.parametrize(("field", "code"), [("phase", "VT301"), ("mode", "VT302"), ("agent", "VT303")])
def test_an_unknown_name_in_a_ticket_fails_it(at: Board, field: str, code: str) -> None:
    repo = at("tiny-ready")
    path = repo / f"tickets/{SHAPE}/ticket.yml"
    known = {"phase": "shape", "mode": "plan", "agent": "planner"}[field]
    path.write_text(path.read_text().replace(f"{field}: {known}", f"{field}: martian"))
    found = data(repo, "check", code=3)["findings"]
    (finding,) = [f for f in found if f["code"] == code]
    assert "'martian'" in finding["message"] and known in finding["hint"]
    assert finding["path"] == f"tickets/{SHAPE}/ticket.yml"
    assert code in codes(repo, "check", SHAPE)


def test_a_missing_work_item_a_missing_event_and_a_renamed_ticket(at: Board) -> None:
    repo = at("tiny-ready")
    (repo / f"docs/work/{ITEM}.md").rename(repo / "docs/kept.md")
    assert codes(repo, "check", SHAPE) == ["VT309"]
    (repo / "docs/kept.md").rename(repo / f"docs/work/{ITEM}.md")
    (repo / f"tickets/{SHAPE}").rename(repo / "tickets/shape_143")
    assert "VT304" in codes(repo, "check")
    (repo / "tickets/shape_143").rename(repo / f"tickets/{SHAPE}")
    git(repo, "rm", "-rq", ".agenticops/events")
    assert "VT311" in codes(repo, "check")


def folder_of(repo: Path, ticket: str) -> dict[str, bytes]:
    return {p: c for p, c in snapshot(repo).items() if p.startswith(f"tickets/{ticket}/")}


def test_a_done_ticket_does_not_change(at: Board) -> None:
    repo = at("tiny-build")
    commit_all(repo)
    write(repo, f"tickets/{SHAPE}/checklist.md", "- [x] something else *\n")
    (finding,) = [f for f in data(repo, "check", code=3)["findings"] if f["code"] == "VT310"]
    assert finding["path"] == f"tickets/{SHAPE}/checklist.md"
    before = folder_of(repo, SHAPE)
    for call in (
        ["checklist", "tick", "1", "--ticket", SHAPE],
        ["artifact", "record", "brief", "--ticket", SHAPE],
        ["ticket", "edit", SHAPE, "--operator", "x"],
        ["ticket", "cancel", SHAPE, "--reason", "x"],
        ["begin", SHAPE],
    ):
        assert f"{SHAPE} is done" in refused(repo, *call)
    assert folder_of(repo, SHAPE) == before
