"""The hooks for the pre-commit framework: their entries by themselves, and in the framework where it can be had."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.stations import SHAPE, Board, must
from tests.support import CONSOLE_SCRIPT, commit_all, git, new_repo, write

ROOT = Path(__file__).parents[2]
# Building the framework's environment takes packages from an index: no ordinary test reaches the network.
NETWORK = "TRAIN_TESTS_MAY_FETCH"


def hooks() -> dict[str, Any]:
    return {h["id"]: h for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())}


def entry(repo: Path, name: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    words = [CONSOLE_SCRIPT, *shlex.split(hooks()[name]["entry"])[1:], *arguments]
    return subprocess.run(words, cwd=repo, env={**os.environ, **env}, capture_output=True, text=True, check=False)


def test_each_hook_has_its_stage() -> None:
    assert {n: h["stages"] for n, h in hooks().items()} == {
        "agenticops-check": ["pre-commit", "pre-merge-commit"],
        "agenticops-commit-msg": ["commit-msg"],
        "agenticops-pre-push": ["pre-push"],
    }
    assert all(h["language"] == "python" and h["entry"].startswith("agenticops hooks run ") for h in hooks().values())


def test_the_entries_answer_as_the_framework_asks(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-opened")
    git(repo, "remote", "add", "origin", str(new_repo(tmp_path / "remote.git", "--bare")))
    git(repo, "push", "--quiet", "origin", "main")
    git(repo, "switch", "--quiet", "-c", f"phase/{SHAPE}")
    message = write(tmp_path, "message", "Do it\n")
    assert entry(repo, "agenticops-check").returncode == 0
    assert "VT461" in entry(repo, "agenticops-commit-msg", str(message)).stderr
    file = repo / f"tickets/{SHAPE}/ticket.yml"
    file.write_text(file.read_text().replace("status: todo", "status: done"))
    head = commit_all(repo, "Cheat")
    told = {"PRE_COMMIT_TO_REF": head, "PRE_COMMIT_REMOTE_BRANCH": f"refs/heads/phase/{SHAPE}"}
    done = entry(repo, "agenticops-pre-push", PRE_COMMIT_REMOTE_NAME="origin", **told)
    assert done.returncode == 3 and "VT305" in done.stderr


def test_in_the_framework_itself(at: Board, tmp_path: Path) -> None:
    program = shutil.which("pre-commit")
    if not program or not os.environ.get(NETWORK):
        pytest.skip(f"it needs pre-commit, and {NETWORK}=1: its environment is built from a package index")
    source = new_repo(tmp_path / "source")
    for name in ("src", "pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        one = ROOT / name
        copy = shutil.copytree if one.is_dir() else shutil.copy
        copy(one, source / name)
    commit_all(source, "As it is")
    repo = at("tiny-opened")

    def tried() -> subprocess.CompletedProcess[str]:
        words = [program, "try-repo", str(source), "agenticops-check", "--verbose", "--all-files"]
        env = {**os.environ, "PRE_COMMIT_HOME": str(tmp_path / "cache")}
        return subprocess.run(words, cwd=repo, env=env, capture_output=True, text=True, check=False)

    done = tried()
    assert done.returncode == 0 and "Passed" in done.stdout, done.stdout + done.stderr
    must(repo, "begin", "--agent", "planner")
    git(repo, "add", "tickets", "docs")
    done = tried()
    assert done.returncode == 1 and "VT332" in done.stdout, done.stdout + done.stderr
