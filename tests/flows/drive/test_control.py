"""Control: a drive is held, let go on, aborted and taken over, with a driver at work and without one."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.drive import progress
from agenticops.errors import ConflictError, TrainError, UsageError
from agenticops.flows.drive import driver as drivers
from agenticops.flows.drive import presence, preview, status
from agenticops.flows.drive.control import Control, Left
from agenticops.flows.drive.driver import Driver
from agenticops.flows.drive.marks import Marks
from agenticops.flows.drive.standing import standing
from agenticops.flows.drive.trunk import Conflict, DirtyCheckout
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.stations import must
from tests.support import commit_all, git, thorough, write

# An agent that keeps what it was asked, and does nothing.
KEEPS = "import os, sys; open(os.environ['PROMPTS'], 'a').write(sys.stdin.read())"


def control(repo: Path) -> Control:
    return Control(Workspace(str(repo)))


def stands(repo: Path, ticket: str) -> tuple[str, str]:
    found = standing(Workspace(str(repo)), ticket)
    return found.standing, found.reason


def once(wanted: Callable[[], object], do: Callable[[], Any]) -> Callable[[], None]:
    """Make a tick that does something the first time that it is wanted."""
    done: list[bool] = []

    def tick() -> None:
        if not done and wanted():
            done.append(True)
            do()

    return tick


def beside(do: Callable[[], Any], found: list[Any]) -> threading.Thread:
    """Do something as another process would: while the driver goes on."""
    thread = threading.Thread(target=lambda: found.append(do()))
    thread.start()
    return thread


def notices(repo: Path) -> list[tuple[str, str]]:
    found = [e for e in Workspace(str(repo)).local.events() if e.kind == "drive_noticed"]
    return [(str(e.data["what"]), e.ticket) for e in found]


def on_branch(repo: Path, ticket: str) -> str:
    return Workspace(str(repo)).train_at(f"refs/heads/phase/{ticket}").ticket(ticket).status


def test_a_pause_ends_a_running_drive_after_the_present_bullet_and_resume_lets_it_go_on(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"], bullets=3, seconds=0.5)
    driver = Driver(Workspace(str(repo)))
    report = driver.run(once(lambda: rig.journal(repo), lambda: control(repo).pause(reason="lunch")))
    assert [(o.ticket, o.state) for o in report.outcomes] == [("build_1", "stopped")]
    assert "the drive is paused, says Ada Lovelace: lunch" in report.ended and ("paused", "") in notices(repo)
    assert isinstance(driver.paused, ConflictError) and driver.paused.hint == "agenticops drive resume"
    assert all(stint.ended for stint in rig.journal(repo)), "the bullet that was at work came to its end"
    with pytest.raises(ConflictError, match="lunch"):
        rig.drive(repo)
    found = control(repo).resume().mark
    assert found is not None and found.reason == "lunch"
    assert [o.state for o in rig.drive(repo).outcomes] == ["delivered"]
    with pytest.raises(TrainError, match="not paused"):
        control(repo).resume()


@thorough
def test_a_stop_file_holds_the_drive_and_says_why(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"])
    write(repo, ".git/agenticops/drive/stop", "the cluster is down\nuntil Monday\n")
    with pytest.raises(ConflictError, match="there is a stop file: the cluster is down; remove"):
        rig.drive(repo)
    assert rig.journal(repo) == []
    control(repo).resume()
    assert [o.state for o in rig.drive(repo).outcomes] == ["delivered"]


@thorough
def test_one_ticket_is_paused_and_the_others_go_on(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good"], bullets=2, seconds=0.3)
    driver = Driver(Workspace(str(repo)))
    report = driver.run(once(lambda: rig.journal(repo), lambda: control(repo).pause("build_1", "the API changes")))
    assert [(o.ticket, o.state) for o in report.outcomes] == [("build_1", "stopped"), ("build_2", "delivered")]
    assert report.ended == "empty" and "build_1 is paused, says Ada Lovelace: the API changes" in report.passed["1"]
    assert "build_1 is paused" in drivers.explain(Workspace(str(repo))).passed["1"]
    released = control(repo).resume("build_1")
    assert released.before is None, "nothing is to be written down: it was never held"
    assert [(o.ticket, o.state) for o in rig.drive(repo).outcomes] == [("build_1", "delivered")]


def test_a_mark_that_cannot_be_read_is_a_pause(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"])
    write(repo, ".git/agenticops/drive/asked-build_1.json", '{"wish": "dance"}')
    assert [m.ticket for m in Marks(Workspace(str(repo))).all()] == ["build_1"]
    assert Marks(Workspace(str(repo))).wish("build_1") == "pause"
    assert rig.drive(repo).outcomes == ()


def test_an_abort_ends_the_agent_at_once_and_keeps_what_there_is(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["slow"], bullets=2)
    driver, found, threads = Driver(Workspace(str(repo))), list[Left](), list[threading.Thread]()

    def abort() -> None:
        threads.append(beside(lambda: control(repo).leave("build_1", "abort", "the client withdrew it"), found))

    began = time.monotonic()
    report = driver.run(once(lambda: rig.journal(repo), abort))
    threads[0].join(10)
    assert time.monotonic() - began < 15, "the agent would have slept for a minute"
    assert [(o.ticket, o.state, o.reason) for o in report.outcomes] == [("build_1", "left", "abort")]
    assert [left.branch for left in found] == ["phase/build_1"] and Path(found[0].desk).is_dir()
    assert stands(repo, "build_1") == ("left", "abort") and on_branch(repo, "build_1") == "blocked"
    runs = progress.assignments(Workspace(found[0].desk).log.of_ticket("build_1"))
    assert [a.assignment_status for a in runs] == ["cancelled"]
    assert Marks(Workspace(str(repo))).all() == [] and rig.drive(repo).outcomes == ()
    control(repo).resume("build_1", "they want it after all")
    again = Driver(Workspace(str(repo)))
    stopped = again.run(once(lambda: len(rig.journal(repo)) > 1, lambda: again.stop(now=True)))
    assert [o.state for o in stopped.outcomes] == ["stopped"], "it is worked again"


def test_a_ticket_is_taken_over_worked_by_hand_and_merged(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["lying"], more={"tries": 1})
    assert [o.reason for o in rig.drive(repo).outcomes] == ["no_change"]
    left = control(repo).leave("build_1", "takeover")
    assert left.before.standing == "blocked" and stands(repo, "build_1") == ("left", "takeover")
    assert control(repo).leave("build_1", "takeover").desk == left.desk, "to ask again changes nothing"
    with pytest.raises(TrainError, match="is blocked on phase/build_1; what is merged is in review"):
        control(repo).merge("build_1")
    desk = Path(left.desk)
    must(desk, "ticket", "unblock", "--reason", "I do it")
    write(desk, "docs/1/report.md", "# Report\n\n## Goal\n\nRefills arrive before the box is empty.\n")
    must(desk, "artifact", "record", "report")
    must(desk, "checklist", "tick", "Do part 1")
    must(desk, "advance", "--commit")
    write(desk, "notes.txt", "not committed\n")
    with pytest.raises(TrainError, match="not committed"):
        control(repo).merge("build_1")
    (desk / "notes.txt").unlink()
    assert control(repo).merge("build_1").state == "finished"
    assert stands(repo, "build_1") == ("delivered", "") and (repo / "docs/1/report.md").exists()
    assert not desk.exists() and rig.clean(repo)
    assert Workspace(str(repo)).train.ticket("build_1").status == "done"


@thorough
def test_a_running_driver_lets_go_after_the_bullet_and_gives_it_back(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"], bullets=3, seconds=0.4)
    driver, found, threads = Driver(Workspace(str(repo))), list[Left](), list[threading.Thread]()

    def take() -> None:
        threads.append(beside(lambda: control(repo).leave("build_1", "takeover", "I know it"), found))

    report = driver.run(once(lambda: rig.journal(repo), take))
    threads[0].join(10)
    assert [(o.state, o.reason) for o in report.outcomes] == [("left", "takeover")]
    assert all(stint.ended for stint in rig.journal(repo)) and found[0].ticket == "build_1"
    assert on_branch(repo, "build_1") == "in_progress"
    with pytest.raises(UsageError, match="reason is empty"):
        control(repo).resume("build_1")
    control(repo).resume("build_1", "it is yours again")
    assert [o.state for o in rig.drive(repo).outcomes] == ["delivered"]


@thorough
def test_what_the_default_branch_refuses_does_not_come_in(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"], bullets=1)
    until = Driver(Workspace(str(repo)))
    until.run(once(lambda: rig.journal(repo), until.stop))
    desk = Path(control(repo).leave("build_1", "takeover").desk)
    write(desk, "docs/1/report.md", "# Report\n\n## Goal\n\nRefills arrive before the box is empty.\n")
    must(desk, "artifact", "record", "report")
    must(desk, "advance", "--commit")
    write(desk, "docs/1/report.md", "# Report\n\nNo goal any more.\n")
    commit_all(desk, "emptied by hand")
    before = git(repo, "rev-parse", "main")
    outcome = control(repo).merge("build_1")
    assert outcome.state == "refused" and any(f.path == "docs/1/report.md" for f in outcome.verdict.findings)
    assert git(repo, "rev-parse", "main") == before and rig.clean(repo)
    assert stands(repo, "build_1") == ("left", "takeover")


@thorough
def test_a_conflict_is_told_and_the_ticket_stays_where_it_is(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"], bullets=1)
    until = Driver(Workspace(str(repo)))
    until.run(once(lambda: rig.journal(repo), until.stop))
    desk = Path(control(repo).leave("build_1", "takeover").desk)
    write(desk, "docs/1/report.md", "# Report\n\n## Goal\n\nRefills arrive before the box is empty.\n")
    must(desk, "artifact", "record", "report")
    must(desk, "advance", "--commit")
    write(repo, "docs/1/report.md", "# Another\n")
    commit_all(repo, "mine")
    with pytest.raises(Conflict, match=r"docs/1/report\.md"):
        control(repo).merge("build_1")
    assert stands(repo, "build_1") == ("left", "takeover") and desk.is_dir()


@thorough
def test_a_note_of_the_operator_is_in_the_next_prompt_and_no_other_ticket_has_it(tmp_path: Path) -> None:
    provider = {"command": [sys.executable, "-c", KEEPS], "environment": {"PROMPTS": str(tmp_path / "prompts")}}
    repo = rig.train(tmp_path / "repo", ["good"], more={"tries": 1, "providers": {"keeps": provider}})
    assert [o.reason for o in rig.drive(repo).outcomes] == ["no_change"]
    assert "From the operator" not in (tmp_path / "prompts").read_text()
    with pytest.raises(UsageError, match="note is empty"):
        control(repo).fix("build_1", "  ")
    control(repo).fix("build_1", "the dose is in mg,\nnot in ml")
    assert [o.state for o in rig.drive(repo).outcomes] == ["blocked"], "it was tried again"
    prompts = (tmp_path / "prompts").read_text()
    assert prompts.count("## From the operator\n\n- the dose is in mg, not in ml\n") == 1
    assert progress.notes("build_2", Workspace(str(repo)).log.of_kinds("drive_released")) == ()


def test_a_ticket_that_is_closed_is_not_paused(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"])
    assert rig.drive(repo, most=1).ended == "until", "one was asked for"
    with pytest.raises(TrainError, match="build_1 is done"):
        control(repo).pause("build_1")
    assert Marks(Workspace(str(repo))).all() == []


@thorough
def test_what_is_not_held_is_not_let_go_nor_taken(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good"])
    rig.drive(repo, most=1)
    with pytest.raises(TrainError, match="build_1 is not held"):
        control(repo).resume("build_1", "because")
    with pytest.raises(TrainError, match="does not have build_1"):
        control(repo).leave("build_1", "takeover")
    with pytest.raises(UsageError, match="there is no ticket"):
        control(repo).pause("build_77")
    with pytest.raises(TrainError, match="there is no branch phase/build_1"):
        control(repo).merge("build_1")


@pytest.mark.parametrize(
    "do",
    [
        pytest.param(lambda c: c.resume(), marks=thorough),
        lambda c: c.resume("build_1", "x"),
        pytest.param(lambda c: c.fix("build_1", "x"), marks=thorough),
        lambda c: c.merge("build_1"),
        pytest.param(lambda c: c.leave("build_1", "abort", "x"), marks=thorough),
        pytest.param(lambda c: c.leave("build_1", "takeover"), marks=thorough),
    ],
    ids=["resume all", "resume", "fix", "merge", "abort", "takeover"],
)
def test_an_agent_only_pauses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, do: Callable[[Control], Any]) -> None:
    repo = rig.train(tmp_path / "repo", ["lying"], more={"tries": 1})
    rig.drive(repo)
    before = git(repo, "rev-parse", "main")
    monkeypatch.setenv("CLAUDECODE", "1")
    with pytest.raises(TrainError, match=r"an agent \(Claude Code\) cannot"):
        do(control(repo))
    assert git(repo, "rev-parse", "main") == before and Marks(Workspace(str(repo))).all() == []
    control(repo).pause(reason="this looks wrong")
    assert Marks(Workspace(str(repo))).halted


def test_a_dirty_checkout_pauses_what_writes_on_the_default_branch(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["lying"], more={"tries": 1})
    rig.drive(repo)
    write(repo, "README.md", "mine\n")
    with pytest.raises(DirtyCheckout) as refused:
        control(repo).resume("build_1", "go on")
    assert refused.value.exit_code == 5 and stands(repo, "build_1") == ("blocked", "no_change")


def test_status_tells_who_drives_what_is_held_and_what_happened(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "asking", "lying"], seconds=0.3, more={"tries": 1})
    driver, seen = Driver(Workspace(str(repo)), parallel=2), list[status.Status]()

    def shown() -> bool:
        return any(row.model for found in presence.drivers(Workspace(str(repo))) for row in found.rows)

    driver.run(once(shown, lambda: seen.append(status.status(Workspace(str(repo))))))
    (at_work,) = seen[0].drivers
    rows = [(row.ticket, row.number, row.of, row.agent, row.model) for row in at_work.rows if row.model]
    assert at_work.parallel == 2 and rows[0][0].startswith("build_") and rows[0][1:] == (1, 2, "maker", "scripted")
    found = status.status(Workspace(str(repo)))
    assert found.drivers == () and found.waiting == () and found.halted == ""
    assert [(h.ticket, h.reason, h.go_on.split()[2]) for h in found.held] == [
        ("build_2", "needs_person", "resume"),
        ("build_3", "no_change", "fix"),
    ]
    assert all(Path(held.desk).is_dir() for held in found.held)
    assert [held.first for held in found.held] == ["do what it asks for", ""]
    assert {(h.ticket, h.what) for h in found.last} == {
        ("build_1", "delivered"),
        ("build_2", "blocked"),
        ("build_3", "blocked"),
    }
    assert sorted(n["ticket"] for n in found.notices) == ["build_2", "build_3"]


def test_a_driver_that_is_gone_is_not_at_work(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", [])
    dead = '{"pid": 1, "born": 1.0, "since": "2026-01-01T10:00:00Z", "rows": []}'
    path = write(repo, ".git/agenticops/drive/driver-01AAAAAAAAAAAAAAAAAAAAAAAA.json", dead)
    write(repo, ".git/agenticops/drive/driver-broken.json", "{")
    assert presence.drivers(Workspace(str(repo))) == []
    rig.drive(repo)
    assert not path.exists() and presence.drivers(Workspace(str(repo))) == []


def test_a_preview_shows_what_would_be_taken_and_what_stands_in_the_way(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good", "good", "good"], more={"budgets": {"day": {"money": 1}}})
    found = preview.preview(Workspace(str(repo)), 2)
    assert [(p.item, p.ticket, p.phase, p.model, p.refused) for p in found.takes] == [
        ("1", "build_1", "build", "scripted", ""),
        ("2", "build_2", "build", "scripted", ""),
    ]
    assert found.more == 1 and [(s.field, s.limit) for s in found.budgets] == [("budgets.day", 1.0)]
    write(repo, "config/drive.yml", (repo / "config/drive.yml").read_text().replace("money: 1\n", "money: 0\n"))
    spent = preview.preview(Workspace(str(repo)), 1)
    assert "day" in spent.takes[0].refused and spent.takes[0].model == ""


def test_an_item_that_is_not_committed_is_not_said_to_be_taken(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", [])
    must(repo, "work", "new", "--kind", "Task", "--title", "New", "--issue", "1", "--label", "auto")
    (found,) = preview.preview(Workspace(str(repo)), 1).takes
    assert found.refused == "it is not on the default branch yet" and "git commit" in found.hint


def test_an_agent_that_nobody_trusts_is_shown_beforehand(tmp_path: Path) -> None:
    repo = rig.train(tmp_path / "repo", ["good"])
    must(repo, "trust", "revoke")
    (found,) = preview.preview(Workspace(str(repo)), 1).takes
    assert "trust" in found.refused
