"""`cost report` and `cost runs`: the figures, the budgets, and 80 columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.core.drive import settings
from agenticops.flows.drive import ledger
from agenticops.model.drive import Usage
from tests.stations import Board, codes, data, must, refused
from tests.support import NOW, cli, snapshot, ticket, workspace, write

DAY = 86_400_000
CONFIG = """\
schema: 1

providers:
  script:
    command: [git, "{model}"]
    models:
      - {name: small, complexity: 5, money: 0.5, tokens: 1000}
      - {name: a-model-with-a-name-that-is-long, complexity: 10, money: 1, tokens: 9000}

budgets:
  ticket: {money: 2, runs: 30}
  phases:
    build: {minutes: 60}
  models:
    small: {tokens: 2000000}
"""


@pytest.fixture
def repo(at: Board, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three runs: on the first day one that was done, on the second one that failed and one that goes on."""
    found = at("tiny")
    monkeypatch.setenv("AGENTICOPS_NOW", str(NOW + DAY + 60_000))
    write(found, "config/drive.yml", CONFIG)
    paid(found, NOW, "shape", "completed", Usage(2.1, 1_200_000), "done")
    failed = paid(found, NOW + DAY, "build", "failed", Usage(0.9, 500_000), "gate_refused: VT101")
    paid(found, NOW + DAY + 60_000, "build", "", Usage(), "", [failed])
    return found


def paid(repo: Path, now: int, phase: str, state: Any, usage: Usage, outcome: str, tried: Any = ()) -> Any:
    here = workspace(repo, now)
    run = ledger.reserve(here, settings.read(CONFIG.encode()), ticket(phase), "key", len(tried) + 1, tried)
    if state:
        with here.transaction("drive end") as tx:
            run = ledger.ended(tx, here, run, state, usage, 600_000, outcome)
    return run


def test_report_sums_up_and_shows_the_budgets(repo: Path) -> None:
    before = snapshot(repo)
    out = must(repo, "cost", "report")
    assert snapshot(repo) == before, "a report writes nothing"
    assert out.splitlines()[:6] == [
        "cost by phase  3 runs · 1 not ended",
        "",
        "  phase                   runs     money   tokens  minutes   done  of est.",
        "  shape                      1      2.10     1.2M     10.0   100%     420%",
        "  build                      2      1.90     509k     20.0     0%     180%",
        "  total                      3      4.00     1.7M     30.0    50%     300%",
    ]
    assert "  ✗ ticket shape_t00000001       2.10 of 2.00 money        ██████████  105%" in out
    assert "  ! model small                  1.7M of 2.0M tokens       ████████░░   85%" in out
    assert "  ✓ phase build                  20.0 of 60.0 minutes      ███░░░░░░░   33%" in out
    assert "  more  budgets.ticket.money, budgets.models.small.tokens in config/drive.yml\n" in out
    assert out.endswith("  next  agenticops cost runs\n")
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("by", ["ticket", "phase", "day", "model", "agent", "provider"])
def test_report_by_what_one_asks_for(repo: Path, by: str) -> None:
    found = data(repo, "cost", "report", "--by", by)
    assert found["by"] == by and sum(row["runs"] for row in found["rows"]) == 3
    assert found["total"]["money"] == pytest.approx(4.0)
    assert max(map(len, must(repo, "cost", "report", "--by", by).splitlines())) <= 80


def test_since_takes_the_later_runs_and_leaves_the_budgets(repo: Path) -> None:
    found = data(repo, "cost", "report", "--since", "2026-01-02", "--by", "day")
    assert [row["name"] for row in found["rows"]] == ["2026-01-02"]
    whole = data(repo, "cost", "report")
    assert found["budgets"] == whole["budgets"]
    over = [(b["scope"], b["unit"], b["level"]) for b in whole["budgets"] if b["level"] != "fine"]
    assert over == [
        ("ticket shape_t00000001", "money", "over"),
        ("ticket build_t00000001", "money", "warning"),
        ("model small", "tokens", "warning"),
    ]
    none = must(repo, "cost", "report", "--since", "2027-01-01")
    assert none.startswith("no runs since 2027-01-01\n") and "agenticops drive --dry-run" in none
    assert "'soon' is no time" in refused(repo, "cost", "report", "--since", "soon", code=2)


def test_runs_tell_which_model_and_how_it_ended(repo: Path) -> None:
    out = must(repo, "cost", "runs")
    assert max(map(len, out.splitlines())) <= 80
    assert [row.split()[0] for row in out.splitlines()] == ["✓", "✗", "▸", "next"]
    assert "cheap, done" in out and "cheap, gate_refused" in out and "preferred, active" in out
    (last,) = data(repo, "cost", "runs", "--limit", "1")
    assert (last["assignment_status"], last["attempt"], last["assignment_reason"]) == (
        "active",
        2,
        "provider_preference",
    )
    assert len(last["uuid"]) == 36 and last["uuid"].count("-") == 4
    assert [r["outcome"] for r in data(repo, "cost", "runs", "--ticket", "shape_t")] == ["done"]
    assert "there is no ticket" in refused(repo, "cost", "runs", "--ticket", "ship_9", code=2)


def test_without_runs_and_without_a_train(at: Board, tmp_path: Path) -> None:
    repo = at("tiny")
    assert must(repo, "cost", "report") == "no runs\n  next  agenticops drive --dry-run\n"
    assert must(repo, "cost", "runs").startswith("no runs\n")
    assert data(repo, "cost", "report")["total"]["ratio"] is None
    (repo / "config/pipeline.yml").unlink()
    assert "no train yet" in refused(repo, "cost", "report")


def test_settings_that_are_wrong_are_told_by_report_and_by_check(at: Board) -> None:
    repo = at("tiny")
    write(repo, "config/drive.yml", "schema: 1\n\ntries: 0\n")
    assert "config/drive.yml:3" in refused(repo, "cost", "report")
    assert codes(repo, "check") == ["VT304"]
    assert "config/drive.yml:3" in cli(repo, "check")[1]
    write(repo, "config/drive.yml", "schema: 1\n\ncomplexity:\n  launch: 9\n")
    assert codes(repo, "check") == ["VT301"]
