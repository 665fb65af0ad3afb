"""`drive` and `select`: what is shown, what is answered, and how a drive ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from agenticops.cli import drivelines, driveview
from agenticops.cli.lines import text
from agenticops.core.drive.budget import Standing
from agenticops.flows.drive.driver import Driver
from agenticops.flows.drive.presence import Row
from agenticops.flows.drive.work import Outcome
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.stations import data, must, refused
from tests.support import CONSOLE_SCRIPT, cli, git, snapshot, thorough, write

NASTY = "Do \x1b[31mred\x1b[0m [/nope] \u202ereversed"


def test_a_drive_tells_each_bullet_and_each_end_and_blocked_is_a_verdict(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "lying"], more={"tries": 2})
    code, out, err = cli(repo, "drive")
    assert (code, err) == (3, "")
    assert "build_1: bullet 1/2 Do part 1\n" in out and "✓ build_1 delivered\n" in out
    assert "build_2: bullet 1/2 Do part 1 (attempt 2)\n" in out
    assert "✗ build_2 blocked: the agent changed no file\n" in out
    assert "2 tickets: 1 delivered, 1 blocked" in out and out.endswith("  next  agenticops drive status\n")
    assert max(map(len, out.splitlines())) <= 80
    shown = must(repo, "drive", "status")
    assert 'on    agenticops drive fix build_2 --note "…"' in shown and "nobody drives here" in shown
    assert must(repo, "drive", "fix", "build_2", "--note", "write a file").endswith("next  agenticops drive\n")


def test_what_another_drive_spends_meanwhile_is_not_told_as_ones_own(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good"])
    driver = Driver(Workspace(str(repo)))
    costs = driveview.Costs(driver)
    rig.drive(repo, most=1)
    assert costs.read(now=True) == 0 and costs.runs == []
    driver.run()
    assert costs.read(now=True) == pytest.approx(0.2) and len(costs.runs) == 2


@thorough
def test_one_envelope_comes_at_the_end(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good"])
    found = data(repo, "drive", "--once", "--json")
    assert [(o["ticket"], o["state"]) for o in found["outcomes"]] == [("build_1", "delivered")]
    assert found["costs"] == {"runs": 2, "money": pytest.approx(0.2), "tokens": 2000} and found["paused"] == ""
    done = data(repo, "drive", "--parallel", "2", "--json")
    assert [o["ticket"] for o in done["outcomes"]] == ["build_2"] and done["ended"] == "empty"


def test_an_empty_queue_says_how_to_fill_it(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", [])
    code, out, _ = cli(repo, "drive")
    assert code == 0 and out.startswith("nothing to drive: there are no work items\n")
    assert 'fill  agenticops work new --kind Task --title "…" --label auto' in out
    assert must(repo, "drive", "--dry-run").startswith("nothing to drive")
    assert must(repo, "select").startswith("nothing to drive")


def test_a_dry_run_shows_model_and_budget_and_changes_nothing(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good", "good"], more={"budgets": {"day": {"money": 5}}})
    before, head, branches = snapshot(repo), git(repo, "rev-parse", "HEAD"), git(repo, "branch", "--list")
    out = must(repo, "drive", "--dry-run", "--parallel", "2")
    assert out.startswith("would take  2 tickets, 1 more\n▸ build_1 ")
    assert "script scripted · preferred, complexity 5 · about 0.10 a bullet" in out and "5.00 of 5 money" in out
    assert max(map(len, out.splitlines())) <= 80
    assert [p["ticket"] for p in data(repo, "drive", "--dry-run", "--json")["takes"]] == ["build_1"]
    assert (snapshot(repo), git(repo, "rev-parse", "HEAD"), git(repo, "branch", "--list")) == (before, head, branches)
    assert not (tmp_path / "repo.desks").exists() and rig.journal(repo) == []


def test_select_explains_why_each_other_item_is_passed_over(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good"])
    must(repo, "work", "edit", "2", "--priority", "now", "--title", NASTY)
    must(repo, "work", "new", "--kind", "Task", "--title", "By hand", "--issue", "3")
    out = must(repo, "select", "--explain")
    assert out.startswith("Task 2  Do ") and "\x1b" not in out and "\u202e" not in out
    assert "  1            others come first\n" in out and "  3            it has no label auto\n" in out
    found = data(repo, "select", "--explain", "--json")
    assert found["item"]["id"] == "2" and found["passed"]["3"] == "it has no label auto"
    assert "passed" not in data(repo, "select", "--json")


def test_a_dirty_checkout_and_a_paused_drive_are_a_conflict(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"])
    write(repo, "README.md", "mine\n")
    code, out, err = cli(repo, "drive")
    assert code == 5 and "no ticket was worked" in out
    assert "not committed" not in out and "next" not in out, "it is told once, with the way out"
    assert "the checkout of main has changes that are not committed: README.md" in err and "commit or stash" in err
    git(repo, "restore", "README.md")
    assert must(repo, "drive", "pause", "--reason", "lunch").endswith("next  agenticops drive resume\n")
    assert "the drive is paused, says Ada Lovelace: lunch" in refused(repo, "drive", code=5)
    assert "lunch" in must(repo, "drive", "--dry-run") and "lunch" in must(repo, "drive", "status")
    assert "the drive may go on" in must(repo, "drive", "resume")
    assert cli(repo, "drive")[0] == 0


def test_an_agent_does_not_start_the_auto_pilot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = rig.train(tmp_path / "repo", ["good"])
    monkeypatch.setenv("CLAUDECODE", "1")
    assert "an agent (Claude Code) cannot start the auto-pilot" in refused(repo, "drive", code=2)
    assert "an agent (Claude Code) cannot let" in refused(repo, "drive", "resume", code=1)
    assert must(repo, "select").startswith("Task 1")


@thorough
def test_aborted_and_taken_over_tickets_say_where_the_work_is_and_what_comes_next(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["lying", "lying"], more={"tries": 1})
    assert cli(repo, "drive")[0] == 3
    out = must(repo, "drive", "takeover", "build_1")
    desk = tmp_path / "repo.desks" / "build_1"
    assert f'  work  cd {desk} && agenticops ticket unblock --reason "…"\n' in out
    assert f"  desk  {desk}\n" in out and "phase/build_1" in out and "agenticops drive merge build_1" in out
    found = data(repo, "drive", "abort", "build_2", "--reason", "withdrawn", "--json")
    assert found["branch"] == "phase/build_2" and found["before"]["reason"] == "no_change"
    assert "reason is empty" in refused(repo, "drive", "abort", "build_2", "--reason", " ", code=2)
    assert "is blocked on phase/build_2" in refused(repo, "drive", "merge", "build_2")
    held = {h["ticket"]: (h["standing"], h["reason"]) for h in data(repo, "drive", "status", "--json")["held"]}
    assert held == {"build_1": ("left", "takeover"), "build_2": ("left", "abort")}
    assert "it was left: takeover" in must(repo, "drive", "resume", "build_1", "--reason", "yours")


@pytest.mark.parametrize(("signals", "whole"), [([signal.SIGINT], True), ([signal.SIGINT] * 2, False)])
def test_ctrl_c_ends_after_the_bullet_and_twice_at_once(tmp_path: Path, signals: list[int], whole: bool) -> None:
    seconds = 1.0 if whole else 30.0
    repo = rig.train(tmp_path / "repo", ["good"], bullets=3, seconds=seconds)
    driver = subprocess.Popen([CONSOLE_SCRIPT, "drive"], cwd=repo, stdout=subprocess.PIPE, start_new_session=True)
    _wait(lambda: bool(rig.journal(repo)))
    for number in signals:
        # As a terminal does: git's commands get it too.
        os.killpg(driver.pid, number)
        time.sleep(0.3)
    out, _ = driver.communicate(timeout=25)
    assert driver.returncode == 130 and b"1 stopped" in out
    assert all(stint.ended for stint in rig.journal(repo)) is whole
    (stint,) = rig.journal(repo)
    assert not os.path.exists(f"/proc/{stint.pid}") and rig.clean(repo)
    again = data(repo, "drive", "--dry-run", "--json")
    assert again["takes"][0]["ticket"] == "build_1", "it goes on"


def _wait(wanted: object) -> None:
    ends = time.monotonic() + 20
    while not wanted():  # type: ignore[operator]
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_the_view_fits_a_terminal_and_obeys_no_user(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", [])
    driver = Driver(Workspace(str(repo)), parallel=2)
    driver.rows["a"] = Row("requirements_t00000001-12", time.time() - 4000, NASTY * 9, 3, 9, 2, "maker", "p", "m" * 40)
    driver.rows["b"] = Row("build_2", time.time(), money=1234.567, said="runs " + "x" * 200, model="opus")
    driver.outcomes += [Outcome("build_7", "delivered"), Outcome("build_8", "blocked", "budget")]
    costs = driveview.Costs(driver)
    costs.read()
    costs.fullest = Standing("day 2026-01-01 and a name that goes on", "budgets.day", "money", 9, 0, 10)
    view = driveview.Screen(driver, costs)
    shown = text(view.lines())
    view.live.stop()
    assert max(map(len, shown.splitlines())) <= 80
    assert "3/9" in shown and "1:06:4" in shown and "attempt 2, maker" in shown and drivelines.KEYS in shown
    assert "✓ 1 delivered   ✗ 1 blocked" in shown and "90%" in shown
    assert "\x1b" not in shown and "\u202e" not in shown
    driver.stop()
    assert "Ctrl-C again ends the agents" in text(view.lines())
