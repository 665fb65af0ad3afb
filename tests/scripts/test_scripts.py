"""The scripts, on a real train in a real git repository."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = ["check_todo", "check_artifacts", "conductor_update", "migrate_session", "select_next_issue"]


def call(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "AGENTICOPS_"))}
    environment |= {
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_NAME": "Ana",
        "GIT_AUTHOR_EMAIL": "ana@example.org",
        "GIT_COMMITTER_NAME": "Ana",
        "GIT_COMMITTER_EMAIL": "ana@example.org",
        "PYTHONIOENCODING": "utf-8",
    }
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8")


def script(name: str, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return call([sys.executable, str(ROOT / "scripts" / f"{name}.py"), "--project-root", str(folder), *words], ROOT)


def train(folder: Path, *words: str) -> Any:
    done = call([sys.executable, "-m", "agenticops", "-C", str(folder), *words, "--json"], folder)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["data"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for words in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "Ana"],
        ["config", "user.email", "ana@example.org"],
    ):
        assert call(["git", *words], tmp_path).returncode == 0
    train(tmp_path, "init", "--train", "ml")
    return tmp_path


@pytest.fixture
def ticket(project: Path) -> str:
    train(project, "work", "new", "--kind", "PRD", "--title", "Early warning", "--issue", "7", "--start")
    return "opportunity_7"


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_says_what_it_is_for(name: str, tmp_path: Path) -> None:
    done = script(name, tmp_path, "--help")
    assert done.returncode == 0
    assert "--project-root DIR" in done.stdout
    assert "--strict" in done.stdout


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_folder_without_a_train_is_an_error(name: str, tmp_path: Path) -> None:
    done = script(name, tmp_path)
    assert done.returncode == 1, done.stdout
    assert done.stderr


def test_open_required_bullets_are_a_verdict(project: Path, ticket: str) -> None:
    done = script("check_todo", project)
    assert done.returncode == 3
    assert f"tickets/{ticket}/checklist.md:" in done.stdout
    assert "open: " in done.stdout


def test_checked_bullets_are_fine_and_strict_wants_the_optional_ones(project: Path, ticket: str) -> None:
    path = project / "tickets" / ticket / "checklist.md"
    path.write_text("# Checklist\n\n## Work\n\n- [x] Asked the client *\n\n- [ ] Sent flowers\n", encoding="utf-8")
    done = script("check_todo", project)
    assert (done.returncode, f"tickets/{ticket}/checklist.md: 1 of 1 required bullets are checked" in done.stdout) == (
        0,
        True,
    )
    done = script("check_todo", project, "--strict")
    assert done.returncode == 3
    assert "open, not required: Sent flowers" in done.stdout


def test_phase_narrows_the_tickets(project: Path, ticket: str) -> None:
    done = script("check_todo", project, "--phase", "training")
    assert done.returncode == 0
    assert done.stdout == "no ticket is open in phase training\n"


def test_missing_artifact_is_a_verdict(project: Path, ticket: str) -> None:
    done = script("check_artifacts", project)
    assert done.returncode == 3
    assert "VT201" in done.stdout


def test_conductor_refuses_while_the_gate_fails(project: Path, ticket: str) -> None:
    done = script("conductor_update", project)
    assert done.returncode == 3
    assert [t["id"] for t in train(project, "ticket", "list")] == [ticket]


def test_conductor_dry_run_changes_nothing(project: Path, ticket: str) -> None:
    call(["git", "add", "-A"], project)
    call(["git", "commit", "-qm", "all"], project)
    assert script("conductor_update", project, "--dry-run").returncode == 3
    done = script("conductor_update", project, "--dry-run", "--force-phase", "discovery")
    assert done.returncode == 0
    assert f"would override the gate: {ticket} to discovery" in done.stdout
    assert call(["git", "status", "--porcelain"], project).stdout == ""


def test_forced_phase_leaves_a_record(project: Path, ticket: str) -> None:
    done = script("conductor_update", project, "--force-phase", "discovery", "--reason", "client said so")
    assert done.returncode == 0, done.stderr
    assert [t["id"] for t in train(project, "ticket", "list")] == ["discovery_7"]
    assert "client said so" in json.dumps(train(project, "log"))


def test_force_wants_one_ticket(project: Path, ticket: str) -> None:
    train(project, "work", "new", "--kind", "PRD", "--title", "Second", "--issue", "8", "--start")
    done = script("conductor_update", project, "--force-phase", "discovery")
    assert done.returncode == 2
    assert "choose one with --phase" in done.stderr


def test_reason_alone_is_a_usage_error(project: Path, ticket: str) -> None:
    assert script("conductor_update", project, "--reason", "x").returncode == 2


def test_session_is_migrated_and_the_old_file_kept(project: Path) -> None:
    old = project / "old-session.md"
    old.write_text("---\nsession_id: s-1\ncurrent_mode: intake\nmood: bright\n---\n\nProse.\n", encoding="utf-8")
    before = sorted(p for p in project.rglob("*") if p.is_file() and ".git/" not in p.as_posix())
    dry = script("migrate_session", project, "--dry-run", "--legacy-file", "old-session.md")
    assert dry.returncode == 0, dry.stderr
    assert before == sorted(p for p in project.rglob("*") if p.is_file() and ".git/" not in p.as_posix())
    assert script("migrate_session", project, "--strict", "--legacy-file", "old-session.md").returncode == 3
    done = script("migrate_session", project, "--legacy-file", "old-session.md")
    assert done.returncode == 0, done.stderr
    session = (project / "docs/session-context/ACTIVE_SESSION.md").read_text(encoding="utf-8")
    assert "mode: intake" in session
    assert "mood: bright" in session
    assert list((project / "docs/session-context/_legacy").iterdir())


def test_next_issue(project: Path) -> None:
    for number, words in enumerate(
        (("--label", "auto"), ("--label", "auto", "--priority", "now"), ("--priority", "now")), 11
    ):
        train(project, "work", "new", "--kind", "Task", "--title", f"Task {number}", "--issue", str(number), *words)
    done = script("select_next_issue", project, "--why")
    assert (done.returncode, done.stdout) == (0, "12 #12 Task 12\n"), done.stderr
    assert "13: it has no label auto" in done.stderr


def test_empty_queue_says_how_to_fill_it(project: Path) -> None:
    done = script("select_next_issue", project)
    assert (done.returncode, done.stdout) == (0, "")
    assert "agenticops work new --kind Task" in done.stderr
    assert script("select_next_issue", project, "--strict").returncode == 3
