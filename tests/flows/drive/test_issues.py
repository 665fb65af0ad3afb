"""Issues as the queue: what is marked for the auto-pilot is taken in once, worked, and bears our name at the forge."""

from __future__ import annotations

from pathlib import Path

from agenticops.flows.drive.driver import Driver, Report
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.forge import Forge
from tests.insync import forge
from tests.support import git, thorough

__all__ = ["forge"]


def drive(repo: Path) -> Report:
    return Driver(Workspace(str(repo)), queue=True).run()


def test_a_marked_issue_becomes_an_item_is_worked_and_assigned(tmp_path: Path, forge: Forge) -> None:
    repo = rig.train(tmp_path / "train", [])
    forge.create("Count the pills, temper good", labels=["auto", "Task"])
    forge.create("A wish", labels=["Task"])
    report = drive(repo)
    assert [(o.ticket, o.state) for o in report.outcomes] == [("build_1", "delivered")]
    assert forge.repo.issues[1].assignees and not forge.repo.issues[2].assignees
    assert (repo / "docs/work/1.md").exists() and not (repo / "docs/work/2.md").exists()
    assert rig.clean(repo)


@thorough
def test_it_is_taken_in_once(tmp_path: Path, forge: Forge) -> None:
    repo = rig.train(tmp_path / "train", [])
    forge.create("Count the pills, temper good", labels=["auto", "Task"])
    drive(repo)
    tip = git(repo, "rev-parse", "main")
    assert drive(repo).outcomes == ()
    assert git(repo, "rev-parse", "main") == tip


def test_what_somebody_else_has_is_left_alone(tmp_path: Path, forge: Forge) -> None:
    repo = rig.train(tmp_path / "train", ["good"])
    forge.create("Part 1, temper good", labels=["auto", "Task"], assignees=["grace"])
    report = drive(repo)
    assert [o.state for o in report.outcomes] == ["lost"]
    assert "grace" in report.outcomes[0].words
    assert rig.journal(repo) == []
