"""The conductor on branches and in clones: review on the phase branch, the move after the merge, equal files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stations import BUILD, ITEM, SHAPE, Board, codes, data, events, must, refused, work_through
from tests.support import commit_all, git, run_cli, snapshot, status, write

BRANCH = f"phase/{SHAPE}"
SESSION = f"tickets/{SHAPE}/ACTIVE_SESSION.md"


def reviewed(repo: Path) -> Path:
    """Work the ticket on its phase branch until it is in review."""
    git(repo, "switch", "--quiet", "-c", BRANCH)
    must(repo, "begin")
    work_through(repo, SHAPE)
    commit_all(repo)
    must(repo, "advance", "--commit")
    return repo


def test_a_phase_branch_ends_in_review_and_the_default_branch_moves_on(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", BRANCH)
    begun = data(repo, "begin")
    assert begun["path"] == SESSION and "id: s-" in (repo / SESSION).read_text()
    work_through(repo, SHAPE)
    commit_all(repo)
    out = run_cli(repo, "advance", "--commit").stdout
    assert f"✓ {SHAPE} is in review" in out and "merge the branch, then advance again" in out
    assert status(repo) == "" and not (repo / f"tickets/{BUILD}").exists()
    assert data(repo, "next")["command"] == f"git switch main && git merge --no-ff {BRANCH}"
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "--no-edit", BRANCH)
    assert data(repo, "next")["command"] == f"agenticops advance {SHAPE}"
    out = run_cli(repo, "advance", "--commit").stdout
    assert out.startswith("✓ gate holds: the verdict is fresh") and "✓ shape → build" in out
    assert len(events(repo, "gate_passed")) == 1, "a fresh verdict is not passed again"
    assert codes(repo, "check") == [] and status(repo) == ""
    assert "status: archived" in (repo / SESSION).read_text()


def test_a_phase_branch_touches_only_its_own(at: Board) -> None:
    repo = at("tiny-opened")
    before = set(snapshot(repo))
    reviewed(repo)
    changed = git(repo, "diff", "--name-only", "main", BRANCH).split()
    allowed = (f"tickets/{SHAPE}/", ".agenticops/events/", "docs/142/")
    assert all(p.startswith(allowed) for p in changed), changed
    assert set(snapshot(repo)) - before


def test_what_changed_after_the_verdict_is_judged_anew(at: Board) -> None:
    repo = reviewed(at("tiny-opened"))
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "--no-ff", "--no-edit", BRANCH)
    write(repo, "docs/142/brief.md", "# Brief\n\n## Goal\n\nSomething else.\n")
    assert codes(repo, "advance") == ["VT211"]
    must(repo, "artifact", "record", "brief")
    found = data(repo, "advance")
    assert (found["state"], found["fresh"]) == ("advanced", False)


def test_in_review_can_be_taken_up_again(at: Board) -> None:
    repo = reviewed(at("tiny-opened"))
    must(repo, "begin", SHAPE)
    assert data(repo, "ticket", "show")["status"] == "in_progress"
    assert data(repo, "advance")["state"] == "in_review"


def test_another_branch_advances_nothing(at: Board) -> None:
    repo = at("tiny-ready")
    git(repo, "switch", "--quiet", "-c", "topic")
    err = refused(repo, "advance")
    assert f"branch topic neither is main nor belongs to {SHAPE}" in err and "next  git switch main" in err
    git(repo, "switch", "--quiet", "-c", "phase/shape_999")
    assert "neither is main" in refused(repo, "advance", SHAPE)
    git(repo, "switch", "--quiet", "--detach")
    assert "HEAD is detached" in refused(repo, "advance")
    assert "HEAD is detached" in refused(repo, "begin", SHAPE)
    assert status(repo) == ""


def test_a_rebase_in_progress_stops_it(at: Board) -> None:
    repo = at("tiny-ready")
    write(repo, "note.txt", "a")
    commit_all(repo)
    git(repo, "switch", "--quiet", "-c", "topic", "HEAD~1")
    write(repo, "note.txt", "b")
    commit_all(repo)
    git(repo, "rebase", "--quiet", "main", check=False)
    assert "a rebase is in progress" in refused(repo, "advance")
    git(repo, "rebase", "--abort")
    git(repo, "switch", "--quiet", "main")
    git(repo, "merge", "--quiet", "topic", check=False)
    err = refused(repo, "advance")
    assert "a merge is in progress" in err and "git merge --continue" in err


def test_a_phase_branch_opens_no_ticket(at: Board) -> None:
    repo = at("tiny-opened")
    git(repo, "switch", "--quiet", "-c", BRANCH)
    assert "a phase branch opens no tickets" in refused(repo, "work", "new", "--title", "x", "--start")
    assert status(repo) == ""


@pytest.mark.parametrize("goal", ["shape", "ship"])
def test_two_clones_that_take_the_same_step_write_the_same_files(at: Board, tmp_path: Path, goal: str) -> None:
    origin = at("tiny-build")
    files = []
    for name in ("left", "right"):
        clone = tmp_path / name
        git(tmp_path, "clone", "--quiet", str(origin), str(clone))
        git(clone, "config", "user.name", name)
        must(clone, "advance", "--to", goal, "--commit")
        files.append({p: c for p, c in snapshot(clone).items() if not p.startswith(".agenticops/events")})
    assert files[0] == files[1]
    git(tmp_path / "right", "pull", "--quiet", "--no-rebase", "--no-edit", str(tmp_path / "left"), "main")
    assert codes(tmp_path / "right", "check") == [], "equal steps are one"
    must(tmp_path / "right", "begin", f"{goal}_{ITEM}" + ("-2" if goal == "shape" else ""))
    assert codes(tmp_path / "right", "check") == []


def test_two_tickets_are_worked_on_two_branches_and_merge(at: Board) -> None:
    repo = at("tiny-opened")
    must(repo, "work", "new", "--title", "Other", "--issue", "7", "--start", "--commit")
    for ticket in (SHAPE, "shape_7"):
        git(repo, "switch", "--quiet", "-c", f"phase/{ticket}", "main")
        must(repo, "begin", ticket)
        for key in ("1", "2", "3", "4"):
            must(repo, "checklist", "tick", key)
        item = ticket.split("_")[1]
        write(repo, f"docs/{item}/brief.md", "# Brief\n\n## Goal\n\nBetter.\n")
        must(repo, "artifact", "record", "--all")
        must(repo, "advance")
        commit_all(repo)
    git(repo, "switch", "--quiet", "main")
    for ticket in (SHAPE, "shape_7"):
        git(repo, "merge", "--quiet", "--no-ff", "--no-edit", f"phase/{ticket}")
    for ticket in (SHAPE, "shape_7"):
        assert data(repo, "advance", ticket, "--commit")["fresh"]
    assert [t["id"] for t in data(repo, "ticket", "list")] == [BUILD, "build_7"]
    assert codes(repo, "check") == [] and status(repo) == ""
