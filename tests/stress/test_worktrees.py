"""A seeded slice of the worktrees harness, and its mutant."""

from __future__ import annotations

from tests.stress import worktrees
from tests.support import thorough


def test_worktrees_that_write_at_once_merge() -> None:
    (row,) = worktrees.run(0.025, 1)
    assert row.holds, row


@thorough
def test_one_shard_for_all_is_noticed() -> None:
    (row,) = worktrees.mutant(0.025, 1)
    assert not row.holds, row
