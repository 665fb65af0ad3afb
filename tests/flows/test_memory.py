"""Memory on real repositories: branches that both remember merge, and ten thousand notes are found soon enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import SecretError, UsageError
from agenticops.flows import memory, report
from agenticops.model.event import Draft
from tests.stations import SHAPE, Board, at, depot
from tests.support import commit_all, git, status, workspace

__all__ = ["at", "depot"]


def texts(repo: Path, *words: str, **options: str) -> list[str]:
    return [n.text for n in memory.recall(workspace(repo), words, **options)[0]]  # type: ignore[arg-type]


def test_two_branches_that_both_remember_merge_without_conflict(at: Board) -> None:
    repo = at("tiny-opened")
    for branch, own in (("ada", "The scanner rounds up"), ("bob", "The wiki is stale")):
        git(repo, "switch", "--quiet", "-c", branch, "main")
        memory.remember(workspace(repo), own)
        memory.remember(workspace(repo), "Ask on Mondays", ticket=SHAPE, tags=[branch])
        commit_all(repo, f"Remember as {branch}")
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "-m", "Take ada", "ada")
    git(repo, "merge", "--quiet", "--no-ff", "-m", "Take bob", "bob")
    assert status(repo) == ""
    assert sorted(texts(repo)) == ["Ask on Mondays", "The scanner rounds up", "The wiki is stale"]
    (note,) = memory.recall(workspace(repo), ticket=SHAPE)[0]
    assert set(note.tags) == {"ada", "bob"}
    assert report.notes(workspace(repo), SHAPE, "plan") == {"ticket": 1, "project": 2}
    memory.forget(workspace(repo), [note.id], "they come on Tuesdays")
    assert texts(repo, ticket=SHAPE) == []
    assert report.notes(workspace(repo), SHAPE, "plan") == {"project": 2}


def test_one_branch_forgets_what_the_other_still_reads(at: Board) -> None:
    repo = at("tiny-opened")
    note, _ = memory.remember(workspace(repo), "Ask on Mondays")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "ada")
    memory.forget(workspace(repo), [note.id], "no longer so")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    assert texts(repo) == ["Ask on Mondays"]
    memory.remember(workspace(repo), "And on Fridays")
    commit_all(repo)
    git(repo, "merge", "--quiet", "--no-ff", "-m", "Take ada", "ada")
    assert texts(repo) == ["And on Fridays"]
    assert [n.forgotten for n in memory.recall(workspace(repo), forgotten=True)[0]] == ["", "no longer so"]


def test_a_secret_is_refused_and_nothing_is_kept(at: Board) -> None:
    repo = at("tiny-opened")
    before = status(repo)
    with pytest.raises(SecretError, match="GitHub token"):
        memory.remember(workspace(repo), "the key is ghp_" + "a1B2c3D4e5F6" * 3)
    assert status(repo) == before and texts(repo) == []


def test_many_notes_are_found_by_words_and_counted(at: Board) -> None:
    repo = at("tiny-opened")
    words = ("scanner", "ward", "refill", "label", "box", "nurse", "raw", "log", "round", "Monday")
    space = workspace(repo)
    with space.transaction("remember") as tx:
        for n in range(10_000):
            text = " ".join(words[(n * k + k) % 10] for k in range(1, 9)) + f" {n}"
            tx.append(Draft("remembered", "memory/project", data={"note": f"n{n:08d}", "text": text}))
    found, holding = memory.recall(workspace(repo), ["war", "9876"], limit=5)
    assert [n.id for n in found] == ["n00009876"] and holding == 1
    assert memory.recall(workspace(repo), ["monday"])[1] > 1000
    assert report.notes(workspace(repo)) == {"project": 10_000}


def test_what_cannot_be_meant(at: Board) -> None:
    space = workspace(at("tiny-opened"))
    for call, words in (
        (lambda: memory.remember(space, " \n "), "the note is empty"),
        (lambda: memory.remember(space, "x" * 2001), "at most 2000 characters"),
        (lambda: memory.remember(space, "x", tags=["no tag"]), "'no tag' is no tag"),
        (lambda: memory.remember(space, "x", ticket=SHAPE, mode="plan"), "for a ticket or for a mode"),
        (lambda: memory.remember(space, "x", ticket="none_7"), "there is no ticket"),
        (lambda: memory.forget(space, ["n1"], "old"), "there is no note 'n1'"),
        (lambda: memory.forget(space, ["n1"], " "), "the reason is empty"),
        (lambda: memory.recall(space, ticket="none_7"), "there is no ticket"),
    ):
        with pytest.raises(UsageError, match=words):
            call()


def test_a_note_is_found_by_the_start_of_its_id(at: Board) -> None:
    repo = at("tiny-opened")
    first, _ = memory.remember(workspace(repo), "one")
    second, _ = memory.remember(workspace(repo), "two")
    assert first.id[:4] != second.id[:4]
    with pytest.raises(UsageError, match="no note"):
        memory.forget(workspace(repo), [first.id[:3]], "old")
    assert [n.id for n in memory.forget(workspace(repo), [first.id[:5], first.id], "old")] == [first.id]
    assert texts(repo) == ["two"] and report.notes(workspace(repo)) == {"project": 1}
    again, new = memory.remember(workspace(repo), "one")
    assert new and again.id == first.id
    assert texts(repo) == ["one", "two"] and report.notes(workspace(repo)) == {"project": 2}
