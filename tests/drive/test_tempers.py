"""Each temper of an agent ends where it belongs, and nothing of what it did wrong stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.core.drive import progress
from agenticops.flows.drive import trunk
from agenticops.workspace import Workspace
from tests.drive import agent, proof, rig
from tests.drive.rig import drive, train
from tests.support import commit_all, git, some, thorough, write

# What is driven together: two workers each time.
GROUPS = [
    ("good", "lying", "asking", "committing"),
    ("crashing", "flaky", "outside", "good"),
    ("emptying", "ticking", "leaving", "telling"),
    ("merging", "staging", "good"),
    ("forging", "switching", "breaking", "good"),
    ("tampering", "pruning", "advancing", "good"),
    ("good", "meddling", "leaking", "linking"),
    ("moving", "rewiring", "hiding", "good"),
]


def reasons(repo: Path) -> dict[str, str]:
    """Give the reason for which each temper's ticket is held; "" when it is done."""
    main = Workspace(str(repo))
    found = {}
    for name in main.train.ticket_ids():
        temper = main.train.item(main.train.ticket(name).item).title.rpartition(" ")[2]
        found[temper] = progress.drive(name, main.log.of_subject(f"drive/{name}")).reason
    return found


@pytest.mark.parametrize("tempers", some(GROUPS, 4), ids=" ".join)
def test_each_temper_ends_as_it_should(tmp_path: Path, tempers: tuple[str, ...]) -> None:
    repo = train(tmp_path / "repo", list(tempers), bullets=2)
    report = drive(repo, parallel=2)
    assert report.ended == "empty" and len(report.outcomes) == len(tempers)
    proof.judge(repo, parallel=2)


def test_every_temper_is_tried() -> None:
    tried = {temper for group in GROUPS for temper in group}
    assert tried | {"slow", "looping", "spending", "clashing", "careless"} == set(agent.TEMPERS) == set(proof.ENDS)


@thorough
def test_an_agent_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    repo = train(tmp_path / "repo", ["slow", "looping"], more={"seconds": 0.5, "tries": 2})
    drive(repo, parallel=2)
    proof.judge(repo, parallel=2)
    assert reasons(repo) == {"slow": "timeout", "looping": "timeout"}


def test_two_that_write_the_same_file_end_in_a_conflict(tmp_path: Path) -> None:
    repo = train(tmp_path / "repo", ["clashing", "clashing"], seconds=0.4)
    report = drive(repo, parallel=2)
    assert sorted(o.reason for o in report.outcomes) == ["", "merge_conflict"]
    proof.judge(repo, parallel=2)


@thorough
def test_a_ticket_that_has_spent_its_budget_is_held(tmp_path: Path) -> None:
    repo = train(tmp_path / "repo", ["spending", "good"], bullets=2, more={"budgets": {"ticket": {"money": 4.0}}})
    drive(repo, parallel=2)
    assert reasons(repo) == {"spending": "budget", "good": ""}
    proof.judge(repo, parallel=2)


@thorough
def test_once_the_budget_of_the_day_is_spent_no_agent_starts(tmp_path: Path) -> None:
    repo = train(tmp_path / "repo", ["spending"] * 4, bullets=2, more={"budgets": {"day": {"money": 4.0}}})
    report = drive(repo, parallel=2)
    assert "budget" in report.ended
    desks = {p.name: Workspace(str(p)) for p in (tmp_path / "repo.desks").iterdir() if p.name != trunk.NAME}
    assert list(proof.paid(Workspace(str(repo)), desks, parallel=2)) == []
    assert 2 <= len(rig.journal(repo)) <= 3


def test_what_an_agent_wrote_elsewhere_is_put_aside(tmp_path: Path) -> None:
    repo = train(tmp_path / "repo", ["outside"])
    drive(repo)
    aside = git(repo, "for-each-ref", "--format=%(refname)", "refs/agenticops/aside").split()
    assert len(aside) == 3
    assert git(repo, "show", f"{aside[0]}:config/pipeline.yml") == "schema: 1\n\nname: mine\n"
    desk = tmp_path / "repo.desks" / "build_1"
    assert (desk / "config/pipeline.yml").read_text() == rig.PIPELINE and not (desk / "tickets/build_other").exists()


def broken(repo: Path) -> list[str]:
    return list(proof.complaints(repo))


@thorough
def test_the_proof_sees_what_went_wrong(tmp_path: Path) -> None:
    repo = train(tmp_path / "repo", ["good", "lying"])
    drive(repo)
    assert broken(repo) == []
    write(repo, "late.txt", "late")
    assert any("the checkout has changes" in row for row in broken(repo))
    commit_all(repo)
    assert "late.txt came into main" in broken(repo)
    page = repo / "tickets/build_1/checklist.md"
    page.write_text(page.read_text().replace("- [x]", "- [ ]"))
    assert any("the page and the log differ" in row for row in broken(repo))
    git(repo, "checkout", "--quiet", "--", ".")
    ledger = Path(repo, ".git/agenticops/drive/runs.jsonl")
    ledger.write_text(ledger.read_text().partition("\n")[2].partition("\n")[2])
    assert any("the ledger None" in row for row in broken(repo))
    with (tmp_path / "journal").open("a") as journal:
        journal.write(f"second 1.0 {os.getpid()} build_1 x good\n")
    assert any("build_1: a second agent" in row for row in broken(repo))
    git(repo, "worktree", "remove", "--force", str(tmp_path / "repo.desks/build_2"))
    assert any("held are" in row for row in broken(repo))
