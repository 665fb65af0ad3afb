"""The watch: who is busy is told while an agent runs, idle afterwards, and the machine is measured."""

from __future__ import annotations

from pathlib import Path

from agenticops.flows import papers
from agenticops.flows.drive import ledger, states
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import commit_all, thorough


def told(repo: Path) -> list[str]:
    """Give what was told of agents, without what was only told again."""
    beats = [e for e in Workspace(str(repo)).local.events() if e.kind == "heartbeat" and e.subject.startswith("agent/")]
    said = [str(e.data["status"]) for e in beats]
    return [one for one, before in zip(said, ["", *said], strict=False) if one != before]


def test_an_agent_is_busy_while_it_works_idle_afterwards_and_offline_when_the_drive_is_over(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], more={"heartbeat": 30})
    rig.drive(repo)
    assert told(repo) == [*["active", "busy", "idle"], *["busy", "idle"], "offline"], "at once: no timer came to it"
    found = states.show(Workspace(str(repo)), "maker")
    assert (found.status, found.reason) == ("offline", "the drive is over")


def test_an_agent_whose_run_failed_is_in_error_until_the_next_one_begins(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["crashing"], more={"heartbeat": 30, "tries": 2})
    rig.drive(repo)
    assert told(repo) == [*["active", "busy", "idle", "error"], *["idle", "busy", "idle", "error"]]
    found = states.show(Workspace(str(repo)), "maker")
    assert found.status == "error" and found.reason.startswith("agent_error: exit code 139")


def test_an_agent_without_its_program_is_in_error(tmp_path: Path) -> None:
    nothing = {"script": {"command": ["no-such-agent"], "models": [{"name": "m"}]}}
    repo = rig.train(tmp_path / "train", ["good"], more={"heartbeat": 30, "providers": nothing})
    rig.drive(repo)
    found = states.show(Workspace(str(repo)), "maker")
    assert found.status == "error" and "no-such-agent cannot be run here" in found.reason


@thorough
def test_an_agent_gives_signs_of_life_between_its_runs_too(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], seconds=0.5, more={"heartbeat": 0.2})
    rig.drive(repo)
    beats = [e for e in Workspace(str(repo)).local.events() if e.kind == "heartbeat" and e.subject.startswith("agent/")]
    assert [e.data["status"] for e in beats].count("busy") > 2
    assert {e.data["task"] for e in beats[:-1]} == {"build_1"}


@thorough
def test_the_machine_is_measured(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], seconds=0.5, more={"heartbeat": 0.2})
    rig.drive(repo)
    kinds = [e.kind for e in Workspace(str(repo)).local.events()]
    assert "resource_sampled" in kinds


def test_a_run_names_the_decision_on_which_it_rests(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"])
    words = {"title": "Use the scripted one", "reasoning_process": "It is enough.", "decision_type": "model_assignment"}
    made = papers.new(Workspace(str(repo)), "decision", {**words, "items": ["1"], "outcome": "Yes."})
    commit_all(repo, "a decision")
    rig.drive(repo)
    runs = ledger.known(Workspace(str(repo)))
    assert runs and {run.decision_id for run in runs} == {made.decision_id}  # type: ignore[union-attr]
