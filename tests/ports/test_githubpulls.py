"""Pull requests: opened once, merged as they were reviewed; checks: said by an app or as a commit status."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import EXIT_CONFLICT, ConflictError, RemoteError
from agenticops.ports.forge import Check
from agenticops.ports.github import GitHub
from agenticops.ports.githubcalls import Refused
from tests.forge import Forge, access
from tests.forge.faults import AFTER, BEFORE
from tests.forge.refs import MemoryRefs
from tests.githubs import connected, forge, github
from tests.support import commit_all, git, new_repo, write

__all__ = ["forge", "github"]

FAULTS = [None, *(kind for kind in BEFORE + AFTER if "call" not in kind)]


def topic(forge: Forge, name: str = "topic") -> str:
    refs = forge.repo.refs
    tip = refs.get(f"refs/heads/{name}") or refs.get("refs/heads/main")
    assert tip is not None
    made = refs.make(f"Work on {name}", "t" * 40, (tip,))
    refs.put(f"refs/heads/{name}", made.sha)
    return made.sha


@pytest.mark.parametrize("kind", FAULTS)
def test_opened_once_and_merged_once(forge: Forge, github: GitHub, kind: str | None) -> None:
    def breaks() -> None:
        if kind:
            forge.faults.at(1, kind)

    sha = topic(forge)
    topic(forge, "other")
    github.pulls.open("other", "main", "Other", "")
    breaks()
    opened = github.pulls.open("topic", "main", "Refill", "Text")
    assert (opened.number, opened.sha, opened.state, opened.author) == (2, sha, "open", "ada")
    assert github.pulls.open("topic", "main", "Refill", "Text").number == 2
    assert [one.number for one in github.pulls.of_branch("topic")] == [2] and len(forge.repo.issues) == 2
    breaks()
    merged = github.pulls.merge(2, sha, "squash", "Refill (#2)", "Why")
    assert merged.state == "merged" and merged.merge_sha == forge.repo.refs.get("refs/heads/main")
    commit = forge.repo.refs.commit(merged.merge_sha)
    assert commit is not None and commit.message == "Refill (#2)\n\nWhy"


def test_merged_as_it_was_reviewed(forge: Forge, github: GitHub) -> None:
    sha = topic(forge)
    number = github.pulls.open("topic", "main", "Refill", "").number
    newer = topic(forge)
    with pytest.raises(ConflictError, match="other commits") as told:
        github.pulls.merge(number, sha, "merge")
    assert told.value.exit_code == EXIT_CONFLICT and github.pulls.get(number).state == "open"
    assert github.pulls.get(number).sha == newer
    assert isinstance(forge.repo.refs, MemoryRefs)
    forge.repo.refs.conflicts.add(newer)
    assert github.pulls.get(number).mergeable is False
    with pytest.raises(RemoteError, match="cannot be merged: Pull Request is not mergeable"):
        github.pulls.merge(number, newer, "merge")


def test_nothing_to_merge(github: GitHub) -> None:
    with pytest.raises(Refused):
        github.pulls.open("main", "main", "Refill", "")


def test_over_a_real_repository(forge: Forge, github: GitHub, tmp_path: Path) -> None:
    bare, work = tmp_path / "bare.git", new_repo(tmp_path / "work")
    new_repo(bare, "--bare")
    write(work, "a.txt", "a\n")
    commit_all(work, "Start")
    git(work, "push", "-q", str(bare), "HEAD:refs/heads/main")
    write(work, "b.txt", "b\n")
    sha = commit_all(work, "More")
    git(work, "push", "-q", str(bare), "HEAD:refs/heads/topic")
    forge.use_git(bare)
    number = github.pulls.open("topic", "main", "More", "").number
    merged = github.pulls.merge(number, git(work, "rev-parse", "HEAD").strip(), "merge")
    assert git(bare, "rev-parse", "main").strip() == merged.merge_sha and sha
    assert git(bare, "show", "main:b.txt") == "b\n"


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize(("token", "how"), [(access.WRITE, "status"), (access.APP, "check")])
def test_a_verdict_is_said_as_it_may_be(forge: Forge, token: str, how: str, kind: str | None) -> None:
    sha = topic(forge)
    with connected(forge, token) as github:
        for conclusion in ("pending", "failure", "success"):
            if kind:
                forge.faults.at(1, kind)
            check = Check("train / gate", conclusion, "It holds", "All of it", "https://example.org/1")
            assert github.pulls.publish(sha, check) == how
            (found,) = github.pulls.checks(sha)
            assert (found.name, found.conclusion, found.title) == ("train / gate", conclusion, "It holds")
    assert bool(forge.repo.checks) == (how == "check") and bool(forge.repo.statuses) == (how == "status")


def test_a_long_title_fits_a_status(forge: Forge, github: GitHub) -> None:
    sha = topic(forge)
    assert github.pulls.publish(sha, Check("gate", "neutral", "x" * 200)) == "status"
    (found,) = github.pulls.checks(sha)
    assert (len(found.title), found.conclusion) == (140, "success")


def test_a_reader_says_nothing(forge: Forge) -> None:
    sha = topic(forge)
    with connected(forge, access.READ) as github, pytest.raises(Refused, match="not accessible"):
        github.pulls.publish(sha, Check("gate", "success", "x"))
