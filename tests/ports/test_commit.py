"""Commits by the tool: they behave as `git commit --only`, whatever HEAD, index, configuration and files look like."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path

import pytest

from agenticops.errors import ConflictError, TrainError
from agenticops.ports import claim, commit
from agenticops.ports.git import Git
from tests.support import commit_all, git, status, workspace, write


def at(path: Path | str) -> Git:
    return Git.discover(str(path))


def take(repo: Path, *paths: str, message: str = "one", **more: object) -> str:
    return commit.commit(at(repo), paths, message, **more)  # type: ignore[arg-type]


def shown(repo: Path, revision: str = "HEAD") -> list[str]:
    rows = git(repo, "-c", "core.quotePath=false", "show", "--no-renames", "--name-status", "--format=", revision)
    return rows.replace("\t", " ").splitlines()


def log(repo: Path) -> list[str]:
    return git(repo, "log", "--format=%s").split()


def clean_index(repo: Path) -> bool:
    """Tell whether the index is fresh without any refresh: equal to HEAD, and its time stamps those of the files."""
    return not git(repo, "diff-files") and not git(repo, "diff-index", "--cached", "HEAD")


@pytest.fixture
def begun(repo: Path) -> Path:
    write(repo, "a.md", "1\n")
    write(repo, "t/old.md", "old\n")
    commit_all(repo, "start")
    return repo


@pytest.mark.parametrize("name", ["a b.md", "*.md", ":(top)x", "-x", "ü.md", "deep/er/x", 'q"uo\tte'])
def test_it_takes_the_named_paths_only(begun: Path, name: str) -> None:
    write(begun, name, "x")
    write(begun, "other.md", "untracked")
    write(begun, "staged.md", "staged")
    git(begun, "add", "staged.md")
    write(begun, "a.md", "edited\n")
    short = take(begun, name)
    assert git(begun, "log", "-1", "--format=%h %s").strip() == f"{short} one"
    assert git(begun, "show", "-z", "--name-only", "--format=").split("\0") == [name, ""]
    assert status(begun) == " M a.md\nA  staged.md\n?? other.md\n"


def test_a_folder_takes_what_is_in_it_also_what_is_gone(begun: Path) -> None:
    (begun / "t/old.md").unlink()
    write(begun, "t/new", "x")
    write(begun, "u", "x")
    assert take(begun, "t", "nowhere")
    assert shown(begun) == ["A t/new", "D t/old.md"]
    assert status(begun) == "?? u\n"


def test_nothing_to_commit_is_none(begun: Path) -> None:
    head = at(begun).head()
    assert take(begun) == take(begun, "a.md") == take(begun, "nowhere") == ""
    write(begun, ".gitignore", "ignored\n")
    write(begun, "ignored", "x")
    assert take(begun, "ignored") == ""
    assert at(begun).head() == head


def test_an_unborn_branch(repo: Path) -> None:
    assert take(repo, "a.md") == ""
    write(repo, "a.md", "x")
    write(repo, "b.md", "x")
    write(repo, "c.md", "x")
    git(repo, "add", "c.md")
    assert take(repo, "a.md", message="first") == at(repo).head()[:7]
    assert status(repo) == "A  c.md\n?? b.md\n"
    assert git(repo, "reflog", "--format=%gs").splitlines() == ["commit (initial): first"]
    assert at(repo).branch() == "main"


def test_an_unborn_branch_with_another_content_staged(repo: Path) -> None:
    write(repo, "a.md", "staged")
    git(repo, "add", "a.md")
    write(repo, "a.md", "file")
    with pytest.raises(ConflictError, match="staged with another content"):
        take(repo, "a.md")
    assert at(repo).head() == ""


def test_a_detached_head(begun: Path) -> None:
    git(begun, "checkout", "--quiet", "--detach")
    write(begun, "a.md", "2\n")
    assert take(begun, "a.md", message="there")
    assert at(begun).branch() == "" and log(begun) == ["there", "start"]
    assert git(begun, "log", "--format=%s", "main").split() == ["start"]
    assert clean_index(begun)


def test_a_worktree_has_its_own_head_and_index(begun: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(begun, "worktree", "add", "--quiet", "-b", "other", str(other))
    write(begun, "a.md", "main\n")
    git(begun, "add", "a.md")
    write(other, "a.md", "other\n")
    assert take(other, "a.md", message="there")
    assert (log(other), log(begun)) == (["there", "start"], ["start"])
    assert clean_index(other) and status(begun) == "M  a.md\n"


def test_from_a_folder_below(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(begun, "a.md", "2\n")
    write(begun, "t/a.md", "2\n")
    monkeypatch.chdir(begun / "t")
    assert commit.commit(at("."), ["a.md"], "top")
    assert shown(begun) == ["M a.md"] and status(begun) == "?? t/a.md\n"


def test_a_rename_is_a_deletion_and_a_new_file(begun: Path) -> None:
    (begun / "t/old.md").rename(begun / "t/new.md")
    assert take(begun, "t")
    assert shown(begun) == ["A t/new.md", "D t/old.md"] and clean_index(begun)


def test_a_staged_rename_is_taken_as_it_is(begun: Path) -> None:
    git(begun, "mv", "t/old.md", "t/new.md")
    assert take(begun, "t")
    assert shown(begun) == ["A t/new.md", "D t/old.md"] and clean_index(begun)


def test_the_file_mode_and_links(begun: Path) -> None:
    (begun / "a.md").chmod(0o755)
    (begun / "link").symlink_to("a.md")
    assert take(begun, "a.md", "link")
    assert git(begun, "ls-tree", "HEAD", "a.md")[:6] == "100755"
    assert git(begun, "ls-tree", "HEAD", "link")[:6] == "120000"
    git(begun, "config", "core.fileMode", "false")
    (begun / "a.md").chmod(0o644)
    assert take(begun, "a.md") == "" and status(begun) == ""


def test_a_file_becomes_a_folder_and_back(begun: Path) -> None:
    (begun / "a.md").unlink()
    write(begun, "a.md/deep", "x")
    assert take(begun, "a.md")
    assert shown(begun) == ["D a.md", "A a.md/deep"] and clean_index(begun)
    shutil.rmtree(begun / "a.md")
    write(begun, "a.md", "x")
    assert take(begun, "a.md") and clean_index(begun)


def test_auto_crlf(begun: Path) -> None:
    git(begun, "config", "core.autocrlf", "true")
    write(begun, "dos.md", "1\r\n2\r\n")
    assert take(begun, "dos.md")
    assert git(begun, "cat-file", "blob", "HEAD:dos.md") == "1\n2\n"
    assert status(begun) == "" and (begun / "dos.md").read_bytes() == b"1\r\n2\r\n"


def test_what_a_sparse_checkout_leaves_out_is_not_deleted(begun: Path) -> None:
    git(begun, "sparse-checkout", "set", "--no-cone", "/a.md", "/t/new.md")
    assert not (begun / "t/old.md").exists()
    write(begun, "t/new.md", "x")
    assert take(begun, "t")
    assert shown(begun) == ["A t/new.md"] and status(begun) == ""


def test_a_repository_within_is_left_alone(begun: Path) -> None:
    git(begun, "init", "--quiet", "t/inner")
    write(begun, "t/inner/x", "x")
    write(begun, "t/new", "x")
    assert take(begun, "t")
    assert shown(begun) == ["A t/new"]


# The user's index


def test_the_next_commit_of_the_user_reverts_nothing(begun: Path) -> None:
    write(begun, "a.md", "2\n")
    write(begun, "mine.md", "x")
    git(begun, "add", "mine.md")
    assert take(begun, "a.md")
    assert status(begun) == "A  mine.md\n"
    git(begun, "commit", "--quiet", "-m", "mine")
    assert shown(begun) == ["A mine.md"]
    write(begun, "t/old.md", "new\n")
    git(begun, "commit", "--quiet", "-a", "-m", "all")
    assert shown(begun) == ["M t/old.md"] and clean_index(begun)


def test_what_is_staged_as_the_file_is_goes_along(begun: Path) -> None:
    write(begun, "a.md", "2\n")
    git(begun, "rm", "--quiet", "--cached", "t/old.md")
    (begun / "t/old.md").unlink()
    write(begun, "new.md", "x")
    git(begun, "add", "a.md", "new.md")
    assert take(begun, "a.md", "new.md", "t")
    assert status(begun) == "" and clean_index(begun)


@pytest.mark.parametrize("kind", ["content", "new", "deleted", "mode"])
def test_what_is_staged_with_another_content_stops_it(begun: Path, kind: str) -> None:
    path = "new.md" if kind == "new" else "a.md"
    if kind == "deleted":
        git(begun, "rm", "--quiet", "--cached", path)
    elif kind == "mode":
        git(begun, "update-index", "--chmod=+x", path)
    else:
        write(begun, path, "staged\n")
        git(begun, "add", path)
    write(begun, path, "file\n")
    write(begun, "t/old.md", "changed\n")
    head, before = at(begun).head(), git(begun, "ls-files", "--stage")
    with pytest.raises(ConflictError, match="staged with another content; nothing was committed") as caught:
        take(begun, path, "t")
    assert (caught.value.exit_code, caught.value.place) == (5, path)
    assert (at(begun).head(), git(begun, "ls-files", "--stage")) == (head, before)
    assert not (begun / ".git/index.lock").exists()


def test_what_was_staged_before_the_step_may_be_replaced(begun: Path) -> None:
    write(begun, "a.md", "staged\n")
    git(begun, "add", "a.md")
    equal, different = commit.staged(at(begun))
    assert (list(equal), different) == (["a.md"], set())
    write(begun, "a.md", "staged\nand on\n")
    assert commit.staged(at(begun)) == ({}, {"a.md"})
    assert take(begun, "a.md", before=equal) and clean_index(begun)


def test_an_unmerged_file_stops_it(begun: Path) -> None:
    write(begun, "a.md", "stashed\n")
    git(begun, "stash", "--quiet")
    write(begun, "a.md", "there\n")
    commit_all(begun)
    git(begun, "stash", "pop", check=False)
    write(begun, "a.md", "resolved\n")
    with pytest.raises(ConflictError, match="staged"):
        take(begun, "a.md")


def test_intent_to_add_is_not_staged(begun: Path) -> None:
    write(begun, "new.md", "x")
    git(begun, "add", "--intent-to-add", "new.md")
    assert take(begun, "new.md") and clean_index(begun)


def test_a_file_that_is_edited_on_stays_a_change(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(begun, "a.md", "2\n")
    made = commit._made

    def then_edited(*words: object) -> object:
        found = made(*words)  # type: ignore[arg-type]
        write(begun, "a.md", "3\n")
        return found

    monkeypatch.setattr(commit, "_made", then_edited)
    assert take(begun, "a.md")
    assert git(begun, "show", "HEAD:a.md") == "2\n" and status(begun) == " M a.md\n"


def test_a_held_index_is_waited_for_and_then_named(begun: Path) -> None:
    lock = write(begun, ".git/index.lock", "")
    write(begun, "a.md", "2\n")
    head = at(begun).head()
    with pytest.raises(ConflictError, match="locked by another git command") as caught:
        take(begun, "a.md", wait=0.05)
    assert caught.value.place == str(lock) and lock.exists() and at(begun).head() == head
    threading.Timer(0.2, lock.unlink).start()
    assert take(begun, "a.md", wait=10)


def test_while_it_commits_git_itself_waits_its_turn(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(begun, "a.md", "2\n")
    write(begun, "b.md", "2\n")
    prepare, said = commit._prepare, []

    def meanwhile(*words: object) -> None:
        prepare(*words)  # type: ignore[arg-type]
        done = subprocess.run(["git", "add", "b.md"], cwd=begun, capture_output=True, text=True, check=False)
        said.append(done.stderr)

    monkeypatch.setattr(commit, "_prepare", meanwhile)
    assert take(begun, "a.md")
    assert "index.lock': File exists" in said[0]
    assert status(begun) == "?? b.md\n"


# HEAD


def test_a_head_that_moved_is_followed(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moves = iter(["x.md", "y.md"])
    made = commit._made

    def then_moved(*words: object) -> object:
        found = made(*words)  # type: ignore[arg-type]
        name = next(moves, "")
        if name:
            write(begun, name, "theirs")
            git(begun, "add", name)
            git(begun, "commit", "--quiet", "-m", name)
        return found

    monkeypatch.setattr(commit, "_made", then_moved)
    write(begun, "a.md", "2\n")
    assert take(begun, "a.md", message="ours")
    assert log(begun) == ["ours", "y.md", "x.md", "start"] and shown(begun) == ["M a.md"]
    assert status(begun) == ""


def test_a_head_that_moves_at_the_last_moment_is_followed(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    moved, left = commit._moved, [1, 1]

    def first_theirs(here: Git, old: str, new: str, message: str) -> bool:
        if left:
            left.pop()
            theirs = git(begun, "commit-tree", f"{old}^{{tree}}", "-p", old, "-m", "theirs").strip()
            git(begun, "update-ref", "HEAD", theirs)
        return moved(here, old, new, message)

    monkeypatch.setattr(commit, "_moved", first_theirs)
    write(begun, "a.md", "2\n")
    assert take(begun, "a.md", message="ours")
    assert log(begun) == ["ours", "theirs", "theirs", "start"] and clean_index(begun)


def test_a_head_that_never_rests_is_given_up(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "_moved", lambda *words: False)
    write(begun, "a.md", "2\n")
    before = (begun / ".git/index").read_bytes()
    with pytest.raises(ConflictError, match="HEAD moved 5 times"):
        take(begun, "a.md")
    assert (begun / ".git/index").read_bytes() == before and not (begun / ".git/index.lock").exists()


def test_a_branch_that_is_switched_meanwhile_gets_no_commit(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = commit._made

    def then_switched(*words: object) -> object:
        found = made(*words)  # type: ignore[arg-type]
        git(begun, "switch", "--quiet", "-c", "other")
        return found

    monkeypatch.setattr(commit, "_made", then_switched)
    write(begun, "a.md", "2\n")
    with pytest.raises(ConflictError, match="branch was switched"):
        take(begun, "a.md")
    assert git(begun, "log", "--all", "--format=%s").split() == ["start"]


def test_it_waits_for_a_merge_to_end(begun: Path) -> None:
    git(begun, "switch", "--quiet", "-c", "other")
    write(begun, "a.md", "other\n")
    commit_all(begun)
    git(begun, "switch", "--quiet", "main")
    write(begun, "a.md", "main\n")
    head = commit_all(begun)
    git(begun, "merge", "other", check=False)
    write(begun, "b.md", "x")
    with pytest.raises(TrainError, match="a merge is in progress"):
        workspace(begun).commit(["b.md"], "no")
    with pytest.raises(TrainError, match="a merge is in progress"):
        take(begun, "b.md")
    assert at(begun).head() == head


def test_the_reflog_says_what_was_done(begun: Path) -> None:
    write(begun, "a.md", "2\n")
    take(begun, "a.md", message="Open 7\n\nTicket: x\n")
    assert git(begun, "reflog", "--format=%gs").splitlines()[0] == "commit: Open 7"
    git(begun, "config", "core.logAllRefUpdates", "false")
    write(begun, "a.md", "3\n")
    assert take(begun, "a.md")


# What the configuration asks for


def test_signing(begun: Path, tmp_path: Path) -> None:
    if not shutil.which("ssh-keygen"):
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / "allowed").write_text(f"ada@example.org {(tmp_path / 'key.pub').read_text()}")
    for name, value in {
        "gpg.format": "ssh",
        "user.signingKey": str(key),
        "gpg.ssh.allowedSignersFile": str(tmp_path / "allowed"),
        "commit.gpgSign": "true",
    }.items():
        git(begun, "config", name, value)
    write(begun, "a.md", "2\n")
    assert take(begun, "a.md")
    assert git(begun, "log", "-1", "--format=%G? %GS").strip() == "G ada@example.org"
    git(begun, "config", "user.signingKey", str(tmp_path / "none"))
    write(begun, "a.md", "3\n")
    head = at(begun).head()
    with pytest.raises(TrainError, match=r"commit-tree failed: .*nothing was committed"):
        take(begun, "a.md")
    assert at(begun).head() == head
    git(begun, "config", "commit.gpgSign", "maybe")
    with pytest.raises(TrainError, match="neither true nor false"):
        take(begun, "a.md")
    git(begun, "config", "commit.gpgSign", "no")
    assert take(begun, "a.md")
    assert git(begun, "log", "-1", "--format=%G?").strip() == "N"


def test_author_committer_and_time(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Grace Hopper")
    monkeypatch.setenv("GIT_AUTHOR_DATE", "@1000000000 +0200")
    git(begun, "config", "committer.name", "The Committer")
    write(begun, "a.md", "2\n")
    take(begun, "a.md")
    assert git(begun, "log", "-1", "--format=%an|%at|%cn").strip() == "Grace Hopper|1000000000|The Committer"


@pytest.mark.parametrize(
    ("encoding", "words", "raw"),
    [
        ("", "Für Ada", "Für Ada".encode()),
        ("ISO-8859-1", "Für Ada", "Für Ada".encode("latin-1")),
        ("ISO-8859-1", "Für 阿达", "Für 阿达".encode()),
        ("klingon", "Für Ada", "Für Ada".encode()),
    ],
)
def test_the_encoding_of_messages(begun: Path, encoding: str, words: str, raw: bytes) -> None:
    if encoding:
        git(begun, "config", "i18n.commitEncoding", encoding)
    write(begun, "a.md", "2\n")
    take(begun, "a.md", message=words)
    stored = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=begun, capture_output=True, check=True).stdout
    assert stored.split(b"\n\n", 1)[1].rstrip(b"\n") == raw
    if encoding != "klingon":
        assert git(begun, "-c", "i18n.logOutputEncoding=UTF-8", "log", "-1", "--format=%s").strip() == words


@pytest.mark.parametrize("name", ["pre-commit", "prepare-commit-msg", "commit-msg", "post-commit"])
def test_commit_hooks_are_skipped(begun: Path, name: str) -> None:
    hook = write(begun, f".git/hooks/{name}", "#!/bin/sh\ntouch ran\nexit 1\n")
    hook.chmod(0o755)
    write(begun, "a.md", "2\n")
    assert take(begun, "a.md")
    assert not (begun / "ran").exists()


def test_a_split_index_and_an_untracked_cache_go_along(begun: Path) -> None:
    git(begun, "update-index", "--split-index", "--untracked-cache")
    write(begun, "a.md", "2\n")
    write(begun, "mine.md", "x")
    git(begun, "add", "mine.md")
    assert take(begun, "a.md") and status(begun) == "A  mine.md\n"


def test_sha256(tmp_path: Path) -> None:
    repo = tmp_path / "sha256"
    git(tmp_path, "init", "--quiet", "--object-format=sha256", str(repo))
    write(repo, "a.md", "1\n")
    assert take(repo, "a.md") and len(at(repo).head()) == 64
    write(repo, "a.md", "2\n")
    assert take(repo, "a.md") and clean_index(repo)


# A process that is killed while it holds the index


def killed(repo: Path, point: str) -> None:
    """Commit a.md in a child that dies without a word when it calls `point`."""
    child = os.fork()
    if not child:
        if point == "_moved":
            commit._moved = lambda *words: os._exit(9)  # type: ignore[assignment]
        else:
            claim.Claim.install = lambda self: os._exit(9)  # type: ignore[method-assign]
        take(repo, "a.md", message="killed")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


@pytest.mark.parametrize("point", ["_moved", "install"])
def test_the_next_writer_finishes_what_a_killed_one_began(begun: Path, point: str) -> None:
    write(begun, "a.md", "2\n")
    write(begun, "mine.md", "x")
    git(begun, "add", "mine.md")
    killed(begun, point)
    assert (begun / ".git/index.lock").exists()
    claim.recover(at(begun))
    assert not (begun / ".git/index.lock").exists()
    moved = point == "install"
    assert log(begun)[0] == ("killed" if moved else "start")
    assert status(begun) == ("" if moved else " M a.md\n") + "A  mine.md\n"
    assert os.listdir(begun / ".git/agenticops") == []


def test_a_transaction_finishes_it_too(begun: Path) -> None:
    write(begun, "a.md", "2\n")
    killed(begun, "install")
    with workspace(begun).transaction("test"):
        pass
    assert status(begun) == "" and not (begun / ".git/index.lock").exists()


def test_the_lock_of_another_git_command_is_never_broken(begun: Path) -> None:
    write(begun, "a.md", "2\n")
    killed(begun, "install")
    (begun / ".git/index.lock").unlink()
    theirs = write(begun, ".git/index.lock", "")
    claim.recover(at(begun))
    assert theirs.exists()
    theirs.unlink()
    assert take(begun, "a.md", message="again") == ""


def test_an_interrupt_lets_go(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*words: object) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(commit, "_moved", interrupted)
    write(begun, "a.md", "2\n")
    with pytest.raises(KeyboardInterrupt):
        take(begun, "a.md")
    assert status(begun) == " M a.md\n" and os.listdir(begun / ".git/agenticops") == []


def test_no_hard_links(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*words: object) -> None:
        raise PermissionError(1, "no links here")

    monkeypatch.setattr(os, "link", refused)
    write(begun, "a.md", "2\n")
    assert take(begun, "a.md") and clean_index(begun) and not (begun / ".git/index.lock").exists()


def test_it_is_quick(begun: Path) -> None:
    write(begun, "a.md", "2\n")
    start = time.process_time()
    assert take(begun, "a.md")
    assert time.process_time() - start < 0.5


def test_many_paths_carry_no_neighbours(begun: Path) -> None:
    wanted = [f"many/{n % 7}/{n}.md" for n in range(3 * commit.MANY)]
    for path in (*wanted, "many/3/foreign.md", "many/foreign.md", "foreign.md"):
        write(begun, path, "x")
    assert take(begun, *wanted, "t")
    assert shown(begun) == [f"A {path}" for path in sorted(wanted)]
    assert status(begun) == "?? foreign.md\n?? many/3/foreign.md\n?? many/foreign.md\n"
    for path in wanted:
        (begun / path).unlink()
    assert take(begun, *wanted)
    assert shown(begun) == [f"D {path}" for path in sorted(wanted)]
