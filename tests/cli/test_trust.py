"""Trust: nothing that a repository declares runs before its owner said so at a terminal; any change takes it back."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest

from agenticops.errors import TrainError
from agenticops.flows import trust
from tests.stations import Board, codes, data, must, refused
from tests.support import CONSOLE_SCRIPT, commit_all, git, run_cli, workspace, write

PLACE = "config/pipeline.yml gates.default.checks.1 (command)"
GATE = "\ngates:\n  default:\n    checks:\n      - check: command\n        command: [scripts/run.sh, fast]\n"


@pytest.fixture
def repo(at: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    found = at("tiny")
    write(found, "scripts/run.sh", '#!/bin/sh\necho "ran $* in $AGENTICOPS_VALUE_ITEM"\n').chmod(0o755)
    write(found, "config/pipeline.yml", (found / "config/pipeline.yml").read_text() + GATE)
    commit_all(found)
    return found


def give(repo: Path, answer: str, *places: str, env: dict[str, str] | None = None) -> tuple[int, str]:
    """Answer `trust give` at a terminal."""
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    process = subprocess.Popen(
        [CONSOLE_SCRIPT, "trust", "give", *places],
        cwd=repo,
        env={**os.environ, **(env or {})},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    out, _ = process.communicate(timeout=60)
    os.close(theirs)
    err = os.read(ours, 100_000).decode()
    os.close(ours)
    return process.returncode, out + err


def standing(repo: Path) -> list[str]:
    return [t["standing"] for t in data(repo, "trust", "show")["executables"]]


def test_show_lists_words_digest_and_files(repo: Path) -> None:
    out = must(repo, "trust", "show")
    assert (
        "untrusted" in out and PLACE in out and "scripts/run.sh fast" in out and "of the words, scripts/run.sh" in out
    )
    (found,) = data(repo, "trust", "show")["executables"]
    assert found["executable"]["argv"] == ["scripts/run.sh", "fast"] and len(found["executable"]["digest"]) == 64


def test_without_a_terminal_the_answer_is_no(repo: Path) -> None:
    done = run_cli(repo, "trust", "give", input="y\n", check_code=1)
    assert done.stdout == "" and "the answer is no" in done.stderr and "AGENTICOPS_TRUST=base" in done.stderr
    assert standing(repo) == ["untrusted"]
    with pytest.raises(TrainError, match="nobody trusted it"):
        trust.run(workspace(repo), PLACE)


def test_given_at_a_terminal_it_runs_until_anything_changes(repo: Path) -> None:
    code, shown = give(repo, "n")
    assert code == 1 and PLACE in shown and standing(repo) == ["untrusted"]
    code, shown = give(repo, "y")
    assert code == 0 and "1 command trusted" in shown and standing(repo) == ["trusted"]
    assert trust.run(workspace(repo), PLACE, {"item": "142"}).out == "ran fast in 142\n"
    script = repo / "scripts/run.sh"
    before = script.read_text()
    script.write_text(before + "# other\n")
    assert standing(repo) == ["changed"]
    with pytest.raises(TrainError, match="changed since it was trusted"):
        trust.run(workspace(repo), PLACE)
    script.write_text(before)
    assert standing(repo) == ["trusted"]
    pipeline = repo / "config/pipeline.yml"
    pipeline.write_text(pipeline.read_text().replace("run.sh, fast", "run.sh, slow"))
    assert standing(repo) == ["changed"]


def test_an_agent_cannot_give_it(repo: Path) -> None:
    code, shown = give(repo, "y", env={"AGENTICOPS_AGENT": "maker"})
    assert code == 1 and "maker cannot give trust" in shown and standing(repo) == ["untrusted"]


def test_revoke(repo: Path) -> None:
    give(repo, "y")
    assert "no such" not in refused(repo, "trust", "revoke", "elsewhere", code=2)
    assert data(repo, "trust", "revoke", PLACE)["revoked"] == [PLACE]
    assert standing(repo) == ["untrusted"]
    refused(repo, "trust", "give", "elsewhere", code=2)


def test_a_copied_clone_is_trusted_by_nobody(repo: Path, tmp_path: Path) -> None:
    import shutil

    give(repo, "y")
    copy = Path(shutil.copytree(repo, tmp_path / "copy"))
    assert standing(copy) == ["untrusted"]


def test_in_ci_only_what_the_base_says_runs(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give(repo, "y")
    base = git(repo, "rev-parse", "HEAD").strip()
    monkeypatch.setenv("AGENTICOPS_TRUST", "base")
    assert "nothing is trusted" in refused(repo, "trust", "show"), "no base is known"
    monkeypatch.setenv("AGENTICOPS_BASE", base)
    assert standing(repo) == ["trusted"]
    write(repo, "scripts/run.sh", "#!/bin/sh\necho evil\n")
    commit_all(repo)
    assert standing(repo) == ["changed"]
    with pytest.raises(TrainError, match="differs from"):
        trust.run(workspace(repo), PLACE)
    git(repo, "reset", "--quiet", "--hard", base)
    monkeypatch.delenv("AGENTICOPS_BASE")
    git(repo, "update-ref", "refs/remotes/origin/main", base)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    assert standing(repo) == ["trusted"]
    monkeypatch.setenv("GITHUB_BASE_REF", "--output=x")
    refused(repo, "trust", "show")
    monkeypatch.setenv("AGENTICOPS_TRUST", "yes")
    assert "is not known" in refused(repo, "trust", "show", code=2)


def test_a_base_without_the_command_trusts_nothing(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_TRUST", "base")
    monkeypatch.setenv("AGENTICOPS_BASE", "HEAD~1")
    assert standing(repo) == ["untrusted"]


def test_a_command_that_can_never_run_is_a_finding(repo: Path) -> None:
    assert codes(repo, "pipeline", "lint") == []
    pipeline = repo / "config/pipeline.yml"
    pipeline.write_text(pipeline.read_text().replace("[scripts/run.sh, fast]", "touch x"))
    assert codes(repo, "pipeline", "lint") == ["VT404", "VT403"] and "VT403" in codes(repo, "check")
    assert standing(repo) == ["refused"]
    assert give(repo, "y")[0] == 0 and standing(repo) == ["refused"]


def test_what_git_would_run_is_listed_too(repo: Path) -> None:
    git(repo, "config", "filter.x.clean", "touch x")
    assert standing(repo) == ["untrusted", "untrusted"]
    assert "git config filter.x.clean" in must(repo, "trust", "show")
    assert give(repo, "y")[0] == 0 and standing(repo) == ["trusted", "trusted"]
    with pytest.raises(TrainError, match="git runs this itself"):
        trust.run(workspace(repo), "git config filter.x.clean")
