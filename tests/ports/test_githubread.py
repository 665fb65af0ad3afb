"""What GitHub says of issues is the same by both of its APIs, also of what is in another repository."""

from __future__ import annotations

import pytest

from agenticops.ports.forge import Edit
from agenticops.ports.github import GitHub
from tests.forge import Forge
from tests.githubs import forge, github

__all__ = ["forge", "github"]


@pytest.fixture
def below(forge: Forge) -> int:
    """An issue that stands below one of another repository."""
    for title in ("Moved", "Low", "Top"):
        forge.create(title)
    forge.move(1, "acme/other")
    forge.issue(2).above = "acme/other#1"
    return 2


@pytest.mark.parametrize("graph", [True, False])
def test_a_parent_elsewhere_is_no_number_of_ours(github: GitHub, below: int, graph: bool) -> None:
    github.issues._graph = graph
    found = {issue.number: issue for issue in github.issues.all()}
    assert (found[below].parent, found[below].parent_elsewhere) == (None, "acme/other#1")
    assert found[3].parent_elsewhere == ""


def test_it_is_replaced_only_when_that_is_asked_for(forge: Forge, github: GitHub, below: int) -> None:
    seen = github.issues.get(below)
    assert github.issues.edit(seen, Edit(title="Lower")).parent_elsewhere == "acme/other#1"
    moved = github.issues.set_parent(github.issues.get(below), github.issues.get(3))
    assert (moved.parent, moved.parent_elsewhere) == (3, "")
    assert (forge.issue(below).parent, forge.issue(below).above) == (3, "")
