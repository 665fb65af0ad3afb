"""The shield around git: what the clone names is not executed, what the user names is, and what the owner trusts."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import SecretError, TrainError
from agenticops.ports import mergedriver, shield
from agenticops.ports.git import Git
from tests.support import commit_all, git, new_repo, write

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
        (("diff", "--cached"), "diff --no-ext-diff --no-textconv --ignore-submodules=dirty --cached"),
        (("--literal-pathspecs", "log", "x"), "--literal-pathspecs log --no-ext-diff --no-textconv x"),
        (
            ("-c", "a=b", "diff-index", "HEAD"),
            "-c a=b diff-index --no-ext-diff --no-textconv --ignore-submodules=dirty HEAD",
        ),
        (("status", "-z"), "status --ignore-submodules=dirty -z"),
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
        ('[merge "x"]\n\tDriver=x\n', True),
        (f'[merge "agenticops"]\n\tdriver = "{mergedriver.command()}"\n', False),
        (f'[merge "agenticops"]\n\tdriver = "{mergedriver.command()}; x"\n', True),
        (f'[merge "x"]\n\tdriver = x\n\tdriver = "{mergedriver.command()}"\n', True),
        ("[gc]\n\trecentObjectsHook = x\n", True),
        ('[hook "x"]\n\tcommand = x\n', True),
        ("#" * 1_000_000 + "\n[gpg]\n", True),
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


def clashing(repo: Path) -> None:
    """Make a branch `theirs` that changed another line of the file a than this branch did."""
    write(repo, "a", "1\n2\n3\n4\n5\n")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "theirs")
    write(repo, "a", "1\n2\n3\n4\nfive\n")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-")
    write(repo, "a", "one\n2\n3\n4\n5\n")
    commit_all(repo)


@pytest.mark.parametrize("name", ["x", "agenticops"])
def test_a_merge_driver_of_the_clone_gives_way_to_a_merge_by_lines(repo: Path, tmp_path: Path, name: str) -> None:
    clashing(repo)
    asked = Git.discover(str(repo))
    assert not asked.suspect
    git(repo, "config", f"merge.{name}.driver", f"touch {tmp_path}/ran; cp %B %A")
    write(repo, ".git/info/attributes", f"* merge={name}\n")
    asked.run("merge", "--quiet", "--no-edit", "theirs", optional_locks=True)
    assert not (tmp_path / "ran").exists()
    assert (repo / "a").read_text() == "one\n2\n3\n4\nfive\n"


def test_our_own_merge_driver_runs(repo: Path) -> None:
    git(repo, "config", mergedriver.KEY, mergedriver.command())
    assert not Git.discover(str(repo)).suspect
    git(repo, "config", "gpg.x509.program", "x")
    assert list(Git.discover(str(repo)).programs()) == ["gpg.x509.program"]


def test_programs_that_git_runs_several_of(repo: Path) -> None:
    found = {"hook.x.command": ("x", ""), "gc.recentobjectshook": ("x", "")}
    options = ["hook.x.command=true", "gc.auto=0", "maintenance.auto=false"]
    assert shield.overrides(found, lambda key, value: False)[1::2] == options


def test_a_name_that_no_option_can_say_is_refused(repo: Path, tmp_path: Path) -> None:
    write(repo, ".git/config", (repo / ".git/config").read_text() + f'[filter "a=b"]\n\tclean = touch {tmp_path}/ran\n')
    write(repo, ".gitattributes", "*.md filter=a=b\n")
    write(repo, "a.md", "x\n")
    with pytest.raises(TrainError, match="odd name"):
        Git.discover(str(repo)).run("add", "a.md", optional_locks=True)
    assert not (tmp_path / "ran").exists()


def test_a_repository_within_is_not_asked_by_its_own_configuration(repo: Path, tmp_path: Path) -> None:
    within = new_repo(repo / "within")
    write(within, "a.md", "x\n")
    write(within, ".gitattributes", "* filter=x\n")
    commit_all(within)
    commit_all(repo)
    git(within, "config", "filter.x.clean", f"touch {tmp_path}/ran; cat")
    write(within, "a.md", "longer\n")
    Git.discover(str(repo)).run("status", "--porcelain")
    Git.discover(str(repo)).run("diff", "HEAD")
    assert not (tmp_path / "ran").exists()


def test_no_commit_stands_in_for_another(repo: Path) -> None:
    write(repo, "a", "x\n")
    first = commit_all(repo)
    write(repo, "a", "y\n")
    second = commit_all(repo)
    git(repo, "replace", second, first)
    write(repo, ".git/info/grafts", f"{second}\n")
    done = Git.discover(str(repo)).run("log", "--format=%P", "-1", second)
    assert (done.stdout.strip(), done.stderr) == (first, "")
    assert Git.discover(str(repo)).run("show", f"{second}:a").stdout == "y\n"


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
