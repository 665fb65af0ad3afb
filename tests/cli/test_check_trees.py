"""`check --base`, `--head` and `--staged`: the same rules over commits and over what is staged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import cli, commit_all, git, run_cli


@pytest.fixture
def busy(adopted: Callable[[str], Path]) -> Path:
    """A software train whose first ticket has a ticked bullet, committed."""
    repo = adopted("software")
    assert cli(repo, "work", "new", "--title", "Pump firmware", "--issue", "7", "--start")[0] == 0
    assert cli(repo, "checklist", "tick", "1")[0] == 0
    commit_all(repo)
    return repo


def codes(out: str) -> list[str]:
    return [f["code"] for f in json.loads(out)["data"]["findings"]]


def test_an_honest_train_holds_in_every_tree(busy: Path) -> None:
    for options in (["--head", "HEAD"], ["--base", "HEAD~1"], ["--staged"], ["--base", "HEAD~1", "--head", "main"]):
        code, out, err = cli(busy, "check", *options, "--json")
        assert (code, codes(out), err) == (0, [], ""), options


def test_an_unticked_bullet_is_refused_against_the_base(busy: Path) -> None:
    checklist = busy / "tickets/requirements_7/checklist.md"
    checklist.write_text(checklist.read_text().replace("[x]", "[ ]", 1))
    code, out, _ = cli(busy, "check", "--base", "HEAD", "--json")
    assert (code, codes(out)) == (3, ["VT103"])
    git(busy, "add", "-A")
    assert codes(cli(busy, "check", "--staged", "--json")[1]) == ["VT103"]
    assert cli(busy, "check", "--head", "HEAD")[0] == 0


def test_a_deleted_ticket_is_refused_against_the_base(busy: Path) -> None:
    shutil.rmtree(busy / "tickets/requirements_7")
    commit_all(busy)
    done = run_cli(busy, "check", "--base", "HEAD~1", "--head", "HEAD", check_code=3)
    assert "VT313" in done.stdout and "tickets/requirements_7" in done.stdout


def test_a_staged_ticket_whose_event_is_not_staged_is_found(adopted: Callable[[str], Path]) -> None:
    repo = adopted("software")
    cli(repo, "work", "new", "--title", "Pump firmware", "--issue", "7", "--start")
    git(repo, "add", "tickets", "docs")
    assert codes(cli(repo, "check", "--staged", "--json")[1]) == ["VT311"]
    git(repo, "add", ".agenticops")
    assert cli(repo, "check", "--staged")[0] == 0


def test_a_bare_repository_serves_checks_of_commits_only(busy: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.git"
    git(busy, "clone", "-q", "--bare", str(busy), str(bare))
    assert cli(bare, "check", "--head", "main", "--base", "main~1")[0] == 0
    for command in (["check"], ["status"], ["next"], ["work", "list"], ["init"]):
        code, out, err = cli(bare, *command)
        assert (code, out) == (1, "") and "bare repository" in err, command


def test_it_says_what_cannot_be_meant(busy: Path) -> None:
    assert cli(busy, "check", "requirements_7", "--base", "HEAD")[0] == 2
    assert cli(busy, "check", "--head", "HEAD", "--staged")[0] == 2
    code, _, err = cli(busy, "check", "--base", "nope")
    assert code == 1 and "fetch-depth: 0" in err
