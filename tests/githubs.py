"""The port to GitHub, connected to a server on loopback; it waits by a clock of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from agenticops.ports.forge import New
from agenticops.ports.github import GitHub
from agenticops.ports.githubauth import Login, Place, connect
from agenticops.ports.githubretry import Patience
from tests.forge import Forge, access

MARKER = "<!-- agenticops:item=7 -->"
# As toward GitHub itself: seconds that nobody really waits.
PATIENCE = Patience()


class Waits:
    """A clock that goes on by waiting only."""

    def __init__(self) -> None:
        self.time = time.time()
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@contextmanager
def connected(
    forge: Forge,
    token: str = access.WRITE,
    cache: str = "",
    board: str = "",
    waits: Waits | None = None,
    patience: Patience = PATIENCE,
) -> Iterator[GitHub]:
    """Connect to a fake with the token of ada."""
    waits = waits or Waits()
    place = Place(forge.url, "127.0.0.1", "acme/train")
    github = connect(place, Login("a test", token), cache, board, "Status", patience, waits.now, waits.sleep)
    try:
        yield github
    finally:
        github.close()


def new(title: str = "Refill", marker: str = MARKER, **fields: tuple[str, ...] | str) -> New:
    """An issue to be made, with its marker at the end of its body."""
    return New(title, marker, f"Text\n\n{marker}\n", **fields)  # type: ignore[arg-type]


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A fake whose waits are short."""
    with Forge() as running:
        running.limits.window, running.faults.pause = 30, 0.002
        yield running


@pytest.fixture
def github(forge: Forge) -> Iterator[GitHub]:
    """A connection to it."""
    with connected(forge) as connection:
        yield connection
