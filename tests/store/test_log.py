"""The log: shards are sealed before another branch could append to them too, and a broken line is named."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.errors import StateError
from agenticops.model.event import Draft, Event
from agenticops.model.tree import MemoryTree
from agenticops.store import log
from tests.support import NOW, commit_all, event, git, new_repo, run_cli, status, workspace, write


def note(repo: Path, number: int = 1) -> str:
    """Append an event as a command does, and give the shard that took it."""
    with workspace(repo).transaction("test") as tx:
        tx.append(Draft("noted", "train", data={"number": number}))
    (path,) = tx.written
    return path


def numbers(repo: Path) -> list[int]:
    return [e.data["number"] for e in log.read(workspace(repo).tree)]


@pytest.fixture
def begun(repo: Path) -> Path:
    """A repository with one commit."""
    write(repo, "README.md", "x\n")
    commit_all(repo, "begin")
    return repo


def test_a_shard_is_named_by_the_month_of_its_first_event(repo: Path) -> None:
    path = note(repo)
    assert path.startswith(".agenticops/events/2026/01/01")
    assert path == path.lower()
    assert (repo / path).read_bytes().count(b"\n") == 1


def test_a_shard_stays_open_while_nothing_happens(begun: Path) -> None:
    assert len({note(begun, n) for n in range(3)}) == 1
    assert numbers(begun) == [0, 1, 2]


def test_a_commit_seals_it(begun: Path) -> None:
    first = note(begun)
    commit_all(begun)
    second = note(begun, 2)
    assert first != second
    assert status(begun) == f"?? {second}\n"


def test_a_commit_of_something_else_seals_it(begun: Path) -> None:
    first = note(begun)
    git(begun, "commit", "--quiet", "--allow-empty", "-m", "other")
    assert note(begun, 2) != first


def test_an_amend_seals_it(begun: Path) -> None:
    first = note(begun)
    git(begun, "commit", "--quiet", "--amend", "-m", "begin again")
    assert note(begun, 2) != first


def test_git_add_seals_it(begun: Path) -> None:
    first = note(begun)
    git(begun, "add", first)
    assert note(begun, 2) != first


def test_a_commit_that_is_reset_seals_it_too(begun: Path) -> None:
    first = note(begun)
    git(begun, "switch", "--quiet", "-c", "one")
    commit_all(begun)
    git(begun, "reset", "--quiet", "--mixed", "main")
    assert note(begun, 2) != first


def test_the_first_commit_of_a_repository_seals_it(repo: Path) -> None:
    first = note(repo)
    commit_all(repo)
    assert note(repo, 2) != first


def test_a_shard_is_full_at_256(begun: Path) -> None:
    with workspace(begun).transaction("test") as tx:
        for n in range(log.FULL):
            tx.append(Draft("noted", "train", data={"number": n}))
    (first,) = tx.written
    second = note(begun, 256)
    assert first != second
    assert numbers(begun) == list(range(257))


def test_a_lost_or_broken_note_of_the_open_shard_begins_another(begun: Path) -> None:
    memory = begun / ".git/agenticops/shard.json"
    found = {note(begun, 1)}
    memory.unlink()
    found.add(note(begun, 2))
    for content in ("{", "[]", '{"path": 5}', "{}"):
        memory.write_text(content)
        found.add(note(begun, 3))
    assert len(found) == 6


def test_a_note_that_points_elsewhere_is_not_followed(begun: Path) -> None:
    note(begun, 1)
    memory = begun / ".git/agenticops/shard.json"
    memory.write_text(memory.read_text().replace(".agenticops/events", "../.agenticops/events"))
    with pytest.raises(StateError, match="leaves the repository"):
        note(begun, 2)


def test_a_shard_that_was_removed_begins_another(begun: Path) -> None:
    first = note(begun)
    (begun / first).unlink()
    assert note(begun, 2) != first


def test_two_worktrees_never_share_a_shard(begun: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    git(begun, "worktree", "add", "--quiet", "-b", "other", str(other))
    paths = [note(begun, 1), note(other, 2), note(begun, 3), note(other, 4)]
    assert paths[0] == paths[2] != paths[1] == paths[3]
    assert (numbers(begun), numbers(other)) == ([1, 3], [2, 4])


def test_two_branches_append_and_merge_without_conflict(begun: Path) -> None:
    note(begun, 0)
    commit_all(begun)
    for branch, number in (("one", 1), ("two", 2)):
        git(begun, "switch", "--quiet", "-c", branch, "main")
        note(begun, number)
        note(begun, number + 10)
        commit_all(begun)
    git(begun, "merge", "--quiet", "--no-edit", "one")
    assert sorted(numbers(begun)) == [0, 1, 2, 11, 12]
    note(begun, 99)
    assert numbers(begun)[-1] == 99


def test_a_branch_from_a_commit_that_was_reset_merges(begun: Path) -> None:
    note(begun, 1)
    git(begun, "switch", "--quiet", "-c", "one")
    commit_all(begun)
    git(begun, "switch", "--quiet", "-c", "two")
    git(begun, "reset", "--quiet", "--mixed", "main")
    note(begun, 2)
    commit_all(begun)
    git(begun, "merge", "--quiet", "--no-edit", "one")
    assert numbers(begun) == [1, 2]


def test_two_clones_append_and_pull(begun: Path, tmp_path: Path) -> None:
    clones = [tmp_path / name for name in ("one", "two")]
    for n, clone in enumerate(clones):
        git(tmp_path, "clone", "--quiet", str(begun), str(clone))
        note(clone, n)
        commit_all(clone)
    git(clones[0], "pull", "--quiet", "--rebase", str(clones[1]), "main")
    assert sorted(numbers(clones[0])) == [0, 1]


def test_stashed_events_come_back(begun: Path) -> None:
    first = note(begun, 1)
    git(begun, "stash", "--quiet", "--include-untracked")
    assert numbers(begun) == []
    second = note(begun, 2)
    git(begun, "stash", "pop", "--quiet")
    assert first != second
    assert sorted(numbers(begun)) == [1, 2]


# Reading


def test_events_come_in_order_and_once() -> None:
    one, two, three = (event("noted", number=n) for n in (1, 2, 3))
    tree = MemoryTree(
        {
            ".agenticops/events/2026/02/a.jsonl": log.encode([three, one]),
            ".agenticops/events/2025/12/b.jsonl": log.encode([two, one]),
            ".agenticops/events/2025/12/notes.txt": b"not an event\n",
        }
    )
    assert log.read(tree) == [one, two, three]
    assert log.shards(tree) == [".agenticops/events/2025/12/b.jsonl", ".agenticops/events/2026/02/a.jsonl"]
    assert log.read(MemoryTree({})) == []


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"not json", "not an event"),
        (b'{"id": "x"}', "not an event"),
        (b"\xff\xfe", "not an event"),
        (b"<<<<<<< HEAD", "not an event"),
        (b"[" * 30_000, "not an event"),
        (log.encode([event("noted", lamport=0)]).rstrip(), "lamport 0 is out of bounds"),
        (log.encode([event("noted", lamport=2**40)]).rstrip(), "out of bounds"),
        (log.encode([event("noted")])[:-20], "not an event"),
    ],
)
def test_a_broken_line_is_named(row: bytes, words: str) -> None:
    good = log.encode([event("noted", number=1)])
    with pytest.raises(StateError, match=words) as caught:
        log.decode(good + b"\n" + row + b"\n" + good, "log.jsonl")
    assert caught.value.place == "log.jsonl:3"


def test_a_broken_shard_holds_a_writer_but_loses_nothing(begun: Path) -> None:
    path = note(begun, 1)
    broken = (begun / path).read_bytes() + b"{half"
    (begun / path).write_bytes(broken)
    git(begun, "add", path)
    train = workspace(begun)
    assert train.index.problems()[0][2] == f"{path}:2"
    assert (begun / path).read_bytes() == broken


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(st.tuples(st.text(max_size=10), st.dictionaries(st.text(max_size=5), json, max_size=3)), max_size=5))
def test_any_event_takes_one_line_and_comes_back(contents: list[tuple[str, dict[str, object]]]) -> None:
    events: list[Event] = [event(kind, number=n, data=data) for n, (kind, data) in enumerate(contents, 1)]
    data = log.encode(events)
    assert data.count(b"\n") == len(events)
    assert log.decode(data, "x") == events


def test_time_is_that_of_the_clock(repo: Path) -> None:
    note(repo)
    (one,) = log.read(workspace(repo).tree)
    assert one.at == "2026-01-01T10:00:00.000Z"
    assert NOW == 1_767_261_600_000


def test_a_copied_repository_does_not_append_to_the_shard_of_its_original(begun: Path, tmp_path: Path) -> None:
    note(begun, 1)
    copy = tmp_path / "copy"
    new_repo(copy)
    git(copy, "pull", "--quiet", str(begun), "main")
    shutil.copytree(begun / ".agenticops", copy / ".agenticops")
    assert note(copy, 2) not in log.shards(workspace(begun).tree)


# What git writes besides the reflog


@pytest.fixture
def forgetful(begun: Path) -> Path:
    """A repository without reflogs."""
    git(begun, "config", "core.logAllRefUpdates", "false")
    (begun / ".git/logs/HEAD").unlink(missing_ok=True)
    return begun


def test_head_that_came_back_seals_it_without_a_reflog(forgetful: Path) -> None:
    first = note(forgetful, 1)
    commit_all(forgetful)
    git(forgetful, "reset", "--quiet", "--mixed", "HEAD~1")
    assert note(forgetful, 2) != first


def test_a_shard_that_a_stash_put_back_is_sealed(forgetful: Path) -> None:
    first = note(forgetful, 1)
    git(forgetful, "stash", "--quiet", "--include-untracked")
    git(forgetful, "stash", "apply", "--quiet")
    assert note(forgetful, 2) != first


def test_a_branch_that_another_worktree_moves_and_moves_back_seals_it(begun: Path, tmp_path: Path) -> None:
    git(begun, "worktree", "add", "--quiet", "--detach", str(tmp_path / "other"))
    first = note(begun, 1)
    before = git(begun, "rev-parse", "HEAD").strip()
    after = git(tmp_path / "other", "commit-tree", "-p", before, "-m", "x", "HEAD^{tree}").strip()
    for commit in (after, before):
        git(tmp_path / "other", "update-ref", "refs/heads/main", commit)
    assert note(begun, 2) != first


def test_what_was_staged_when_a_stash_was_made_is_sealed(begun: Path) -> None:
    first = note(begun, 1)
    git(begun, "add", "--all")
    git(begun, "stash", "store", git(begun, "stash", "create").strip())
    git(begun, "restore", "--staged", ".")
    assert note(begun, 2) != first


def test_a_copy_of_the_clone_begins_a_shard_of_its_own(begun: Path, tmp_path: Path) -> None:
    first = note(begun, 1)
    shutil.copytree(begun, tmp_path / "copy", symlinks=True)
    assert note(tmp_path / "copy", 2) != first
    assert note(begun, 3) == first


def test_packed_refs_do_not_hide_a_move(begun: Path) -> None:
    git(begun, "pack-refs", "--all")
    first = note(begun, 1)
    assert note(begun, 2) == first
    commit_all(begun)
    git(begun, "reset", "--quiet", "--mixed", "HEAD~1")
    assert note(begun, 3) != first


def test_a_revert_next_to_a_new_month_is_no_renamed_folder(begun: Path) -> None:
    def spend(day: int) -> None:
        with workspace(begun, NOW + day * 86_400_000, seed=day).transaction("test") as tx:
            tx.append(Draft("effort_spent", "ticket/shape_1", "shape_1", "1", {"hours": 2.0}))

    spend(35)
    commit_all(begun)
    git(begun, "branch", "other")
    git(begun, "revert", "--no-edit", "HEAD")
    spend(65)
    commit_all(begun)
    git(begun, "switch", "--quiet", "other")
    spend(36)
    commit_all(begun)
    git(begun, "switch", "--quiet", "main")
    git(begun, "merge", "--quiet", "--no-edit", "other")
    assert len(log.shards(workspace(begun).tree)) == 2


def test_after_a_merge_the_order_is_that_of_the_counter(begun: Path) -> None:
    def say(word: str, now: int) -> None:
        with workspace(begun, now).transaction("test") as tx:
            tx.append(Draft("noted", "train", data={"word": word}))
        commit_all(begun)

    say("one", NOW + 9_000)
    git(begun, "switch", "--quiet", "-c", "other")
    say("two of other, by a slow clock", NOW)
    say("three of other", NOW + 1)
    git(begun, "switch", "--quiet", "main")
    say("two of main", NOW + 50_000)
    git(begun, "merge", "--quiet", "--no-edit", "other")
    say("four, after the merge", NOW)
    words = [e.data["word"] for e in workspace(begun).log.select("1", ())]
    assert (words[0], words[-1]) == ("one", "four, after the merge")
    assert [e.lamport for e in log.read(workspace(begun).tree)] == [1, 2, 2, 3, 4]
    shown = [e["data"]["word"] for e in json_of(begun)]
    assert shown == words


def json_of(repo: Path) -> list[dict[str, dict[str, str]]]:
    """What the log command prints."""
    import json as reader

    found: list[dict[str, dict[str, str]]] = reader.loads(run_cli(repo, "log", "--json").stdout)["data"]
    return found
