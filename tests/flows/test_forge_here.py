"""This side of the sync, after two histories that disagreed about an item's end."""

from __future__ import annotations

from agenticops.flows.forge import here
from tests.stations import BUILD, ITEM, SHIP, Board, must
from tests.support import commit_all, git, workspace


def test_an_end_that_a_resolved_fork_dropped_is_none(at: Board) -> None:
    repo = at("tiny-build")
    git(repo, "branch", "other")
    must(repo, "ticket", "cancel", BUILD, "--reason", "no budget")
    commit_all(repo)
    assert here.read(workspace(repo)).locals[ITEM].state == "not_planned"
    git(repo, "switch", "--quiet", "other")
    # The other operator works on a default branch of their own clone; here it is a branch for a moment.
    git(repo, "branch", "--quiet", "-m", "main", "mine")
    git(repo, "branch", "--quiet", "-m", "other", "main")
    must(repo, "advance", "--to", "ship", "--commit")
    git(repo, "merge", "--quiet", "--no-edit", "-X", "ours", "mine")
    must(repo, "work", "resolve", ITEM, "--keep", SHIP)
    assert here.read(workspace(repo)).locals[ITEM].state == "open"
    assert here.one(workspace(repo), ITEM)[1].state == "open"
