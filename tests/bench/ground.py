"""Ground: the repository that start-up is measured in, like the one that `make demo` leaves behind."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from agenticops.cli import entry
from agenticops.flows import artifact, conduct, session, work
from agenticops.flows import checklist as bullets
from agenticops.model.work import WorkItem
from agenticops.workspace import Workspace

ITEMS = 5
VISITS = 5


def git(folder: Path, *arguments: str) -> str:
    """Run git, and give what it prints."""
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def adopt(folder: Path, train: str = "ml") -> Path:
    """Start a repository and adopt a train in it."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Lovelace")
    git(folder, "config", "user.email", "ada@example.org")
    git(folder, "config", "gc.auto", "0")
    here = os.getcwd()
    os.chdir(folder)
    try:
        with open(os.devnull, "w") as nowhere:
            from contextlib import redirect_stdout

            with redirect_stdout(nowhere):
                assert entry.main(["init", "--train", train]) == 0
    finally:
        os.chdir(here)
    return folder


def commit(folder: Path, message: str) -> None:
    """Commit everything."""
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "-m", message)


def prepared(folder: Path, demo: Path) -> Path:
    """Give a copy of the demo's repository, or one of its size when the demo was not run."""
    if (demo / ".git").is_dir() and (demo / "config/pipeline.yml").is_file():
        shutil.copytree(demo, folder, symlinks=True)
        return folder
    adopt(folder)
    for number in range(ITEMS):
        _travel(folder, number)
        commit(folder, f"Travel {number}")
    return folder


def _travel(folder: Path, number: int) -> None:
    """Take one work item through the first phases: every bullet and artifact by the same flows as the commands."""
    workspace = Workspace(str(folder))
    item = WorkItem("", "PRD", f"Forecast demand of region {number}", body="Regions are supplied by guess today.")
    _, ticket = work.new(workspace, item, start=True)
    for visit in range(VISITS):
        assert ticket is not None
        name = ticket.id
        current, _, _ = session.begin(workspace, name, "")
        for words in ("Read what the last phase left", "Draft what this one owes", "Ask a second reader"):
            session.append(workspace, "notes", f"{words} ({current.agent})", "note")
        for owed in ticket.artifacts:
            _write(workspace, name, owed)
        if visit == VISITS - 1:
            _tick(workspace, name, half=True)
            if number < ITEMS - 1:
                session.archive(workspace)
            return
        _tick(workspace, name)
        ways = workspace.train.phase(ticket.phase).next
        call = conduct.Call(to=ways[0], override=True, reason="measuring")
        ticket = conduct.advance(workspace, name, call).successor


def _tick(workspace: Workspace, ticket: str, half: bool = False) -> None:
    found = bullets.show(workspace, ticket)[1].bullets
    keys = [b.key for b in found]
    bullets.tick(workspace, ticket, keys[: len(keys) // 2] if half else keys)


def _write(workspace: Workspace, ticket: str, name: str) -> None:
    """Write an artifact from its template and record it when its contract takes that."""
    _, path = artifact.new(workspace, ticket, name)
    file = Path(workspace.root, path)
    if file.suffix == ".md":
        text = file.read_text()
        file.write_text(re.sub(r"(?m)^(## .*)$", r"\1\n\nMeasured on the sample of this week, by two readers.", text))
    artifact.record(workspace, ticket, [name])


def ticket(folder: Path) -> str:
    """Choose the ticket to check: an open one at work, else any."""
    rows = Workspace(str(folder)).index.rows("SELECT id FROM ticket ORDER BY closed, status = 'in_progress' DESC, id")
    return str(rows[0][0])


def size(folder: Path) -> str:
    """Say how large a repository is."""
    index = Workspace(str(folder)).index
    tickets = index.value("SELECT COUNT(*) FROM ticket")
    still_open = index.value("SELECT COUNT(*) FROM ticket WHERE closed = 0")
    events = index.value("SELECT COUNT(*) FROM event")
    return f"{tickets} tickets ({still_open} open), {events} events"


def forget(folder: Path) -> None:
    """Delete the index."""
    for end in ("", "-wal", "-shm"):
        (folder / ".git/agenticops" / f"index.sqlite{end}").unlink(missing_ok=True)
