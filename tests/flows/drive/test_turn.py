"""What a turn may start: just the words and files that the owner of the clone trusted, wherever they come from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from agenticops.core import yamltext
from agenticops.errors import StateError, TrainError
from agenticops.flows.drive.control import Control
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import commit_all, git, thorough, write

# An agent of the repository's own: trust covers its file.
SCRIPT = "import sys, pathlib\nsys.stdin.read()\n%s\n"


def train(tmp_path: Path, does: str) -> Path:
    repo = rig.train(tmp_path / "train", ["good"], more=settings([sys.executable, "tools/agent.py"]))
    write(repo, "tools/agent.py", SCRIPT % does)
    commit_all(repo, "an agent of its own")
    rig.give_trust(repo)
    return repo


def settings(command: list[str]) -> dict[str, object]:
    return {"providers": {"own": {"command": command, "models": [{"name": "m", "money": 0.1}]}}}


def test_words_that_nobody_trusted_start_nothing(tmp_path: Path) -> None:
    repo = train(tmp_path, "sys.exit(3)")
    assert rig.drive(repo).outcomes[0].state == "blocked"
    touched = tmp_path / "touched"
    write(repo, "config/drive.yml", yamltext.dump({"schema": 1, **settings(["touch", str(touched)])}))
    commit_all(repo, "other words")
    Control(Workspace(str(repo))).resume("build_1", "again")
    tip = git(repo, "rev-parse", "main")
    with pytest.raises(TrainError, match="changed since it was trusted"):
        rig.drive(repo)
    assert not touched.exists()
    assert git(repo, "rev-parse", "main") == tip, "no ticket is to blame, so none is held"


@thorough
def test_a_desk_that_is_older_than_what_is_trusted_catches_up(tmp_path: Path) -> None:
    repo = train(tmp_path, "sys.exit(3)")
    assert rig.drive(repo).outcomes[0].state == "blocked"
    good = "import os\nos.environ.setdefault('RIG_JOURNAL', '/dev/null')\n"
    source = rig.AGENT.read_text().replace(
        "from __future__ import annotations\n", f"from __future__ import annotations\n{good}"
    )
    write(repo, "tools/agent.py", source)
    commit_all(repo, "a better agent")
    rig.give_trust(repo)
    Control(Workspace(str(repo))).resume("build_1", "it is mended")
    assert [o.state for o in rig.drive(repo).outcomes] == ["delivered"]


def test_a_budget_of_a_misspelled_phase_starts_nothing(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], more={"budgets": {"phases": {"biuld": {"money": 0}}}})
    with pytest.raises(StateError, match="unknown phase 'biuld'"):
        rig.drive(repo)


def test_desks_in_the_repository_itself_are_refused(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"], more={"desks": "docs"})
    with pytest.raises(TrainError, match="cannot stand in the repository"):
        rig.drive(repo)


def test_a_run_names_the_way_of_its_item(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "train", ["good"])
    rig.drive(repo)
    events = Workspace(str(repo)).log.of_kinds("model_assigned")
    ways = {e.data["execution_id"] for e in events}
    assert len(ways) == 1 and all(len(str(way)) == 36 for way in ways)
