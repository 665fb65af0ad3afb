"""A seeded slice of the git work harness, and its mutants."""

from __future__ import annotations

import pytest

from tests.stress import gitmutants, gitwork
from tests.stress.gitground import ground
from tests.support import thorough


def test_random_git_work_loses_nothing_and_conflicts_nowhere() -> None:
    (row,) = gitwork.run(0.005, 2)
    assert row.holds, row


@thorough
@pytest.mark.parametrize(("name", "seeds"), [*zip(gitmutants.NAMES, ((123, 124), (111, 116, 118)), strict=True)])
def test_a_broken_shard_rule_is_noticed(name: str, seeds: tuple[int, ...]) -> None:
    with ground() as (folder, template), gitmutants.applied(name):
        found = [gitwork.play(folder, template, seed) for seed in seeds]
    assert any("CONFLICT" in wrong for _, _, wrong in found), found
