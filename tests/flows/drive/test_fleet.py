"""A fleet: several repositories, the same workers, fair, and none that holds the others up."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.core import yamltext
from agenticops.errors import StateError
from agenticops.flows.drive.fleet import Fleet, FleetReport, drive_fleet
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import thorough, write


def fleet(tmp_path: Path, parallel: int = 1, **weights: int) -> str:
    """Write the file of a fleet over folders of these names."""
    projects = [{"path": f"all/{name}", "weight": weight} for name, weight in weights.items()]
    said = {"schema": 1, "parallel": parallel, "projects": projects}
    return str(write(tmp_path, "agenticops.fleet.yml", yamltext.dump(said)))


def train(tmp_path: Path, name: str, tempers: list[str], **options: object) -> Path:
    """Make a train that notes in a journal of its own, and in the common order of all."""
    found = rig.train(tmp_path / "made" / name / "train", tempers, **options)  # type: ignore[arg-type]
    (tmp_path / "all").mkdir(exist_ok=True)
    (tmp_path / "all" / name).symlink_to(found)
    return found


def states(report: FleetReport) -> dict[str, str]:
    return {p.name: p.state for p in report.projects}


def test_every_project_is_driven_to_its_end_with_its_own_state(tmp_path: Path) -> None:
    one, two = train(tmp_path, "one", ["good", "lying"]), train(tmp_path, "two", ["good"])
    report = drive_fleet(fleet(tmp_path, 2, one=1, two=1))
    assert states(report) == {"one": "ended", "two": "ended"} and not report.wrong
    first, second = report.projects
    assert {o.ticket: o.state for o in first.outcomes} == {"build_1": "delivered", "build_2": "blocked"}
    assert [(o.ticket, o.state, o.turns) for o in second.outcomes] == [("build_1", "delivered", 2)]
    assert "2" in first.passed and first.words == "empty"
    assert len(rig.journal(one)) == 5 and len(rig.journal(two)) == 2
    for repo in (one, two):
        assert Workspace(str(repo)).train.ticket("build_1").status == "done" and rig.clean(repo)


@thorough
def test_workers_are_shared_by_weight(tmp_path: Path) -> None:
    repos = {"one": train(tmp_path, "one", ["good"] * 4), "two": train(tmp_path, "two", ["good"] * 2)}
    assert not drive_fleet(fleet(tmp_path, 1, one=2, two=1)).wrong
    began = sorted((stint.began, name) for name, repo in repos.items() for stint in rig.journal(repo))
    order = [name for _, name in began]
    # A ticket has two turns: after each six of them, four were of one and two of two.
    assert [order[:6].count(n) for n in ("one", "two")] == [4, 2] == [order[6:].count(n) for n in ("one", "two")]


@thorough
def test_a_long_queue_does_not_hold_up_a_short_one_nor_an_empty_one_both(tmp_path: Path) -> None:
    repos = [train(tmp_path, name, ["good"] * count) for name, count in (("long", 4), ("short", 1), ("empty", 0))]
    report = drive_fleet(fleet(tmp_path, 1, long=1, short=1, empty=9))
    assert [len(p.outcomes) for p in report.projects] == [4, 1, 0] and not report.wrong
    late = [stint.began for stint in rig.journal(repos[0])][4:]
    assert max(stint.began for stint in rig.journal(repos[1])) < min(late)


def test_what_is_broken_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    good, bad, dirty = (train(tmp_path, name, ["good"]) for name in ("good", "bad", "dirty"))
    write(bad, "config/drive.yml", "schema: 1\n\ntries: many\n")
    write(dirty, "README.md", "mine\n")
    report = drive_fleet(fleet(tmp_path, 2, good=1, bad=1, dirty=1, gone=1))
    assert states(report) == {"good": "ended", "bad": "refused", "dirty": "paused", "gone": "refused"}
    found = {p.name: p for p in report.projects}
    assert found["bad"].place.startswith("config/drive.yml:3") and found["bad"].hint
    assert "README.md" in found["dirty"].words and str(dirty) in found["dirty"].hint
    assert "no folder" in found["gone"].words
    assert [o.state for o in found["good"].outcomes] == ["delivered"] and report.wrong
    assert not rig.journal(bad) and not rig.journal(dirty) and len(rig.journal(good)) == 2


@thorough
def test_a_repository_that_is_listed_twice_is_driven_once(tmp_path: Path) -> None:
    repo = train(tmp_path, "one", ["good"])
    (tmp_path / "all" / "again").symlink_to(repo)
    report = drive_fleet(fleet(tmp_path, 2, one=1, again=1))
    assert states(report) == {"one": "ended", "again": "refused"}
    assert len(rig.journal(repo)) == 2


@thorough
def test_a_stop_ends_the_present_turns_of_all(tmp_path: Path) -> None:
    repos = [train(tmp_path, name, ["good"] * 3, seconds=0.1) for name in ("one", "two")]
    driven = Fleet(fleet(tmp_path, 2, one=1, two=1))
    report = driven.run(lambda: driven.stop() if all(rig.journal(repo) for repo in repos) else None)
    assert {o.state for p in report.projects for o in p.outcomes} <= {"stopped", "delivered"}
    assert all(len(rig.journal(repo)) < 6 for repo in repos)
    assert not drive_fleet(str(tmp_path / "agenticops.fleet.yml")).wrong
    assert all(Workspace(str(repo)).train.ticket("build_3").status == "done" for repo in repos)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="cannot be read"):
        drive_fleet(str(tmp_path / "none.yml"))
