"""A stub agent works whole tickets of a packaged train by the hooks that `agents install claude` writes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agenticops import guard
from tests.stations import FIRST, Board, at, codes, data, depot, events, must
from tests.stubagent import Denied, StubAgent, matches
from tests.support import CONSOLE_SCRIPT, commit_all, git, status, thorough

__all__ = ["at", "depot"]

SECOND = "requirements_7"
OWN = "product/142/requirements"
PROGRAM = str(Path(__file__).with_name("stubagent.py"))


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The console scripts; the guard by its file where this environment was installed before it had one."""
    folders = [os.path.dirname(CONSOLE_SCRIPT)]
    if not shutil.which("agenticops-guard", path=folders[0]):
        script = tmp_path / "scripts/agenticops-guard"
        script.parent.mkdir()
        script.write_text(f"#!/bin/sh\nexec '{sys.executable}' -I -S '{guard.__file__}'\n")
        script.chmod(0o755)
        folders.append(str(script.parent))
    monkeypatch.setenv("PATH", os.pathsep.join([*folders, os.environ["PATH"]]))


@pytest.fixture
def repo(at: Board) -> Path:
    """The software train with an open ticket, and what is installed for Claude Code."""
    repo = at("opened")
    must(repo, "agents", "install", "claude")
    commit_all(repo, "Install the agent's files")
    return repo


def standing(repo: Path) -> str:
    return next(str(t["status"]) for t in data(repo, "ticket", "list", "--all") if t["id"] == FIRST)


def denied(agent: StubAgent, tool: str, **given: str) -> str:
    with pytest.raises(Denied) as refused:
        agent.use(tool, **given)
    return str(refused.value)


def outside(agent: StubAgent) -> None:
    """Try what the mode does not allow; nothing of it happens."""
    repo, before = agent.folder, status(agent.folder)
    assert "src/app.py" in denied(agent, "Write", file_path=str(repo / "src/app.py"), content="x")
    ticket = f"tickets/{FIRST}/ticket.yml"
    assert ticket in denied(agent, "Edit", file_path=ticket, old_string="status", new_string="x")
    assert denied(agent, "Edit", file_path="config/pipeline.yml", old_string="software", new_string="x")
    assert denied(agent, "Write", file_path=".claude/settings.json", content="{}")
    assert denied(agent, "NotebookEdit", notebook_path="a.ipynb", new_source="x")
    assert denied(agent, "Bash", command="echo x > src/app.py")
    assert denied(agent, "Bash", command="agenticops status; rm -rf tickets")
    assert status(repo) == before


def test_a_whole_ticket_on_the_default_branch(repo: Path) -> None:
    agent = StubAgent(repo)
    told = agent.start()
    assert f"agenticops begin {FIRST} --agent onboarder" in told
    assert agent.prompt("Work the ticket") == ""
    agent.run(f"agenticops begin {FIRST} --agent onboarder")
    assert f"Train: {FIRST} in mode scope, as onboarder." in agent.prompt("Go on")
    outside(agent)
    assert agent.stop() == "" and "required bullets open" in agent.messages[-1]
    agent.compact()
    assert codes(repo, "check", FIRST) != []
    assert agent.work(FIRST, "onboarder")
    assert codes(repo, "check", FIRST) == []
    assert agent.stop() == ""
    assert agent.messages[-1] == f"{FIRST}: no required bullet is open. Next: agenticops advance {FIRST}"
    session = data(repo, "session", "show")["session"]
    assert f"{OWN}/requirements.md" in session["artifacts"]["created"]
    assert [(t["content"], t["status"]) for t in session["todos"]] == [(f"Work {FIRST}", "completed")]
    agent.run(f"agenticops advance {FIRST} --commit")
    agent.end()
    assert agent.errors == [] and len(agent.denials) == 7
    assert standing(repo) == "done"
    assert data(repo, "next")["ticket"] == "design_142"
    assert {e["actor"]["agent"] for e in events(repo, "artifact_touched")} == {"onboarder"}
    commit_all(repo, "What is left")
    assert "✓ the train holds" in must(repo, "check")


@thorough
def test_a_whole_ticket_on_its_branch(repo: Path) -> None:
    git(repo, "switch", "--quiet", "-c", f"phase/{FIRST}")
    agent = StubAgent(repo, {"AGENTICOPS_STOP": "block"})
    agent.start()
    agent.run(f"agenticops begin {FIRST} --agent onboarder")
    outside(agent)
    assert not agent.work(FIRST, "onboarder", steps=2)
    reason = agent.stop()
    assert "required bullets open" in reason and agent.stop(going_on=True) == ""
    assert agent.work(FIRST, "onboarder", hurry=True) and agent.stop() == ""
    agent.run(f"agenticops advance {FIRST} --commit")
    agent.end()
    assert agent.errors == []
    commit_all(repo, "What is left")
    assert standing(repo) == "in_review"
    merged(repo, FIRST)
    assert data(repo, "next")["ticket"] == "design_142"


def merged(repo: Path, ticket: str) -> None:
    """Merge a branch and move its ticket on, as a person does."""
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "--no-edit", f"phase/{ticket}")
    must(repo, "advance", ticket, "--commit")
    commit_all(repo, "What is left")
    assert "✓ the train holds" in must(repo, "check")


@thorough
def test_two_agents_in_two_worktrees_at_once(repo: Path, tmp_path: Path) -> None:
    must(repo, "work", "new", "--kind", "PRD", "--title", "Count the beds", "--issue", "7", "--start", "--commit")
    commit_all(repo)
    running = []
    for ticket in (FIRST, SECOND):
        tree = tmp_path / ticket
        git(repo, "worktree", "add", "--quiet", "-b", f"phase/{ticket}", str(tree))
        command = [sys.executable, PROGRAM, str(tree), ticket, "onboarder"]
        running.append(subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
        assert json.loads(out)["denials"] == []
    for ticket in (FIRST, SECOND):
        tree = tmp_path / ticket
        commit_all(tree, "What is left")
        session = (tree / f"tickets/{ticket}/ACTIVE_SESSION.md").read_text()
        assert f"Work {ticket}" in session
        git(repo, "worktree", "remove", "--force", str(tree))
        merged(repo, ticket)
    assert sorted(t["phase"] for t in data(repo, "status")["tickets"]) == ["design", "design"]


@thorough
def test_one_agent_hands_on_to_another(repo: Path) -> None:
    first = StubAgent(repo)
    first.start()
    first.run(f"agenticops begin {FIRST} --agent onboarder")
    assert not first.work(FIRST, "onboarder", steps=2)
    first.run("agenticops session decide 'Count by week'")
    first.run("agenticops handoff --to evaluator --note 'The numbers of March are odd' --next 'Count March again'")
    assert first.prompt("More?") == "" and first.stop() == ""
    first.end()

    second = StubAgent(repo)
    told = second.start()
    assert f"agenticops begin {FIRST} --agent evaluator" in told and "The numbers of March are odd" in told
    assert denied(second, "Write", file_path=f"{OWN}/requirements.md", content="x")
    second.run(f"agenticops begin {FIRST} --agent evaluator")
    assert "onboarder handed it over: The numbers of March are odd" in second.start("clear")
    assert second.work(FIRST, "evaluator", hurry=True)
    second.run(f"agenticops advance {FIRST} --commit")
    second.end()
    assert first.errors + second.errors == []
    actors = {e["actor"]["agent"] for e in events(repo, "bullet_ticked")}
    assert actors == {"onboarder", "evaluator"}


def test_an_agent_may_not_act_as_a_person(repo: Path) -> None:
    agent = StubAgent(repo)
    agent.run(f"agenticops begin {FIRST} --agent onboarder")
    done = agent.use("Bash", command=f"agenticops advance {FIRST} --override --reason 'no time'")
    assert done["code"] != 0 and standing(repo) == "in_progress"
    assert denied(agent, "Bash", command=f"env -u CLAUDECODE agenticops advance {FIRST} --override --reason 'no time'")


def test_outside_of_its_repository_the_hooks_say_nothing(repo: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(repo / ".claude", elsewhere / ".claude")
    agent = StubAgent(elsewhere)
    assert agent.start() == "" and agent.prompt("Hello") == ""
    agent.use("Write", file_path="a.txt", content="a")
    agent.stop()
    agent.end()
    assert (agent.errors, agent.messages) == ([], [])


@pytest.mark.parametrize(
    ("matcher", "name", "fits"),
    [
        ("", "Write", True),
        ("*", "Write", True),
        ("Write|Edit", "Edit", True),
        ("Write", "WriteAll", False),
        ("mcp__.*", "mcp__agenticops__next", True),
        ("Edit.*", "MultiEdit", True),
        ("^Edit", "MultiEdit", False),
    ],
)
def test_matchers_are_read_as_the_client_does(matcher: str, name: str, fits: bool) -> None:
    assert matches(matcher, name) is fits
