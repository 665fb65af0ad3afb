"""What many tests need: real git repositories, the command line in two ways, and small things made of few words."""

from __future__ import annotations

import contextlib
import io
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from agenticops.cli import entry
from agenticops.core import documents, fold
from agenticops.core.train import Train
from agenticops.model.event import Actor, Event
from agenticops.model.ticket import Ticket
from agenticops.model.tree import MemoryTree
from agenticops.model.work import WorkItem
from agenticops.ports.clock import Clock
from agenticops.workspace import Workspace

NOW = 1_767_261_600_000  # 2026-01-01T10:00:00Z
OPERATOR = "Ada Lovelace <ada@example.org>"
ITEM = "t00000001"
CONSOLE_SCRIPT = os.path.join(sys.prefix, "bin", "agenticops")

# Three phases, and a way back from the second to the first.
TINY = """\
schema: 1

name: tiny

title: Tiny train

start: shape

phases:
  shape:
    mode: plan
    owner: planner
    artifacts: [brief]
    next: [build]
  build:
    mode: make
    owner: maker
    artifacts: [plan]
    inputs: [brief]
    next: [shape, ship]
  ship:
    mode: make
    owner: maker
    done: true

modes:
  plan:
    title: Plan
  make:
    title: Make

agents:
  planner:
    title: Planner
  maker:
    title: Maker

artifacts:
  brief:
    path: docs/{item}/brief.md
    headings: [Goal]
  plan:
    path: docs/{item}/plan.md
"""
BRIEF = "# Brief\n\n## Goal\n\nRefills arrive before the box is empty.\n"


class FixedClock(Clock):
    """A clock that stands until a test sets `now`; with a seed the dice fall the same way each time."""

    def __init__(self, now: int = NOW, seed: int | None = None) -> None:
        self.now = now
        self._dice = None if seed is None else random.Random(seed)

    def milliseconds(self) -> int:
        return self.now

    def entropy(self, size: int) -> bytes:
        return super().entropy(size) if self._dice is None else self._dice.randbytes(size)


class EventLog:
    """A log made of a list; the log of a unit test."""

    def __init__(self, events: Iterable[Event] = ()) -> None:
        self.events = sorted(events, key=lambda e: e.order)

    def of_ticket(self, ticket: str) -> list[Event]:
        return [e for e in self.events if e.ticket == ticket]

    def of_item(self, item: str) -> list[Event]:
        return [e for e in self.events if e.item == item]

    def of_subject(self, subject: str) -> list[Event]:
        return [e for e in self.events if e.subject == subject]

    def of_kinds(self, *kinds: str) -> list[Event]:
        return [e for e in fold.live(self.events) if e.kind in kinds]


def git(repo: Path | str, *arguments: str, env: dict[str, str] | None = None, check: bool = True) -> str:
    """Run git in a folder and give what it prints."""
    done = subprocess.run(
        ["git", *arguments], cwd=repo, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    if check and done.returncode:
        raise AssertionError(f"git {' '.join(arguments)} → {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


T = TypeVar("T")
# `make stress` asks for all of what `make test` takes a sample of.
THOROUGH = bool(os.environ.get("TRAIN_THOROUGH"))
thorough = pytest.mark.skipif(not THOROUGH, reason="make stress runs it")


def some(cases: Iterable[T], one_of: int) -> list[T]:
    """Give every n-th case, or all where all are asked for."""
    return list(cases)[:: 1 if THOROUGH else one_of]


def new_repo(path: Path, *options: str) -> Path:
    """Start an empty git repository."""
    path.mkdir(parents=True, exist_ok=True)
    git(path, "init", "--quiet", "--template=", *options)
    return path


def replace_file(path: Path, text: str) -> None:
    """Write a file as editors do, a new one in its place: a shard changed where it lies is seen at git's next step."""
    beside = path.with_suffix(".new")
    beside.write_text(text)
    beside.replace(path)


def write(repo: Path, path: str, content: str | bytes) -> Path:
    """Write a file and the folders above it."""
    file = repo / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def commit_all(repo: Path, message: str = "work") -> str:
    """Commit everything and give the commit's id."""
    git(repo, "add", "--all")
    git(repo, "commit", "--quiet", "--allow-empty", "-m", message)
    return git(repo, "rev-parse", "HEAD").strip()


def status(repo: Path) -> str:
    """Give `git status --porcelain`, new files one by one."""
    return git(repo, "status", "--porcelain", "--untracked-files=all")


def snapshot(repo: Path) -> dict[str, bytes]:
    """Give every file of the working tree with its content."""
    files = (p for p in repo.rglob("*") if p.is_file() and not p.is_symlink())
    return {str(p.relative_to(repo)): p.read_bytes() for p in files if ".git" not in p.relative_to(repo).parts}


def workspace(repo: Path, now: int = NOW, seed: int | None = None) -> Workspace:
    """Open a repository as a command does, with a fixed clock."""
    return Workspace(str(repo), clock=FixedClock(now, seed))


def run_cli(
    repo: Path | str,
    *arguments: str,
    check_code: int | None = 0,
    env: dict[str, str] | None = None,
    input: str | None = None,
    timeout: float = 60,
    own_process: bool = THOROUGH,
) -> subprocess.CompletedProcess[str]:
    """Run a command; `check_code=None` takes any exit code.

    In this process, which is three times as fast, unless it shall have one of its own or what only such a one can have;
    where all is asked for each command is the installed console script.
    """
    words = [CONSOLE_SCRIPT, *arguments]
    if own_process or env or input is not None or threading.current_thread() is not threading.main_thread():
        done = subprocess.run(
            words,
            cwd=repo,
            env={**os.environ, **(env or {})},
            input=input,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    else:
        done = subprocess.CompletedProcess(words, *cli(repo, *arguments))
    if check_code is not None and done.returncode != check_code:
        command = " ".join(["agenticops", *arguments])
        raise AssertionError(f"{command} → {done.returncode}, not {check_code}\n{done.stdout}{done.stderr}")
    return done


def cli(repo: Path | str, *arguments: str) -> tuple[int, str, str]:
    """Run the command line in this process, standing in `repo`: exit code, stdout, stderr."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    with contextlib.chdir(repo), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = entry.main(list(arguments))
        except SystemExit as e:
            code = e.code if isinstance(e.code, int) else 1
    return code, _text(out), _text(err)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    return stream.detach().getvalue().decode()  # type: ignore[attr-defined,no-any-return]


def event(kind: str, subject: str = "train", number: int = 1, **fields: Any) -> Event:
    """Make an event; `number` is its Lamport number and the tail of its id, unless `id` or `lamport` are given."""
    defaults: dict[str, Any] = {
        "id": f"01AAAAAAAAAAAAAAAAAAAA{number:04d}",
        "lamport": number,
        "at": "2026-01-01T10:00:00.000Z",
        "actor": Actor(OPERATOR),
    }
    head, _, name = subject.partition("/")
    if head == "ticket":
        defaults |= {"ticket": name, "item": name.split("_")[-1].split("-")[0]}
    elif head == "item":
        defaults["item"] = name
    return Event(kind=kind, subject=subject, **{**defaults, **fields})


def state(subject: str, to: str, number: int, prev: str | Event = "", kind: str = "", **fields: Any) -> Event:
    """Make a state event that leads to `to`."""
    before = prev.id if isinstance(prev, Event) else prev
    kind = kind or ("item_moved" if subject.startswith("item/") else "ticket_started")
    return event(kind, subject, number, prev=before, data={"to": to}, **fields)


def ticket(phase: str = "shape", item: str = ITEM, **fields: Any) -> Ticket:
    """Make a ticket of the tiny train."""
    mode, agent, artifacts = {
        "shape": ("plan", "planner", ("brief",)),
        "build": ("make", "maker", ("plan",)),
    }.get(phase, ("make", "maker", ()))
    defaults: dict[str, Any] = {"mode": mode, "agent": agent, "status": "todo", "artifacts": artifacts}
    return Ticket(**{"id": f"{phase}_{item}", "item": item, "phase": phase, **defaults, **fields})


def item(id: str = ITEM, **fields: Any) -> WorkItem:
    """Make a work item."""
    return WorkItem(**{"id": id, "kind": "PRD", "title": "Refills", **fields})


def tiny_files(*tickets: Ticket, **files: str | bytes) -> dict[str, bytes]:
    """Give the files of a tiny train with one work item and some tickets, each with a checklist of two bullets."""
    found: dict[str, str | bytes] = {documents.PIPELINE: TINY, item().path: documents.write_item(item())}
    for t in tickets:
        found[t.path] = documents.write_ticket(t)
        found[t.checklist_path] = "# Checklist\n\n- [ ] Ask the nurses *\n\n- [ ] Draw a sketch\n"
    return {p: c.encode() if isinstance(c, str) else c for p, c in {**found, **files}.items()}


def tiny_train(*tickets: Ticket, events: Iterable[Event] = (), files: dict[str, str | bytes] | None = None) -> Train:
    """Make a tiny train in memory; `files` are laid over it."""
    return Train(MemoryTree(tiny_files(*tickets, **(files or {}))), EventLog(events), MemoryTree({}))
