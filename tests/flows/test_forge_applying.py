from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.core.sync import base
from agenticops.errors import ConflictError, RemoteError, TrainError, UsageError
from agenticops.flows import ticket as tickets
from agenticops.flows import work
from agenticops.flows.forge import applying, labels, opening, planning, resolving
from agenticops.model.forge import Action
from agenticops.model.lease import HOLDS, SKEW
from agenticops.ports.git import Git
from agenticops.ports.lease import Leases
from agenticops.store.lock import Lock
from tests import insync
from tests.forge import Forge, access
from tests.forge.faults import Request
from tests.insync import add, apply, forge, item, plan, settled
from tests.support import NOW, FixedClock, commit_all, git, new_repo, workspace, write

__all__ = ["forge"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


def test_items_become_issues_and_both_sides_agree(repo: Path, forge: Forge) -> None:
    above = add(repo, "Refills", start=True, body="Before the box is empty.", assignees=("ada",), milestone="Spring")
    below = add(repo, "Ask the nurses", kind="CRD", parent=above, depends=(above,))
    found = apply(repo)
    assert found.whole
    numbers = insync.made(forge)
    assert {name: item(repo, name).issue for name in (above, below)} == numbers
    assert item(repo, above).url.endswith(f"/issues/{numbers[above]}")
    first = forge.issue(numbers[above])
    assert sorted(forge.labels_of(first.number)) == ["PRD", "agent:planner", "next", "phase:shape"]
    assert (first.assignees, first.title) == (["ada"], "Refills")
    assert (first.body or "").startswith("Before the box is empty.")
    there = plan(repo).remote.issues[numbers[below] - 1]
    assert (there.parent, there.blocked_by) == (numbers[above], (numbers[above],))
    settled(repo)
    log = workspace(repo).log
    assert [e.data["state"] for e in log.of_kinds("issue_observed")] == ["open", "open"]
    assert {e.item for e in log.of_kinds("forge_agreed")} == {above, below}


def test_each_side_takes_over_what_only_the_other_changed(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills", body="One\n\nTwo\n\nThree")
    apply(repo)
    text = (repo / item(repo, name).path).read_text()
    write(repo, item(repo, name).path, text.replace("One", "Uno"))
    body = forge.issue(1).body or ""
    forge.edit(1, title="Refills in time", body=body.replace("Three", "Tres"), labels=["PRD", "now", "bug"])
    assert apply(repo).whole
    found = item(repo, name)
    assert (found.title, found.priority, found.labels) == ("Refills in time", "now", ())
    assert "Uno\n\nTwo\n\nTres" in found.body
    assert "Uno\n\nTwo\n\nTres" in (forge.issue(1).body or "")
    assert sorted(forge.labels_of(1)) == ["PRD", "bug", "now"]
    settled(repo)


def test_a_field_that_both_changed_waits_for_a_person_and_nothing_else_does(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    apply(repo)
    work.edit(workspace(repo), name, {"title": "Refills now", "milestone": "Spring"})
    forge.edit(1, title="Refills later")
    found = apply(repo)
    assert not found.whole and found.done and not apply(repo).whole
    (conflict,) = found.planned.plan.conflicts
    assert (conflict.field, conflict.local, conflict.remote) == ("title", "Refills now", "Refills later")
    assert forge.repo.milestones and item(repo, name).title == "Refills now"
    resolving.resolve(workspace(repo), name, "title", "remote")
    assert apply(repo).whole
    assert item(repo, name).title == "Refills later"
    settled(repo)


def test_a_decision_is_about_just_that_conflict(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    apply(repo)
    work.edit(workspace(repo), name, {"title": "Here"})
    forge.edit(1, title="There")
    resolving.resolve(workspace(repo), name, "title", "local")
    forge.edit(1, title="Elsewhere")
    assert [c.remote for c in plan(repo).plan.conflicts] == ["Elsewhere"]
    with pytest.raises(TrainError, match="no conflict"):
        resolving.resolve(workspace(repo), name, "body", "local")
    with pytest.raises(UsageError, match="no field"):
        resolving.resolve(workspace(repo), name, "colour", "local")


def test_a_close_on_the_forge_ends_nothing_by_itself(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills", start=True)
    apply(repo)
    forge.edit(1, state="closed", state_reason="not_planned")
    assert [c.field for c in apply(repo).planned.plan.conflicts] == ["state"]
    seen = workspace(repo).log.of_kinds("issue_observed")[-1]
    assert seen.data == {"issue": 1, "state": "closed", "updated_at": plan(repo).remote.issues[0].updated_at}
    _, command = resolving.resolve(workspace(repo), name, "state", "remote")
    assert command.startswith(f"agenticops ticket cancel shape_{name} ")
    for _ in range(2):
        found = apply(repo)
        assert (found.whole, found.asked) == (False, {name: command})
    tickets.cancel(workspace(repo), f"shape_{name}", "not wanted")
    assert apply(repo).whole
    settled(repo)
    seen = [e.data["state"] for e in workspace(repo).log.of_kinds("issue_observed")]
    assert seen == ["open", "closed"]


def test_a_local_end_closes_the_issue_and_nothing_begins_again(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills", start=True)
    apply(repo)
    tickets.cancel(workspace(repo), f"shape_{name}", "not wanted")
    assert apply(repo).whole
    assert (forge.issue(1).state, forge.issue(1).state_reason) == ("closed", "not_planned")
    settled(repo)
    forge.edit(1, state="open")
    with pytest.raises(UsageError, match="nothing begins again"):
        resolving.resolve(workspace(repo), name, "state", "remote")
    resolving.resolve(workspace(repo), name, "state", "local")
    assert apply(repo).whole
    assert forge.issue(1).state == "closed"


def test_an_issue_that_changes_while_the_plan_is_done_waits_for_the_next(repo: Path, forge: Forge) -> None:
    names = [add(repo, title) for title in ("One", "Two")]
    apply(repo)
    for name in names:
        work.edit(workspace(repo), name, {"title": f"New {name}"})

    def meanwhile(at: int, count: int, action: Action) -> None:
        if at == 0:
            forge.edit(1, body="Somebody else's")

    found = apply(repo, told=meanwhile)
    first = next(name for name in names if item(repo, name).issue == 1)
    assert (found.done, list(found.skipped)) == (1, [first])
    assert "changed on the forge" in found.skipped[first]
    assert apply(repo).whole
    assert "Somebody else's" in item(repo, first).body
    settled(repo)


def test_an_item_that_changes_while_the_plan_is_done_waits_too(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    apply(repo)
    forge.edit(1, title="There")

    def meanwhile(at: int, count: int, action: Action) -> None:
        work.edit(workspace(repo), name, {"milestone": "Spring"})

    assert list(apply(repo, told=meanwhile).skipped) == [name]
    assert apply(repo).whole
    settled(repo)


def test_a_plan_that_was_looked_at_is_done_and_no_other(repo: Path, forge: Forge) -> None:
    name = add(repo, "Refills")
    digest = plan(repo).plan.digest
    work.edit(workspace(repo), name, {"title": "Refills in time"})
    with pytest.raises(ConflictError, match="no longer matches"):
        apply(repo, digest=digest)
    assert not forge.repo.issues
    apply(repo, digest=plan(repo).plan.digest)
    assert len(forge.repo.issues) == 1


def test_the_brake_holds_a_plan_that_changes_most_of_it(repo: Path, forge: Forge) -> None:
    write(repo, "config/forge.yml", "schema: 1\n\nbrake:\n  share: 0.5\n  least: 2\n")
    names = [add(repo, title) for title in ("One", "Two")]
    apply(repo)
    for name in names:
        work.edit(workspace(repo), name, {"title": f"New {name}"})
    writes = len(forge.writes)
    with pytest.raises(TrainError, match="changes 2 of 2 items"):
        apply(repo)
    assert apply(repo, dry_run=True).planned.held
    assert len([r for r in forge.writes[writes:] if r.path != "/graphql"]) == 0
    assert apply(repo, force=True).whole


def test_a_rule_that_both_sides_would_break_blocks(repo: Path, forge: Forge) -> None:
    names = [add(repo, title) for title in ("One", "Two")]
    apply(repo)
    for number in (1, 2):
        forge.edit(number, labels=["PRD", "now"])
    found = apply(repo)
    assert found.refused and [f.code for f in found.planned.findings] == ["VT480"]
    assert {item(repo, name).priority for name in names} == {"next"}
    write(repo, "config/forge.yml", "schema: 1\n\nexceptions: [VT480]\n")
    assert apply(repo).whole
    assert {item(repo, name).priority for name in names} == {"now"}


def test_labels_are_made_by_who_has_the_lease_of_the_sync(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = shared(repo)
    held = elsewhere.acquire("sync", "Bob <bob@example.org>", "desk", "github apply")
    with pytest.raises(ConflictError, match=r"held by Bob <bob@example\.org> on desk"):
        labels.apply(workspace(repo))
    assert labels.plan(workspace(repo)) and not forge.repo.labels
    held.release()
    here = workspace(repo)

    def overslept(request: Request) -> None:
        for clock in (here.clock, elsewhere.clock):
            assert isinstance(clock, FixedClock)
            clock.now += HOLDS + SKEW + 1
        elsewhere.acquire("sync", "Bob <bob@example.org>", "desk", "github apply")

    makes = lambda request: request.writes and request.path.endswith("/labels")  # noqa: E731
    forge.faults.when(makes, "call after", call=overslept)
    with pytest.raises(ConflictError, match=r"lost: Bob <bob@example\.org> on desk took it over"):
        labels.apply(here)
    assert len(forge.repo.labels) == 1


def test_only_the_default_branch_syncs_and_one_at_a_time(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit_all(repo)
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0.05")
    lease = Lock(os.path.join(opening.folder(workspace(repo)), "lease"), "github apply")
    with lease, pytest.raises(ConflictError, match="github apply"):
        apply(repo)
    git(repo, "switch", "--quiet", "-c", "elsewhere")
    with pytest.raises(TrainError, match="on main, not on elsewhere"):
        apply(repo)


def shared(repo: Path) -> Leases:
    """Let the lease of the sync be at a bare remote; give the leases of another clone of it."""
    write(repo, "config/forge.yml", "schema: 1\n\nlease: remote\n")
    bare, other = (new_repo(repo.parent / name, *options) for name, *options in (("bare.git", "--bare"), ("other",)))
    for clone in (repo, other):
        git(clone, "remote", "add", "origin", str(bare))
    return Leases(Git.discover(str(other)), FixedClock(), "origin")


def test_of_two_clones_one_syncs_at_a_time(repo: Path, forge: Forge) -> None:
    elsewhere = shared(repo)
    add(repo, "Refills")
    held = elsewhere.acquire("sync", "Bob <bob@example.org>", "desk", "github apply")
    writes = len(forge.writes)
    with pytest.raises(ConflictError, match=r"held by Bob <bob@example.org> on desk .* until 2026-01-01T10:05"):
        apply(repo)
    assert len(forge.writes) == writes
    assert apply(repo, dry_run=True).planned.plan.actions
    held.release()
    assert apply(repo).whole
    _, there = elsewhere.read("sync")
    assert there is not None and (there.epoch, there.released) == (2, True)
    settled(repo)


def test_who_lost_the_lease_does_nothing_more(repo: Path, forge: Forge) -> None:
    elsewhere = shared(repo)
    for title in ("One", "Two"):
        add(repo, title)
    here = workspace(repo)
    clocks = [clock for clock in (here.clock, elsewhere.clock) if isinstance(clock, FixedClock)]

    def overslept(at: int, count: int, action: Action) -> None:
        if len(forge.repo.issues) == 1 and clocks[0].now == NOW:
            for clock in clocks:
                clock.now += HOLDS + SKEW + 1
            elsewhere.acquire("sync", "Bob <bob@example.org>", "desk", "github apply")

    with pytest.raises(ConflictError, match=r"lost: Bob <bob@example.org> on desk took it over \(epoch 2, ours was 1"):
        applying.apply(here, told=overslept)
    assert len(forge.repo.issues) == 1
    _, there = elsewhere.read("sync")
    assert there is not None and (there.epoch, there.released) == (2, False)


def test_a_lease_wants_a_remote_that_answers(repo: Path, forge: Forge) -> None:
    shared(repo)
    add(repo, "Refills")
    git(repo, "remote", "set-url", "origin", str(repo.parent / "gone.git"))
    with pytest.raises(RemoteError, match="origin cannot be asked"):
        apply(repo)
    git(repo, "remote", "remove", "origin")
    with pytest.raises(TrainError, match="there is none"):
        apply(repo)
    assert not forge.repo.issues


def test_policies_decide_where_nobody_is_asked(repo: Path, forge: Forge) -> None:
    write(repo, "config/forge.yml", "schema: 1\n\npolicies:\n  title: remote\n  milestone: local\n")
    name = add(repo, "Refills", milestone="Spring")
    apply(repo)
    work.edit(workspace(repo), name, {"title": "Here"})
    forge.edit(1, title="There")
    assert apply(repo).whole
    assert item(repo, name).title == "There"
    settled(repo)


def test_words_that_may_not_be_kept_hold_up_only_their_item(repo: Path, forge: Forge) -> None:
    names = [add(repo, title, body="Text") for title in ("One", "Two", "Three")]
    apply(repo)
    secret = "ghp_" + "R4nD0mT0k3nR4nD0mT0k3nR4nD0mT0k3nR4nD"
    forge.edit(1, body=f"Use {secret} for it")
    forge.edit(2, body="<<<<<<< ours\nText\n=======\n")
    forge.edit(3, body="Plain")
    found = apply(repo)
    held = {n for n in names if item(repo, n).issue in (1, 2)}
    assert set(found.skipped) == held
    assert secret not in str(found.skipped) and secret not in git(repo, "grep", "-h", "--untracked", "", "--", ".")
    assert [item(repo, n).body.endswith("Plain") for n in names if n not in held] == [True]


def test_an_issue_that_is_gone_holds_up_nobody_else(repo: Path, forge: Forge) -> None:
    names = [add(repo, title) for title in ("One", "Two")]
    apply(repo)
    lost = next(name for name in names if item(repo, name).issue == 1)
    plan(repo)
    del forge.repo.issues[1]
    for name in names:
        work.edit(workspace(repo), name, {"milestone": "Spring"})
    found = apply(repo)
    assert list(found.skipped) == [lost]  # a list of what changed since says nothing of it
    again = apply(repo)
    assert [f.code for f in again.planned.plan.findings] == ["VT489"] and not again.whole
    assert list(forge.repo.issues) == [2]


def test_offline_all_is_as_it_was_read_last(repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(TrainError, match="nothing is kept"):
        plan(repo, offline=True)
    name = add(repo, "Refills")
    apply(repo)
    work.edit(workspace(repo), name, {"title": "Refills in time"})
    count = len(forge.requests)
    assert [a.write for a in plan(repo, offline=True).plan.actions] == [{"title": "Refills in time"}]
    assert len(forge.requests) == count
    monkeypatch.setenv("GITHUB_API_URL", "http://127.0.0.1:9")
    with pytest.raises(RemoteError, match="cannot be reached"):
        plan(repo)
    assert [a.write for a in plan(repo, offline=True).plan.actions] == [{"title": "Refills in time"}]


def test_a_plan_reads_only_what_changed_and_all_when_it_must(repo: Path, forge: Forge) -> None:
    for title in ("One", "Two"):
        add(repo, title)
    apply(repo)
    forge.state.clock.step = 1
    plan(repo)
    forge.edit(2, title="Deux")
    assert [a.write for a in plan(repo).plan.actions] == [{"title": "Deux"}]
    forge.call("PATCH", "REPO/labels/next", {"new_name": "soon"})
    assert "soon" in {label for issue in plan(repo).remote.issues for label in issue.labels}


def test_a_token_that_may_not_write_says_so_and_nothing_is_noted_as_agreed(
    repo: Path, forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(repo, "Refills")
    insync.reach(monkeypatch, forge, access.READ)
    with pytest.raises(RemoteError, match="403"):
        apply(repo)
    assert workspace(repo).log.of_kinds(base.AGREED) == []
    insync.reach(monkeypatch, forge)
    assert apply(repo).whole
    settled(repo)


def test_merging_texts_is_git_s(repo: Path) -> None:
    git_port = workspace(repo).git
    assert planning.merge_file(git_port, "a\nb\nc", "A\nb\nc", "a\nb\nC") == ("A\nb\nC\n", True)
    merged, clean = planning.merge_file(git_port, "a", "A", "B")
    assert not clean and "<<<<<<<" in merged


def test_a_board_goes_with_the_priority_both_ways(repo: Path, forge: Forge) -> None:
    board = forge.board("Backlog", "Ready", "In progress", "In review", "Done")
    write(repo, "config/forge.yml", f"schema: 1\n\nboard: acme/{board.number}\n")
    name = add(repo, "Refills", priority="future")
    assert apply(repo).whole
    assert [issue.board for issue in plan(repo).remote.issues] == ["Backlog"]
    settled(repo)
    work.edit(workspace(repo), name, {"priority": "now"})
    assert apply(repo).whole
    assert [issue.board for issue in plan(repo).remote.issues] == ["In progress"]
    with opening.opened(workspace(repo)) as opened:
        assert opened.board is not None
        opened.board.move(opened.issues.get(1), "Ready")
    assert apply(repo).whole
    assert item(repo, name).priority == "next"
    assert "next" in forge.labels_of(1) and "now" not in forge.labels_of(1)
    settled(repo)
