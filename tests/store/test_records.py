"""Records in the index: whatever git does, they are what a new index would say; and a worktree begins by another's."""

from __future__ import annotations

import os
import random
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.workflow import record
from agenticops.errors import StateError
from agenticops.model.event import Draft, Event
from agenticops.store import aside, indexing, log, records, shards
from agenticops.store.index import Index
from agenticops.store.tree import WorkingTree
from tests.bench import events as made
from tests.support import THOROUGH, commit_all, event, git, new_repo, workspace, write

TABLES = ("instance", "visit", "entity", "firing", "outbox", "notice", "meeting", "problem")
EVENT = "id, lamport, at, kind, subject, ticket, item, prev, target, name, json"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    repo = new_repo(tmp_path / "repo", "--initial-branch=main")
    made.write(repo, made.events(300, 40, seed=5))
    commit_all(repo)
    return repo


def dump(index: Index) -> dict[str, list[Any]]:
    """Everything that the log's tables hold, in order; which of two shards holds an event of both is no matter."""
    found = {t: sorted(index.rows(f"SELECT * FROM {t}"), key=repr) for t in TABLES}
    found["event"] = index.rows(f"SELECT {EVENT} FROM event ORDER BY id")
    found["shard"] = index.rows("SELECT path, blob, size FROM shard ORDER BY path")
    found["homes"] = index.rows("SELECT COUNT(*) FROM event WHERE shard NOT IN (SELECT n FROM shard)")
    return found


def cold(repo: Path) -> dict[str, list[Any]]:
    """What an index says that is built from nothing."""
    here = workspace(repo)
    index = Index(str(repo.parent / f"cold{os.urandom(4).hex()}"), here.root, here.git.stamp)
    indexing.refresh(index, WorkingTree(here.root))
    found = dump(index)
    index.close()
    return found


def agrees(repo: Path) -> dict[str, list[Any]]:
    found = dump(workspace(repo).index)
    wanted = cold(repo)
    for table, rows in wanted.items():
        assert found[table] == rows, table
    return found


def one(index: Index, sql: str, *values: Any) -> Any:
    (row,) = index.rows(sql, *values)
    return row


def append(repo: Path, *drafts: Draft) -> list[Event]:
    with workspace(repo).transaction("test") as tx:
        for draft in drafts:
            tx.append(draft)
    return tx.events


# What the rows say


def test_rows_are_the_folds_of_the_events(repo: Path) -> None:
    here = workspace(repo)
    by_subject: dict[str, list[Event]] = {}
    for e in log.read(here.tree):
        by_subject.setdefault(e.subject, []).append(e)
    folded = [record.instance(v) for k, v in by_subject.items() if k.startswith("instance/")]
    assert len(folded) > 20
    for wanted in folded:
        assert here.log.instance(wanted.id) == wanted
        row = one(here.index, "SELECT template, state, status, success, client FROM instance WHERE id=?", wanted.id)
        success = {"completed": 1, "failed": 0}.get(wanted.status)
        assert row == (wanted.template, wanted.state, wanted.status, success, wanted.client)
        visits = here.index.rows("SELECT state, entered, left FROM visit WHERE instance=? ORDER BY n", wanted.id)
        assert [v[:2] for v in visits] == [(s.to, s.at) for s in wanted.history]
        assert [v[2] for v in visits] == [s.at for s in wanted.history[1:]] + [wanted.ended]
    entities = [record.entity(v) for k, v in by_subject.items() if k.startswith("entity/")]
    assert [here.log.entity(e.id) for e in entities] == entities
    assert here.log.instance("w000000000000") is None
    assert here.log.entity("e000000000000") is None


def test_lists_are_filtered_ordered_and_limited(repo: Path) -> None:
    log_ = workspace(repo).log
    every = log_.instances()
    assert [i.started for i in every] == sorted((i.started for i in every), reverse=True)
    active = log_.instances("status=?", ("active",))
    assert 0 < len(active) < len(every)
    assert active == [i for i in every if i.status == "active"]
    assert log_.instances(limit=3) == every[:3]
    quotes = log_.entities("kind=?", ("quote",))
    assert quotes and all(e.kind == "quote" for e in quotes)


def test_the_outbox_inbox_meetings_and_firings_have_rows(repo: Path) -> None:
    append(
        repo,
        Draft("rule_fired", "firing/f1", data={"rule": "pm", "event": "E1", "depth": 2}),
        Draft("rule_cut", "firing/f2", data={"rule": "pm", "event": "E2", "why": "loop"}),
        Draft("outbox_added", "outbox/o1", data={"channel": "email", "payload": {"to": "a@example.org"}, "key": "o1"}),
        Draft("outbox_tried", "outbox/o1", data={"attempt": 1, "error": "no answer", "next_at": "2030"}),
        Draft("notified", "inbox/ada", data={"text": "look"}),
        Draft("meeting_called", "meeting/m1", data={"purpose": "kick-off", "starts": "2030-01-01T10:00Z"}),
    )
    index = workspace(repo).index
    assert index.rows("SELECT id, rule, event, depth, cut FROM firing ORDER BY id") == [
        ("f1", "pm", "E1", 2, ""),
        ("f2", "pm", "E2", 0, "loop"),
    ]
    assert index.rows("SELECT id, channel, status, due, attempts FROM outbox") == [("o1", "email", "trying", "2030", 1)]
    assert one(index, "SELECT who, read FROM notice") == ("ada", "")
    assert one(index, "SELECT id, status, purpose FROM meeting") == ("m1", "called", "kick-off")
    append(
        repo,
        Draft("notice_read", "inbox/ada"),
        Draft("outbox_delivered", "outbox/o1", data={"attempt": 2, "answer": {"id": 7}}),
        Draft("meeting_moved", "meeting/m1", data={"off": True, "reason": "rain"}),
    )
    index = workspace(repo).index
    assert one(index, "SELECT status, due FROM outbox") == ("delivered", "")
    assert one(index, "SELECT read <> '' FROM notice") == (1,)
    assert one(index, "SELECT status FROM meeting") == ("off",)
    agrees(repo)


def test_a_record_that_cannot_be_folded_is_a_problem_and_the_others_are_shown(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def odd(events: list[Event]) -> list[Any]:
        raise TypeError("not what it should be")

    monkeypatch.setitem(records._MADE, "meeting", odd)
    append(
        repo,
        Draft("meeting_called", "meeting/m1", data={"purpose": "x"}),
        Draft("entity_created", "entity/e1", data={"entity": "task"}),
    )
    here = workspace(repo)
    assert [p[0] for p in here.index.problems()] == ["meeting/m1"]
    assert here.log.entity("e1") is not None
    monkeypatch.undo()
    append(repo, Draft("meeting_held", "meeting/m1"))
    assert workspace(repo).index.problems() == []
    agrees(repo)


# Incrementally


def test_a_shard_that_grows_is_read_from_where_it_ended(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(repo, Draft("entity_created", "entity/e1", data={"entity": "task", "name": "one"}))
    read: list[int] = []
    decode = log.decode

    def counting(data: bytes, path: str) -> list[Event]:
        events = decode(data, path)
        read.append(len(events))
        return events

    monkeypatch.setattr(shards.log, "decode", counting)
    append(repo, Draft("entity_updated", "entity/e1", data={"fields": {"name": "two"}}))
    assert read == [1]
    monkeypatch.undo()
    found = workspace(repo).log.entity("e1")
    assert found is not None and found.name == "two"
    agrees(repo)


def test_what_was_touched_is_not_parsed_again(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = agrees(repo)
    for path in log.shards(workspace(repo).tree):
        os.utime(repo / path)
        os.utime((repo / path).parent)
    git(repo, "add", "--all")
    monkeypatch.setattr(shards.log, "decode", lambda *_: pytest.fail("parsed"))
    assert dump(workspace(repo).index) == wanted


def test_a_broken_end_is_named_by_its_line_and_mended(repo: Path) -> None:
    (event_,) = append(repo, Draft("entity_created", "entity/e1", data={"entity": "task", "name": "one"}))
    path = next(p for p in log.shards(workspace(repo).tree) if event_.id.encode() in (repo / p).read_bytes())
    whole = (repo / path).read_bytes()
    write(repo, path, whole + b"{half\n")
    os.utime((repo / path).parent)
    assert workspace(repo).index.problems()[0][2] == f"{path}:2"
    assert workspace(repo).log.entity("e1") is None
    with pytest.raises(StateError):
        append(repo, Draft("noted", "train"))
    write(repo, path, whole)
    os.utime((repo / path).parent)
    assert workspace(repo).log.entity("e1") is not None
    agrees(repo)


def test_a_void_takes_a_record_back_and_its_own_void_brings_it_again(repo: Path) -> None:
    (born,) = append(repo, Draft("entity_created", "entity/e1", data={"entity": "task", "name": "one"}))
    (void,) = append(repo, Draft("voided", "train", data={"events": [born.id]}))
    assert workspace(repo).log.entity("e1") is None
    agrees(repo)
    append(repo, Draft("voided", "train", data={"events": [void.id]}))
    assert workspace(repo).log.entity("e1") is not None
    agrees(repo)


def test_an_event_of_two_shards_outlives_the_change_of_either(repo: Path) -> None:
    first, second = (event("entity_created", f"entity/e{n}", number=70 + n, data={"entity": "task"}) for n in (1, 2))
    a, b = ".agenticops/events/2030/01/a.jsonl", ".agenticops/events/2030/02/b.jsonl"
    write(repo, a, log.encode([first, second]))
    write(repo, b, log.encode([second, first]))
    agrees(repo)
    write(repo, a, log.encode([first]))  # not gone, but shorter
    os.utime((repo / a).parent)
    assert workspace(repo).log.entity("e2") is not None
    agrees(repo)
    (repo / a).unlink()
    assert workspace(repo).log.entity("e1") is not None
    agrees(repo)


def step(repo: Path, dice: random.Random, number: int) -> None:
    """Do one thing that people, git or the tool do."""
    here = workspace(repo)
    known = [row[0] for row in here.index.rows("SELECT id FROM instance ORDER BY id")] or ["w0"]
    name, new = dice.choice(known), f"w{number:03d}{dice.randrange(10**6)}"
    state = dice.choice("abc")
    match dice.randrange(13):
        case 0:
            start = {"to": "a", "template": "T", "version": "1", "entities": {"task": f"e{new}"}}
            born = {"entity": "task", "name": new, "status": "x", "instance": new}
            drafts = (
                Draft("workflow_started", f"instance/{new}", data=start),
                Draft("entity_created", f"entity/e{new}", data=born),
            )
            append(repo, *drafts)
        case 1 | 2:
            append(repo, Draft("state_transition", f"instance/{name}", data={"from": "a", "to": state}))
        case 3:
            commit_all(repo)
        case 4:
            commit_all(repo)
            git(
                repo, "switch", "--quiet", "-C", f"b{number}", *(["HEAD~1"] if dice.random() < 0.5 else []), check=False
            )
        case 5 | 6:
            commit_all(repo)
            branches = git(repo, "branch", "--format=%(refname:short)").split()
            verb = dice.choice((["merge", "--no-edit"], ["rebase"], ["cherry-pick"]))
            git(repo, *verb, dice.choice(branches), check=False)
            for undone in ("merge", "rebase", "cherry-pick"):
                git(repo, undone, "--abort", check=False)
        case 7:
            git(repo, "stash", "--include-untracked", check=False)
        case 8:
            git(repo, "stash", "pop", check=False)
            if git(repo, "ls-files", "--unmerged"):
                git(repo, "reset", "--quiet", "--hard")
        case 9:
            git(repo, "reset", "--quiet", "--hard", dice.choice(("HEAD", "HEAD~1")), check=False)
        case 10:
            events = log.read(here.tree)
            append(repo, Draft("voided", "train", data={"events": [e.id for e in dice.sample(events, 3)]}))
        case 11:
            paths = log.shards(here.tree)
            target = paths[0].rsplit("/", 1)[0] + f"/copy{number}.jsonl"
            write(repo, target, (repo / dice.choice(paths)).read_bytes())
        case 12:
            (repo / dice.choice(log.shards(here.tree))).unlink()


@pytest.mark.parametrize("seed", range(60 if THOROUGH else 3))
def test_whatever_git_does_the_tables_are_those_of_a_new_index(repo: Path, seed: int) -> None:
    dice = random.Random(seed)
    agrees(repo)
    for number in range(12):
        if not log.shards(workspace(repo).tree):
            git(repo, "reset", "--quiet", "--hard", "main")
        step(repo, dice, number)
        agrees(repo)


# Beginning by another worktree's


@pytest.fixture
def second(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Another worktree, at a commit that has other shards; the first one's index is worth copying."""
    monkeypatch.setattr(aside, "WORTH", 1)
    append(repo, Draft("entity_created", "entity/ebefore", data={"entity": "task", "name": "before"}))
    _ = workspace(repo).index
    git(repo, "worktree", "add", "--quiet", "-b", "other", "../second")
    return repo.parent / "second"


def test_a_new_worktree_parses_only_what_differs(repo: Path, second: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = cold(second)
    read: list[str] = []
    decode = log.decode
    monkeypatch.setattr(shards.log, "decode", lambda data, path: read.append(path) or decode(data, path))
    found = dump(workspace(second).index)
    assert found == wanted
    assert read == []
    assert workspace(second).log.entity("ebefore") is None
    write(second, ".agenticops/events/2030/01/a.jsonl", log.encode([event("noted", number=1)]))
    agrees(second)
    agrees(repo)
    folder = repo / ".git/worktrees/second/agenticops"
    assert not [p.name for p in folder.iterdir() if p.name.endswith("~")]


@pytest.mark.parametrize("spoil", ["layout", "damage", "incomplete", "link"])
def test_an_index_that_is_of_no_use_is_not_begun_with(repo: Path, second: Path, spoil: str) -> None:
    file = repo / ".git/agenticops/index.sqlite"
    wanted = cold(second)
    if spoil == "damage":
        file.write_bytes(b"garbage" * 1000)
    elif spoil == "link":
        file.rename(repo / "elsewhere.sqlite")
        file.symlink_to(repo / "elsewhere.sqlite")
    else:
        database = sqlite3.connect(file, isolation_level=None)
        database.execute("PRAGMA user_version=3" if spoil == "layout" else "DELETE FROM meta")
        database.close()
    assert dump(workspace(second).index) == wanted


def test_who_builds_second_takes_the_index_of_the_first(repo: Path) -> None:
    here = workspace(repo)

    def opened() -> Index:
        return Index(here.state_folder, here.root, here.git.stamp)

    one_, two = opened(), opened()
    assert one_.aside and two.aside
    tree = WorkingTree(here.root)
    indexing.refresh(one_, tree)
    indexing.refresh(two, tree)
    assert dump(one_) == dump(two) == cold(repo)
    assert sorted(p.name for p in (repo / ".git/agenticops").glob("index.sqlite*~")) == []
    one_.close()
    two.close()
    assert workspace(repo).index.fresh()


def test_what_a_killed_build_left_is_swept(repo: Path) -> None:
    folder = repo / ".git/agenticops"
    folder.mkdir(exist_ok=True)
    old, young = folder / "index.sqlite.0123~", folder / "index.sqlite.4567~"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (1, 1))
    _ = workspace(repo).index
    assert not old.exists()
    assert young.exists()


def test_a_build_that_fails_leaves_no_index(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(5, "disk")

    monkeypatch.setattr(indexing.shards, "refresh", fails)
    with pytest.raises(OSError, match="disk"):
        _ = workspace(repo).index
    monkeypatch.undo()
    assert not (repo / ".git/agenticops/index.sqlite").exists()
    agrees(repo)


PLANS: dict[str, str] = {
    "SELECT json FROM event WHERE subject='x' AND kind='y'": "event_subject",
    "SELECT json FROM event WHERE ticket='x' AND kind IN ('y','z')": "event_ticket",
    "SELECT json FROM event WHERE item='x' AND kind='y'": "event_item",
    "SELECT json FROM event WHERE kind IN ('x','y') ORDER BY lamport, id": "event_kind",
    "SELECT json FROM event ORDER BY lamport DESC, id DESC LIMIT 3": "event_order",
    "SELECT MAX(lamport) FROM event": "event_order",
    "SELECT MIN(ticket) FROM event WHERE ticket > ''": "event_ticket",
    "SELECT json FROM instance WHERE template='T' AND state='s'": "instance_state",
    "SELECT json FROM instance WHERE template='T' ORDER BY started DESC, id LIMIT 9": "instance_template",
    "SELECT json FROM instance WHERE client='c' ORDER BY started DESC, id LIMIT 9": "instance_client",
    "SELECT json FROM instance ORDER BY started DESC, id LIMIT 9": "instance_started",
    "SELECT json FROM entity WHERE kind='k' ORDER BY created DESC, id LIMIT 9": "entity_made",
    "SELECT json FROM entity WHERE kind='k' AND status='s'": "entity_kind",
    "SELECT json FROM outbox WHERE status='queued' AND due<='2030'": "outbox_due",
}


@pytest.mark.parametrize("sql", PLANS)
def test_questions_are_answered_by_an_index(repo: Path, sql: str) -> None:
    assert any(PLANS[sql] in row[3] for row in workspace(repo).index.rows(f"EXPLAIN QUERY PLAN {sql}"))


def test_when_most_of_the_log_comes_at_once_the_index_is_built_anew(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = workspace(repo).index
    before = os.stat(index.file).st_ino
    index.close()
    monkeypatch.setattr(shards, "FLOOD", 4)
    made.write(repo, made.events(3_000, 300, seed=6, lamport=10_000))
    found = agrees(repo)
    assert len(found["event"]) > 3_000
    assert os.stat(workspace(repo).index.file).st_ino != before
    # In memory there is no other place to build it.
    here = workspace(repo)
    index = Index(str(repo.parent / "nowhere"), here.root, here.git.stamp)
    index.leave_disk()
    indexing.refresh(index, WorkingTree(here.root))
    assert len(dump(index)["event"]) == len(found["event"])
    index.close()
