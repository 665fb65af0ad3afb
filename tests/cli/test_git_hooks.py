"""`hooks install` for git hooks, by real commits, merges and pushes."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from agenticops.flows import hookfiles
from tests.stations import SHAPE, Board, data, must, refused
from tests.support import CONSOLE_SCRIPT, commit_all, git, new_repo, run_cli, thorough, write

OWN = '#!/bin/sh\necho "mine $0 $*"\ntest ! -e FAIL\n'
BRANCH = f"phase/{SHAPE}"


@pytest.fixture(autouse=True)
def on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{os.path.dirname(CONSOLE_SCRIPT)}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def here(at: Board) -> Path:
    """A train with an open ticket, and our hooks."""
    repo = at("tiny-opened")
    must(repo, "hooks", "install", "--only", "hooks")
    return repo


def attempt(repo: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=repo, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )


def own_hook(repo: Path, name: str, text: str = OWN, folder: str = ".git/hooks") -> Path:
    file = write(repo, f"{folder}/{name}", text)
    file.chmod(0o750)
    return file


def spoil(repo: Path) -> None:
    """Edit a status by hand, which no tree may hold."""
    file = repo / f"tickets/{SHAPE}/ticket.yml"
    file.write_text(file.read_text().replace("status: todo", "status: done"))


def test_a_good_commit_goes_through_in_silence(here: Path) -> None:
    must(here, "begin", "--agent", "planner")
    git(here, "add", "-A")
    done = attempt(here, "commit", "--quiet", "-m", "Begin")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    write(here, "src/code.py", "print()\n")
    git(here, "add", "-A")
    done = attempt(here, "commit", "--quiet", "-m", "Code")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_bad_commit_is_refused_with_the_codes_of_check(here: Path) -> None:
    spoil(here)
    git(here, "add", "-A")
    head = git(here, "rev-parse", "HEAD")
    done = attempt(here, "commit", "-m", "Cheat")
    assert done.returncode != 0 and "VT305" in done.stderr and "git commit --no-verify" in done.stderr
    assert git(here, "rev-parse", "HEAD") == head
    assert "VT305" in run_cli(here, "check", "--staged", check_code=3).stdout
    assert attempt(here, "commit", "-m", "Cheat", "--no-verify").returncode == 0


@pytest.mark.parametrize("how", ["--all", "--only"])
def test_the_index_of_the_commit_is_judged_not_the_one_that_lies_there(here: Path, how: str) -> None:
    spoil(here)
    more = ["--", f"tickets/{SHAPE}/ticket.yml"] if how == "--only" else []
    done = attempt(here, "commit", "-m", "Cheat", how, *more)
    assert done.returncode != 0 and "VT305" in done.stderr


def test_only_leaves_the_staged_rest_out(here: Path) -> None:
    spoil(here)
    git(here, "add", "-A")
    write(here, "a.txt", "a")
    git(here, "add", "--intent-to-add", "a.txt")
    assert attempt(here, "commit", "-m", "Another matter", "--only", "a.txt").returncode == 0


def test_from_a_folder_below_and_from_a_linked_worktree(here: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(here, "worktree", "add", "--quiet", "-b", "side", str(other))
    for tree in (here, other):
        spoil(tree)
        done = attempt(tree / "tickets", "commit", "-a", "-m", "Cheat")
        assert done.returncode != 0 and "VT305" in done.stderr, tree


def test_where_there_is_no_train_nothing_is_asked(here: Path) -> None:
    git(here, "switch", "--quiet", "--orphan", "pages")
    write(here, "index.html", "hello")
    git(here, "add", "-A")
    done = attempt(here, "commit", "--quiet", "-m", "Pages")
    assert (done.returncode, done.stderr) == (0, "")
    git(here, "switch", "--quiet", "main")
    git(here, "rm", "--quiet", "config/pipeline.yml")
    assert "no pipeline" in attempt(here, "commit", "-m", "Without").stderr


def test_a_merge_commit_is_judged_against_both_sides(here: Path) -> None:
    git(here, "switch", "--quiet", "-c", "side")
    must(here, "begin", "--agent", "planner")
    commit_all(here, "Begin")
    git(here, "switch", "--quiet", "main")
    write(here, "a.txt", "a")
    commit_all(here, "Another")
    assert attempt(here, "merge", "--quiet", "--no-edit", "side").returncode == 0
    git(here, "switch", "--quiet", "-c", "bad", "HEAD~1")
    spoil(here)
    git(here, "commit", "--quiet", "--no-verify", "-am", "Cheat")
    git(here, "switch", "--quiet", "-c", "innocent", "HEAD~1")
    write(here, "b.txt", "b")
    commit_all(here, "Another")
    done = attempt(here, "merge", "--no-edit", "bad")
    assert done.returncode != 0 and "VT305" in done.stderr and "git merge --no-verify" in done.stderr


@thorough
def test_a_phase_branch_signs_its_commits(here: Path) -> None:
    git(here, "switch", "--quiet", "-c", BRANCH)
    write(here, "a.txt", "a")
    git(here, "add", "-A")
    assert attempt(here, "commit", "-m", "Write a").returncode == 0
    assert git(here, "log", "-1", "--format=%B").strip() == f"Write a\n\nTicket: {SHAPE}"
    assert attempt(here, "commit", "--amend", "--no-edit").returncode == 0
    assert git(here, "log", "-1", "--format=%(trailers:key=Ticket,valueonly)").split() == [SHAPE]
    wrong = attempt(here, "commit", "--allow-empty", "-m", "Steal\n\nTicket: build_142")
    assert wrong.returncode != 0 and "VT461" in wrong.stderr and f"Ticket: {SHAPE}" in wrong.stderr
    silent = attempt(here, "commit", "--allow-empty", env={"GIT_EDITOR": "true"})
    assert silent.returncode != 0 and "VT463" in silent.stderr


@thorough
def test_a_message_on_another_branch_names_tickets_that_are_here(here: Path) -> None:
    for ticket, code in ((SHAPE, 0), ("ship_9", 3), ("$(touch OOPS)", 3)):
        done = attempt(here, "commit", "--allow-empty", "-m", f"Do it\n\nTicket: {ticket}")
        assert (done.returncode == 0) == (code == 0), ticket
        assert ("VT462" in done.stderr) == bool(code)
    assert not (here / "OOPS").exists()
    git(here, "switch", "--quiet", "-c", "phase/ship_9")
    assert "VT462" in attempt(here, "commit", "--allow-empty", "-m", "Ahead").stderr


def test_a_comment_and_a_diff_are_no_message(here: Path, tmp_path: Path) -> None:
    git(here, "switch", "--quiet", "-c", BRANCH)
    cut = f"# ------------------------ >8 ------------------------\n# below\nTicket: {SHAPE}\n"
    file = write(tmp_path, "message", f"Do it\n\n# Ticket: {SHAPE}\n{cut}")
    assert "VT461" in run_cli(here, "hooks", "run", "commit-msg", str(file), check_code=3).stderr
    file.write_text(f"\n# only a comment\n{cut}")
    assert run_cli(here, "hooks", "run", "commit-msg", str(file)).stderr == ""


def test_a_push_is_replayed_against_the_remote(here: Path, tmp_path: Path) -> None:
    remote = new_repo(tmp_path / "remote.git", "--bare")
    git(here, "remote", "add", "origin", str(remote))
    first = attempt(here, "push", "--quiet", "-u", "origin", "main")
    assert (first.returncode, first.stderr) == (0, "")
    git(here, "switch", "--quiet", "-c", BRANCH)
    spoil(here)
    git(here, "commit", "--quiet", "--no-verify", "-am", "Cheat")
    git(here, "revert", "--no-edit", "HEAD")
    done = attempt(here, "push", "origin", BRANCH)
    assert done.returncode != 0 and "VT305" not in git(here, "log", "-1")
    assert "does not hold" in done.stderr and "git push --no-verify" in done.stderr
    assert git(remote, "branch", "--list", BRANCH) == ""
    git(here, "reset", "--quiet", "--hard", "main")
    assert attempt(here, "push", "--quiet", "origin", BRANCH).returncode == 0
    assert attempt(here, "push", "--quiet", "origin", "--delete", BRANCH).returncode == 0
    git(here, "tag", "v1")
    assert attempt(here, "push", "--quiet", "origin", "v1").returncode == 0


def test_an_earlier_hook_is_called_with_all_it_had(at: Board, tmp_path: Path) -> None:
    repo, seen = at("tiny-opened"), tmp_path / "seen"
    own_hook(repo, "pre-commit", f'#!/bin/sh\necho "$0 $*" >> {seen}\ntest ! -e FAIL\n')
    own_hook(repo, "commit-msg", f'#!/bin/sh\ncat "$1" >> {seen}\n')
    own_hook(repo, "pre-push", f'#!/bin/sh\necho "$1" >> {seen}\ncat >> {seen}\n')
    before = {p.name: (p.read_bytes(), p.stat().st_mode) for p in (repo / ".git/hooks").iterdir()}
    must(repo, "hooks", "install")
    head = commit_all(repo, "Hooks")
    remote = new_repo(tmp_path / "remote.git", "--bare")
    git(repo, "push", "--quiet", str(remote), "main")
    rows = seen.read_text().splitlines()
    assert rows[0].endswith("/pre-commit.before-agenticops ") and rows[1] == "Hooks"
    assert rows[2:] == [str(remote), f"refs/heads/main {head} refs/heads/main {'0' * 40}"]
    write(repo, "FAIL", "")
    assert attempt(repo, "commit", "--allow-empty", "-m", "No").returncode != 0
    must(repo, "hooks", "uninstall")
    after = {p.name: (p.read_bytes(), p.stat().st_mode) for p in (repo / ".git/hooks").iterdir()}
    assert after == before


def test_what_is_not_executable_stays_so_and_is_not_called(at: Board) -> None:
    repo = at("tiny-opened")
    file = own_hook(repo, "pre-commit", "#!/bin/sh\nexit 1\n")
    file.chmod(0o644)
    must(repo, "hooks", "install", "--only", "hooks")
    assert attempt(repo, "commit", "--allow-empty", "-m", "Fine").returncode == 0
    must(repo, "hooks", "uninstall", "--only", "hooks")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644


def test_run_again_it_changes_nothing_and_an_older_script_is_renewed(here: Path) -> None:
    assert data(here, "hooks", "install", "--only", "hooks")["changes"] == []
    file = here / ".git/hooks/pre-commit"
    file.write_text(file.read_text().replace("# An earlier", "# Once an earlier"))
    assert [h["state"] for h in data(here, "hooks", "show")["hooks"]].count("older") == 1
    assert len(data(here, "hooks", "install", "--only", "hooks")["changes"]) == 1
    assert {h["state"] for h in data(here, "hooks", "show")["hooks"]} == {"ours"}


def test_a_tool_that_moved_ours_aside_calls_it_once(here: Path, tmp_path: Path) -> None:
    """As the pre-commit framework does, which calls what it found as `.legacy`."""
    hooks = here / ".git/hooks"
    (hooks / "pre-commit").rename(hooks / "pre-commit.legacy")
    own_hook(here, "pre-commit", '#!/bin/sh\n"$(dirname "$0")/pre-commit.legacy" "$@"\n')
    must(here, "hooks", "install", "--only", "hooks")
    spoil(here)
    done = attempt(here, "commit", "-am", "Cheat")
    assert done.returncode != 0 and done.stderr.count("VT305  ") == 1
    must(here, "hooks", "uninstall", "--only", "hooks")
    assert "legacy" in (hooks / "pre-commit").read_text()


def test_a_dry_run_writes_nothing(at: Board) -> None:
    repo = at("tiny-opened")
    own_hook(repo, "pre-commit")
    before = sorted((p.name, p.read_bytes()) for p in (repo / ".git/hooks").iterdir())
    plan = data(repo, "hooks", "install", "--dry-run", "--only", "hooks")["changes"]
    assert [c["verb"] for c in plan] == ["move", "update", "create", "create", "create", "create"]
    assert sorted((p.name, p.read_bytes()) for p in (repo / ".git/hooks").iterdir()) == before


def test_a_program_that_went_says_so_and_leaves_a_way_out(here: Path) -> None:
    for file in (here / ".git/hooks").iterdir():
        file.write_text(file.read_text().replace(CONSOLE_SCRIPT, "/nowhere/agenticops"))
    bare = {"PATH": "/usr/bin:/bin"}
    done = attempt(here, "commit", "--allow-empty", "-m", "Later", env=bare)
    assert done.returncode != 0 and "nothing was checked" in done.stderr and "--no-verify" in done.stderr
    assert attempt(here, "commit", "--allow-empty", "-m", "Later", "--no-verify", env=bare).returncode == 0
    assert attempt(here, "commit", "--allow-empty", "-m", "Found on the PATH").returncode == 0


def test_a_broken_train_does_not_stop_what_cannot_be_skipped(here: Path, tmp_path: Path) -> None:
    git(here, "switch", "--quiet", "-c", BRANCH)
    done = run_cli(here, "hooks", "run", "prepare-commit-msg", str(tmp_path / "nowhere"))
    assert done.stderr.startswith("✗ ")


@pytest.mark.parametrize("path", ["relative", "absolute"])
def test_the_folder_that_the_clone_names(at: Board, tmp_path: Path, path: str) -> None:
    repo = at("tiny-opened")
    folder = tmp_path / "elsewhere" if path == "absolute" else repo / ".git/more"
    git(repo, "config", "core.hooksPath", str(folder) if path == "absolute" else ".git/more")
    must(repo, "hooks", "install", "--only", "hooks")
    assert sorted(os.listdir(folder)) == sorted(hookfiles.NAMES)
    spoil(repo)
    assert "VT305" in attempt(repo / "tickets", "commit", "-am", "Cheat").stderr


@pytest.mark.parametrize(
    ("folder", "tracked"), [(".githooks", ".githooks/pre-commit"), (".husky/_", ".husky/pre-commit")]
)
def test_a_folder_of_the_working_tree_is_everybodys(at: Board, folder: str, tracked: str) -> None:
    repo = at("tiny-opened")
    own_hook(repo, os.path.basename(tracked), folder=os.path.dirname(tracked))
    commit_all(repo, "Hooks of the team")
    git(repo, "config", "core.hooksPath", folder)
    told = refused(repo, "hooks", "install")
    assert folder in told and 'agenticops hooks run HOOK "$@"' in told and "--only driver" in told
    must(repo, "hooks", "install", "--only", "driver")
    assert "everybody's" in must(repo, "hooks", "show")


def test_a_folder_for_all_repositories_is_left_alone(
    at: Board, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Path(shutil.copy(os.environ["GIT_CONFIG_GLOBAL"], tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    git(tmp_path, "config", "--global", "core.hooksPath", str(tmp_path / "global"))
    repo = at("tiny-opened")
    assert "serves all of your repositories" in refused(repo, "hooks", "install")
    assert not (tmp_path / "global").exists()
    git(repo, "config", "core.hooksPath", ".git/hooks")
    must(repo, "hooks", "install", "--only", "hooks")


def test_a_team_calls_a_hook_from_a_script_of_its_own(at: Board) -> None:
    repo = at("tiny-opened")
    own_hook(repo, "pre-commit", '#!/bin/sh\nexec agenticops hooks run pre-commit "$@"\n', folder=".githooks")
    git(repo, "config", "core.hooksPath", ".githooks")
    spoil(repo)
    assert "VT305" in attempt(repo, "commit", "-am", "Cheat").stderr
    assert run_cli(repo, "hooks", "run", "pre-crime", check_code=2).stderr.startswith("Usage: ")
