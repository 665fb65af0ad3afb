"""`worker`: run, status, list, show, retry, reconcile, as people and programs see them."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from agenticops.flows.worker import run as running
from agenticops.flows.worker import tenancy
from agenticops.workspace import Workspace
from tests import posting
from tests.posting import outpost, served
from tests.stations import data, must, refused
from tests.support import CONSOLE_SCRIPT, thorough

__all__ = ["outpost", "served"]


def test_a_delivery_from_the_queue_to_its_second_life(repo: Path, web: posting.Web) -> None:
    id = posting.put(repo, "webhook", {"url": f"{web.url}/404,200", "headers": {"X-Key": "env:NOT_NAMED"}})
    assert data(repo, "worker", "status")["counts"]["queued"] == 1
    assert data(repo, "worker", "reconcile") == [{"id": id, "engine": "unknown"}]
    assert data(repo, "worker", "run", "--once")["dead"] == 1 and not web.seen
    assert "names env:NOT_NAMED for" in must(repo, "worker", "show", id[:5])
    assert f"✗ {id}" in must(repo, "worker", "list", "--status", "dead")
    assert data(repo, "worker", "retry", "--all-dead") == [id]
    assert [event["kind"] for event in data(repo, "worker", "show", id)["events"]] == [
        "outbox_added",
        "outbox_dead",
        "outbox_retried",
    ]
    assert "delivered by its own id" not in refused(repo, "worker", "retry", id, code=2)


def test_what_waits_for_a_commit_is_said(repo: Path, web: posting.Web) -> None:
    posting.put(repo, "webhook", {"url": f"{web.url}/200"}, commit=False)
    out = must(repo, "worker", "run", "--once")
    assert "0 deliveries made" in out and "1 wait for a commit" in out and "git add .agenticops" in out
    assert "1 wait for a commit" in must(repo, "worker", "status")


def test_usage(repo: Path) -> None:
    assert "--wait is for --once" in refused(repo, "worker", "run", "--wait", "3", code=2)
    assert "there is no delivery" in refused(repo, "worker", "show", "o999", code=2)
    assert "name deliveries" in refused(repo, "worker", "retry", code=2)


def test_two_workers(repo: Path) -> None:
    here = Workspace(str(repo))
    with tenancy.only(here, running.read(here)):
        assert "delivers here already" in refused(repo, "worker", "run", "--once", code=5)
        assert data(repo, "worker", "status")["worker"]["host"] == here.host


@thorough
def test_a_signal_ends_it_in_order(repo: Path, web: posting.Web) -> None:
    id = posting.put(repo, "webhook", {"url": f"{web.url}/200"})
    with subprocess.Popen([CONSOLE_SCRIPT, "worker", "run"], cwd=repo, stdout=subprocess.PIPE, text=True) as worker:
        until = time.monotonic() + 30
        while not web.seen and time.monotonic() < until:
            time.sleep(0.02)
        worker.send_signal(signal.SIGTERM)
        out, _ = worker.communicate(timeout=30)
    assert (worker.returncode, posting.outcomes(repo, id)) == (0, ["added", "delivered"])
    assert "1 delivery made" in out
