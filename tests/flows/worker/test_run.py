"""The worker as a whole: rules react, the engine delivers, only what is committed goes out, one works at a time."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from agenticops.errors import ConflictError, TrainError
from agenticops.flows.worker import rows, run, tenancy
from agenticops.flows.worker.run import Wanted, Worker
from agenticops.workspace import Workspace
from tests import postgres, posting
from tests.posting import outpost, served
from tests.support import commit_all, git, new_repo, status, thorough

__all__ = ["outpost", "served"]


def once(repo: Path, wait: float = 0.0, commit: bool = False, uncommitted: bool = False) -> run.Report:
    return Worker(Workspace(str(repo)), Wanted(True, wait, commit, uncommitted)).run()


def test_what_is_due_is_delivered_tried_again_and_committed_and_a_lost_engine_loses_nothing(
    repo: Path, web: posting.Web
) -> None:
    good = posting.put(repo, "webhook", {"url": f"{web.url}/503,503,200"})
    bad = posting.put(repo, "webhook", {"url": f"{web.url}/500"}, "f2")
    later = posting.put(repo, "webhook", {"url": f"{web.url}/429,200"}, "f3")
    report = once(repo, wait=5, commit=True)
    assert (report.delivered, report.dead, report.left.trying) == (1, 1, 1)
    assert posting.outcomes(repo, good) == ["added", "tried", "tried", "delivered"]
    assert web.keys() == {good: 3, bad: 4, later: 1}
    assert not status(repo) and "Outbox: 2 over" in git(repo, "log", "--format=%s")
    # Without the engine's database the log still knows what was delivered, and what is due again.
    shutil.rmtree(repo / ".git" / "agenticops" / "engine")
    rows.retry(Workspace(str(repo)), [bad])
    here = Workspace(str(repo))
    assert run.reconcile(here) == [run.Step(bad, "unknown")]
    assert once(repo, wait=5).dead == 1
    assert web.keys() == {good: 3, bad: 8, later: 1}
    # The engine takes the first round for done; the log says that there is to be another.
    rows.retry(Workspace(str(repo)), [bad])
    assert run.reconcile(Workspace(str(repo))) == [run.Step(bad, "done")]


@thorough
def test_nothing_uncommitted_goes_out_unless_it_is_said(repo: Path, web: posting.Web) -> None:
    id = posting.put(repo, "webhook", {"url": f"{web.url}/200"}, commit=False)
    assert (once(repo).delivered, len(web.seen)) == (0, 0)
    assert once(repo, uncommitted=True).delivered == 1 and web.keys() == {id: 1}


def test_another_branch_delivers_nothing(repo: Path, web: posting.Web) -> None:
    posting.put(repo, "webhook", {"url": f"{web.url}/200"})
    git(repo, "switch", "-q", "-c", "other")
    with pytest.raises(TrainError, match="deliveries are made from main, not from other"):
        once(repo)


def test_two_do_not_deliver(repo: Path) -> None:
    here = Workspace(str(repo))
    with tenancy.only(here, run.read(here)):
        with pytest.raises(ConflictError, match="delivers here already"):
            once(repo)
        assert tenancy.standing(here)["host"] == here.host
    assert tenancy.standing(here) == {}


def test_among_clones_the_lease_is_held_at_the_remote(repo: Path, tmp_path: Path) -> None:
    posting.settings(repo, more="lease: remote\n")
    here = Workspace(str(repo))
    with pytest.raises(TrainError, match="there is none"):
        once(repo)
    hub = new_repo(tmp_path / "hub.git", "--bare")
    commit_all(repo)
    git(repo, "remote", "add", "origin", str(hub))
    git(repo, "push", "-q", "origin", "main")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", str(hub), str(clone))
    with tenancy.only(here, run.read(here)) as (_, keep):
        keep()
        with pytest.raises(ConflictError, match="the lease worker is held by"):
            once(clone)
    assert once(clone).delivered == 0


@thorough
def test_a_stopped_worker_lets_what_it_sends_come_to_its_end(repo: Path, web: posting.Web) -> None:
    id = posting.put(repo, "webhook", {"url": f"{web.url}/200"})
    worker = Worker(Workspace(str(repo)), Wanted(), lambda id, outcome, words: worker.stop())
    threading.Timer(30, worker.stop).start()
    assert worker.run().delivered == 1 and web.keys() == {id: 1}


@thorough
def test_postgresql_keeps_the_timers_where_it_is_named(
    repo: Path, web: posting.Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    with postgres.server() as url:
        monkeypatch.setenv("ENGINE", url)
        posting.settings(repo, web, more="engine:\n  url: env:ENGINE\n")
        id = posting.put(repo, "webhook", {"url": f"{web.url}/503,200"})
        assert once(repo, wait=5).delivered == 1 and web.keys() == {id: 2}
        assert not (repo / ".git" / "agenticops" / "engine").exists()
