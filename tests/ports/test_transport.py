"""The transport: several refs move together, or none does."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.errors import RemoteError
from agenticops.ports.git import Git
from agenticops.ports.transport import Transport
from tests.support import commit_all, git, new_repo

MAIN, SIDE = "refs/heads/main", "refs/heads/phase/build_142"


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A clone with two commits, `old` and `new`; its bare remote has none of them."""
    new_repo(tmp_path / "bare.git", "--bare")
    repo = new_repo(tmp_path / "one")
    git(repo, "remote", "add", "origin", str(tmp_path / "bare.git"))
    for name in ("old", "new"):
        commit_all(repo, name)
        git(repo, "tag", name)
    return repo


def there(repo: Path) -> dict[str, str]:
    rows = git(repo.parent / "bare.git", "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(row.split() for row in rows)


def test_refs_are_made_moved_and_removed_together(repo: Path) -> None:
    line = Transport(Git.discover(str(repo)), "origin", 30)
    old, new = (git(repo, "rev-parse", name).strip() for name in ("old", "new"))
    assert line.swap([(MAIN, old, ""), (SIDE, new, "")]) == ""
    assert there(repo) == {MAIN: old, SIDE: new}
    assert line.swap([(MAIN, new, old), (SIDE, "", new)]) == ""
    assert there(repo) == {MAIN: new}
    assert line.swap([(MAIN, old, new)]) == ""  # backwards too: only what it names is asked
    assert there(repo) == {MAIN: old}


def test_one_that_is_refused_keeps_all_where_they_are(repo: Path) -> None:
    line = Transport(Git.discover(str(repo)), "origin", 30)
    old, new = (git(repo, "rev-parse", name).strip() for name in ("old", "new"))
    assert line.swap([(MAIN, old, "")]) == ""
    for updates in (
        [(SIDE, new, ""), (MAIN, new, new)],
        [(SIDE, new, old), (MAIN, new, old)],
        [(SIDE, new, ""), (MAIN, new, "")],
        [(SIDE, new, ""), (MAIN, "", new)],
    ):
        assert "stale info" in line.swap(updates)
        assert there(repo) == {MAIN: old}
    git(repo.parent / "bare.git", "config", "receive.denyDeletes", "true")
    assert "deletion prohibited" in line.swap([(SIDE, new, ""), (MAIN, "", old)])
    assert there(repo) == {MAIN: old}


def test_a_remote_that_is_gone_is_no_refusal(repo: Path) -> None:
    line = Transport(Git.discover(str(repo)), "origin", 30)
    (repo.parent / "bare.git").rename(repo.parent / "gone.git")
    with pytest.raises(RemoteError, match="cannot be asked"):
        line.swap([(MAIN, git(repo, "rev-parse", "old").strip(), ""), (SIDE, "", "")])
