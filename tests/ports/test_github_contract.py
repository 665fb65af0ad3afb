"""One contract, two servers: our own fake and npm's `emulate`, which somebody else wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from agenticops.model.forge import Label
from agenticops.ports.forge import Edit, Forge, Milestone
from agenticops.ports.githubauth import Login, Place, connect
from tests.forge import Forge as Fake
from tests.forge import access, emulated
from tests.githubs import MARKER, Waits, new

needs_emulate = pytest.mark.skipif(bool(emulated.missing()), reason=emulated.missing())


@pytest.fixture(params=["fake", pytest.param("emulate", marks=needs_emulate)])
def forge(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Forge]:
    waits = Waits()
    if request.param == "fake":
        with Fake() as fake:
            place = Place(fake.url, "127.0.0.1", "acme/train")
            yield connect(place, Login("a test", access.WRITE), str(tmp_path / "c"), now=waits.now, sleep=waits.sleep)
    else:
        with emulated.emulated(tmp_path) as url:
            place = Place(url, "localhost", emulated.REPOSITORY)
            yield connect(place, Login("a test", emulated.TOKEN), str(tmp_path / "c"), now=waits.now, sleep=waits.sleep)


def test_the_way_of_an_issue(forge: Forge) -> None:
    assert forge.me() == "ada"
    before = len(forge.labels.all())
    for name in ("now", "next", "people's own"):
        forge.labels.create(Label(name, "ff0000", "About it."))
    forge.labels.rename("people's own", "ours")
    assert {"now", "next", "ours"} <= {label.name for label in forge.labels.all()}
    forge.labels.delete("next")
    assert len(forge.labels.all()) == before + 2
    forge.milestones.create(Milestone("Spring"))
    assert [one.title for one in forge.milestones.all()] == ["Spring"]
    made = forge.issues.create(new(labels=("now", "ours"), assignees=("ada",), milestone="Spring"))
    found = forge.issues.find(MARKER)
    assert found is not None and (found.number, found.title, found.milestone) == (made.number, "Refill", "Spring")
    assert list(forge.issues.all()) == [forge.issues.get(made.number)]
    edit = Edit("Early", milestone="", state="not_planned", add_labels=("PRD",), remove_labels=("now",))
    done = forge.issues.edit(found, edit)
    assert (done.title, set(done.labels), done.milestone) == ("Early", {"ours", "PRD"}, "")
    assert (done.state, done.state_reason, done.assignees) == ("closed", "not_planned", ("ada",))
    assert forge.issues.get(made.number) == done
    for text in ("1 of 2", "2 of 2"):
        comment = forge.comments.stick(made.number, MARKER, f"{MARKER} {text}")
    assert forge.comments.all(made.number) == [comment] and comment.body.endswith("2 of 2")
