"""`status`, `next` and `log`: where the work stands, the one thing to do, and what happened."""

from __future__ import annotations

import json
import os
import pty
from pathlib import Path

import pytest

from tests.stations import BUILD, FIRST, ITEM, SHAPE, TITLE, Board, data, events, must, refused, work_through
from tests.support import CONSOLE_SCRIPT, commit_all, git, run_cli, write

ESCAPE = "\x1b"


def on_a_terminal(repo: Path, *arguments: str, **env: str) -> str:
    """Run the console script with a terminal as its output."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(repo)
        os.execve(CONSOLE_SCRIPT, [CONSOLE_SCRIPT, *arguments], {**os.environ, "TERM": "xterm-256color", **env})
    seen = b""
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:  # Linux says so when the other end is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(terminal)
    os.waitpid(child, 0)
    return seen.decode()


def test_status_of_a_fresh_train(at: Board) -> None:
    out = run_cli(at("software"), "status").stdout
    assert out.startswith("Software train   main\n0 open · 0 closed · 0 of 0 work items done\n")
    assert out.endswith("  next  agenticops next\n")


def test_status_shows_every_open_ticket_in_the_order_of_the_pipeline(at: Board) -> None:
    repo = at("tiny-build")
    must(repo, "work", "new", "--title", "Other", "--issue", "7", "--start")
    must(repo, "work", "new", "--title", "Waits", "--issue", "8")
    out = run_cli(repo, "status").stdout
    rows = out.splitlines()
    assert rows[1] == "2 open · 1 closed · 0 of 3 work items done"
    assert rows[3].split()[0] == "shape_7" and "todo" in rows[3] and "plan · planner" in rows[3]
    assert rows[5].split()[0] == BUILD and "in progress" in rows[5]
    assert "██████████  1/1 required   artifacts 1/1   ready to advance" in rows[6]
    assert " waits  8  Waits  next" in out
    found = data(repo, "status")
    assert [t["id"] for t in found["tickets"]] == ["shape_7", BUILD]
    assert found["waiting"] == [{"id": "8", "title": "Waits", "priority": "next"}]
    assert found["session"]["ticket"] == BUILD and found["problems"] == []


def test_status_is_not_ready_before_the_artifact_is_what_was_recorded(at: Board) -> None:
    repo = at("tiny-build")
    write(repo, "docs/142/plan.md", "# Plan\n\nOther words.\n")
    assert data(repo, "next")["command"].startswith("agenticops artifact record plan")


def test_a_pipe_gets_plain_text_and_a_terminal_colour(at: Board) -> None:
    repo = at("tiny-opened")
    assert ESCAPE not in run_cli(repo, "status").stdout
    shown = on_a_terminal(repo, "status")
    assert ESCAPE in shown and TITLE in shown
    assert ESCAPE not in on_a_terminal(repo, "status", NO_COLOR="1")
    assert ESCAPE not in on_a_terminal(repo, "status", TERM="dumb")
    assert ESCAPE in on_a_terminal(repo, "status", "now?")


def test_user_text_is_no_markup_on_a_terminal(at: Board) -> None:
    repo = at("tiny")
    must(repo, "work", "new", "--title", "[/nope] [red]x[/red] :smile:", "--issue", "7", "--start")
    for call in (["status"], ["next"], ["log"], ["work", "list"], ["mode", "show"]):
        shown = on_a_terminal(repo, *call)
        assert "Traceback" not in shown
        if call != ["next"]:
            assert "[/nope] [red]x[/red] :smile:" in shown, call


def test_next_walks_through_a_ticket(at: Board) -> None:
    repo = at("tiny")
    seen = [data(repo, "next")["command"]]
    must(repo, "work", "new", "--title", TITLE, "--issue", ITEM)
    seen.append(data(repo, "next")["command"])
    must(repo, *seen[-1].split()[1:])
    seen.append(data(repo, "next")["command"])
    must(repo, *seen[-1].split()[1:])
    for _ in range(9):
        step = data(repo, "next")
        seen.append(step["command"])
        if "artifact record" in step["command"]:
            write(repo, "docs/142/brief.md", "# Brief\n\n## Goal\n\nBetter.\n")
        must(repo, *step["command"].split()[1:])
        if "advance" in step["command"]:
            break
    verbs = [" ".join(command.split()[1:3]) for command in seen]
    assert verbs[:3] == ["work new", f"ticket new {ITEM}"[:10], f"begin {SHAPE}"]
    assert verbs[3:] == [
        "checklist tick",
        "checklist tick",
        "artifact new",
        "artifact record",
        f"advance {SHAPE}",
    ]
    assert data(repo, "next")["ticket"] == BUILD


def test_next_says_what_why_and_how(at: Board) -> None:
    out = run_cli(at("working"), "next").stdout.splitlines()
    assert out[0] == f" {FIRST}"
    assert [row.split()[0] for row in out[1:]] == ["do", "why", "then"]
    assert out[3].split()[1:4] == ["agenticops", "checklist", "tick"]


def test_next_of_a_ticket(at: Board) -> None:
    repo = at("tiny-build")
    assert data(repo, "next", SHAPE)["do"].startswith("nothing")
    must(repo, "ticket", "block", "--reason", "x")
    assert data(repo, "next", BUILD)["command"] == f"agenticops ticket unblock {BUILD}"
    assert "there is no ticket 'ship_9'" in refused(repo, "next", "ship_9", code=2)


def test_next_names_what_cannot_be_read(at: Board) -> None:
    repo = at("tiny-opened")
    write(repo, f"tickets/{SHAPE}/ticket.yml", "id: [\n")
    assert data(repo, "next")["do"] == f"mend tickets/{SHAPE}/ticket.yml:2"


def test_next_offers_every_way_on(at: Board) -> None:
    step = data(at("tiny-build"), "next")
    assert step["do"] == "advance to shape (shape or ship)" and step["command"].endswith("--to shape")


def test_log_tells_who_did_what(at: Board) -> None:
    repo = at("tiny-build")
    out = run_cli(repo, "log").stdout
    assert out.splitlines()[0].endswith(" (UTC)")
    assert "Ada Lovelace (planner)" in out and "bullet ticked" in out and "Ask the nurses" in out
    assert f"start → {SHAPE}" in out and f"{SHAPE} → {BUILD}" in out and "sha256" in out
    assert ESCAPE not in out


def test_log_filters(at: Board) -> None:
    repo = at("tiny-build")
    every = events(repo)
    assert [e["kind"] for e in events(repo, "gate_passed")] == ["gate_passed"]
    assert {e["ticket"] for e in data(repo, "log", "--ticket", BUILD)} == {BUILD}
    assert {e["ticket"] for e in data(repo, "log", "--ticket", "buil")} == {BUILD}
    assert {e["ticket"] for e in data(repo, "log", "--ticket", ITEM)} == {SHAPE, BUILD}
    assert {e["item"] for e in data(repo, "log", "--item", ITEM)} == {ITEM}
    assert {e["actor"]["agent"] for e in data(repo, "log", "--actor", "maker")} == {"maker"}
    assert len(data(repo, "log", "--actor", "ada@")) == len(every)
    assert data(repo, "log", "--limit", "2") == every[-2:] and data(repo, "log", "--limit", "0") == every
    assert data(repo, "log", "--since", "today") == every == data(repo, "log", "--since", "2d")
    assert data(repo, "log", "--since", "2099-01-01") == []
    assert must(repo, "log", "--since", "2099-01-01T00:00:00Z") == "no events\n"
    assert data(repo, "log", "--item", "9") == []
    for wild in ("%", "_", "\\"):
        assert data(repo, "log", "--actor", wild) == data(repo, "log", "--ticket", f"sh{wild}pe") == []
    assert data(repo, "log", "--actor", "LOVELACE") == every
    orders = [(e["lamport"], e["id"]) for e in every]
    assert orders == sorted(orders)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "yesterday"), "'yesterday' is no time"),
        (("--since", "2026-13-01"), "is no time"),
        (("--kind", "gate_pased"), "did you mean gate_passed"),
        (("--limit", "-1"), "--limit"),
        (("--limit", "few"), "--limit"),
    ],
)
def test_log_refuses_what_it_cannot_mean(at: Board, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(at("tiny-opened"), "log", *arguments, code=2)


def test_an_agent_at_work_is_named(at: Board) -> None:
    repo = at("tiny-working")
    run_cli(repo, "checklist", "tick", "1", env={"AGENTICOPS_AGENT": "maker"})
    assert events(repo, "bullet_ticked")[0]["actor"]["agent"] == "maker"


def test_reads_need_no_identity_and_a_write_says_what_is_missing(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-opened")
    nobody = {"GIT_CONFIG_GLOBAL": "/dev/null", "HOME": str(tmp_path), "EMAIL": "", "USER": "", "LOGNAME": ""}
    git(repo, "config", "user.useConfigOnly", "true")
    assert json.loads(run_cli(repo, "status", "--json", env=nobody).stdout)["kind"] == "status"
    done = run_cli(repo, "begin", env=nobody, check_code=2)
    assert "git does not know who you are" in done.stderr and "user.email" in done.stderr
    assert git(repo, "status", "--porcelain") == ""


def test_a_subfolder_and_dash_c_and_a_second_worktree_are_the_same_train(at: Board, tmp_path: Path) -> None:
    repo = at("tiny-working")
    here = data(repo, "status")
    assert data(repo / "docs", "status") == here
    assert json.loads(run_cli(tmp_path, "-C", str(repo), "status", "--json").stdout)["data"] == here
    git(repo, "worktree", "add", "--quiet", "-b", f"phase/{SHAPE}", str(tmp_path / "tree"))
    assert data(tmp_path / "tree", "status")["branch"] == f"phase/{SHAPE}"
    work_through(repo, SHAPE)
    commit_all(repo)
    assert data(tmp_path / "tree", "status")["tickets"][0]["ticked"] == 0


def test_the_version() -> None:
    assert run_cli(".", "--version").stdout.split()[0] == "agenticops"
