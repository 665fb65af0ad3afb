"""The ledger at work: chosen, reserved, begun, ended; and two who reserve at once never have more than the budget."""

from __future__ import annotations

import multiprocessing
import threading
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.drive import progress, settings
from agenticops.core.drive.settings import Settings
from agenticops.errors import StateError, TrainError
from agenticops.flows.drive import ledger
from agenticops.model.drive import Assignment, Usage
from agenticops.store.runs import Runs
from agenticops.workspace import Workspace
from tests.support import NOW, TINY, FixedClock, commit_all, git, status, ticket, workspace, write

CONFIG = """\
schema: 1

providers:
  script:
    command: [git, "{model}"]
    models:
      - {name: small, complexity: 5, money: 0.1, tokens: 1000}
      - {name: large, complexity: 10, money: 1, tokens: 9000}
"""
BUILD = ticket("build")


def configured(more: str = "") -> Settings:
    return settings.read(f"{CONFIG}{more}".encode())


@pytest.fixture
def begun(repo: Path) -> Path:
    write(repo, "config/pipeline.yml", TINY)
    commit_all(repo)
    return repo


def reserve(repo: Path, more: str = "", tried: Any = (), now: int = NOW, **names: str) -> Assignment:
    given = configured(f"\nbudgets:\n  {more}\n" if more else "")
    return ledger.reserve(workspace(repo, now), given, BUILD, "key", len(tried) + 1, tried, **names)


def end(repo: Path, run: Assignment, state: Any = "completed", usage: Usage | None = None, **more: Any) -> Assignment:
    here = workspace(repo, more.pop("now", NOW))
    fields = {"milliseconds": 60_000, "outcome": "done", **more}
    with here.transaction("drive test") as tx:
        return ledger.ended(tx, here, run, state, usage or Usage(), **fields)


def kinds(repo: Path) -> list[str]:
    return [e.kind for e in workspace(repo).log.select("1", ())]


def test_a_run_is_told_in_the_log_and_in_the_ledger_from_its_reservation_to_its_end(begun: Path) -> None:
    run = reserve(begun, decision_id="d1", execution_id="e1")
    assert (run.provider_name, run.model_name, run.assignment_reason) == ("script", "small", "cost_optimization")
    assert (run.agent_id, run.task_id, run.phase, run.item) == ("maker", BUILD.id, "build", BUILD.item)
    assert (run.bullet, run.attempt, run.decision_id, run.execution_id) == ("key", 1, "d1", "e1")
    assert (run.assignment_status, run.created_at) == ("active", "2026-01-01T10:00:00.000Z")
    done = end(begun, run, usage=Usage(0.15, 1200))
    assert (done.actual_cost, done.tokens_used, done.processing_time) == (0.15, 1200, 60_000)
    assert (done.assignment_status, done.performance_score, done.outcome) == ("completed", 8.5, "done")
    assert kinds(begun) == list(ledger.KINDS)
    events = workspace(begun).log.of_ticket(BUILD.id)
    assert {e.subject for e in events} == {f"assignment/{run.assignment_id}"} and events[0].item == BUILD.item
    why = "it is dearer: 1 instead of 0.1"
    assert events[0].data["passed"] == [{"provider": "script", "model": "large", "why": why}]
    assert progress.assignments(events) == [done] == ledger.known(workspace(begun))
    assert Runs(str(begun / ".git/agenticops")).read() == {run.assignment_id: done}


def test_another_worktree_sees_a_run_at_once_and_another_clone_once_it_is_merged(begun: Path, tmp_path: Path) -> None:
    git(begun, "worktree", "add", "--quiet", "-b", f"phase/{BUILD.id}", str(tmp_path / "desk"))
    run = reserve(tmp_path / "desk")
    assert workspace(begun).log.select("1", ()) == []
    assert ledger.known(workspace(begun)) == [run]
    done = end(tmp_path / "desk", run)
    assert ledger.known(workspace(begun)) == [done]
    commit_all(tmp_path / "desk")
    git(tmp_path, "clone", "--quiet", "--branch", f"phase/{BUILD.id}", str(begun), "clone")
    assert not (tmp_path / "clone/.git/agenticops/drive").exists()
    assert ledger.known(workspace(tmp_path / "clone")) == [done]


def test_a_budget_is_refused_with_its_figures_and_nothing_is_written(begun: Path) -> None:
    end(begun, reserve(begun, "ticket: {money: 0.3}"), usage=Usage(0.15))
    reserve(begun, "ticket: {money: 0.3}")
    before = status(begun), kinds(begun)
    with pytest.raises(ledger.BudgetRefused) as found:
        reserve(begun, "ticket: {money: 0.3}")
    said = f"the budget of ticket {BUILD.id} is 0.30 money: 0.15 spent, 0.10 reserved, 0.10 asked for"
    assert found.value.message == said and "raise budgets.ticket.money in config/drive.yml" in found.value.hint
    assert (status(begun), kinds(begun)) == before
    assert len(ledger.known(workspace(begun))) == 2


def test_a_model_whose_budget_is_spent_gives_way_to_another(begun: Path) -> None:
    models = "models: {small: {runs: 1}}"
    assert reserve(begun, models).model_name == "small"
    second = reserve(begun, models)
    assert (second.model_name, second.assignment_reason) == ("large", "fallback")
    passed = workspace(begun).log.of_subject(f"assignment/{second.assignment_id}")[0].data["passed"]
    assert passed[0]["why"] == "the budget of model small is 1 runs: 0 spent, 1 reserved, 1 asked for"


def test_the_day_is_over_at_midnight(begun: Path) -> None:
    reserve(begun, "day: {runs: 1}")
    with pytest.raises(ledger.BudgetRefused, match="day 2026-01-01"):
        reserve(begun, "day: {runs: 1}", now=NOW + 13 * 3_600_000)
    assert reserve(begun, "day: {runs: 1}", now=NOW + 14 * 3_600_000)


def test_a_failure_makes_the_next_run_dearer(begun: Path) -> None:
    failed = end(begun, reserve(begun), "failed", outcome="gate_refused: VT101")
    assert failed.performance_score == 0.0
    second = reserve(begun, tried=[failed])
    assert (second.model_name, second.task_complexity, second.attempt) == ("large", 6, 2)


def test_what_the_agent_does_not_say_costs_its_estimate(begun: Path) -> None:
    assert end(begun, reserve(begun)).actual_cost == 0.1
    assert end(begun, reserve(begun), "cancelled", Usage(0.02)).actual_cost == 0.1
    assert end(begun, reserve(begun), "cancelled", Usage(0.5)).actual_cost == 0.5
    assert end(begun, reserve(begun), usage=Usage(0.02), score=3.0).performance_score == 3.0


def test_how_long_the_last_runs_took_is_what_the_next_reserves(begun: Path) -> None:
    assert reserve(begun).estimated_time == 0, "nobody knows yet"
    for minutes in (2, 4):
        end(begun, reserve(begun), milliseconds=minutes * 60_000)
    assert reserve(begun).estimated_time == 180_000
    with pytest.raises(ledger.BudgetRefused, match=r"is 11\.0 minutes: 6\.0 spent, 3\.0 reserved, 3\.0 asked for"):
        reserve(begun, "ticket: {minutes: 11}")


def test_no_state_comes_twice(begun: Path) -> None:
    done = end(begun, reserve(begun))
    with pytest.raises(StateError, match="is completed; it cannot become failed"):
        end(begun, done, "failed")
    with pytest.raises(StateError, match="cannot become cancelled"):
        end(begun, done, "cancelled")
    assert kinds(begun) == list(ledger.KINDS)


def test_an_end_whose_transaction_was_lost_still_counts(begun: Path) -> None:
    run, here = reserve(begun), workspace(begun)
    with pytest.raises(TrainError, match="killed"), here.transaction("drive settle") as tx:
        ledger.ended(tx, here, run, "completed", Usage(0.7, 5000), 90_000, "done")
        raise TrainError("killed")
    assert ledger.known(workspace(begun))[0].actual_cost == 0.7
    (left,) = progress.assignments(workspace(begun).log.of_ticket(BUILD.id))
    closed = end(begun, left, "cancelled", milliseconds=0, outcome="its driver died")
    assert (closed.assignment_status, closed.actual_cost, closed.tokens_used) == ("cancelled", 0.7, 5000)
    assert closed.processing_time == 90_000 and ledger.known(workspace(begun)) == [closed]


def test_without_its_program_nothing_can_be_chosen(begun: Path) -> None:
    missing = settings.read(CONFIG.replace("[git", "[no-such-agent").encode())
    with pytest.raises(ledger.NoProgram, match="script: its program no-such-agent cannot be run here"):
        ledger.reserve(workspace(begun), missing, BUILD, "key", 1, ())
    script = settings.read(CONFIG.replace("[git", "[scripts/agent.sh").encode())
    write(begun, "scripts/agent.sh", "#!/bin/sh\n")
    with pytest.raises(ledger.NoProgram):
        ledger.reserve(workspace(begun), script, BUILD, "key", 1, ())
    (begun / "scripts/agent.sh").chmod(0o755)
    assert ledger.reserve(workspace(begun), script, BUILD, "key", 1, ()).provider_name == "script"


def grab(repo: str, seed: int) -> int:
    """Reserve until the budget says no; give how often it did not."""
    given = configured("\nbudgets:\n  ticket: {money: 1}\n  day: {runs: 100}\n")
    for taken in range(50):
        here = Workspace(repo, FixedClock(NOW, seed * 100 + taken))
        try:
            ledger.reserve(here, given, BUILD, "key", 1, ())
        except ledger.BudgetRefused:
            return taken
    return 50


def test_threads_that_reserve_at_once_have_no_more_than_the_budget(begun: Path, tmp_path: Path) -> None:
    desks = [begun, tmp_path / "one", tmp_path / "two"]
    for desk in desks[1:]:
        git(begun, "worktree", "add", "--quiet", "--detach", str(desk))
    taken: list[int] = []
    workers = [threading.Thread(target=lambda d=d, n=n: taken.append(grab(str(d), n))) for n, d in enumerate(desks)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(taken) == 3 and sum(taken) == 10
    assert sum(run.money for run in ledger.known(workspace(begun))) == pytest.approx(1.0)


def test_processes_that_reserve_at_once_have_no_more_than_the_budget(begun: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        taken = pool.starmap(grab, [(str(begun), 1), (str(begun), 2)])
    assert sum(taken) == 10 == len(ledger.known(workspace(begun)))
