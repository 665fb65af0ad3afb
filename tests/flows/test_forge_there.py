from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agenticops.flows.forge import opening
from agenticops.flows.forge.there import WHOLE
from agenticops.store.forgesnapshot import Snapshot
from tests import insync
from tests.forge import Forge
from tests.insync import add, apply, forge, made, plan
from tests.support import workspace

__all__ = ["forge"]


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return insync.tiny(tmp_path / "repo")


def seal(repo: Path, read: int) -> Snapshot:
    """Let what is kept have been read at another time, in milliseconds."""
    kept = opening.snapshot(workspace(repo))
    head = kept.head()
    assert head is not None
    list(kept.through(kept.issues()))
    kept.seal(msgspec.structs.replace(head, read=read))
    return kept


@pytest.mark.parametrize(("age", "all_read"), [(0, False), (WHOLE, False), (WHOLE + 1, True), (-1, True)])
def test_what_is_kept_counts_for_a_day_and_not_from_the_future(
    repo: Path, forge: Forge, age: int, all_read: bool
) -> None:
    above, below = add(repo, "Above"), add(repo, "Below", kind="CRD")
    assert apply(repo).whole
    forge.state.clock.step = 1
    forge.edit(made(forge)[above], title="Latest")  # the child is older
    assert apply(repo).whole
    seal(repo, workspace(repo).clock.milliseconds() - age)
    forge.state.relations_touch = False
    child = {"sub_issue_id": forge.issue(made(forge)[below]).id}
    forge.call("POST", f"REPO/issues/{made(forge)[above]}/sub_issues", child)
    found = [action.write.get("parent") for action in plan(repo).plan.actions if action.item == below]
    assert found == ([above] if all_read else [])
