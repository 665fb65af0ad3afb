"""Several sessions at once, one a worktree: real worktrees, real processes."""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from agenticops.errors import ConflictError
from agenticops.flows import desks, resume, session
from agenticops.model.event import Draft
from tests.stations import SHAPE, Board, codes, data, must, refused
from tests.support import CONSOLE_SCRIPT, commit_all, git, workspace, write

ITEMS = ("7", "8", "9")
HOUR = 3_600_000


def milliseconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp() * 1000)


@pytest.fixture
def yard(at: Board, tmp_path: Path) -> dict[str, Path]:
    """A repository with three tickets, each with a worktree on its phase branch."""
    repo = at("tiny")
    for item in ITEMS:
        must(repo, "work", "new", "--title", f"Item {item}", "--issue", item, "--start", "--commit")
    found = {"": repo}
    for item in ITEMS:
        desk = tmp_path / f"desk {item}"
        git(repo, "worktree", "add", "--quiet", "-b", f"phase/shape_{item}", str(desk))
        found[item] = desk
    return found


def test_agents_begin_and_work_at_once_each_in_its_worktree(yard: dict[str, Path]) -> None:
    script = f'"{CONSOLE_SCRIPT}" begin && for n in 1 2 3; do "{CONSOLE_SCRIPT}" session note "note $n" || exit 1; done'
    running = [subprocess.Popen(["sh", "-c", script], cwd=yard[i], stdout=subprocess.PIPE) for i in ITEMS]
    assert [p.wait(60) for p in running] == [0, 0, 0]
    for process in running:
        assert process.stdout is not None
        process.stdout.close()
    listed = data(yard[""], "session", "list", "--all")
    worked = {p["worktree"]: (p["branch"], p["session"]["ticket"], p["path"]) for p in listed}
    assert worked == {
        str(yard[i]): (f"phase/shape_{i}", f"shape_{i}", f"tickets/shape_{i}/ACTIVE_SESSION.md") for i in ITEMS
    }
    assert all(p["session"]["notes"] == ["note 1", "note 2", "note 3"] and p["seen"] for p in listed)
    assert not any(p["silent"] for p in listed)
    assert data(yard[""], "session", "list") == [], "without --all it is this worktree's affair"
    for item in ITEMS:
        commit_all(yard[item])
        git(yard[""], "merge", "--quiet", "--no-ff", "--no-edit", f"phase/shape_{item}")
    assert codes(yard[""], "check") == []


def test_a_second_agent_on_one_ticket_is_refused(yard: dict[str, Path]) -> None:
    must(yard["7"], "begin")
    err = refused(yard[""], "begin", "shape_7", code=5)
    assert "planner works shape_7 in another worktree, on phase/shape_7" in err
    assert f"'{yard['7']}' session archive" in err and str(yard["7"]) in err
    must(yard[""], "begin", "shape_8")
    assert "works shape_8 in another worktree, on main" in refused(yard["8"], "begin", code=5)
    git(yard["9"], "switch", "--quiet", "-c", "topic")
    assert "on phase/shape_7" in refused(yard["9"], "begin", "shape_7", code=5)
    must(yard["7"], "session", "archive")
    must(yard["9"], "begin", "shape_7")


def test_a_copy_of_a_session_on_another_branch_is_no_session(yard: dict[str, Path]) -> None:
    must(yard["7"], "begin")
    commit_all(yard["7"])
    git(yard["7"], "switch", "--quiet", "-c", "aside")
    assert data(yard[""], "session", "list", "--all") == []
    must(yard[""], "begin", "shape_7")


def test_a_worktree_that_is_gone_or_broken_is_passed_over(yard: dict[str, Path]) -> None:
    must(yard["8"], "begin")
    git(yard[""], "worktree", "remove", "--force", str(yard["7"]))
    write(yard["9"], "tickets/shape_9/ACTIVE_SESSION.md", "---\nstatus: [\n")
    lost = yard["8"].with_name("lost")
    git(yard[""], "worktree", "add", "--quiet", "-b", "lost", str(lost))
    (lost / ".git").write_text("gitdir: /nowhere\n")
    assert [p["worktree"] for p in data(yard[""], "session", "list", "--all")] == [str(yard["8"])]
    must(yard[""], "begin", "shape_7")


def test_the_last_sign_of_life_of_an_agent(at: Board) -> None:
    repo = at("tiny-working")
    begun = workspace(repo).log.of_kinds("session_began")[0]
    start = milliseconds(begun.at)
    (place,) = desks.listing(workspace(repo, start))
    assert (place.seen, place.silent) == (begun.at, False)
    (place,) = desks.listing(workspace(repo, start + HOUR))
    assert place.silent, "nobody was heard of for an hour"
    here = workspace(repo, start + HOUR - 60_000)
    here.local.append([Draft("heartbeat", begun.subject)], here.actor())
    (place,) = desks.listing(workspace(repo, start + HOUR))
    assert not place.silent and place.seen > begun.at


def test_an_active_session_whose_agent_is_silent_can_be_resumed(at: Board) -> None:
    repo = at("tiny-working")
    start = milliseconds(workspace(repo).log.of_kinds("session_began")[0].at)
    assert "the session is active" in refused(repo, "session", "resume")
    done = resume.resume(workspace(repo, start + HOUR))
    assert (done.state, done.session.status, done.session.ticket) == ("whole", "active", SHAPE)
    assert workspace(repo).log.of_kinds("session_resumed")[-1].data == {"from": "active"}


def test_one_worktree_asks_git_nothing(at: Board) -> None:
    repo = at("tiny-opened")
    here = workspace(repo)
    assert desks.desks(here) == [desks.Desk(str(repo), "main")]
    session.begin(here, None, "")
    with pytest.raises(ConflictError, match="in another worktree"):
        git(repo, "worktree", "add", "--quiet", "-b", "topic", str(repo.with_name("other")))
        session.begin(workspace(repo.with_name("other")), SHAPE, "")
