"""Pull requests of phase branches: told whole, merged at just the commit whose gate holds, refused otherwise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.core import sticky
from agenticops.errors import ConflictError, RemoteError, TrainError
from agenticops.flows import pulls
from tests import hub
from tests.forge import Forge
from tests.hub import forge
from tests.stations import SHAPE, TITLE, Board, must
from tests.support import commit_all, git, some, thorough, workspace, write

__all__ = ["forge"]

HEAD = f"phase/{SHAPE}"


@pytest.fixture
def repo(at: Board, forge: Forge, tmp_path: Path) -> Path:
    """A train on a phase branch whose gate holds, pushed."""
    return hub.in_review(at, forge, tmp_path / "bare")


def test_a_request_tells_what_is_asked(repo: Path, forge: Forge) -> None:
    found = pulls.request(workspace(repo), None)
    assert (found.number, found.known, found.verdict.holds) == (143, False, True)
    issue = forge.issue(143)
    body = str(issue.body)
    assert issue.title == f"shape: {TITLE}" and issue.pull is not None
    assert (issue.pull.head, issue.pull.base) == (HEAD, "main")
    assert sticky.marker(SHAPE) in body and "Part of #142" in body and "✅" in body
    assert "3 of 3 bullets ticked" in body and "brief: docs\\/142\\/brief\\.md" in body
    assert "No command was run" in body and "No risk is written down" in body


def test_risks_and_their_answers_are_told(repo: Path, forge: Forge) -> None:
    risk = json.loads(must(repo, "risk", "new", "--title", "Boxes @run out", "--item", "142", "--json"))["data"]
    bare = must(repo, "risk", "new", "--title", "Nobody counts", "--item", "142")
    assert bare
    name = risk.get("id") or risk["paper"]["id"]
    must(repo, "mitigation", "new", "--title", "A spare box", "--risk", name)
    commit_all(repo)
    body = pulls.request(workspace(repo), None, dry_run=True).body
    assert "Boxes @\u200brun out: medium, open; answered by A spare box \\(planned\\)" in body
    assert "Nobody counts: medium, open; nothing answers it" in body


@thorough
def test_a_request_that_is_open_is_left_as_it_is(repo: Path, forge: Forge) -> None:
    pulls.request(workspace(repo), None)
    forge.edit(143, body="People wrote this.")
    found = pulls.request(workspace(repo), None)
    assert (found.number, found.known, forge.issue(143).body) == (143, True, "People wrote this.")


def test_a_branch_that_is_not_pushed_is_refused_with_the_way_out(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-opened"), tmp_path / "bare")
    git(repo, "switch", "--quiet", "-c", HEAD)
    with pytest.raises(RemoteError) as refused:
        pulls.request(workspace(repo), None)
    assert refused.value.hint.startswith(f"git push -u origin {HEAD}")


def test_a_lost_answer_makes_no_second_request(repo: Path, forge: Forge) -> None:
    forge.faults.when(lambda r: r.method == "POST" and r.path.endswith("/pulls"), "502 after")
    assert pulls.request(workspace(repo), None).number == 143
    assert len([i for i in forge.repo.issues.values() if i.pull]) == 1


def test_the_last_phase_closes_the_issue(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-build"), tmp_path / "bare")
    must(repo, "advance", "--to", "ship", "--commit")
    commit_all(repo)
    git(repo, "branch", "phase/ship_142")
    assert "Closes #142" in pulls.request(workspace(repo), "ship_142", dry_run=True).body


def test_a_merge_is_of_the_commit_that_was_judged(repo: Path, forge: Forge) -> None:
    pulls.request(workspace(repo), None)
    sha = git(repo, "rev-parse", "HEAD").strip()
    found = pulls.merge(workspace(repo), None)
    assert (found.state, found.pull.state) == ("merged", "merged")
    sent = next(r for r in forge.writes if r.path.endswith("/merge"))
    assert sent.method == "PUT" and forge.issue(143).pull is not None and found.pull.sha == sha
    git(repo, "fetch", "--quiet", "origin")
    assert git(repo, "merge-base", "--is-ancestor", sha, "origin/main") == ""


def test_a_gate_that_does_not_hold_merges_nothing(repo: Path, forge: Forge) -> None:
    pulls.request(workspace(repo), None)
    (repo / "docs/142/brief.md").unlink()
    commit_all(repo)
    hub.push(repo)
    found = pulls.merge(workspace(repo), None)
    assert found.state == "refused" and "VT201" in {f.code for f in found.verdict.findings}
    assert forge.issue(143).state == "open"


def test_the_commit_at_the_forge_counts_not_the_one_here(repo: Path, forge: Forge) -> None:
    pulls.request(workspace(repo), None)
    there = git(repo, "rev-parse", "HEAD").strip()
    (repo / "docs/142/brief.md").unlink()
    commit_all(repo)
    found = pulls.merge(workspace(repo), None)
    assert (found.state, found.pull.sha) == ("merged", there)


def test_what_the_branch_must_not_touch_holds_the_merge(repo: Path, forge: Forge) -> None:
    path = repo / "config/pipeline.yml"
    path.write_text(path.read_text().replace("artifacts: [brief]\n", "artifacts: []\n", 1))
    commit_all(repo, "Ask for less")
    hub.push(repo)
    pulls.request(workspace(repo), None)
    found = pulls.merge(workspace(repo), None)
    assert found.state == "refused" and any(f.path == "config/pipeline.yml" for f in found.verdict.findings)
    assert forge.issue(143).state == "open"


@pytest.mark.parametrize(("state", "words"), some([("failure", "tests (failed)"), ("pending", "tests (not over)")], 2))
def test_checks_of_others_hold_it_up(repo: Path, forge: Forge, state: str, words: str) -> None:
    pulls.request(workspace(repo), None)
    sha = git(repo, "rev-parse", "HEAD").strip()
    forge.call("POST", f"REPO/statuses/{sha}", {"state": state, "context": "tests"})
    forge.call("POST", f"REPO/statuses/{sha}", {"state": "failure", "context": "agenticops/gate"})
    with pytest.raises(RemoteError) as refused:
        pulls.merge(workspace(repo), None)
    assert refused.value.message.endswith(f"hold up #143: {words}")


def test_drafts_conflicts_and_nothing_are_refused(repo: Path, forge: Forge) -> None:
    with pytest.raises(RemoteError, match="no pull request of"):
        pulls.merge(workspace(repo), None)
    pulls.request(workspace(repo), None, draft=True)
    with pytest.raises(TrainError, match="is a draft"):
        pulls.merge(workspace(repo), None)


def test_a_branch_that_conflicts_is_not_tried(repo: Path, forge: Forge, tmp_path: Path) -> None:
    pulls.request(workspace(repo), None)
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(tmp_path / "bare"), str(other))
    write(other, "docs/142/brief.md", "# Other\n")
    commit_all(other)
    git(other, "push", "--quiet", "origin", "main")
    with pytest.raises(ConflictError, match="conflicts with main"):
        pulls.merge(workspace(repo), None)


def test_a_branch_that_moves_meanwhile_is_a_conflict(repo: Path, forge: Forge) -> None:
    pulls.request(workspace(repo), None)

    def move(request: object) -> None:
        commit_all(repo, "One more")
        hub.push(repo)

    forge.faults.when(lambda r: r.path.endswith("/status"), "call after", call=move)
    with pytest.raises(ConflictError, match="other commits by now"):
        pulls.merge(workspace(repo), None)
    assert forge.issue(143).state == "open"


@thorough
def test_a_commit_that_is_only_there_is_to_be_fetched(repo: Path, forge: Forge, tmp_path: Path) -> None:
    pulls.request(workspace(repo), None)
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", "--branch", HEAD, str(tmp_path / "bare"), str(other))
    write(other, "docs/142/brief.md", "# Brief\n\n## Goal\n\nOther.\n")
    commit_all(other)
    git(other, "push", "--quiet", "origin", HEAD)
    with pytest.raises(TrainError, match="names no commit that is here"):
        pulls.merge(workspace(repo), None)


@thorough
def test_a_rehearsal_merges_nothing(repo: Path, forge: Forge) -> None:
    pulls.request(workspace(repo), None)
    assert pulls.merge(workspace(repo), None, dry_run=True).state == "ready"
    assert forge.issue(143).state == "open"
