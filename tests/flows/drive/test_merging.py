"""Merging: what comes into the default branch is judged by what the base says, and by nothing that it brings along."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.flows.drive import driver, merging
from agenticops.flows.drive.work import Outcome, Work
from tests.drive import rig
from tests.support import commit_all, git, some, write


@pytest.mark.parametrize(
    ("path", "code"), some([("config/pipeline.yml", "VT806"), ("config/x.txt", "VT806"), ("lib/x.txt", "VT470")], 2)
)
def test_what_was_slipped_into_the_branch_does_not_come_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, code: str
) -> None:
    repo = rig.train(tmp_path / "train", ["good"], more={"tries": 1})
    finish = Work._finish

    def slipped(self: Work) -> Outcome:
        desk = Path(self.place)
        text = (desk / path).read_text() if (desk / path).exists() else ""
        write(desk, path, f"{text}# slipped in\n")
        commit_all(desk, "slipped in")
        return finish(self)

    monkeypatch.setattr(Work, "_finish", slipped)
    (outcome,) = rig.drive(repo).outcomes
    assert (outcome.state, outcome.reason) == ("blocked", "gate_refused")
    assert code in outcome.words and path in outcome.words
    assert "slipped in" not in git(repo, "log", "--format=%s", "main")


def test_a_merge_that_brings_configuration_is_refused_however_it_came_there(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"])
    tip = git(repo, "rev-parse", "HEAD").strip()
    write(repo, "config/x.txt", "x\n")
    commit_all(repo)
    found = merging._configured(driver.Workspace(str(repo)), tip, "phase/build_1")
    assert [(f.code, f.path) for f in found] == [("VT806", "config/x.txt")]


def test_a_tag_by_the_name_of_a_branch_is_not_merged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = rig.train(tmp_path / "train", ["good"])
    finish = Work._finish

    def tagged(self: Work) -> Outcome:
        made = git(self.place, "commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "slipped in").strip()
        git(self.place, "tag", "phase/build_1", made)
        return finish(self)

    monkeypatch.setattr(Work, "_finish", tagged)
    (outcome,) = rig.drive(repo).outcomes
    assert outcome.state == "delivered"
    assert "slipped in" not in git(repo, "log", "--format=%s", "refs/heads/main")


def test_a_failure_is_told_when_git_cannot_read_its_configuration(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"])
    made = driver.Driver(driver.Workspace(str(repo)))
    with open(os.path.join(repo, ".git", "config"), "a") as f:
        f.write("[broken\n")
    error = RuntimeError("the first")
    made.fail(error)
    assert made.failed is error and made.stops.after.is_set()
