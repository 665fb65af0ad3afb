"""Fixtures: a fake GitHub, and PyGithub as its client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from github import Auth, Github

from tests.forge import Forge, packages
from tests.forge.access import WRITE
from tests.forge.openapi import Description, description


@pytest.fixture
def forge() -> Iterator[Forge]:
    """A fake GitHub; at the end of the test nothing may have been against the description."""
    with Forge() as running:
        yield running


@pytest.fixture
def client(forge: Forge) -> Iterator[Github]:
    """PyGithub with the token of ada, which repeats nothing and waits for nothing."""
    with connect(forge) as connected:
        yield connected


@pytest.fixture(scope="session")
def described() -> Description:
    """GitHub's own description, or a reason to skip."""
    found = description()
    if found is None:
        pytest.skip(packages.missing() or "jsonschema-rs is not installed")
    return found


def connect(forge: Forge, token: str = WRITE, retry: object = None) -> Github:
    """Give PyGithub for a fake."""
    return Github(
        auth=Auth.Token(token),
        base_url=forge.url,
        retry=retry,  # type: ignore[arg-type]
        per_page=100,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )
