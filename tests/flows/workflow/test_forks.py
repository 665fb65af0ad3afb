"""Forks: two branches, or two processes, take different steps of one instance."""

from __future__ import annotations

import subprocess
from pathlib import Path

from agenticops.flows import doctor, judge
from agenticops.flows.workflow import forks, instances, listing, reading, records
from agenticops.model.finding import Finding
from agenticops.model.workflow import Instance
from tests.stations import SHAPE, Board, codes
from tests.support import CONSOLE_SCRIPT, NOW, commit_all, git, workspace


def forked(repo: Path, first: str, second: str, then: str = "", item: str = "") -> str:
    """Take two steps of one instance on two branches, and merge; gives the instance's id."""
    name = instances.start(workspace(repo), "HS_STD", Instance("", "HS_STD", "", "", name="Roof", item=item)).id
    commit_all(repo)
    git(repo, "checkout", "-q", "-b", "other")
    later = workspace(repo, NOW + 1000)
    instances.transition(later, name, second)
    if then:
        instances.transition(later, name, then)
    commit_all(repo)
    git(repo, "checkout", "-q", "main")
    instances.transition(workspace(repo), name, first)
    commit_all(repo)
    git(repo, "merge", "-q", "--no-edit", "other")
    return name


def warnings(found: list[Finding]) -> list[Finding]:
    return [f for f in found if f.code == "VT520"]


def test_the_first_step_counts_and_the_other_is_told(at: Board) -> None:
    repo = at("tiny")
    name = forked(repo, "quote_generation", "customer_onboarding", "quote_sent")
    space = workspace(repo)
    found = reading.instance(space, name)
    assert found.state == "2" and len(found.lost) == 2 and found.status == "active"
    told = listing.seed(space, found)["lost"]
    assert [(e["from"], e["to"]) for e in told] == [(0, 1), (1, 3)]
    (warning,) = warnings(list(judge.train(space).findings))
    assert warning.severity == "warning" and "customer_onboarding" in warning.message
    (quote,) = told[1]["entities"].values()
    assert f"quote {quote} stays" in warning.message and reading.entity(space, quote).status == "Sent"
    assert found.entities["quote"] != quote
    assert judge.train(space).holds
    assert [s.detail for s in doctor.examine(space) if s.what == "workflows"] == [warning.message]


def test_it_goes_on_after_the_merge_and_the_warning_ends_with_it(at: Board) -> None:
    repo = at("tiny")
    name = forked(repo, "quote_generation", "customer_onboarding")
    space = workspace(repo)
    after = instances.transition(space, name, "quote_sent")[1]
    assert [s.to for s in after.history] == ["0", "2", "3"] and len(after.lost) == 1
    instances.transition(space, name, "quote_rejected")
    assert forks.findings(space) == [] and len(reading.instance(space, name).lost) == 1


def test_the_same_step_on_two_branches_is_one(at: Board) -> None:
    repo = at("tiny")
    name = forked(repo, "quote_generation", "quote_generation")
    space = workspace(repo)
    found = reading.instance(space, name)
    assert found.state == "2" and found.lost == () and [s.to for s in found.history] == ["0", "2"]
    assert forks.findings(space) == [] and listing.records(space, kind="quote")[1] == 1
    assert instances.transition(space, name, "quote_sent")[1].lost == ()


def test_no_gate_of_a_ticket_fails_for_it(at: Board) -> None:
    repo = at("tiny-ready")
    base = git(repo, "rev-parse", "HEAD").strip()
    forked(repo, "quote_generation", "customer_onboarding", item="142")
    assert codes(repo, "check", SHAPE) == []
    assert codes(repo, "check") == ["VT520"]
    assert codes(repo, "check", "--base", base, "--head", "HEAD") == []
    assert codes(repo, "check", "--base", base, "--head", "HEAD", "--replay") == []


def test_a_step_whose_past_is_missing_is_refused(at: Board) -> None:
    repo = at("tiny")
    name = instances.start(workspace(repo), "HS_STD").id
    commit_all(repo)
    base = git(repo, "rev-parse", "HEAD").strip()
    instances.transition(workspace(repo), name, "quote_generation")
    commit_all(repo)
    git(repo, "rm", "-q", *git(repo, "diff", "--name-only", f"{base}~1", base).split())
    commit_all(repo)
    assert "VT703" in codes(repo, "check", "--base", f"{base}~1", "--head", "HEAD")


def test_an_entity_of_two_branches_has_what_was_written_last(at: Board) -> None:
    repo = at("tiny")
    made = records.new(workspace(repo), "customer", status="Lead")[0]
    commit_all(repo)
    git(repo, "checkout", "-q", "-b", "other")
    records.set_fields(workspace(repo, NOW + 1000), made.id, {"status": "Active", "a": 1})
    commit_all(repo)
    git(repo, "checkout", "-q", "main")
    records.set_fields(workspace(repo), made.id, {"status": "Lost", "b": 2})
    commit_all(repo)
    git(repo, "merge", "-q", "--no-edit", "other")
    found = reading.entity(workspace(repo), made.id)
    assert (found.status, found.fields) == ("Active", {"b": 2, "a": 1})


def test_of_processes_that_move_one_instance_one_wins(at: Board) -> None:
    repo = at("tiny")
    name = instances.start(workspace(repo), "HS_STD").id
    held = workspace(repo)
    command = [CONSOLE_SCRIPT, "workflow", "transition", name, "--from", "lead_generation"]
    with held.transaction("test"):
        running = [
            subprocess.Popen(
                [*command, "--to", to], cwd=repo, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
            )
            for to in ("quote_generation", "customer_onboarding", "quote_generation")
        ]
    ended = [(process.communicate(timeout=60), process.returncode) for process in running]
    assert sorted(code for _, code in ended) == [0, 5, 5]
    for (_, err), code in ended:
        assert code == 0 or ("stands in" in err and "agenticops workflow show" in err)
    found = reading.instance(workspace(repo), name)
    assert len(found.history) == 2 and found.lost == ()
