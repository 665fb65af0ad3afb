"""`approve`, `reject`, `revise` and `approval`, at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.keys import needs_ssh, new_key
from tests.reviews import ADA, BOB, GRACE, become, prepare
from tests.stations import SHAPE, Board, data, must, refused
from tests.support import git, run_cli, status

pytestmark = needs_ssh


@pytest.fixture
def repo(at: Board, tmp_path: Path) -> Path:
    keys = {who: new_key(tmp_path / "keys", who) for who in (ADA, GRACE)}
    found = prepare(at("tiny-working"), keys)
    become(found, GRACE, keys)
    return found


def test_a_review_from_the_question_to_the_answer(repo: Path) -> None:
    assert f"{SHAPE}  gate review  pending  no word yet" in must(repo, "approval", "list")
    out = must(repo, "approval", "request", SHAPE, "--reviewer", GRACE, "--reviewer", "agent:maker")
    assert f"✓ review of {SHAPE} asked of {GRACE}, agent:maker" in out and "approval show" in out
    must(repo, "approval", "begin", SHAPE)
    call = ("--verdict", "requires_revision", "--score", "6", "--suggest", "add a baseline")
    must(repo, "approval", "review", SHAPE, *call)
    must(repo, "revise", SHAPE, "--score", "5", "--reason", "no baseline", "--suggest", "compare with last year")
    done = run_cli(repo, "approve", SHAPE, "--gate", "review", "--score", "8", "--reason", "good now", "--commit")
    assert done.stdout.startswith(f"✓ {SHAPE}: gate review approved") and "signed · score 8 · digest " in done.stdout
    assert done.stdout.endswith(f"  next  agenticops advance {SHAPE}\n") and status(repo) == ""
    assert git(repo, "log", "-1", "--format=%s").strip() == f"{SHAPE}: gate review approved"
    out = must(repo, "approval", "show", SHAPE)
    assert "approved  3 decisions" not in out and "2 decisions · score 6.3" in out
    assert "  asked     agent:maker\n" in out and "compare with last year" in out and "agenticops advance" in out
    shown = data(repo, "approval", "show", SHAPE)
    assert shown["record"]["status"] == "approved" and shown["outdated"] == []
    assert shown["executions"][0]["quality_score"] == 8.0
    assert shown["executions"][0]["reviewer_assignments"] == [GRACE, "agent:maker"]


def test_what_changed_since_is_marked(repo: Path) -> None:
    must(repo, "reject", SHAPE, "--score", "1", "--reason", "[/red] \x1b[31mno")
    (repo / f"tickets/{SHAPE}/checklist.md").write_text("# Other\n\n- [ ] Ask the nurses *\n")
    out = must(repo, "approval", "show", SHAPE)
    assert "grace@example.org rejected 1  (of other content" in out and "\x1b" not in out and "[/red]" in out
    assert [f["reviewer"] for f in data(repo, "approval", "show", SHAPE)["outdated"]] == [GRACE]


def test_an_escalation_is_shown_until_it_is_answered(repo: Path) -> None:
    must(repo, "approval", "escalate", SHAPE, "--to", BOB, "--reason", "we disagree")
    assert f"escalated to {BOB} (open): we disagree" in must(repo, "approval", "show", SHAPE)


def test_runs_of_gates_are_records(repo: Path) -> None:
    run_cli(repo, "advance", SHAPE, check_code=3)
    assert "review  gate refused · pending" in must(repo, "gate", "executions", SHAPE)
    (found,) = data(repo, "gate", "executions")
    assert found["gate_name"] == "review" and found["gate_type"] == "technical_review"
    assert found["automated_checks"][0]["holds"] is False


def test_refusals_say_which_role_is_missing(repo: Path) -> None:
    become(repo, ADA)
    git(repo, "config", "--unset", "user.signingkey")  # a key would not help, so it is not asked for
    err = refused(repo, "approve", SHAPE, "--score", "8", "--reason", "mine")
    assert "VT450: to approve in phase shape takes the role reviewer, and ada@example.org has not got it" in err
    assert "next  agenticops role list" in err
    assert "is not in the range" in refused(repo, "approve", SHAPE, "--score", "11", "--reason", "x", code=2)
    assert "reason is empty" in refused(repo, "reject", SHAPE, "--score", "1", "--reason", " ", code=2)


def test_without_a_key_the_hint_sets_one_up(repo: Path) -> None:
    git(repo, "config", "--unset", "user.signingkey")
    err = refused(repo, "approve", SHAPE, "--score", "8", "--reason", "x")
    assert "git names no key to sign with" in err and "git config user.signingkey" in err
    assert status(repo) == ""
    assert "not signed" in must(repo, "approve", SHAPE, "--score", "8", "--reason", "x", "--no-sign")


def test_where_nothing_is_to_be_approved(at: Board) -> None:
    repo = at("tiny-working")
    assert "no gate of an open ticket wants an approval" in must(repo, "approval", "list")
    assert "no gate of shape wants an approval" in refused(repo, "approval", "show", code=2)
