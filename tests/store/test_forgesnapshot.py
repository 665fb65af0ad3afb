from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.model.forge import Issue, Label
from agenticops.store.forgesnapshot import Head, Snapshot

HEAD = Head("acme/train", 1_767_261_600_000, "2026-01-01T00:00:00Z", labels=(Label("now"),), milestones=("Spring",))
ISSUES = [Issue(1, "One", body="Text\n"), Issue(2, "Two", labels=("now",), blocked_by=(1,))]


def keep(kept: Snapshot, head: Head, *issues: Issue) -> None:
    list(kept.through(issues))
    kept.seal(head)


def test_what_was_read_is_given_again(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path / "forge"))
    assert kept.head() is None and list(kept.issues()) == []
    assert list(kept.through(ISSUES)) == ISSUES
    assert kept.head() is None
    kept.seal(HEAD)
    assert (kept.head(), list(kept.issues())) == (HEAD, ISSUES)
    again = Snapshot(str(tmp_path / "forge"))
    assert (again.head(), list(again.issues())) == (HEAD, ISSUES)
    kept.forget()
    assert again.head() is None


def test_none_is_a_snapshot_too(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path))
    keep(kept, HEAD)
    assert (kept.head(), list(kept.issues())) == (HEAD, [])


def test_it_is_read_while_the_next_is_kept_and_after_it_was_let_go_of(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path))
    keep(kept, HEAD, *ISSUES)
    kept.forget()
    assert list(kept.through(issue for issue in kept.issues() if issue.number == 2)) == ISSUES[1:]
    kept.seal(HEAD)
    assert list(kept.issues()) == ISSUES[1:]


def test_of_two_readers_at_once_one_wins_and_nobody_reads_parts_of_both(tmp_path: Path) -> None:
    slow, quick, reader = (Snapshot(str(tmp_path)) for _ in range(3))
    later = Head("acme/train", HEAD.read, "2026-01-02T00:00:00Z")
    first = slow.through(ISSUES)
    next(first)
    keep(quick, later, Issue(1, "Uno"))
    assert reader.head() == later
    assert [*first] == ISSUES[1:]
    assert Snapshot(str(tmp_path)).head() == later, "older issues have no head of somebody else's"
    slow.seal(HEAD)
    assert [issue.title for issue in reader.issues()] == ["Uno"], "its head was read before"
    assert (reader.head(), list(reader.issues())) == (HEAD, ISSUES)
    assert [path.name for path in tmp_path.iterdir()] == ["issues.jsonl"]


def test_what_was_cut_off_leaves_what_there_was(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path))
    keep(kept, HEAD, *ISSUES)

    def broken() -> Iterator[Issue]:
        yield ISSUES[0]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(kept.through(broken()))
    assert (kept.head(), list(kept.issues())) == (HEAD, ISSUES)
    assert [path.name for path in tmp_path.iterdir()] == ["issues.jsonl"]


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"\xff", b'{"repository": 1}', b'{"number":1,"title":"One"}\n', b'{"number":1}\n{"reposi']
)
def test_a_file_without_a_head_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "issues.jsonl").write_bytes(content)
    assert Snapshot(str(tmp_path)).head() is None
