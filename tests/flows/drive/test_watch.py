"""The watch: who is busy is told while an agent runs, idle afterwards, and the machine is measured."""

from __future__ import annotations

from pathlib import Path

from agenticops.flows.drive import states
from agenticops.workspace import Workspace
from tests.drive import rig


def test_an_agent_is_busy_while_it_works_and_idle_afterwards(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], seconds=0.6, more={"heartbeat": 0.2})
    rig.drive(repo)
    workspace = Workspace(str(repo))
    beats = [e for e in workspace.local.events() if e.kind == "heartbeat" and e.subject.startswith("agent/")]
    said = [str(e.data["status"]) for e in beats]
    assert "busy" in said and said[-1] == "idle"
    assert {e.data["task"] for e in beats} == {"build_1"}
    assert states.show(workspace, "maker").status == "idle"


def test_the_machine_is_measured(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], seconds=0.5, more={"heartbeat": 0.2})
    rig.drive(repo)
    kinds = [e.kind for e in Workspace(str(repo)).local.events()]
    assert "resource_sampled" in kinds
