"""Merging by the forge: a request is opened once, red checks are mended or hold the ticket, then the forge merges."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.core.drive import progress
from agenticops.errors import RemoteError
from agenticops.flows.drive import byforge, deliver
from agenticops.flows.drive.driver import Driver, Report
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.forge import Forge
from tests.hub import forge
from tests.stations import must
from tests.support import commit_all, git, new_repo, thorough, write

__all__ = ["forge"]

BRANCH = "phase/build_1"
# What checks say of the commits of a request, by how many of them there were before.
Says = Callable[[int], str]


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for a forge here."""
    monkeypatch.setattr(deliver, "PAUSE", 0.05)
    monkeypatch.setattr(byforge, "PAUSE", 0.05)
    monkeypatch.setattr(byforge, "LONGEST", 0.1)
    monkeypatch.setattr(byforge, "GRACE", 0.3)


def train(tmp_path: Path, forge: Forge, tempers: list[str], **settings: object) -> Path:
    """A train whose remote is the repository that the fake serves."""
    repo = rig.train(tmp_path / "one", tempers, more={"merge": "forge", **settings})
    bare = new_repo(tmp_path / "bare.git", "--bare", "--initial-branch=main")
    git(repo, "remote", "add", "origin", str(bare))
    git(repo, "push", "--quiet", "origin", "main")
    forge.use_git(bare)
    forge.seed(len(tempers))
    return repo


def drive(repo: Path, forge: Forge, says: Says, tick: Callable[[], object] = lambda: None) -> Report:
    """Drive with checks that say something of each commit that a request comes to name."""
    driver = Driver(Workspace(str(repo)), remote="origin")
    told: list[str] = []

    def checks() -> None:
        tick()
        sha = head(repo)
        if requests(forge) and sha and sha not in told:
            told.append(sha)
            words = {"state": says(len(told) - 1), "context": "build", "description": "2 tests failed"}
            forge.call("POST", f"REPO/statuses/{sha}", words, login="grace")

    return driver.run(checks)


def head(repo: Path) -> str:
    return git(repo.parent / "bare.git", "for-each-ref", "--format=%(objectname)", f"refs/heads/{BRANCH}").strip()


def requests(forge: Forge) -> list[int]:
    return [issue.number for issue in list(forge.repo.issues.values()) if issue.pull]


def test_a_request_is_opened_once_and_merged_when_its_checks_are_green(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    report = drive(repo, forge, lambda n: "success")
    assert report.outcomes[0].state == "delivered"
    assert requests(forge) == [2] and forge.issue(2).pull.merged_at  # type: ignore[union-attr]
    assert "Part 1" in forge.issue(2).title
    merges = git(repo, "log", "--merges", "--format=%s", "main").splitlines()
    assert len(merges) == 1 and merges[0].startswith("Merge pull request #2")
    assert Workspace(str(repo)).train.ticket("build_1").status == "done"
    there = git(tmp_path / "bare.git", "rev-parse", "main").strip()
    assert git(repo, "rev-parse", "main").strip() == there and not head(repo)


def test_red_checks_are_mended_by_an_agent_that_is_told_their_words(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    report = drive(repo, forge, lambda n: "success" if n else "failure")
    assert report.outcomes[0].state == "delivered" and requests(forge) == [2]
    runs = [r for r in rig.journal(repo) if r.bullet == "ci"]
    assert len(runs) == 1
    notes = (repo / "tickets/build_1/artifacts/notes.md").read_text()
    assert "## ci" in notes


@thorough
def test_checks_that_are_red_again_and_again_hold_the_ticket(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    outcome = drive(repo, forge, lambda n: "failure").outcomes[0]
    assert (outcome.state, outcome.reason, outcome.bullet) == ("blocked", "ci_red", "ci")
    assert outcome.words.startswith("build: 2 tests failed")
    # Red three times: the agent mended it twice.
    assert len([r for r in rig.journal(repo) if r.bullet == "ci"]) == 2
    assert Workspace(str(repo)).train.ticket("build_1").status == "todo"  # what the default branch knows
    assert forge.issue(2).state == "open"


@thorough
def test_an_agent_that_mends_nothing_leaves_the_checks_as_the_reason(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["careless"], tries=2)
    outcome = drive(repo, forge, lambda n: "failure").outcomes[0]
    assert (outcome.state, outcome.reason) == ("blocked", "ci_red")
    assert "no_change" in outcome.words


@thorough
def test_checks_that_are_not_over_in_time_hold_the_ticket(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"], ci_seconds=0.5)
    outcome = drive(repo, forge, lambda n: "pending").outcomes[0]
    assert (outcome.state, outcome.reason, outcome.words) == ("blocked", "ci_red", "not over within 0.5 s: build")


@thorough
def test_a_check_that_is_wanted_is_waited_for_also_when_it_is_not_there(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"], ci_seconds=1.5, checks=["build", "lint"])
    outcome = drive(repo, forge, lambda n: "success").outcomes[0]
    assert (outcome.state, outcome.reason, outcome.words) == ("blocked", "ci_red", "not over within 1.5 s: lint")


@thorough
def test_without_checks_it_is_merged_after_a_while(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    report = Driver(Workspace(str(repo)), remote="origin").run()
    assert report.outcomes[0].state == "delivered" and requests(forge) == [2]


@thorough
def test_what_a_person_merges_first_is_delivered(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    merged: list[object] = []

    def tick() -> None:
        if requests(forge) and not merged:
            merged.append(forge.call("PUT", "REPO/pulls/2/merge", {}, login="grace"))

    report = drive(repo, forge, lambda n: "pending", tick)
    assert report.outcomes[0].state == "delivered" and requests(forge) == [2]


@thorough
def test_what_is_merged_and_advanced_elsewhere_is_noted_as_delivered(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    git(tmp_path, "clone", "--quiet", str(tmp_path / "bare.git"), "two")
    two, pushed = tmp_path / "two", []

    def tick() -> None:
        if requests(forge) and not pushed:
            git(two, "pull", "--quiet")
            git(two, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{BRANCH}")
            must(two, "advance", "build_1", "--commit")
            pushed.append(git(two, "push", "--quiet", "origin", "main"))

    report = drive(repo, forge, lambda n: "pending", tick)
    assert report.outcomes[0].state == "delivered" and not head(repo)
    standing = progress.drive("build_1", Workspace(str(repo)).log.of_subject("drive/build_1")).standing
    assert standing == "delivered"
    assert git(repo, "rev-parse", "main").strip() == git(tmp_path / "bare.git", "rev-parse", "main").strip()


def test_a_conflict_with_the_default_branch_holds_the_ticket(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    git(tmp_path, "clone", "--quiet", str(tmp_path / "bare.git"), "two")
    two = tmp_path / "two"
    pushed: list[object] = []

    def tick() -> None:
        if requests(forge) and not pushed:
            git(two, "pull", "--quiet")
            write(two, "docs/1/report.md", "# Another\n")
            commit_all(two, "another report")
            pushed.append(git(two, "push", "--quiet", "origin", "main"))

    report = drive(repo, forge, lambda n: "success" if pushed else "pending", tick)
    assert (report.outcomes[0].state, report.outcomes[0].reason) == ("blocked", "merge_conflict")


def test_nobody_logged_in_is_told_before_anything_is_worked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = rig.train(tmp_path / "one", ["good"], more={"merge": "forge"})
    git(repo, "remote", "add", "origin", str(new_repo(tmp_path / "bare.git", "--bare")))
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/train")
    monkeypatch.setenv("PATH", str(gitonly(tmp_path)))
    with pytest.raises(RemoteError, match="nobody is logged in"):
        Driver(Workspace(str(repo)), remote="origin").run()
    assert not rig.journal(repo)


def gitonly(tmp_path: Path) -> Path:
    """A folder with git, and without `gh`."""
    import shutil

    found = shutil.which("git")
    assert found is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(found)
    return tmp_path / "bin"


@thorough
def test_where_branches_are_pushed_a_request_may_be_opened_too(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"], merge="push", pulls=True)
    report = Driver(Workspace(str(repo)), remote="origin").run()
    assert report.outcomes[0].state == "delivered" and requests(forge) == [2]


@thorough
def test_a_forge_that_is_away_is_waited_for(forge: Forge, tmp_path: Path) -> None:
    repo = train(tmp_path, forge, ["good"])
    forge.faults.when(lambda r: "/status" in r.path, "502 before", times=1)
    report = drive(repo, forge, lambda n: "success")
    assert report.outcomes[0].state == "delivered" and requests(forge) == [2]
