"""Compacting: only what is committed and clean is packed, only by the default branch, and a crash leaves it whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.errors import StateError, TrainError
from agenticops.flows import commit as commits
from agenticops.flows import compact, judge, logcheck, void, work
from agenticops.model.event import Draft
from agenticops.model.work import WorkItem
from agenticops.store import log, paths
from tests.support import NOW, TINY, commit_all, git, status, workspace, write

DAY = 86_400_000


def note(repo: Path, kind: str = "noted", now: int = NOW, **data: object) -> str:
    """Append an event as a command does, and give its id."""
    with workspace(repo, now).transaction("test") as tx:
        tx.append(Draft(kind, "train", data=data))
    return tx.events[0].id


def names(repo: Path) -> list[str]:
    return [path.rsplit("/", 1)[1] for path in log.shards(workspace(repo).tree)]


def ids(repo: Path) -> list[str]:
    return [e.id for e in log.read(workspace(repo).tree)]


@pytest.fixture
def begun(repo: Path) -> Path:
    """A train with three sealed shards."""
    write(repo, "config/pipeline.yml", TINY)
    for number in range(3):
        note(repo, number=number)
        commit_all(repo)
    return repo


def test_shards_become_a_pack_in_their_folder(begun: Path) -> None:
    before = ids(begun)
    found = compact.compact(workspace(begun), least=3)
    assert [(m.shards, m.packs, m.events) for m in found.months] == [(3, 1, 3)]
    assert sorted(n.startswith("pack-") for n in names(begun)) == [False, True], "the event about it has a shard"
    assert ids(begun)[:3] == before
    assert [e.kind for e in workspace(begun).log.select("1", ())][3:] == ["log_compacted"]
    commit_all(begun)
    assert logcheck.verify(workspace(begun)).findings == ()


def test_below_the_threshold_nothing_happens(begun: Path) -> None:
    assert compact.compact(workspace(begun), least=4).plan.changes == ()
    assert compact.compact(workspace(begun)).shards == 3
    assert status(begun) == ""


def test_planning_changes_nothing(begun: Path) -> None:
    assert len(compact.planned(workspace(begun), least=2).plan.changes) == 4
    assert status(begun) == "" and len(names(begun)) == 3


def test_the_commit_takes_just_what_was_packed(begun: Path) -> None:
    write(begun, "mine.txt", "not for this commit\n")
    open_id = note(begun, number=9)
    found = compact.compact(workspace(begun), commit=True, least=2)
    assert found.commit and git(begun, "log", "-1", "--format=%s").strip() == "Compact the log"
    assert status(begun).count("\n") == 2 and "mine.txt" in status(begun), "and the open shard stays loose"
    assert open_id in ids(begun)
    assert logcheck.verify(workspace(begun)).holds


def test_open_staged_and_edited_shards_are_left_alone(begun: Path, tmp_path: Path) -> None:
    first, second, _ = (p for p in log.shards(workspace(begun).tree))
    extra = log.encode(log.decode((begun / first).read_bytes(), first)).replace(b'"noted"', b'"edited"')
    write(begun, first, extra)
    git(begun, "rm", "--quiet", "--cached", second)
    note(begun, number=5)
    found = compact.planned(workspace(begun), least=2)
    assert found.shards == 1 and found.plan.changes == ()


def test_an_open_shard_of_another_worktree_is_not_seen(begun: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(begun, "worktree", "add", "--quiet", "-b", "phase/shape_7", str(other))
    kept = note(other, number=8)
    compact.compact(workspace(begun), commit=True, least=2)
    assert kept in ids(other) and len(names(other)) == 4
    commit_all(other)
    git(begun, "merge", "--quiet", "--no-edit", "phase/shape_7")
    assert kept in ids(begun) and len(ids(begun)) == len(set(ids(begun)))
    assert logcheck.verify(workspace(begun)).holds


def test_only_the_default_branch_compacts(begun: Path) -> None:
    git(begun, "switch", "--quiet", "-c", "feature")
    with pytest.raises(TrainError, match="only main compacts the log; this is feature"):
        compact.compact(workspace(begun), least=2)
    git(begun, "switch", "--quiet", "--detach")
    with pytest.raises(TrainError, match="detached"):
        compact.planned(workspace(begun), least=2)


def test_a_broken_shard_stops_it(begun: Path) -> None:
    write(begun, log.shards(workspace(begun).tree)[0], "{\n")
    commit_all(begun)
    with pytest.raises(StateError, match="not an event"):
        compact.compact(workspace(begun), least=2)
    assert len(names(begun)) == 3


def test_a_crash_between_two_deletions_is_finished_by_the_next_writer(
    begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ids(begun)
    real, calls = paths.remove, 0

    def dying(*arguments: object, **named: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("agenticops.workspace.WAITS", 1)
    monkeypatch.setattr(paths, "remove", dying)
    with pytest.raises(KeyboardInterrupt):
        compact.compact(workspace(begun), least=2)
    monkeypatch.setattr(paths, "remove", real)
    assert [e.id for e in workspace(begun).log.select("1", ())][:3] == before, "a reader sees the whole"
    note(begun, number=4)
    assert ids(begun)[:3] == before and sum(n.startswith("pack-") for n in names(begun)) == 1
    assert not os.path.exists(begun / ".git/agenticops/journal.json")


def aged(repo: Path) -> dict[str, str]:
    """Write one event of each fate, 400 days ago, and commit them."""
    write(repo, "config/pipeline.yml", TINY)
    old = NOW - 400 * DAY
    found = {
        "metric": note(repo, "resource_sampled", old),
        "error": note(repo, "error_logged", old, severity="warning"),
        "critical": note(repo, "error_logged", old, severity="critical"),
        "decision": note(repo, "session_decided", old),
        "note": note(repo, "noted", old),
    }
    commit_all(repo)
    return found


def test_retention_packs_first_and_then_takes_packs_away(repo: Path) -> None:
    named = aged(repo)
    first = compact.compact(workspace(repo), keep=True, commit=True)
    assert first.later == 5 and first.expired == () and set(named.values()) <= set(ids(repo))
    second = compact.compact(workspace(repo), keep=True, commit=True)
    assert {(e.kind, e.then): e.count for e in second.expired} == {
        ("error_logged", "archive"): 1,
        ("error_logged", "drop"): 1,
        ("resource_sampled", "drop"): 1,
        ("session_decided", "archive"): 1,
    }
    assert set(named.values()) & set(ids(repo)) == {named["note"]}
    past = log.shards(workspace(repo).tree, ".agenticops/archive")
    archived = {e.id for p in past for e in log.decode((repo / p).read_bytes(), p)}
    assert archived == {named["critical"], named["decision"]}
    audit = logcheck.verify(workspace(repo))
    assert audit.findings == () and audit.archived == 2
    assert compact.compact(workspace(repo), keep=True).plan.changes == ()


def test_what_is_taken_away_without_a_record_is_a_finding(repo: Path) -> None:
    named = aged(repo)
    compact.compact(workspace(repo), keep=True, commit=True)
    pack = next(p for p in log.shards(workspace(repo).tree) if named["metric"] in (repo / p).read_text())
    git(repo, "rm", "--quiet", pack)
    audit = logcheck.verify(workspace(repo))
    assert {f.code for f in audit.findings} == {"VT705"} and not audit.holds
    git(repo, "commit", "--quiet", "-m", "Tidy up")
    (finding,) = logcheck.verify(workspace(repo)).findings
    command = finding.hint.split(": ")[1].split()
    git(repo, *command[1:])
    assert logcheck.verify(workspace(repo)).holds


def test_a_merge_that_drops_one_sides_shard_is_seen(begun: Path) -> None:
    git(begun, "switch", "--quiet", "-c", "side")
    lost = note(begun, number=7)
    commit_all(begun)
    git(begun, "switch", "--quiet", "main")
    note(begun, number=8)
    commit_all(begun)
    git(begun, "merge", "--quiet", "--no-edit", "-s", "ours", "side")
    (finding,) = logcheck.verify(workspace(begun)).findings
    assert finding.code == "VT705" and lost in finding.message


def test_old_decision_documents_move_to_the_archive(begun: Path) -> None:
    write(begun, "docs/decisions/2024-06-01-use-git.md", "# Use git\n")
    write(begun, "docs/decisions/2025-12-01-use-yaml.md", "# Use YAML\n")
    write(begun, "docs/decisions/README.md", "# Decisions\n")
    commit_all(begun)
    found = compact.compact(workspace(begun), keep=True, commit=True)
    assert [(e.kind, e.then, e.count) for e in found.expired] == [("decisions", "archive", 1)]
    folder = begun / "docs/decisions"
    assert sorted(str(p.relative_to(folder)) for p in folder.rglob("*.md")) == [
        "2025-12-01-use-yaml.md",
        "README.md",
        "archive/2024/2024-06-01-use-git.md",
    ]


def test_a_projects_own_policy_counts(repo: Path) -> None:
    aged(repo)
    write(repo, "config/retention.yml", "schema: 1\n")
    assert compact.planned(workspace(repo), keep=True).plan.changes == ()


def test_between_compaction_and_its_commit_nothing_seems_lost(adopted: Callable[[str], Path]) -> None:
    repo = adopted("software")
    for number in ("7", "8"):
        work.new(workspace(repo), WorkItem(number, "PRD", "Refill", issue=int(number)), start=True)
        commit_all(repo)
    compact.compact(workspace(repo), least=2)
    assert void.losses(workspace(repo)) == []
    assert judge.train(workspace(repo)).holds
    work.new(workspace(repo), WorkItem("9", "PRD", "Refill", issue=9), start=True)
    assert commits.of_item(workspace(repo), "9", "Open 9")
    assert sum(name.startswith("pack-") for name in names(repo)) == 1, "the pack is not taken apart"
    commit_all(repo)
    assert logcheck.verify(workspace(repo)).findings == ()
