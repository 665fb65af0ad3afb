"""Claiming: one Task for one pair of hands, at the forge first; who comes second learns it and lets go."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import ConflictError, RemoteError, TrainError, UsageError
from agenticops.flows import claim, select
from tests import hub
from tests.forge import Forge, access
from tests.forge.faults import Request
from tests.hub import forge
from tests.stations import Board, data, events, must
from tests.support import OPERATOR, commit_all, git, workspace

__all__ = ["forge"]


@pytest.fixture
def repo(at: Board, forge: Forge) -> Path:
    """A train with two Tasks that have an issue each."""
    repo = at("tiny")
    for number in (1, 2):
        assert forge.create(f"Task {number}", labels=["Task", "next", "auto", "odd one"]) == number
        must(repo, *task(str(number)))
    commit_all(repo)
    return repo


def task(issue: str = "") -> list[str]:
    found = ["work", "new", "--kind", "Task", "--title", f"Task {issue}", "--label", "auto"]
    return [*found, *(["--issue", issue] if issue else [])]


def assigning(request: Request) -> bool:
    return request.method == "POST" and request.path.endswith("/issues/1/assignees")


def grace_too(forge: Forge) -> None:
    forge.call("POST", "REPO/issues/1/assignees", {"assignees": ["grace"]})


def test_the_next_one_is_taken_on_both_sides(repo: Path, forge: Forge) -> None:
    found = claim.claim(workspace(repo))
    assert found.item is not None and (found.item.id, found.login, found.remote) == ("1", "ada", True)
    assert (found.item.assignees, found.item.priority) == (("ada",), "now")
    assert forge.issue(1).assignees == ["ada"] and set(forge.labels_of(1)) == {"Task", "now", "auto", "odd one"}
    (event,) = events(repo, "item_edited")
    assert event["item"] == "1" and set(event["data"]["fields"]) == {"assignees", "priority"}
    assert event["data"]["claimed"] == "ada"
    assert select.choose(workspace(repo)).passed["1"] == "it is assigned to ada"


def test_again_is_no_second_claim(repo: Path, forge: Forge) -> None:
    claim.claim(workspace(repo), "1")
    before = len(forge.writes)
    found = claim.claim(workspace(repo), "1")
    assert found.item is not None and found.item.id == "1"
    assert [r for r in forge.writes[before:] if r.method != "POST" or "graphql" not in r.path] == []
    assert len(events(repo, "item_edited")) == 1


def test_both_sides_agree_after_a_claim(repo: Path, forge: Forge) -> None:
    must(repo, "github", "apply")
    claim.claim(workspace(repo), "1")
    planned = data(repo, "github", "plan")
    assert (planned["actions"], planned["conflicts"]) == ([], [])


def test_what_somebody_has_there_is_not_taken(repo: Path, forge: Forge) -> None:
    forge.edit(1, assignees=["grace"])
    with pytest.raises(ConflictError, match="issue #1 is assigned to grace") as refused:
        claim.claim(workspace(repo))
    assert refused.value.exit_code == 5 and forge.issue(1).assignees == ["grace"]
    assert events(repo, "item_edited") == [] and git(repo, "status", "--porcelain") == ""


def test_what_is_closed_there_is_not_taken(repo: Path, forge: Forge) -> None:
    forge.edit(1, state="closed")
    with pytest.raises(ConflictError, match="is closed by now"):
        claim.claim(workspace(repo), "1")


def test_who_sees_another_name_beside_theirs_lets_go(repo: Path, forge: Forge) -> None:
    forge.faults.when(assigning, "call after", call=lambda r: grace_too(forge))
    with pytest.raises(ConflictError, match="assigned to grace"):
        claim.claim(workspace(repo), "1")
    assert forge.issue(1).assignees == ["grace"] and events(repo, "item_edited") == []
    assert "now" not in forge.labels_of(1)


def test_nobody_who_claims_at_the_same_moment_is_taken_off(repo: Path, forge: Forge) -> None:
    forge.faults.when(assigning, "call before", call=lambda r: grace_too(forge))
    with pytest.raises(ConflictError, match="assigned to grace"):
        claim.claim(workspace(repo), "1")
    assert forge.issue(1).assignees == ["grace"] and events(repo, "item_edited") == []


def test_a_claim_that_was_cut_off_goes_on(repo: Path, forge: Forge) -> None:
    forge.edit(1, assignees=["ada"], labels=["Task", "now", "auto"])
    found = claim.claim(workspace(repo), "1")
    assert found.item is not None and found.item.assignees == ("ada",) and found.item.priority == "now"


def test_who_cannot_be_assigned_is_told_so(repo: Path, monkeypatch: pytest.MonkeyPatch, forge: Forge) -> None:
    with pytest.raises(RemoteError) as refused:
        claim.claim(workspace(repo), "1", login="nobody-there")
    assert "nobody-there" in refused.value.message or "assign" in refused.value.message
    assert events(repo, "item_edited") == []


def test_an_app_claims_for_somebody(repo: Path, monkeypatch: pytest.MonkeyPatch, forge: Forge) -> None:
    hub.enter(forge, monkeypatch, access.APP)
    found = claim.claim(workspace(repo), "1", login="grace")
    assert found.login == "grace" and forge.issue(1).assignees == ["grace"]


def test_one_task_at_a_time(repo: Path, forge: Forge) -> None:
    claim.claim(workspace(repo), "1")
    with pytest.raises(TrainError, match="VT482"):
        claim.claim(workspace(repo), "2")
    assert forge.issue(2).assignees == []
    must(repo, "work", "except", "2", "--rule", "VT482", "--reason", "the ward waits")
    assert claim.claim(workspace(repo), "2").login == "ada"


def test_here_alone_the_ticket_says_who(repo: Path, forge: Forge) -> None:
    must(repo, "ticket", "new", "1", "--phase", "build")
    before = len(forge.requests)
    found = claim.claim(workspace(repo), "build_1", local=True)
    assert found.ticket is not None and (found.ticket.operator, found.remote) == (OPERATOR, False)
    assert len(forge.requests) == before and found.item is not None and found.item.assignees == ()
    assert select.choose(workspace(repo)).passed["1"] == "somebody has it"


def test_without_forge_and_ticket_somebody_must_be_named(at: Board) -> None:
    repo = at("tiny")
    must(repo, *task())
    with pytest.raises(UsageError, match="nobody knows who claims"):
        claim.claim(workspace(repo))
    found = claim.claim(workspace(repo), login="ada")
    assert found.item is not None and found.item.assignees == ("ada",) and not found.remote


def test_what_is_somebodys_here_is_not_taken(repo: Path, forge: Forge) -> None:
    must(repo, "work", "edit", "1", "--assignee", "grace")
    with pytest.raises(ConflictError, match="1 is assigned to grace"):
        claim.claim(workspace(repo), "1")
    must(repo, "ticket", "new", "2", "--phase", "build")
    must(repo, "ticket", "edit", "build_2", "--operator", "Grace Hopper")
    with pytest.raises(ConflictError, match="build_2 is worked by Grace Hopper"):
        claim.claim(workspace(repo), "2")
    assert forge.issue(1).assignees == forge.issue(2).assignees == []


def test_an_empty_queue_is_an_outcome(at: Board) -> None:
    found = claim.claim(workspace(at("tiny-opened")))
    assert found.item is None and "none of 1 work items is ready" in found.reason


def test_what_has_ended_and_a_phase_branch_are_refused(repo: Path) -> None:
    must(repo, "ticket", "new", "1", "--phase", "build")
    must(repo, "ticket", "cancel", "build_1", "--reason", "x")
    with pytest.raises(TrainError, match="1 has ended"):
        claim.claim(workspace(repo), "1")
    git(repo, "switch", "--quiet", "-c", "phase/build_1")
    with pytest.raises(TrainError, match="a phase branch claims nothing"):
        claim.claim(workspace(repo))


def test_without_a_network_the_way_out_is_named(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:1")
    with pytest.raises(RemoteError, match="cannot be reached"):
        claim.claim(workspace(repo), "1")
    assert events(repo, "item_edited") == []
