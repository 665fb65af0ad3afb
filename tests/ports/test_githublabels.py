"""Labels and milestones, whatever breaks."""

from __future__ import annotations

import pytest

from agenticops.errors import RemoteError
from agenticops.model.forge import Label
from agenticops.ports.forge import Milestone
from agenticops.ports.github import GitHub
from agenticops.ports.githubcalls import Refused
from tests.forge import Forge
from tests.forge.faults import AFTER, BEFORE
from tests.forge.test_pulls import topic
from tests.githubs import forge, github

__all__ = ["forge", "github"]

FAULTS = [None, *(kind for kind in BEFORE + AFTER if "call" not in kind)]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_label_is_made_renamed_changed_and_removed(forge: Forge, github: GitHub, kind: str | None) -> None:
    def breaks() -> None:
        if kind:
            forge.faults.at(1, kind)

    forge.create("One")
    breaks()
    github.labels.create(Label("odd / name?", "ff0000", "About it."))
    github.labels.create(Label("Odd / NAME?"))  # one of that name is as good
    forge.edit(1, labels=["odd / name?"])
    assert github.labels.all() == [Label("odd / name?", "ff0000", "About it.")]
    breaks()
    github.labels.rename("odd / name?", "phase:tüte")
    assert forge.labels_of(1) == ["phase:tüte"]
    breaks()
    github.labels.change(Label("phase:tüte", "00ff00", ""))
    assert github.labels.all() == [Label("phase:tüte", "00ff00")]
    for _ in range(2):
        breaks()
        github.labels.delete("phase:tüte")
    assert github.labels.all() == [] == forge.labels_of(1)


def test_a_label_is_used_by_issues_and_pull_requests(forge: Forge, github: GitHub) -> None:
    topic(forge)
    pull = forge.call("POST", "REPO/pulls", {"base": "main", "head": "topic", "title": "Work"})["number"]
    forge.create("Done", labels=["odd / name?"])
    forge.edit(pull, labels=["ours"])
    forge.edit(pull + 1, state="closed")
    assert [github.labels.used(name) for name in ("ours", "odd / name?", "nobody's")] == [True, True, False]


def test_more_labels_than_a_page_holds(forge: Forge, github: GitHub) -> None:
    for number in range(120):
        forge.call("POST", "REPO/labels", {"name": f"l{number}"})
    assert len(github.labels.all()) == 120 and len(forge.requests) == 2


def test_a_label_that_cannot_be(github: GitHub) -> None:
    with pytest.raises(Refused, match="too long"):
        github.labels.create(Label("x" * 51))
    with pytest.raises(Refused, match="Not Found"):
        github.labels.rename("nothing", "something")


@pytest.mark.parametrize("kind", FAULTS)
def test_a_milestone_is_made_once_and_changed(forge: Forge, github: GitHub, kind: str | None) -> None:
    if kind:
        forge.faults.at(1, kind)
    made = github.milestones.create(Milestone("Spring", due="2026-05-31", description="All of it"))
    assert github.milestones.create(Milestone("Spring")) == made
    assert github.milestones.all() == [made] == [Milestone("Spring", 1, True, "2026-05-31", "All of it")]
    if kind:
        forge.faults.at(1, kind)
    changed = github.milestones.edit(Milestone("May", 1, False))
    assert github.milestones.all() == [changed] == [Milestone("May", 1, False, "2026-05-31")]
    assert github.milestones.number("May") == 1
    with pytest.raises(RemoteError, match="no milestone 'Spring'"):
        github.milestones.number("Spring")
