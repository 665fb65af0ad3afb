"""What a failed run leaves half done is looked at whole: it does not come true later."""

from __future__ import annotations

import sys
from pathlib import Path

from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import commit_all, write

# It holds its ticket, and dies when that is in the journal and in no file yet; the next time it does as it is told.
DIES = """\
import os, pathlib, runpy, sys
flag = pathlib.Path({flag!r})
if not flag.exists():
    flag.touch()
    from agenticops.flows import ticket
    from agenticops.store import journal
    from agenticops.workspace import Workspace
    journal.apply = lambda root, entries: os._exit(3)
    ticket.block(Workspace("."), "build_1", "too hard")
sys.argv[0] = {agent!r}
runpy.run_path({agent!r}, run_name="__main__")
"""


def test_what_a_run_was_writing_when_it_died_is_not_the_next_ones(tmp_path: Path) -> None:
    environment = {"GIT_CONFIG_GLOBAL": "env:GIT_CONFIG_GLOBAL", "RIG_JOURNAL": str(tmp_path / "journal")}
    command = [sys.executable, "tools/agent.py"]
    provider = {"command": command, "models": [{"name": "m", "money": 0.1}], "environment": environment}
    more = {"providers": {"own": provider}, "prefer": ["own"], "tries": 2}
    repo = rig.train(tmp_path / "train", ["good"], more=more)
    write(repo, "tools/agent.py", DIES.format(flag=str(tmp_path / "flag"), agent=str(rig.AGENT)))
    commit_all(repo, "an agent of its own")
    rig.give_trust(repo)
    (outcome,) = rig.drive(repo).outcomes
    assert (outcome.state, outcome.words) == ("delivered", "")
    ended = [e for e in Workspace(str(repo)).train.log.of_ticket("build_1") if e.kind == "model_ended"]
    assert ended[0].data["outcome"] == "gate_refused: it wrote ticket_blocked into the log"
    assert [e.data["assignment_status"] for e in ended] == ["failed", "completed", "completed"]
