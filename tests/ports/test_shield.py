"""The shield around git: what the clone names is not executed, what the user names is, and what the owner trusts."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import SecretError, TrainError
from agenticops.ports import shield
from agenticops.ports.git import Git
from tests.support import commit_all, git, write

LISTED = (
    "system\0core.pager\nless\0global\0gpg.program\n/usr/bin/mine\0local\0gpg.program\n./theirs\0"
    "local\0filter.A.b.clean\nx\n y\0local\0core.bare\nfalse\0worktree\0trailer.t.cmd\nz\0"
    "local\0gpg.ssh.defaultkeycommand\nq\0"
)


def test_programs_of_the_clone_are_found_with_the_users_own() -> None:
    assert shield.programs(LISTED) == {
        "gpg.program": ("./theirs", "/usr/bin/mine"),
        "filter.A.b.clean": ("x\n y", ""),
        "trailer.t.cmd": ("z", ""),
        "gpg.ssh.defaultkeycommand": ("q", ""),
    }


def test_overrides_put_the_users_own_value_in_their_place() -> None:
    found = {"gpg.program": ("./x", "/usr/bin/mine"), "filter.x.clean": ("x", ""), "gpg.ssh.program": ("x", "")}
    options = ["gpg.program=/usr/bin/mine", "filter.x.clean=", "gpg.ssh.program=ssh-keygen"]
    assert shield.overrides(found, lambda key, value: False)[1::2] == options
    assert shield.overrides(found, lambda key, value: key != "filter.x.clean")[1::2] == ["filter.x.clean="]


@pytest.mark.parametrize(
    ("words", "more"),
    [
        (("diff", "--cached"), "diff --no-ext-diff --no-textconv --cached"),
        (("--literal-pathspecs", "log", "x"), "--literal-pathspecs log --no-ext-diff --no-textconv x"),
        (("-c", "a=b", "diff-index", "HEAD"), "-c a=b diff-index --no-ext-diff --no-textconv HEAD"),
        (("blame", "--", "log"), "blame --no-textconv -- log"),
        (("ls-files",), "ls-files"),
    ],
)
def test_differs_and_converters_are_switched_off(words: tuple[str, ...], more: str) -> None:
    assert " ".join(shield.arguments(words)) == more


@pytest.mark.parametrize(
    ("text", "is_suspect"),
    [
        ("[core]\n\tbare = false\n[user]\n\tname = x\n", False),
        ("[include]\n\tpath = x\n", True),
        ('[INCLUDEIF "gitdir:/"]\n', True),
        ("[ filter]\n", True),
        ('[filter "x"]\n', True),
        ("[gpg]\n", True),
        ("[core]\n\tworktree = /x\n", True),
    ],
)
def test_a_suspect_configuration(tmp_path: Path, text: str, is_suspect: bool) -> None:
    assert shield.suspect(str(write(tmp_path, "config", text)), str(tmp_path / "none")) is is_suspect


def test_a_filter_of_the_clone_runs_only_when_it_is_trusted(repo: Path, tmp_path: Path) -> None:
    write(repo, ".gitattributes", "*.md filter=x\n")
    commit_all(repo)
    git(repo, "config", "filter.x.clean", f"touch {tmp_path}/ran; cat")
    write(repo, "a.md", "x\n")
    Git.discover(str(repo)).run("add", "a.md", optional_locks=True)
    assert not (tmp_path / "ran").exists()
    trusting = Git.discover(str(repo))
    trusting.trusted = lambda key, value: key == "filter.x.clean"
    write(repo, "a.md", "y\n")
    trusting.run("add", "a.md", optional_locks=True)
    assert (tmp_path / "ran").exists()


def test_a_filter_of_the_user_runs(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = write(tmp_path, "gitconfig", f'[filter "x"]\n\tclean = touch {tmp_path}/ran; cat\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(own))
    write(repo, ".gitattributes", "*.md filter=x\n")
    write(repo, "a.md", "x\n")
    Git.discover(str(repo)).run("add", "a.md", optional_locks=True)
    assert (tmp_path / "ran").exists()


def test_another_owner_is_named_as_the_reason(repo: Path) -> None:
    found = Git.discover(str(repo))
    said = "fatal: detected dubious ownership in repository at '/x'\n\n\tgit config --global --add safe.directory /x\n"
    error = found._failure(("ls-files",), said)
    assert isinstance(error, TrainError) and "another user" in error.message and "safe.directory" in error.hint


def test_a_secret_is_no_argument(repo: Path) -> None:
    with pytest.raises(SecretError, match="GitHub token"):
        Git.discover(str(repo)).run("rev-parse", "ghp_0123456789abcdefghijABCDEFGHIJ456789")


def test_a_head_that_climbs_out_is_none(repo: Path) -> None:
    write(repo.parent, "outside", "0" * 40)
    write(repo, ".git/HEAD", "ref: ../../outside\n")
    assert Git.discover(str(repo)).head() == ""


def test_git_is_called_behind_the_shield_only() -> None:
    source = Path(shield.__file__).parent.parent
    plain = [p.name for p in source.rglob("*.py") if '["git",' in p.read_text()]
    assert plain == ["git.py"]
    started = {p.name for p in source.rglob("*.py") if "subprocess." in p.read_text()}
    known = {
        "agent.py",
        "git.py",
        "githubauth.py",
        "history.py",
        "pastlog.py",
        "process.py",
        "signature.py",
        "transport.py",
    }
    assert started <= known, "a new place that starts programs"
