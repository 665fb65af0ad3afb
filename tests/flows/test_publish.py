"""Publishing: verdicts and progress at the fake, once each, and only of what is committed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core import sticky
from agenticops.errors import RemoteError, TrainError
from agenticops.flows import publish
from agenticops.flows import ticket as tickets
from tests import hub
from tests.forge import Forge, access
from tests.hub import forge
from tests.stations import SHAPE, TITLE, Board, data, events, must
from tests.support import commit_all, git, workspace, write

__all__ = ["forge"]


def comments(forge: Forge, number: int) -> list[str]:
    return [str(one["body"]) for one in forge.call("GET", f"REPO/issues/{number}/comments")]


def test_a_verdict_goes_out_as_status_and_two_comments(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    forge.call("POST", "REPO/pulls", {"head": f"phase/{SHAPE}", "base": "main", "title": "P", "body": ""})
    found = publish.publish(workspace(repo), None)
    assert (found.sent, found.check, found.verdict.holds) == ("status", "agenticops/gate", True)
    (status,) = forge.repo.statuses.values()
    assert (status.sha, status.state, status.context) == (found.sha, "success", "agenticops/gate")
    assert status.description == "the gate default holds: 4 checks"
    (verdict,), (progress,) = comments(forge, 143), comments(forge, 142)
    assert verdict.startswith(sticky.VERDICT) and "✅" in verdict and found.sha[:10] in verdict
    assert progress.startswith(sticky.PROGRESS)
    assert "- 3 of 3 bullets ticked" in progress and "- 1 of 1 artifacts recorded" in progress
    assert "- session: planner\\, plan\\, active" in progress


def test_again_nothing_is_written_but_the_status(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    publish.publish(workspace(repo), None)
    before = len(forge.writes)
    publish.publish(workspace(repo), None)
    assert {r.path.rpartition("/")[0] for r in forge.writes[before:] if "graphql" not in r.path} == {
        "/repos/acme/train/check-runs".rpartition("/")[0],
        "/repos/acme/train/statuses",
    }
    assert len(comments(forge, 142)) == 1


def test_an_app_makes_a_check_run_with_the_findings(
    at: Board, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.enter(forge, monkeypatch, access.APP)
    repo = hub.in_review(at, forge, tmp_path / "bare")
    (repo / "docs/142/brief.md").unlink()
    commit_all(repo, "Lose the brief")
    hub.push(repo)
    found = publish.publish(workspace(repo), SHAPE)
    assert found.sent == "check"
    (run,) = forge.repo.checks.values()
    assert (run.conclusion, run.head_sha, run.output["title"]) == ("failure", found.sha, "2 findings: VT201, VT810")
    assert "VT201" in run.output["summary"] and "brief" in run.output["summary"]


def test_what_is_not_committed_is_not_told(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    (repo / "docs/142/brief.md").unlink()
    assert publish.publish(workspace(repo), None).verdict.holds
    assert not publish.judged(workspace(repo), commit_all(repo), SHAPE, moving=False).verdict.holds


def test_a_branch_that_asks_less_of_itself_fails(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    path = repo / "config/pipeline.yml"
    path.write_text(path.read_text().replace("artifacts: [brief]\n", "artifacts: []\n", 1))
    commit_all(repo, "Ask for less")
    hub.push(repo)
    assert not publish.publish(workspace(repo), None).verdict.holds
    assert [status.state for status in forge.repo.statuses.values()] == ["failure"]


def test_a_commit_that_is_not_pushed_is_refused_with_the_way_out(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    commit_all(repo, "One more")
    with pytest.raises(RemoteError) as refused:
        publish.publish(workspace(repo), None)
    assert "is not at acme/train" in refused.value.message and refused.value.hint.startswith("git push")
    assert comments(forge, 142) == []


def test_a_ticket_that_no_commit_holds_is_refused(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-opened"), tmp_path / "bare")
    must(repo, "work", "new", "--kind", "PRD", "--title", "x", "--issue", "7", "--start")
    with pytest.raises(TrainError, match="is not in the commit"):
        publish.publish(workspace(repo), "shape_7")
    assert forge.writes == []


def test_on_the_default_branch_each_ticket_has_a_name_of_its_own(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-opened"), tmp_path / "bare")
    found = publish.publish(workspace(repo), None)
    assert (found.check, found.verdict.holds) == (f"agenticops/gate/{SHAPE}", False)
    assert "- session: nobody works it; it is for planner" in comments(forge, 142)[0]


def test_a_run_of_actions_has_no_branch_but_knows_it(
    at: Board, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    must(repo, "work", "list")
    git(repo, "switch", "--quiet", "--detach")
    monkeypatch.setenv("GITHUB_HEAD_REF", f"phase/{SHAPE}")
    assert publish.publish(workspace(repo), None).ticket == SHAPE


def test_a_rehearsal_asks_nobody(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.in_review(at, forge, tmp_path / "bare")
    before = len(forge.requests)
    found = publish.publish(workspace(repo), None, dry_run=True)
    assert len(forge.requests) == before and found.sent == "" and sticky.PROGRESS in found.progress


def test_blockers_are_told_and_user_text_calls_nobody(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-working"), tmp_path / "bare")
    tickets.block(workspace(repo), SHAPE, "waits for @grace, closes #7 <img src=x> [a](https://example.org)")
    commit_all(repo)
    git(repo, "push", "--quiet", "origin", "main")
    publish.publish(workspace(repo), SHAPE)
    (told,) = comments(forge, 142)
    row = next(row for row in told.splitlines() if row.startswith("- blocked"))
    assert "@grace" not in row and "#7" not in row and "\\<img" in row and "](" not in row
    assert "@\u200bgrace" in row and "#\u200b7" in row


def test_a_ticket_gets_an_issue_of_its_own_once(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-ready"), tmp_path / "bare")
    first = publish.publish(workspace(repo), SHAPE, child=True).child
    assert first is not None and (first.number, first.made) == (143, True)
    issue = forge.issue(143)
    assert sticky.marker(SHAPE) in str(issue.body) and forge.labels_of(143) == ["phase:shape", "agent:planner"]
    assert [one["number"] for one in forge.call("GET", "REPO/issues/142/sub_issues")] == [143]
    again = publish.publish(workspace(repo), SHAPE, child=True).child
    assert again is not None and (again.number, again.made) == (143, False)
    assert len(events(repo, "ticket_issued")) == 1 and len(forge.repo.issues) == 143


def test_the_sync_leaves_a_child_alone(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-ready"), tmp_path / "bare")
    forge.edit(142, title=TITLE, labels=["PRD", "next"])
    must(repo, "github", "apply")
    publish.publish(workspace(repo), SHAPE, child=True)
    planned = data(repo, "github", "plan")
    assert (planned["actions"], planned["conflicts"]) == ([], [])


def test_a_child_whose_event_was_lost_is_found_again(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-ready"), tmp_path / "bare")
    publish.publish(workspace(repo), SHAPE, child=True)
    git(repo, "clean", "-fdq", ".agenticops")
    git(repo, "checkout", "--quiet", ".")
    found = publish.publish(workspace(repo), SHAPE, child=True).child
    assert found is not None and (found.number, found.made) == (143, False) and len(forge.repo.issues) == 143


def test_advance_opens_the_next_child_and_closes_the_last(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny-ready"), tmp_path / "bare")
    publish.publish(workspace(repo), SHAPE, child=True)
    must(repo, "advance", "--commit")
    commit_all(repo)
    git(repo, "push", "--quiet", "origin", "main")
    found = publish.publish(workspace(repo), "build_142", child=True).child
    assert found is not None and (found.number, found.closed) == (144, (143,))
    assert (forge.issue(143).state, forge.issue(143).state_reason) == ("closed", "completed")
    assert forge.issue(144).state == "open"


def test_without_an_issue_there_is_nothing_to_hang_a_child_below(at: Board, forge: Forge, tmp_path: Path) -> None:
    repo = hub.join(forge, at("tiny"), tmp_path / "bare")
    must(repo, "work", "new", "--kind", "PRD", "--title", "x", "--start")
    write(repo, "docs/note.md", "x\n")
    commit_all(repo)
    git(repo, "push", "--quiet", "origin", "main")
    found = publish.publish(workspace(repo), None)
    assert found.issue == ""
    with pytest.raises(TrainError, match="has no issue yet"):
        publish.publish(workspace(repo), None, child=True)
