"""What an agent staged is judged by the mode of its session, before it commits."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stations import SHAPE, Board, codes, must
from tests.support import cli, commit_all, git, write


@pytest.fixture
def busy(at: Board) -> Path:
    """A session at work on the default branch, in a mode that writes src/ only."""
    repo = at("tiny-opened")
    file = repo / "config/pipeline.yml"
    file.write_text(file.read_text().replace("    title: Plan\n", "    title: Plan\n    writable: [src/**]\n", 1))
    commit_all(repo, "Limits")
    must(repo, "begin", "--agent", "planner")
    commit_all(repo, "Begin")
    return repo


def staged(repo: Path, *paths: str) -> list[str]:
    git(repo, "reset", "-q")
    for path in paths:
        write(repo, path, f"{(repo / path).read_text() if (repo / path).exists() else ''}\n# more\n")
        git(repo, "add", path)
    return codes(repo, "check", "--staged")


@pytest.mark.parametrize("name", ["CLAUDECODE", "AGENTICOPS_AGENT"])
def test_an_agent_keeps_to_its_mode(busy: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert staged(busy, "lib/x.py", "config/retention.yml") == []
    monkeypatch.setenv(name, "1")
    assert staged(busy, "lib/x.py", "src/x.py") == ["VT471"]
    assert staged(busy, "config/pipeline.yml") == ["VT471"]
    assert staged(busy, "src/y.py") == []
    code, out, _ = cli(busy, "check", "--staged")
    assert code == 0, out


def test_what_the_tool_wrote_for_it_passes(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    must(busy, "session", "note", "Asked on ward 7")
    must(busy, "checklist", "tick", "1")
    must(busy, "decision", "new", "--title", "Use the words of the ward", "--reasoning", "they are read there")
    git(busy, "add", "-A")
    assert codes(busy, "check", "--staged") == []


def test_without_a_session_or_in_a_broken_train_others_judge(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    must(busy, "session", "archive")
    assert staged(busy, "lib/x.py") == []
    must(busy, "begin", SHAPE, "--agent", "planner")
    write(busy, "docs/session-context/ACTIVE_SESSION.md", "---\nid: [\n---\n")
    assert "VT471" not in staged(busy, "lib/x.py")


def test_on_the_ticket_s_branch_anybody_is_judged_once(busy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    git(busy, "switch", "-q", "-c", f"phase/{SHAPE}")
    assert staged(busy, "lib/x.py") == ["VT470"]
    assert staged(busy, "src/x.py") == []
