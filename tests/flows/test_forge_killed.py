"""A first apply is killed at each of its requests, and goes on: exactly one issue an item, and nothing left to do."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from agenticops.flows import ticket as tickets
from agenticops.flows import work
from tests import insync
from tests.forge import Forge
from tests.forge.faults import Request
from tests.insync import add, apply, forge, plan, settled
from tests.support import THOROUGH, workspace

__all__ = ["forge"]

PARTS = 6


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A train with five items that hang together; copies of it are brought in step."""
    repo = insync.tiny(tmp_path_factory.mktemp("killed") / "repo")
    above = add(repo, "Refills", start=True, body="Text", milestone="Spring", assignees=("ada",))
    below = add(repo, "Ask", kind="CRD", parent=above)
    add(repo, "Call", kind="Task", parent=below, depends=(above,))
    tickets.block(workspace(repo), f"shape_{above}", "waits")
    for title in ("Sort", "Print"):
        add(repo, title, priority="future")
    return repo


def child(work: Callable[[], object]) -> int:
    """Do something in a child process; give its id. It leaves by no way that this process would notice."""
    pid = os.fork()
    if pid == 0:
        try:
            os.close(1)
            os.close(2)
            work()
        finally:
            os._exit(0)
    return pid


@pytest.mark.parametrize("when", ["call before", "call after"])
@pytest.mark.parametrize("part", range(PARTS if THOROUGH else 1))
def test_a_killed_apply_goes_on_where_it_was(written: Path, forge: Forge, tmp_path: Path, when: str, part: int) -> None:
    apply(shutil.copytree(written, tmp_path / "measure"))
    count = len(forge.requests)
    empty = Forge(validate=False).state.snapshot()
    for number in range(1 + part, count + 1, PARTS):
        forge.state.restore(empty)
        repo = Path(shutil.copytree(written, tmp_path / f"at{number}"))
        killed: list[int] = []

        def kill(request: Request, killed: list[int] = killed) -> None:
            os.kill(killed[0], signal.SIGKILL)

        forge.faults.at(number, when, kill)
        forge.state.relations_touch = False  # a kept list would not tell of them
        gate = os.pipe()
        killed.append(child(lambda gate=gate, repo=repo: (os.read(gate[0], 1), apply(repo))))
        os.write(gate[1], b"x")
        _, status = os.waitpid(killed[0], 0)
        assert os.WIFSIGNALED(status), f"request {number} of {count} killed nobody"
        assert apply(repo).whole
        numbers = insync.made(forge)
        assert len(numbers) == len(forge.repo.issues) == 5
        assert {n: i.issue for n in workspace(repo).train.item_ids() if (i := insync.item(repo, n))} == numbers
        settled(repo)
        assert len(forge.repo.comments) == 1


def test_a_relation_that_was_made_before_the_kill_is_seen(forge: Forge, tmp_path: Path) -> None:
    repo = insync.tiny(tmp_path / "repo")
    names = sorted([add(repo, title) for title in ("One", "Two", "Three")])
    apply(repo)
    forge.edit(3, labels=["PRD", "next", "bug"])  # the one that changed last is read again in any case
    plan(repo)
    forge.state.relations_touch = False
    work.edit(workspace(repo), names[1], {"depends": names[:1]})
    assert insync.item(repo, names[1]).issue != 3
    gate, killed = os.pipe(), list[int]()

    def relates(request: Request) -> bool:
        return request.path.endswith("/blocked_by") and request.writes

    forge.faults.when(relates, "call after", call=lambda _: os.kill(killed[0], signal.SIGKILL))
    killed.append(child(lambda: (os.read(gate[0], 1), apply(repo))))
    os.write(gate[1], b"x")
    assert os.WIFSIGNALED(os.waitpid(killed[0], 0)[1])
    assert apply(repo).whole
    settled(repo)
