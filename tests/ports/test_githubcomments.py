"""Comments: one of our own, which stays up to date."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from agenticops.ports.github import GitHub
from tests.forge import Forge, access
from tests.forge.faults import AFTER, BEFORE
from tests.githubs import connected

MARKER = "<!-- agenticops:progress -->"
FAULTS = [None, *(kind for kind in BEFORE + AFTER if "call" not in kind)]


@pytest.fixture
def forge() -> Iterator[Forge]:
    with Forge() as running:
        running.limits.window, running.faults.pause = 30, 0.002
        running.create("One")
        yield running


@pytest.fixture
def github(forge: Forge) -> Iterator[GitHub]:
    with connected(forge) as connection:
        yield connection


def bodies(forge: Forge) -> list[str]:
    return [one.body for one in forge.repo.comments.values()]


@pytest.mark.parametrize("kind", FAULTS)
@pytest.mark.parametrize("at", [1, 2, 3])
def test_one_comment_sticks_whatever_breaks(forge: Forge, github: GitHub, kind: str | None, at: int) -> None:
    for text in ("1 of 2", "2 of 2", "2 of 2"):
        if kind:
            forge.faults.at(at, kind)
        comment = github.comments.stick(1, MARKER, f"{MARKER}\n{text}")
        forge.faults.clear()
        assert bodies(forge) == [comment.body] == [f"{MARKER}\n{text}"]
    assert github.comments.all(1) == [comment] and comment.author == "ada"


def test_what_is_said_already_is_not_written(forge: Forge, github: GitHub) -> None:
    for _ in range(2):
        github.comments.stick(1, MARKER, MARKER)
    assert len(forge.writes) == 1


def test_the_comment_of_somebody_else_is_left_alone(forge: Forge, github: GitHub) -> None:
    forge.call("POST", "REPO/issues/1/comments", {"body": f"{MARKER} theirs"})
    github.comments.stick(1, MARKER, f"{MARKER} ours")
    github.comments.stick(1, MARKER, f"{MARKER} ours again")
    assert bodies(forge) == [f"{MARKER} theirs", f"{MARKER} ours again"]


def test_an_app_finds_its_own(forge: Forge) -> None:
    with connected(forge, access.APP) as github:
        assert github.me() == "train[bot]"
        for text in ("1", "2"):
            github.comments.stick(1, MARKER, f"{MARKER} {text}")
    assert bodies(forge) == [f"{MARKER} 2"]


def test_the_same_words_may_be_said_twice_on_purpose(forge: Forge, github: GitHub) -> None:
    github.comments.create(1, "Hi")
    github.comments.create(1, "Hi")
    assert bodies(forge) == ["Hi", "Hi"]


def test_a_comment_without_its_marker_is_not_written(forge: Forge, github: GitHub) -> None:
    with pytest.raises(ValueError, match="marker"):
        github.comments.stick(1, MARKER, "Text")
