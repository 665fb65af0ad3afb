"""`github ingest|publish|pr` and `next --claim` as people and hooks call them."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest

from tests import hub
from tests.forge import Forge
from tests.hub import forge
from tests.stations import SHAPE, Board, data, events, must, refused
from tests.support import cli, commit_all, git, run_cli

__all__ = ["forge"]

SECRET = "a secret of the hook"
BODY = json.dumps(
    {
        "action": "closed",
        "issue": {"number": 142, "state": "closed", "updated_at": "2030-01-01T10:00:00Z"},
        "repository": {"full_name": "acme/train"},
        "sender": {"login": "grace"},
    },
    indent=1,
)
SIGNATURE = "sha256=" + hmac.new(SECRET.encode(), BODY.encode(), hashlib.sha256).hexdigest()
HOOK = ["--event", "issues", "--signature", SIGNATURE, "--secret", "env:HOOK_SECRET"]


@pytest.fixture
def hooked(at: Board, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/train")
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    return at("tiny-opened")


def test_a_receiver_hands_the_body_to_standard_input(hooked: Path) -> None:
    call = ["github", "ingest", *HOOK, "--delivery", "72d3162e", "--payload", "-"]
    done = run_cli(hooked, *call, input=BODY)
    assert done.stdout.splitlines()[0].startswith("✓ issues closed #142")
    assert "forge_seen, issue_observed" in done.stdout and "work show 142" in done.stdout
    again = run_cli(hooked, *call, "--json", input=BODY)
    assert json.loads(again.stdout)["data"]["outcome"] == "known"
    assert len(events(hooked, "forge_seen")) == 1


def test_a_forged_payload_is_refused_and_says_no_secret(hooked: Path) -> None:
    call = ["github", "ingest", *HOOK, "--payload", "-"]
    done = run_cli(hooked, *call, input=BODY.replace("closed", "opened"), check_code=4)
    assert "the signature is not of this payload" in done.stderr and SECRET not in done.stderr
    assert done.stdout == "" and git(hooked, "status", "--porcelain") == ""


def test_a_payload_without_a_signature_is_refused(hooked: Path, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text(BODY)
    err = refused(hooked, "github", "ingest", "--event", "issues", "--payload", str(tmp_path / "body.json"), code=2)
    assert "nobody vouches for this payload" in err
    assert "no run of GitHub Actions" in refused(hooked, "github", "ingest", code=2)


def test_a_run_of_actions_commits_what_it_took_in(
    hooked: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "body.json").write_text(BODY)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_EVENT_NAME", "issues")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "body.json"))
    found = data(hooked, "github", "ingest", "--commit")
    assert found["outcome"] == "recorded" and git(hooked, "rev-parse", "--short", "HEAD").strip() == found["commit"]
    assert git(hooked, "status", "--porcelain") == ""


def test_from_a_branch_to_the_default_branch(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    assert "pull request #143 is open" in must(repo, "github", "pr", "open")
    assert "is open already" in must(repo, "github", "pr", "open")
    out = must(repo, "github", "publish")
    assert "told as commit status agenticops/gate" in out and "comment at the pull request" in out
    assert "would be merged" in must(repo, "github", "pr", "merge", "--dry-run")
    out = must(repo, "github", "pr", "merge")
    assert "pull request #143 is merged" in out
    assert f"git switch main && git pull && agenticops advance {SHAPE}" in out
    git(repo, "switch", "--quiet", "main")
    git(repo, "pull", "--quiet", "origin", "main")
    assert data(repo, "advance", SHAPE)["state"] == "advanced"


def test_a_merge_that_the_gate_refuses_is_a_verdict(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    must(repo, "github", "pr", "open")
    (repo / "docs/142/brief.md").unlink()
    commit_all(repo)
    hub.push(repo)
    assert data(repo, "github", "pr", "merge", code=3)["state"] == "refused"
    code, out, _ = cli(repo, "github", "pr", "merge")
    assert code == 3 and "is not merged: the gate does not hold" in out and "VT201" in out
    out = must(repo, "github", "publish")
    assert out.startswith(f"✗ {SHAPE} at ")


def test_rehearsals_show_the_texts(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    before = len(forge.requests)
    assert "│ Part of #142" in must(repo, "github", "pr", "open", "--dry-run")
    out = must(repo, "github", "publish", "--dry-run")
    assert "3 of 3 bullets ticked" in out and f"agenticops github publish {SHAPE}" in out
    assert len(forge.requests) == before


def test_a_child_issue_is_asked_for(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-opened"), tmp_path / "bare")
    assert f"issue #143 of {SHAPE}" in must(repo, "github", "publish", "--child")
    assert data(repo, "github", "publish", "--child")["child"] == {
        "number": 143,
        "url": "",
        "made": False,
        "closed": [],
    }


def test_a_task_is_claimed(at: Board, forge: Forge) -> None:
    repo = at("tiny")
    number = forge.create("Count boxes", labels=["Task", "next", "auto"])
    task = ["--kind", "Task", "--title", "Count boxes", "--label", "auto", "--issue", str(number)]
    must(repo, "work", "new", *task)
    out = must(repo, "next", "--claim")
    assert "Task 1 is yours: Count boxes" in out and "ada · now · issue #1" in out
    assert out.splitlines()[-1] == "  next  agenticops ticket new 1 --phase PHASE"
    assert data(repo, "next", "--claim")["item"] is None
    assert must(repo, "next", "--claim").startswith("nothing to claim: ")
    forge.edit(1, assignees=["grace"])
    assert "is assigned to grace" in refused(repo, "next", "1", "--claim", code=5)


def test_options_of_a_claim_go_with_it(at: Board) -> None:
    assert "go with --claim" in refused(at("tiny"), "next", "--as", "ada", code=2)
    assert "go with --claim" in refused(at("tiny"), "next", "--local", code=2)
