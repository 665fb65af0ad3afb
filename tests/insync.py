"""A tiny train and a fake GitHub that are to be in step: the repository, the forge, and syncs in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.sync.body import marked
from agenticops.flows import work
from agenticops.flows.forge import applying, planning
from agenticops.flows.forge.applying import Applied
from agenticops.flows.forge.planning import Planned
from agenticops.model.work import WorkItem
from tests.forge import Forge, access
from tests.stations import TINY_FILES
from tests.support import commit_all, new_repo, workspace, write


def tiny(path: Path) -> Path:
    """Make a repository with the tiny train in it."""
    new_repo(path)
    for name, text in TINY_FILES.items():
        write(path, name, text)
    commit_all(path, "Start the tiny train")
    return path


def reach(patch: pytest.MonkeyPatch, forge: Forge, token: str = access.WRITE) -> None:
    """Let this process and its children find the fake, as a job of a CI server finds GitHub."""
    for name, value in (("API_URL", forge.url), ("REPOSITORY", "acme/train"), ("TOKEN", token)):
        patch.setenv(f"GITHUB_{name}", value)


@contextmanager
def forge_of(patch: pytest.MonkeyPatch, validate: bool = True) -> Iterator[Forge]:
    """Run a fake that this process finds."""
    with Forge(validate=validate) as forge:
        reach(patch, forge)
        yield forge


@pytest.fixture
def forge(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """A fake that commands find."""
    with forge_of(monkeypatch) as running:
        yield running


def add(repo: Path, title: str, start: bool = False, **fields: Any) -> str:
    """Write a work item down; give its id."""
    kind = fields.pop("kind", "PRD")
    return work.new(workspace(repo), WorkItem("", kind, title, **fields), start)[0].id


def plan(repo: Path, **options: Any) -> Planned:
    """Plan as the command does."""
    return planning.plan(workspace(repo), **options)


def apply(repo: Path, **options: Any) -> Applied:
    """Apply as the command does."""
    return applying.apply(workspace(repo), **options)


def settled(repo: Path) -> None:
    """Nothing is left to be done, decided or noted, also for one who reads everything."""
    found = plan(repo, whole=True).plan
    assert (found.actions, found.conflicts, found.agreements) == ((), (), ()), found


def made(forge: Forge) -> dict[str, int]:
    """Give the issue of each item by its marker; none has two."""
    pairs = [(marked(issue.body or ""), number) for number, issue in forge.repo.issues.items()]
    found = {item: number for item, number in pairs if item}
    assert len(found) == len([item for item, _ in pairs if item]), pairs
    return found


def item(repo: Path, name: str) -> WorkItem:
    """Give a work item as it is written."""
    return workspace(repo).train.item(name)
