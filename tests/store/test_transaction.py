"""The transaction: files and events become durable together, or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agenticops.errors import ConflictError, StateError
from agenticops.model.event import Actor, Draft, Event
from agenticops.model.layout import PIPELINE
from agenticops.store import journal, log
from tests.support import NOW, OPERATOR, TINY, commit_all, event, git, snapshot, state, status, workspace, write

TICKET = "ticket/shape_1"


def moved(to: str, subject: str = TICKET) -> Draft:
    return Draft("ticket_started", subject, "shape_1", "1", {"to": to})


def append(repo: Path, *drafts: Draft, now: int = NOW) -> tuple[Event, ...]:
    with workspace(repo, now).transaction("test") as tx:
        for draft in drafts:
            tx.append(draft)
    return tuple(tx.events)


def events(repo: Path) -> list[Event]:
    return log.read(workspace(repo).tree)


def test_events_get_id_time_order_and_actor(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_AGENT", "maker")
    one, two = append(repo, Draft("noted", "train"), Draft("noted", "train", actor=Actor("Grace <g@h>")))
    assert (one.lamport, two.lamport) == (1, 2)
    assert one.at == two.at == "2026-01-01T10:00:00.000Z"
    assert (one.actor.operator, one.actor.agent) == (OPERATOR, "maker")
    assert one.actor.host
    assert two.actor == Actor("Grace <g@h>")
    assert one.id != two.id
    assert events(repo) == [one, two]


def test_state_events_are_chained_within_and_across_transactions(repo: Path) -> None:
    one, two, other = append(repo, moved("todo"), moved("in_progress"), moved("todo", "ticket/shape_2"))
    (three,) = append(repo, moved("done"))
    assert (one.prev, two.prev, other.prev, three.prev) == ("", one.id, "", two.id)
    assert workspace(repo).train.status_chain("shape_1").events == (one, two, three)


def test_other_events_have_no_predecessor(repo: Path) -> None:
    one, two = append(repo, moved("todo"), Draft("noted", TICKET))
    assert (one.prev, two.prev) == ("", None)
    assert append(repo, moved("done"))[0].prev == one.id


def test_the_counter_goes_on_behind_a_foreign_shard(repo: Path) -> None:
    append(repo, Draft("noted", "train"))
    foreign = [event("noted", number=n, lamport=n + 40) for n in range(1, 4)]
    write(repo, ".agenticops/events/2024/05/foreign.jsonl", log.encode(foreign))
    assert append(repo, Draft("noted", "train"))[0].lamport == 44


def test_the_counter_and_the_chain_go_on_behind_a_merge(repo: Path) -> None:
    append(repo, moved("todo"))
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "other")
    append(repo, *[Draft("noted", "train")] * 5)
    (started,) = append(repo, moved("in_progress"))
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    assert append(repo, Draft("noted", "train"))[0].lamport == 2
    commit_all(repo)
    git(repo, "merge", "--quiet", "--no-edit", "other")
    (done,) = append(repo, moved("done"))
    assert (done.lamport, done.prev) == (started.lamport + 1, started.id)


def test_two_branches_that_go_two_ways_fork_and_the_same_way_do_not(repo: Path) -> None:
    append(repo, moved("todo"), moved("todo", "ticket/shape_2"))
    commit_all(repo)
    for branch, to in (("one", "done"), ("two", "cancelled")):
        git(repo, "switch", "--quiet", "-c", branch, "main")
        append(repo, moved(to), moved("done", "ticket/shape_2"))
        commit_all(repo)
    git(repo, "merge", "--quiet", "--no-edit", "one")
    train = workspace(repo).train
    assert len(train.status_chain("shape_1").forks) == 1
    assert train.status_chain("shape_2").forks == ()


def test_a_clock_that_goes_back_changes_no_order(repo: Path) -> None:
    (late,) = append(repo, moved("todo"), now=NOW + 10**9)
    (early,) = append(repo, moved("done"), now=NOW)
    assert events(repo) == [late, early]
    assert early.prev == late.id


def test_the_counter_has_a_bound(repo: Path) -> None:
    last = event("noted", lamport=log.MAX_LAMPORT - 1)
    write(repo, ".agenticops/events/2024/05/foreign.jsonl", log.encode([last]))
    with pytest.raises(ConflictError, match="bound"):
        append(repo, Draft("noted", "train"))
    assert events(repo) == [last]


def test_an_exception_leaves_everything_as_it_was(repo: Path) -> None:
    write(repo, "a.md", "old")
    before = snapshot(repo)
    with pytest.raises(RuntimeError), workspace(repo).transaction("test") as tx:
        tx.write("a.md", "new")
        tx.write("b/c.md", "new")
        tx.append(Draft("noted", "train"))
        raise RuntimeError
    assert snapshot(repo) == before
    assert append(repo, Draft("noted", "train"))[0].lamport == 1


def test_one_path_that_cannot_be_written_stops_all(repo: Path) -> None:
    (repo / "z").symlink_to("/tmp")
    with pytest.raises(StateError, match="link"), workspace(repo).transaction("test") as tx:
        tx.write("a.md", "new")
        tx.write("z/c.md", "new")
        tx.append(Draft("noted", "train"))
    assert snapshot(repo) == {}
    (repo / "folder").mkdir()
    with pytest.raises(StateError), workspace(repo).transaction("test") as tx:
        tx.write("a.md", "new")
        tx.write("folder", "new")
    assert snapshot(repo) == {}


@pytest.mark.parametrize("path", ["../x", "/x", ".git/config", "a\\b"])
def test_a_path_that_leaves_is_refused_at_once(repo: Path, path: str) -> None:
    with workspace(repo).transaction("test") as tx, pytest.raises(StateError, match="leaves the repository"):
        tx.write(path, "x")


def test_it_reads_what_it_wrote(repo: Path) -> None:
    write(repo, "a.md", "old")
    with workspace(repo).transaction("test") as tx:
        assert tx.read("a.md") == b"old"
        tx.write("a.md", "neu: ü")
        assert tx.read("a.md") == "neu: ü".encode()
        assert (repo / "a.md").read_text() == "old"
    assert (repo / "a.md").read_text() == "neu: ü"
    assert tx.written == ["a.md"]


def test_a_file_that_changes_under_a_read_is_not_overwritten(repo: Path) -> None:
    write(repo, "a.md", "old")
    with pytest.raises(ConflictError, match="changed while") as caught, workspace(repo).transaction("test") as tx:
        text = (tx.read("a.md") or b"").decode()
        write(repo, "a.md", "an editor saved this")
        tx.write("a.md", text + "more")
        tx.append(Draft("noted", "train"))
    assert (caught.value.exit_code, caught.value.place) == (5, "a.md")
    assert snapshot(repo) == {"a.md": b"an editor saved this"}


def test_a_file_that_appears_under_a_read_is_not_overwritten(repo: Path) -> None:
    with pytest.raises(ConflictError), workspace(repo).transaction("test") as tx:
        assert tx.read("a.md") is None
        write(repo, "a.md", "an editor saved this")
        tx.write("a.md", "new")
    assert snapshot(repo) == {"a.md": b"an editor saved this"}


@pytest.mark.parametrize("mode", [0o755, 0o600, 0o640])
def test_mode_bits_are_kept(repo: Path, mode: int) -> None:
    write(repo, "run.sh", "old").chmod(mode)
    with workspace(repo).transaction("test") as tx:
        tx.write("run.sh", "new")
    assert stat.S_IMODE((repo / "run.sh").stat().st_mode) == mode


def test_nothing_to_do_writes_nothing(repo: Path) -> None:
    write(repo, "a.md", "same")
    commit_all(repo)
    stamp = (repo / "a.md").stat().st_mtime_ns
    with workspace(repo).transaction("test") as tx:
        tx.write("a.md", "same")
    with workspace(repo).transaction("test"):
        pass
    assert (repo / "a.md").stat().st_mtime_ns == stamp
    assert status(repo) == ""


def test_writers_exclude_each_other(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0")
    first, second = workspace(repo), workspace(repo)
    with first.transaction("first"), pytest.raises(ConflictError, match="first"), second.transaction("second"):
        pass
    append(repo, Draft("noted", "train"))


def test_a_writer_in_another_worktree_waits_too(repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_all(repo)
    other = tmp_path / "other"
    git(repo, "worktree", "add", "--quiet", str(other))
    monkeypatch.setenv("AGENTICOPS_LOCK_WAIT", "0")
    with workspace(repo).transaction("first"), pytest.raises(ConflictError), workspace(other).transaction("second"):
        pass


def test_without_an_identity_nothing_is_written(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git(repo, "config", "user.useConfigOnly", "true")
    with pytest.raises(Exception, match="who you are") as caught:
        append(repo, Draft("noted", "train"))
    assert "git config user.name" in caught.value.hint  # type: ignore[attr-defined]
    assert snapshot(repo) == {}


def test_what_was_written_is_what_a_reader_finds(repo: Path) -> None:
    given = state(TICKET, "todo", 1)
    with workspace(repo).transaction("test") as tx:
        tx.append(moved("todo"))
        tx.write("docs/a.md", b"\x00\xff")
    assert [e.data for e in events(repo)] == [given.data]
    assert (repo / "docs/a.md").read_bytes() == b"\x00\xff"


def test_what_was_seen_of_a_crash_is_forgotten_when_others_went_on(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def titled(title: str) -> None:
        with workspace(repo).transaction("title") as tx:
            tx.write(PIPELINE, TINY.replace("Tiny train", title))

    titled("First")
    monkeypatch.setattr(journal, "apply", lambda root, entries: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        titled("Crashed")
    monkeypatch.undo()
    slow = workspace(repo)
    assert slow.tree.overlay  # as the crash left it
    titled("Next")  # recovers first
    (repo / ".git/agenticops/index.sqlite").unlink()
    _ = slow.index  # looks at what is there now, and reads what was there then
    with slow.transaction("slow"):
        assert slow.train.pipeline.title == "Next"
    assert workspace(repo).train.pipeline.title == "Next"
