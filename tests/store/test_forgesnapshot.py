from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.model.forge import Issue, Label
from agenticops.store.forgesnapshot import Head, Snapshot

HEAD = Head("acme/train", 1_767_261_600_000, "2026-01-01T00:00:00Z", labels=(Label("now"),), milestones=("Spring",))
ISSUES = [Issue(1, "One", body="Text\n"), Issue(2, "Two", labels=("now",), blocked_by=(1,))]


def test_what_was_read_is_given_again(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path / "forge"))
    assert kept.head() is None
    assert list(kept.through(ISSUES)) == ISSUES
    assert kept.head() is None
    kept.seal(HEAD)
    assert (kept.head(), list(kept.issues())) == (HEAD, ISSUES)
    kept.forget()
    assert kept.head() is None


def test_it_is_read_while_the_next_is_kept(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path))
    list(kept.through(ISSUES))
    assert list(kept.through(issue for issue in kept.issues() if issue.number == 2)) == ISSUES[1:]
    assert list(kept.issues()) == ISSUES[1:]


def test_what_was_cut_off_is_no_snapshot(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path))
    list(kept.through(ISSUES))
    kept.seal(HEAD)

    def broken() -> Iterator[Issue]:
        yield ISSUES[0]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        list(kept.through(broken()))
    assert kept.head() is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["issues.jsonl"]


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b'{"repository": 1}'])
def test_a_head_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    kept = Snapshot(str(tmp_path))
    list(kept.through(ISSUES))
    (tmp_path / "head.json").write_bytes(content)
    assert kept.head() is None


def test_a_head_without_issues_is_none(tmp_path: Path) -> None:
    kept = Snapshot(str(tmp_path))
    kept.seal(HEAD)
    assert kept.head() is None
