"""`role`, at the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.reviews import BOB, GRACE, become, prepare
from tests.stations import Board, data, events, must, refused
from tests.support import git, run_cli, status


@pytest.fixture
def repo(at: Board) -> Path:
    return prepare(at("tiny-working"), {})


def test_the_roles_and_what_is_open(repo: Path, at: Board) -> None:
    out = must(repo, "role", "list")
    assert "reviewer  may approve\n  member  grace@example.org\n" in out
    assert "! open to everybody: advance, resolve\n" in out
    found = data(repo, "role", "list")
    assert [r["name"] for r in found["roles"]] == ["reviewer", "keeper"] and found["open"] == ["advance", "resolve"]
    assert "open to everybody: advance, override" in must(at("tiny-working"), "role", "list")


def test_a_role_is_given_and_taken(repo: Path) -> None:
    out = must(repo, "role", "assign", "reviewer", "Eve <eve@example.org>")
    assert out.startswith("✓ Eve <eve@example.org> has the role reviewer") and "git add config .agenticops" in out
    changed = git(repo, "diff", "--", "config").splitlines()
    assert any(row.strip("+ ").startswith('- "Eve <eve') for row in changed if row.startswith("+"))
    assert [e["actor"]["operator"] for e in events(repo, "role_assigned")] == ["Ada Lovelace <ada@example.org>"]
    must(repo, "role", "revoke", "reviewer", "eve@example.org")
    assert "eve" not in (repo / "config/pipeline.yml").read_text()


def test_who_may_and_who_may_not(repo: Path) -> None:
    assert "✓ ada@example.org may override" in must(repo, "role", "check", "ada@example.org", "override")
    assert "as everybody may" in must(repo, "role", "check", BOB, "advance", "--phase", "shape")
    done = run_cli(repo, "role", "check", BOB, "override", check_code=3)
    assert "✗ to override takes the role keeper, and bob@example.org has not got it" in done.stdout
    assert "'bless' is no action" in refused(repo, "role", "check", BOB, "bless", code=2)
    assert "names nobody" in refused(repo, "role", "check", "Bob", "override", code=2)


def test_who_lacks_the_role_writes_nothing(repo: Path) -> None:
    become(repo, GRACE)
    for call in (("assign", "keeper", GRACE), ("revoke", "reviewer", BOB), ("vouch", "--reason", "x")):
        err = refused(repo, "role", *call)
        assert "VT450" in err and "takes the role keeper, and grace@example.org has not got it" in err
    assert status(repo) == ""


def test_a_vouch_names_what_is_there(repo: Path) -> None:
    must(repo, "role", "vouch", "--reason", "the first one")
    (event,) = events(repo, "config_vouched")
    assert event["data"]["reason"] == "the first one" and len(event["data"]["rest"]) == 64
    assert "reviewer grace@example.org" in event["data"]["members"]
