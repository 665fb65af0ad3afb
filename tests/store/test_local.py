"""The local log: many writers at once, torn lines, retention, and one summary a day in the committed log."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from agenticops.errors import StateError
from agenticops.flows import compact, summary
from agenticops.model.event import Actor, Draft
from agenticops.store import local
from tests.support import NOW, OPERATOR, TINY, commit_all, git, status, workspace, write

DAY = 86_400_000
ME = Actor(OPERATOR, "maker", "north")


@pytest.fixture
def begun(repo: Path) -> Path:
    write(repo, "config/pipeline.yml", TINY)
    commit_all(repo)
    return repo


def beat(repo: Path, now: int = NOW, kind: str = "heartbeat", **data: object) -> None:
    workspace(repo, now).local.append([Draft(kind, "train", data=data)], ME)


def test_it_has_the_form_of_the_log_and_is_shared_by_worktrees(begun: Path, tmp_path: Path) -> None:
    git(begun, "worktree", "add", "--quiet", str(tmp_path / "other"))
    beat(begun)
    beat(tmp_path / "other")
    (path,) = workspace(begun).local.shards()
    assert path.startswith("local/2026/01/01") and (begun / ".git/agenticops" / path).exists()
    assert [e.kind for e in workspace(begun).local.events()] == ["heartbeat"] * 2
    assert status(begun) == "" and workspace(begun).log.select("1", ()) == []


def write_many(repo: str) -> None:
    for number in range(200):
        workspace(Path(repo)).local.append([Draft("heartbeat", "train", data={"n": number, "text": "x" * 500})], ME)


def test_writers_at_once_lose_nothing(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        pool.map(write_many, [str(begun)] * 4)
    events = workspace(begun).local.events()
    assert len(events) == len({e.id for e in events}) == 800


def test_a_torn_line_is_skipped_and_the_next_one_is_whole(begun: Path) -> None:
    beat(begun)
    (path,) = workspace(begun).local.shards()
    with open(begun / ".git/agenticops" / path, "ab") as file:
        file.write(b'{"id":"01AAAA","lam')
    beat(begun)
    assert len(workspace(begun).local.events()) == 2


def test_a_full_file_is_left_for_a_new_one(begun: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "FULL", 300)
    for number in range(4):
        beat(begun, NOW + number)
    assert len(workspace(begun).local.shards()) > 1 and len(workspace(begun).local.events()) == 4
    with pytest.raises(StateError, match="more than"):
        beat(begun, text="x" * local.MAX_LINE)


def test_each_finished_day_is_summed_up_once(begun: Path) -> None:
    for hour, load in ((0, 1), (1, 3)):
        beat(begun, NOW + hour * 3_600_000, "resource_sampled", cpu=load, host="north", busy=True)
    beat(begun, NOW + DAY)
    assert summary.summarize(workspace(begun, NOW)) == [], "today is not over"
    assert len(summary.summarize(workspace(begun, NOW + DAY), dry_run=True)) == 1 and status(begun) == ""
    (one,) = summary.summarize(workspace(begun, NOW + DAY))
    assert (one["day"], one["events"], one["kinds"]) == ("2026-01-01", 2, {"resource_sampled": 2})
    assert one["samples"] == {"cpu": {"min": 1.0, "mean": 2.0, "max": 3.0}} and one["agents"] == ["maker"]
    assert summary.summarize(workspace(begun, NOW + DAY)) == []
    assert len(summary.summarize(workspace(begun, NOW + 2 * DAY))) == 1
    assert [e.kind for e in workspace(begun).log.select("1", ())] == ["log_summarized"] * 2


def test_retention_drops_only_what_is_summed_up_and_archives_what_is_critical(begun: Path) -> None:
    beat(begun, NOW)
    beat(begun, NOW, "error_logged", severity="critical")
    beat(begun, NOW, "noted")
    later = NOW + 100 * DAY
    beat(begun, later)
    assert compact.compact(workspace(begun, later), keep=True).local == ()
    summary.summarize(workspace(begun, later))
    planned = compact.planned(workspace(begun, later), keep=True).local
    assert len(workspace(begun).local.events()) == 4
    assert compact.compact(workspace(begun, later), keep=True).local == planned
    assert {(e.kind, e.then) for e in planned} == {("heartbeat", "drop"), ("error_logged", "archive")}
    assert sorted(e.kind for e in workspace(begun).local.events()) == ["heartbeat", "noted"]
    assert len(list((begun / ".git/agenticops/local-archive").rglob("pack-*.jsonl"))) == 1
