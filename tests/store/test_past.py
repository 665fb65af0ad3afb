"""The past: a version reads all paths of its commit; what lies outside of the kept folders is read when asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.errors import StateError
from agenticops.ports.history import History
from agenticops.store.past import FOLDERS, Rest, Version, is_kept
from agenticops.workspace import Workspace
from tests.support import commit_all, git, write


@pytest.fixture
def told(repo: Path) -> Iterator[tuple[Path, History]]:
    write(repo, "docs/1/brief.md", "one")
    write(repo, "tickets/shape_1/ticket.yml", "id: shape_1\n")
    commit_all(repo)
    history = History(Workspace(str(repo)).git)
    yield repo, history
    history.close()


def version(repo: Path, history: History, revision: str = "HEAD") -> tuple[Version, list[str]]:
    """A commit's version, and a list that grows with each listing of it."""
    asked: list[str] = []
    commit = history.commit(revision)

    def listing() -> dict[str, str]:
        asked.append(commit)
        return history.files(commit, ())

    past = Workspace(str(repo)).past(history)
    return Version(past, history.files(commit, FOLDERS), rest=Rest(listing)), asked


def follow(at: Version, history: History, before: str, after: str) -> Version:
    (changes,) = history.differences([(history.commit(after), history.commit(before))])
    return at.after((p, c.new) for p, c in changes.items())


def test_a_version_reads_what_its_commit_holds_and_lists_it_once(told: tuple[Path, History]) -> None:
    repo, history = told
    first, asked = version(repo, history)
    write(repo, "docs/1/brief.md", "two")
    commit_all(repo)
    (repo / "docs/1/brief.md").unlink()
    write(repo, "src/a.py", "A = 1\n")
    commit_all(repo)
    second = follow(first, history, "HEAD~2", "HEAD~1")
    third = follow(second, history, "HEAD~1", "HEAD")
    assert third.read("tickets/shape_1/ticket.yml") == b"id: shape_1\n" and asked == []
    assert [v.read("docs/1/brief.md") for v in (third, second, first)] == [None, b"two", b"one"]
    assert third.read("src/a.py") == b"A = 1\n" and first.read("src/a.py") is None
    assert third.names("") == ["src", "tickets"] and first.names("docs") == ["1"]
    assert third.size("src/a.py") == 6 and third.paths() == ["src/a.py", "tickets/shape_1/ticket.yml"]
    blob = git(repo, "rev-parse", "HEAD:src/a.py").strip()
    assert third.ids(["src/a.py", "docs/1/brief.md"]) == {"src/a.py": blob}
    assert len(asked) == 1


def test_a_file_of_a_kept_folder_that_went_is_gone(told: tuple[Path, History]) -> None:
    repo, history = told
    first, _ = version(repo, history)
    git(repo, "rm", "-rq", "tickets")
    commit_all(repo)
    after = follow(first, history, "HEAD~1", "HEAD")
    assert after.paths() == ["docs/1/brief.md"] and after.names("tickets") == []


def test_a_merge_is_its_first_parent_with_what_the_merge_changed(told: tuple[Path, History]) -> None:
    repo, history = told
    git(repo, "switch", "-q", "-c", "side")
    write(repo, "src/side.py", "SIDE = 1\n")
    commit_all(repo)
    git(repo, "switch", "-q", "main")
    write(repo, "src/main.py", "MAIN = 1\n")
    commit_all(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "m", "side")
    first, _ = version(repo, history, "HEAD~1")
    merged = follow(first, history, "HEAD~1", "HEAD")
    assert {p for p in merged.paths() if p.startswith("src")} == {"src/main.py", "src/side.py"}


@pytest.mark.parametrize("staged", [True, False])
def test_working_files_and_staged_ones(told: tuple[Path, History], staged: bool) -> None:
    repo, history = told
    first, _ = version(repo, history)
    write(repo, "docs/1/brief.md", "staged")
    write(repo, "new.md", "new")
    git(repo, "add", "--all")
    write(repo, "docs/1/brief.md", "working")
    changes = history.uncommitted(history.commit("HEAD"), staged)
    after = first.after((p, c.new) for p, c in changes.items())
    content = b"staged" if staged else b"working"
    assert after.read("docs/1/brief.md") == content and after.read("new.md") == b"new"
    blob = git(repo, "rev-parse", ":docs/1/brief.md").strip()
    assert (after.ids(["docs/1/brief.md"])["docs/1/brief.md"] == blob) is staged
    assert not any(i.startswith("work:") for i in after.ids(after.paths()).values())


def test_a_link_outside_is_no_file(told: tuple[Path, History]) -> None:
    repo, history = told
    (repo / "link.md").symlink_to("docs/1/brief.md")
    commit_all(repo)
    found, _ = version(repo, history)
    with pytest.raises(StateError):
        found.read("link.md")
    assert found.size("link.md") is None


def test_a_long_way_is_put_together_once(told: tuple[Path, History]) -> None:
    repo, history = told
    at, asked = version(repo, history)
    for number in range(3000):
        at = at.after([(f"src/{number}.py", "0" * 40)])
    assert len(at.whole()) == 3002 and len(at.whole()) == 3002 and len(asked) == 1


def test_which_paths_are_kept() -> None:
    assert is_kept("tickets/a/ticket.yml") and is_kept("config/pipeline.yml") and is_kept("tickets")
    assert not is_kept("tickets-old/a") and not is_kept("configuration.yml") and not is_kept("docs/workshop.md")
