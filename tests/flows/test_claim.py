"""Claiming: one Task for one pair of hands, at the forge first; who comes second learns it and lets go."""

from __future__ import annotations

import re
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import ConflictError, RemoteError, TrainError, UsageError
from agenticops.flows import claim, select
from agenticops.flows.forge import fence
from agenticops.model.lease import HOLDS, SKEW
from agenticops.ports.git import Git
from agenticops.ports.lease import Held, Leases
from tests import hub
from tests.forge import Forge, access
from tests.forge.faults import Request
from tests.hub import forge
from tests.stations import Board, data, events, must
from tests.support import OPERATOR, FixedClock, commit_all, git, new_repo, run_cli, some, workspace, write

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


@pytest.fixture
def clones(repo: Path, tmp_path: Path) -> tuple[Path, Path]:
    """Two clones whose claims go by a lease at their remote."""
    write(repo, "config/forge.yml", "schema: 1\n\nlease: remote\n")
    commit_all(repo)
    bare = new_repo(tmp_path / "bare.git", "--bare", "--initial-branch=main")
    git(repo, "remote", "add", "origin", str(bare))
    git(repo, "push", "--quiet", "origin", "main")
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(bare), str(other))
    return repo, other


def bobs(clone: Path) -> Held:
    """Take the lease of the claims in a clone, as somebody else."""
    leases = Leases(Git.discover(str(clone)), FixedClock(), "origin")
    return leases.acquire("claim", "Bob <bob@example.org>", "desk", "claim of #1")


def names(request: Request) -> bool:
    return request.path.endswith("/assignees")


@pytest.mark.parametrize(
    ("logins", "remote"), some([(("ada", "grace"), True), (("ada", "ada"), True), (("ada", "ada"), False)], 2)
)
def test_of_two_at_the_same_moment_exactly_one_gets_it(
    clones: tuple[Path, Path], forge: Forge, logins: tuple[str, str], remote: bool
) -> None:
    where = clones if remote else (clones[0], clones[0])
    if not remote:
        write(clones[0], "config/forge.yml", "schema: 1\n\nlease: local\n")
    # Both look, and both see that nobody has it, before either can go on.
    both = threading.Barrier(2, timeout=30)
    forge.faults.when(lambda r: r.operation == "query", "call before", times=2, call=lambda r: both.wait() and None)

    def claims(clone: Path, login: str) -> subprocess.CompletedProcess[str]:
        return run_cli(clone, "next", "1", "--claim", "--as", login, check_code=None)

    with ThreadPoolExecutor() as pool:
        done = list(pool.map(claims, where, logins))
    (winner,) = (at for at in (0, 1) if done[at].returncode == 0)
    loser = done[1 - winner]
    assert loser.returncode == 5 and not loser.stdout
    assert re.search(rf"assigned to {logins[winner]}|claimed for {logins[winner]} meanwhile", loser.stderr), (
        loser.stderr
    )
    assert forge.issue(1).assignees == [logins[winner]] and "now" in forge.labels_of(1)
    assert [r.method for r in forge.requests if names(r)] == ["POST"], "nobody had to let go"
    assert len([e for clone in set(where) for e in events(clone, "item_edited") if "claimed" in e["data"]]) == 1


def test_who_waits_too_long_is_told_for_whom(
    clones: tuple[Path, Path], forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "WAIT", 0.1)
    bobs(clones[1])
    with pytest.raises(ConflictError, match=r"held by Bob <bob@example.org> on desk \(claim of #1\)"):
        claim.claim(workspace(clones[0]), "1")
    assert not [r for r in forge.requests if names(r)]


@pytest.mark.parametrize("his", some((True, False), 2))
def test_who_waited_looks_again(
    clones: tuple[Path, Path], forge: Forge, monkeypatch: pytest.MonkeyPatch, his: bool
) -> None:
    held, acquired = bobs(clones[1]), fence._acquired
    if his:
        forge.edit(1, assignees=["ada"])  # the same account in another clone: its name says nothing

    def meanwhile(*arguments: Any) -> Held:
        *others, told = arguments
        return acquired(*others, lambda error: (told(error), held.release()))

    monkeypatch.setattr(fence, "_acquired", meanwhile)
    if his:
        with pytest.raises(ConflictError, match=r"#1 was claimed for ada meanwhile: .* held by Bob"):
            claim.claim(workspace(clones[0]), "1")
        assert not [r for r in forge.requests if names(r)]
    else:
        assert claim.claim(workspace(clones[0]), "1").remote and forge.issue(1).assignees == ["ada"]


def test_a_claim_whose_lease_was_lost_writes_nothing(clones: tuple[Path, Path], forge: Forge) -> None:
    here = workspace(clones[0])
    looks: list[Request] = []

    def overslept(request: Request) -> None:
        looks.append(request)
        if len(looks) == 3:  # who am I, is it free, is it still
            assert isinstance(here.clock, FixedClock)
            here.clock.now += HOLDS + SKEW + 1
            Leases(Git.discover(str(clones[1])), here.clock, "origin").acquire("claim", "Bob", "desk", "claim of #2")

    forge.faults.when(lambda r: r.operation == "query", "call before", times=3, call=overslept)
    with pytest.raises(ConflictError, match="the lease claim was lost: Bob on desk took it over"):
        claim.claim(here, "1")
    assert forge.issue(1).assignees == [] and events(clones[0], "item_edited") == []


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
