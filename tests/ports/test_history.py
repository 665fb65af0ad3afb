"""History: commits, differences and blobs, read from real git."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.errors import TrainError
from agenticops.model.history import Change
from agenticops.ports.git import Git
from agenticops.ports.history import History
from tests.support import commit_all, git, write


@pytest.fixture
def told(repo: Path) -> Iterator[tuple[Path, History]]:
    write(repo, "a.md", "1")
    commit_all(repo)
    history = History(Git.discover(str(repo)))
    yield repo, history
    history.close()


def blob(repo: Path, spec: str) -> str:
    return git(repo, "rev-parse", spec).strip()


def test_a_merge_differs_from_each_parent(told: tuple[Path, History]) -> None:
    repo, history = told
    first = history.commit("HEAD")
    git(repo, "switch", "-q", "-c", "side")
    write(repo, "docs/ü b.md", "side")
    side = commit_all(repo)
    git(repo, "switch", "-q", "main")
    write(repo, "a.md", "2")
    main = commit_all(repo)
    git(repo, "merge", "-q", "--no-ff", "-m", "m", "side")
    head = history.commit("main")
    links = history.walk(first, head)
    assert {link.commit for link in links} == {side, main, head}
    assert links[-1] == (head, (main, side))
    found = history.differences([(head, main), (head, side), (head, head), (first, "")])
    assert found == [
        {"docs/ü b.md": Change("", blob(repo, "side:docs/ü b.md"))},
        {"a.md": Change(blob(repo, f"{first}:a.md"), blob(repo, "main:a.md"))},
        {},
        {"a.md": Change("", blob(repo, f"{first}:a.md"))},
    ]
    assert history.fork_point(main, side) == first
    assert history.files(head, ["docs"]) == {"docs/ü b.md": blob(repo, "side:docs/ü b.md")}
    assert history.read(blob(repo, "main:a.md")) == b"2" and history.read(blob(repo, f"{first}:a.md")) == b"1"
    assert history.sizes([blob(repo, "side:docs/ü b.md")]) == {blob(repo, "side:docs/ü b.md"): 4}


def test_versions_are_those_of_one_side_newest_first(told: tuple[Path, History]) -> None:
    repo, history = told
    git(repo, "branch", "side")
    for text in ("2", "3"):
        write(repo, "a.md", text)
        commit_all(repo)
    assert history.versions("a.md", "main", ["side"]) == [blob(repo, "main:a.md"), blob(repo, "main~1:a.md")]
    assert history.versions("a.md", "side", ["main"]) == []
    assert history.versions("*.md", "main", ["side"]) == []


def test_a_merge_gives_a_path_no_version_that_one_of_its_parents_had(told: tuple[Path, History]) -> None:
    repo, history = told
    git(repo, "branch", "other")
    write(repo, "a.md", "2")
    commit_all(repo)
    git(repo, "branch", "side")
    write(repo, "c.md", "1")
    commit_all(repo)
    git(repo, "switch", "-q", "other")
    write(repo, "b.md", "1")
    commit_all(repo)
    git(repo, "switch", "-q", "main")
    git(repo, "merge", "-q", "--no-ff", "-m", "merge", "other")
    assert history.versions("a.md", "main", ["side"]) == []
    git(repo, "switch", "-qc", "third", "side")
    git(repo, "merge", "-q", "--no-ff", "--no-commit", "other")
    write(repo, "a.md", "3")
    commit_all(repo)
    assert history.versions("a.md", "third", ["side"]) == [blob(repo, "third:a.md")]


def test_all_of_a_history_and_the_commit_so_many_back(told: tuple[Path, History]) -> None:
    repo, history = told
    first = history.commit("HEAD")
    write(repo, "a.md", "2")
    second = commit_all(repo)
    assert [link.commit for link in history.walk("", second)] == [first, second]
    assert [history.back(second, n) for n in (0, 1, 2, 9)] == [second, first, "", ""]


def test_what_is_not_committed(told: tuple[Path, History]) -> None:
    repo, history = told
    head = history.commit("HEAD")
    write(repo, "new.md", "new")
    write(repo, "gone.md", "gone")
    git(repo, "add", "gone.md")
    (repo / "a.md").write_text("2")
    old = blob(repo, "HEAD:a.md")
    staged = blob(repo, ":gone.md")
    assert history.uncommitted(head, staged=True) == {"gone.md": Change("", staged)}
    found = history.uncommitted(head, staged=False)
    assert found["a.md"] == Change(old, "work:a.md") and found["new.md"] == Change("", "work:new.md")
    (repo / "a.md").unlink()
    assert history.uncommitted(head, staged=False)["a.md"] == Change(old, "")


def test_links_are_marked_and_replaced_objects_do_not_count(told: tuple[Path, History]) -> None:
    repo, history = told
    (repo / "link").symlink_to("a.md")
    commit_all(repo)
    assert history.files("HEAD", ["link"])["link"].startswith("!")
    before = blob(repo, "HEAD:a.md")
    write(repo, "a.md", "2")
    commit_all(repo)
    git(repo, "replace", before, blob(repo, "HEAD:a.md"))
    assert history.read(before) == b"1"


@pytest.mark.parametrize("revision", ["nope", "", "HEAD:a.md", "--all", "f" * 40])
def test_what_names_no_commit(told: tuple[Path, History], revision: str) -> None:
    with pytest.raises(TrainError) as caught:
        told[1].commit(revision)
    assert "fetch-depth: 0" in caught.value.hint
    with pytest.raises(TrainError):
        told[1].read("f" * 40)
