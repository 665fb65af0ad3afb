"""A smoke test against GitHub itself: opt in with TRAIN_GITHUB_TOKEN and TRAIN_GITHUB_REPOSITORY (one to play in).

It makes one issue and a few labels there, edits the issue on both sides, and closes it as not planned.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agenticops.flows import ticket as tickets
from agenticops.flows import work
from tests import insync
from tests.insync import add, apply, item
from tests.support import workspace

TOKEN, REPOSITORY = (os.environ.get(f"TRAIN_GITHUB_{name}", "") for name in ("TOKEN", "REPOSITORY"))


@pytest.mark.skipif(not (TOKEN and REPOSITORY), reason="set TRAIN_GITHUB_TOKEN and TRAIN_GITHUB_REPOSITORY to try it")
def test_an_item_goes_there_and_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
    monkeypatch.setenv("GITHUB_REPOSITORY", REPOSITORY)
    repo = insync.tiny(tmp_path / "repo")
    name = add(repo, "A smoke test of agenticops", start=True, body="It may be deleted.", labels=("meta",))
    assert apply(repo).whole
    assert item(repo, name).url.startswith("https://")
    insync.settled(repo)
    work.edit(workspace(repo), name, {"priority": "future"})
    assert apply(repo).whole
    tickets.cancel(workspace(repo), f"shape_{name}", "the smoke test is over")
    assert apply(repo).whole
    insync.settled(repo)
