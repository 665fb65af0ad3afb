"""The merge driver in real git: two branches change one file, with the driver, without it, and with one that dies."""

from __future__ import annotations

import os
import stat
import subprocess
import time
from pathlib import Path

import pytest

from agenticops.core import checklist, yamltext
from agenticops.core.documents import write_item, write_ticket
from agenticops.errors import StateError
from agenticops.flows import hooks, mergedriver
from tests.support import CONSOLE_SCRIPT, commit_all, git, item, new_repo, ticket, workspace, write

TICKET = "tickets/shape_t00000001/ticket.yml"
CHECKLIST = "tickets/shape_t00000001/checklist.md"
BULLETS = "# Checklist\n\n## Work\n\n- [ ] Ask the nurses *\n\n- [ ] Draw a sketch\n"


@pytest.fixture
def driven(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with the driver installed, and a ticket."""
    monkeypatch.setenv("PATH", f"{os.path.dirname(CONSOLE_SCRIPT)}{os.pathsep}{os.environ['PATH']}")
    write(repo, TICKET, write_ticket(ticket(artifacts=("brief",))))
    write(repo, CHECKLIST, BULLETS)
    commit_all(repo)
    hooks.install(workspace(repo))
    commit_all(repo, "Install")
    return repo


def diverge(repo: Path, ours: dict[str, str], theirs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Write files on two branches and merge them."""
    git(repo, "switch", "--quiet", "-c", "side")
    for path, text in theirs.items():
        write(repo, path, text)
    commit_all(repo, "theirs")
    git(repo, "switch", "--quiet", "main")
    for path, text in ours.items():
        write(repo, path, text)
    commit_all(repo, "ours")
    return subprocess.run(
        ["git", "merge", "--no-edit", "side"], cwd=repo, capture_output=True, text=True, check=False, env=os.environ
    )


def changed(repo: Path, **fields: object) -> str:
    return yamltext.splice((repo / TICKET).read_text(), fields, TICKET)


def added(*bullets: str) -> str:
    text = BULLETS
    for bullet in bullets:
        text = checklist.add(text, "Work", bullet, False)
    return text


def test_what_conflicts_by_lines_merges_by_fields(driven: Path) -> None:
    ours = {TICKET: changed(driven, artifacts=["brief", "plan"]), CHECKLIST: added("Ours")}
    theirs = {TICKET: changed(driven, artifacts=["brief", "sketch"]), CHECKLIST: added("Theirs")}
    done = diverge(driven, ours, theirs)
    assert done.returncode == 0, done.stdout + done.stderr
    assert yamltext.load((driven / TICKET).read_text(), "")["artifacts"] == ["brief", "plan", "sketch"]
    assert [b.text for b in checklist.parse((driven / CHECKLIST).read_text()).bullets][2:] == ["Ours", "Theirs"]
    assert not list(driven.glob(".merge_file*"))


def test_two_values_of_a_field_are_shown_and_git_keeps_the_conflict(driven: Path) -> None:
    done = diverge(driven, {TICKET: changed(driven, status="done")}, {TICKET: changed(driven, status="blocked")})
    assert done.returncode == 1
    text = (driven / TICKET).read_text()
    assert "<<<<<<< ours\nstatus: done\n=======\nstatus: blocked\n>>>>>>> theirs\n" in text
    assert "status: ours says 'status: done', theirs 'status: blocked'" in done.stdout + done.stderr
    assert git(driven, "diff", "--name-only", "--diff-filter=U").split() == [TICKET]


# A program that is missing, that is killed, that ends with any other code; one that broke nothing before it died.
@pytest.mark.parametrize("crash", [None, "kill -9 $$", "exit 1", "exit 70", "exit 139"])
def test_a_driver_that_dies_leaves_it_to_the_line_merge(driven: Path, tmp_path: Path, crash: str | None) -> None:
    command = git(driven, "config", "merge.agenticops.driver").strip()
    if crash is None:
        broken = "no-such-program"
    else:
        broken = str(write(tmp_path, "dying", f"#!/bin/sh\n{crash}\n"))
        os.chmod(broken, 0o755)
    git(driven, "config", "merge.agenticops.driver", command.replace("agenticops", broken, 1))
    ours = {TICKET: changed(driven, status="done"), CHECKLIST: BULLETS.replace("[ ] Ask", "[x] Ask")}
    theirs = {TICKET: changed(driven, status="blocked"), CHECKLIST: BULLETS.replace("[ ] Draw", "[x] Draw")}
    done = diverge(driven, ours, theirs)
    assert done.returncode == 1
    assert "status: done\n=======\nstatus: blocked\n" in (driven / TICKET).read_text()
    assert (driven / CHECKLIST).read_text() == BULLETS.replace("[ ]", "[x]"), "what can be merged by lines is"


def test_without_the_fallback_a_dying_driver_hides_their_side(driven: Path) -> None:
    # Why the command has a fallback: the file looks whole, and `git add -A` would lose the other side.
    git(driven, "config", "merge.agenticops.driver", "exit 1")
    done = diverge(driven, {TICKET: changed(driven, status="done")}, {TICKET: changed(driven, status="blocked")})
    assert done.returncode == 1
    text = (driven / TICKET).read_text()
    assert "status: done" in text and "blocked\n" not in text and "<<<<<<<" not in text


def test_a_clone_that_was_told_nothing_merges_by_lines(driven: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(driven), str(clone))
    ours = {TICKET: changed(clone, agent="maker"), CHECKLIST: BULLETS.replace("[ ] Ask", "[x] Ask")}
    done = diverge(clone, ours, {TICKET: changed(clone, status="blocked")})
    assert done.returncode == 0, done.stdout
    found = yamltext.load((clone / TICKET).read_text(), "")
    assert (found["agent"], found["status"]) == ("maker", "blocked")


def test_two_tickets_are_never_mixed(driven: Path) -> None:
    """Git takes a new ticket for a moved one; the ids disagree, so both stand there whole."""
    other = "tickets/build_t00000001/ticket.yml"
    text = (driven / TICKET).read_text()
    fresh = text.replace("id: shape_", "id: build_")
    git(driven, "switch", "--quiet", "-c", "side")
    git(driven, "mv", TICKET, "moved.yml")
    os.makedirs(driven / os.path.dirname(other), exist_ok=True)
    os.rename(driven / "moved.yml", driven / other)
    write(driven, other, fresh)
    commit_all(driven, "theirs")
    git(driven, "switch", "--quiet", "main")
    write(driven, TICKET, changed(driven, status="done"))
    commit_all(driven, "ours")
    done = subprocess.run(
        ["git", "merge", "--no-edit", "side"], cwd=driven, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    found = (driven / other).read_text()
    assert found.startswith("<<<<<<< ours\n") and found.endswith(">>>>>>> theirs\n")
    assert "id: shape_" in found and "id: build_" in found


def test_a_file_that_cannot_be_read_is_left_to_the_line_merge(driven: Path) -> None:
    text = (driven / TICKET).read_text()
    broken = text.replace("status: todo", "status: 'todo")
    done = diverge(driven, {TICKET: broken}, {TICKET: changed(driven, agent="maker")})
    assert "merged by lines instead" in done.stdout + done.stderr
    assert (driven / TICKET).read_text() == broken.replace("agent: planner", "agent: maker")


def test_the_files_are_replaced_whole_and_keep_their_mode(tmp_path: Path) -> None:
    names = [
        str(write(tmp_path, n, write_item(item(priority=p))))
        for n, p in zip("bot", ("next", "now", "next"), strict=True)
    ]
    os.chmod(names[1], 0o640)
    assert mergedriver.merge(*names, 7, "docs/work/t00000001.md") == ()
    assert "priority: now" in Path(names[1]).read_text()
    assert stat.S_IMODE(os.stat(names[1]).st_mode) == 0o640
    assert sorted(os.listdir(tmp_path)) == ["b", "o", "t"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    names = [str(write(tmp_path, n, "x: 1\n")) for n in "bot"]
    os.symlink("/etc/hostname", tmp_path / "link")
    with pytest.raises(StateError, match="cannot be opened"):
        mergedriver.merge(names[0], names[1], str(tmp_path / "link"), 7, "t.yml")


def test_the_driver_loads_no_typer_and_takes_its_time_from_the_budget(tmp_path: Path) -> None:
    new_repo(tmp_path)
    names = [
        str(write(tmp_path, n, write_ticket(ticket(operator=w)))) for n, w in zip("bot", ("", "Ada", ""), strict=True)
    ]
    best = 9.0
    for _ in range(3):
        begun = time.monotonic()
        done = subprocess.run([CONSOLE_SCRIPT, "merge-driver", *names, "7", TICKET], capture_output=True, check=False)
        best = min(best, time.monotonic() - begun)
        assert done.returncode == 0, done.stderr
    assert best < 1.0, "the budget is 0.15 s on a quiet machine; this catches a driver that loads the world"
