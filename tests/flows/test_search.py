"""Search: what was written is found where it stands, what changed is found anew, and what is gone is not found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from agenticops.errors import TrainError, UsageError
from agenticops.flows import memory, papers, search
from agenticops.model.event import Draft
from agenticops.store import words
from tests.stations import SHAPE, Board, at, depot
from tests.support import commit_all, git, workspace, write

__all__ = ["at", "depot"]


@pytest.fixture
def repo(at: Board) -> Path:
    repo = at("tiny-opened")
    papers.new(workspace(repo), "risk", {"title": "Labels drift", "cause": "The scanner was moved"})
    write(
        repo, "docs/architecture/adr/0001-one-log.md", "# 1. One log\n\nStatus: accepted\n\nShards do not conflict.\n"
    )
    memory.remember(workspace(repo), "Ask the nurses on Mondays", tags=["ward"])
    append(repo, Draft("entity_created", "entity/e1", data={"entity": "quote", "name": "Boiler for Mill Lane"}))
    start = {"to": "lead", "template": "HS_STD", "version": "1", "name": "Garage of Mrs Doe"}
    append(repo, Draft("workflow_started", "instance/w1", data=start))
    return repo


def append(repo: Path, draft: Draft) -> None:
    with workspace(repo).transaction("test") as tx:
        tx.append(draft)


def names(repo: Path, *wanted: str, kinds: tuple[str, ...] = ()) -> list[str]:
    return [f"{f.noun}/{f.name}" for f in search.run(workspace(repo), wanted, kinds)]


def test_each_kind_is_found_with_its_place(repo: Path) -> None:
    (risk,) = search.run(workspace(repo), ["labels"])
    assert (risk.noun, risk.title) == ("risk", "Labels drift")
    path, _, line = risk.place.rpartition(":")
    assert "Labels" in (repo / path).read_text().split("\n")[int(line) - 1]
    (adr,) = search.run(workspace(repo), ["shards", "conflict"])
    assert (adr.noun, adr.name, adr.place) == ("adr", "0001-one-log", "docs/architecture/adr/0001-one-log.md:5")
    assert f"{words.BEGIN}Shards{words.END}" in adr.excerpt
    (note,) = search.run(workspace(repo), ["nurses"], ["note"])
    assert (note.noun, note.place) == ("note", "")
    assert names(repo, "boilers") == ["entity/e1"]  # the plural too
    assert names(repo, "garage") == ["instance/w1"]
    item = SHAPE.partition("_")[2]
    title = workspace(repo).train.item(item).title
    assert {f"item/{item}", f"ticket/{SHAPE}"} <= set(names(repo, title))
    assert names(repo, title, kinds=("item",)) == [f"item/{item}"]


def test_what_changed_is_found_anew_and_what_is_gone_is_not(repo: Path) -> None:
    assert names(repo, "shards") == ["adr/0001-one-log"]
    path = "docs/architecture/adr/0001-one-log.md"
    write(repo, path, "# 1. One log\n\nPacks stay.\n")
    assert names(repo, "shards") == []
    assert names(repo, "packs") == ["adr/0001-one-log"]
    (repo / path).unlink()
    assert names(repo, "packs") == []
    append(repo, Draft("entity_updated", "entity/e1", data={"fields": {"name": "Pump for Mill Lane"}}))
    assert (names(repo, "boiler"), names(repo, "pump")) == ([], ["entity/e1"])
    append(repo, Draft("entity_deleted", "entity/e1", data={"entity": "quote", "reason": "x"}))
    assert names(repo, "pump") == []
    append(repo, Draft("entity_created", "entity/e2", data={"entity": "quote", "name": "Pump two"}))
    assert names(repo, "pump") == ["entity/e2"]


def test_the_first_events_are_found_after_a_search_before_them(at: Board) -> None:
    repo = at("tiny")
    assert names(repo, "boiler") == []
    assert workspace(repo).index.value("SELECT COUNT(*) FROM event") == 0
    append(repo, Draft("entity_created", "entity/e1", data={"entity": "quote", "name": "Boiler"}))
    assert names(repo, "boiler") == ["entity/e1"]


def test_only_what_changed_is_put_in_again(repo: Path) -> None:
    names(repo, "x")
    here = workspace(repo)
    before = dict(here.index.rows("SELECT key, n FROM worded"))
    write(repo, "docs/architecture/adr/0002-two.md", "# 2. Two\n")
    names(repo, "x")
    after = dict(workspace(repo).index.rows("SELECT key, n FROM worded"))
    assert after.items() >= before.items()
    assert set(after) - set(before) == {"docs/architecture/adr/0002-two.md"}


def test_a_branch_has_its_own_words(repo: Path) -> None:
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "other")
    append(repo, Draft("entity_created", "entity/e3", data={"entity": "quote", "name": "Fence"}))
    write(repo, "docs/architecture/adr/0002-two.md", "# 2. Fences\n")
    commit_all(repo)
    assert set(names(repo, "fence")) == {"entity/e3", "adr/0002-two"}
    git(repo, "switch", "--quiet", "main")
    assert names(repo, "fence") == []
    git(repo, "merge", "--quiet", "other")
    assert set(names(repo, "fence")) == {"entity/e3", "adr/0002-two"}


def test_the_syntax_of_fts5_may_be_used_and_signs_are_no_syntax(repo: Path) -> None:
    assert set(names(repo, "boiler OR garage")) == {"entity/e1", "instance/w1"}
    assert names(repo, "boil*") == ["entity/e1"]
    assert names(repo, "mill-lane") == ["entity/e1"]
    assert names(repo, "don't", "--") == []


@pytest.mark.parametrize("wanted", ['"half', "a AND (", "nothing: here", "*", "", "  ", "!"])
def test_what_is_no_question_is_refused(repo: Path, wanted: str) -> None:
    with pytest.raises(UsageError):
        names(repo, wanted)


def test_an_unknown_kind_is_refused(repo: Path) -> None:
    with pytest.raises(UsageError, match="no kind 'riks'"):
        names(repo, "x", kinds=("riks",))


def test_without_fts5_it_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_TABLE", words._TABLE.replace("fts5", "fts_of_nobody"))
    with pytest.raises(TrainError, match="no full-text search"):
        names(repo, "x")


def test_beside_a_writer_it_says_that_the_index_is_busy(repo: Path) -> None:
    here = workspace(repo)
    _ = here.index
    here.index.db.execute("PRAGMA busy_timeout=50")
    busy = sqlite3.connect(repo / ".git/agenticops/index.sqlite", isolation_level=None)
    busy.execute("BEGIN IMMEDIATE")
    try:
        with pytest.raises(TrainError, match="just now"):
            search.run(here, ["labels"])
    finally:
        busy.close()
    assert [f.noun for f in search.run(here, ["labels"])] == ["risk"]
