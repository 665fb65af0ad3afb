"""Repositories with a history that can be computed by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from agenticops.workspace import Workspace
from tests.flows.analysis.histories import History, opened, train, workflows
from tests.support import new_repo


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return new_repo(tmp_path / "repo", "--initial-branch=main")


@pytest.fixture
def here(repo: Path) -> Workspace:
    """Workflows and work items."""
    history = History()
    workflows(history)
    train(history, repo)
    history.save(repo)
    return opened(repo)
