"""`log compact`, `log verify` and `log summarize` by the console script; `log` itself lists as it always did."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agenticops.model import ids
from agenticops.model.event import Actor, Draft
from agenticops.store import log
from tests.stations import Board, data
from tests.support import NOW, OPERATOR, commit_all, event, git, run_cli, status, workspace, write


@pytest.fixture
def long(at: Board) -> Path:
    """A train with a thousand shards of one event."""
    repo = at("tiny")
    for number in range(1000):
        name = ids.ulid(NOW + number, number.to_bytes(10, "big"))
        one = event("noted", number=number + 50, id=name)
        write(repo, log.new_path(one.at, name), log.encode([one]))
    commit_all(repo)
    return repo


def test_compact_says_what_it_will_do_does_it_and_commits(long: Path) -> None:
    out = run_cli(long, "log", "compact", "--dry-run").stdout
    assert "pack     .agenticops/events/2026/01  1000 shards → 1 pack, 1000 events" in out and status(long) == ""
    out = run_cli(long, "log", "compact", "--commit").stdout
    assert "✓ 1 file written, 1000 files deleted" in out and status(long) == ""
    assert git(long, "log", "-1", "--format=%s").strip() == "Compact the log"
    assert len(data(long, "log", "--kind", "noted")) == 1000
    assert run_cli(long, "log", "verify").stdout.startswith("✓ the log holds\n")
    assert "nothing to do" in run_cli(long, "log", "compact").stdout


def test_without_a_commit_the_next_command_is_named(long: Path) -> None:
    assert "next  git add --all .agenticops docs && git commit" in run_cli(long, "log", "compact").stdout


def test_verify_names_file_and_line_and_exits_3(long: Path) -> None:
    first, second, *_ = log.shards(workspace(long).tree)
    with open(long / first, "a") as file:
        file.write("not an event\n")
    (long / second).unlink()
    done = run_cli(long, "log", "verify", check_code=3)
    assert "VT701" in done.stdout and f"{first}:2" in done.stdout and "VT705" in done.stdout
    body = json.loads(run_cli(long, "log", "verify", "--json", check_code=3).stdout)
    assert body["kind"] == "log-verify" and body["data"]["holds"] is False
    assert {f["code"] for f in body["data"]["findings"]} == {"VT701", "VT705"}


def test_a_shallow_clone_is_told_so(long: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{long}", "shallow")
    out = run_cli(tmp_path / "shallow", "log", "verify").stdout
    assert "VT706" in out and "fetch-depth: 0" in out


def test_retention_with_commit_packs_and_drops_at_once(at: Board) -> None:
    repo = at("tiny")
    with workspace(repo, NOW - 200 * 86_400_000).transaction("test") as tx:
        tx.append(Draft("resource_sampled", "train", data={"cpu": 1}))
    commit_all(repo)
    out = run_cli(repo, "log", "compact", "--retention", "--commit", env={"AGENTICOPS_NOW": str(NOW)}).stdout
    assert "drop     1 resource_sampled  from before 2025-10-03" in out
    assert data(repo, "log", "--kind", "log_retained")[0]["data"]["dropped"][0]["count"] == 1
    assert run_cli(repo, "log", "verify").returncode == 0 and status(repo) == ""


def test_summarize_writes_one_event_a_day_and_commits_nothing(at: Board) -> None:
    repo = at("tiny")
    assert run_cli(repo, "log", "summarize").stdout == "no day to sum up\n"
    workspace(repo).local.append([Draft("heartbeat", "train")], Actor(OPERATOR))
    head = git(repo, "rev-parse", "HEAD")
    assert "2026-01-01  1 event" in run_cli(repo, "log", "summarize").stdout
    assert git(repo, "rev-parse", "HEAD") == head
    assert data(repo, "log", "--kind", "log_summarized")[0]["data"]["kinds"] == {"heartbeat": 1}


def test_filters_stay_with_the_list(at: Board) -> None:
    repo = at("tiny-opened")
    assert run_cli(repo, "log", "--limit", "1").stdout.count("\n") == 2
    assert run_cli(repo, "log", "--kind", "ticket_opened", "--json").stdout.startswith('{"schema": 1, "kind": "log"')
    assert "no such command" in run_cli(repo, "log", "yesterday", check_code=2).stderr.lower()
