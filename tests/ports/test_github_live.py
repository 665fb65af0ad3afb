"""GitHub itself, when somebody asks for it: it opens an issue in a repository that is there to be played with.

    TRAIN_LIVE_REPOSITORY=me/playground TRAIN_LIVE_TOKEN=… python -m pytest tests/ports/test_github_live.py

All other tests use fakes on loopback, which prove shape and logic and not how GitHub behaves.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest

from agenticops.model.forge import Label
from agenticops.ports.forge import Edit, New
from agenticops.ports.githubauth import Login, Place, connect

REPOSITORY = os.environ.get("TRAIN_LIVE_REPOSITORY", "")
URL = os.environ.get("TRAIN_LIVE_URL", "https://api.github.com")


@pytest.mark.skipif(not REPOSITORY, reason="TRAIN_LIVE_REPOSITORY names no repository to be played with")
def test_the_way_of_two_issues(tmp_path: Path) -> None:
    forge = connect(
        Place(URL, "github.com", REPOSITORY), Login("a test", os.environ["TRAIN_LIVE_TOKEN"]), str(tmp_path)
    )
    run = uuid.uuid4().hex[:8]
    label, markers = f"live:{run}", [f"<!-- agenticops:item=live-{run}-{n} -->" for n in (1, 2)]
    assert forge.limit().remaining > 100
    forge.labels.create(Label(label, "5319e7", "Made by a test."))
    try:
        above, below = [forge.issues.create(New(f"Live test {m}", m, f"{m}\n", (label,))) for m in markers]
        below = forge.issues.set_parent(below, above)
        below = forge.issues.block(below, above)
        below = forge.issues.edit(below, Edit("Live test", state="not_planned"))
        for text in ("1", "2"):
            forge.comments.stick(below.number, markers[1], f"{markers[1]} {text}")
        graph = forge.issues.get(below.number)
        assert (graph.parent, graph.blocked_by) == (above.number, (above.number,))
        assert (graph.title, graph.state, graph.state_reason, graph.labels) == (
            "Live test",
            "closed",
            "not_planned",
            (label,),
        )
        forge.issues._graph = False
        assert forge.issues.get(below.number) == graph, "both APIs say the same"
        assert len(forge.comments.all(below.number)) == 1
        forge.issues.edit(above, Edit(state="not_planned"))
    finally:
        forge.labels.delete(label)
        forge.close()
