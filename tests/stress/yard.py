"""The yard of the crash harnesses: a small train in a real repository, and every flow that writes, in turn.

Clock and dice are fixed, so that a command writes the same bytes each time it starts from the same state: what a crash
left is compared with what was there before the command and with what it writes when nobody disturbs it.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from agenticops.errors import TrainError
from agenticops.flows import adopt, artifact, checklist, conduct, doctor, migrate, session, work
from agenticops.flows import ticket as tickets
from agenticops.model.event import Draft
from agenticops.model.layout import EVENTS, ROOT_SESSION
from agenticops.ports.git import Git
from agenticops.store import log
from agenticops.store.tree import WorkingTree
from agenticops.workspace import Workspace
from tests.support import BRIEF, ITEM, TINY, commit_all, event, git, item, new_repo, tiny_files, workspace, write

OTHER = "t00000002"
SHAPE, BUILD, SHIP = f"shape_{ITEM}", f"build_{ITEM}", f"ship_{ITEM}"
CHECKLIST = """\
# {{title}}

## Work

- [ ] Ask the nurses *

- [ ] Draw a sketch

## Artifacts

{{artifacts}}
"""
PLAN = "# Plan\n\nTwo weeks.\n"
Act = Callable[[Workspace], object]


class Command(NamedTuple):
    """A writing command; `hand` is what people do before it, without the tool."""

    name: str
    act: Act
    hand: Callable[[Path], object] = lambda repo: None


class State(NamedTuple):
    """What a reader sees: the documents, and the log."""

    files: dict[str, bytes]
    events: tuple[str, ...]


def commands() -> list[Command]:
    """Every flow that writes, from the first work item to the end of its travel."""
    return [
        Command("work new", lambda w: work.new(w, item(OTHER, kind="PRD", title="Reminders"))),
        Command("ticket new", lambda w: tickets.new(w, ITEM)),
        Command("work edit", lambda w: work.edit(w, ITEM, {"title": "Refills in time"}, "They arrive before noon.")),
        Command("begin", lambda w: session.begin(w, SHAPE, "planner")),
        Command("session note", lambda w: session.append(w, "notes", "the nurses were asked", "session_noted")),
        Command("session todo", lambda w: session.add_todo(w, "draw it", "high")),
        Command("session pause", lambda w: session.turn(w, "paused", "session_paused", ("active",))),
        Command("session resume", lambda w: session.turn(w, "active", "session_resumed", ("paused",))),
        Command("checklist tick", lambda w: checklist.tick(w, SHAPE, ["Ask the nurses"])),
        Command("checklist add", lambda w: checklist.add(w, SHAPE, "Ask the pharmacist", "Work", False)),
        Command(
            "checklist reword",
            lambda w: checklist.reword(w, SHAPE, "Draw a sketch", "Draw two sketches"),
            lambda repo: _by_hand(repo / f"tickets/{SHAPE}/checklist.md", "- [ ] Draw", "- [x] Draw"),
        ),
        Command("advance refused", lambda w: conduct.advance(w, SHAPE, conduct.Call())),
        Command(
            "artifact new",
            lambda w: artifact.new(w, SHAPE, "brief"),
            lambda repo: put(repo, "docs/templates/brief.md", "# Brief\n\n## Goal\n\nSay it in a sentence.\n"),
        ),
        Command(
            "artifact record",
            lambda w: artifact.record(w, SHAPE, ["brief"]),
            lambda repo: put(repo, f"docs/{ITEM}/brief.md", BRIEF),
        ),
        Command("ticket block", lambda w: tickets.block(w, SHAPE, "the nurses are away")),
        Command("ticket unblock", lambda w: tickets.unblock(w, SHAPE, "they are back")),
        Command("ticket edit", lambda w: tickets.edit(w, SHAPE, {"operator": "grace"}, 1.5)),
        Command("advance", lambda w: conduct.advance(w, SHAPE, conduct.Call())),
        Command("begin next", lambda w: session.begin(w, BUILD, "maker")),
        Command("session archive", session.archive),
        Command(
            "advance override",
            lambda w: conduct.advance(w, BUILD, conduct.Call("shape", override=True, reason="look again")),
            lambda repo: put(repo, f"docs/{ITEM}/plan.md", PLAN),
        ),
        Command("artifact keep", lambda w: artifact.keep(w, f"{SHAPE}-2", "brief", "it still holds")),
        Command("ticket cancel", lambda w: tickets.cancel(w, f"{SHAPE}-2", "not wanted")),
        Command("second item", lambda w: tickets.new(w, OTHER)),
        Command(
            "doctor --fix",
            lambda w: doctor.mend(w, doctor.examine(w)),
            lambda repo: _by_hand(repo / f"tickets/shape_{OTHER}/ticket.yml", "status: todo", "status: done"),
        ),
        Command("work resolve", lambda w: work.resolve(w, ITEM, SHAPE), fork),
        Command(
            "migrate",
            lambda w: migrate.migrate(w, "", dry_run=False),
            lambda repo: put(repo, ROOT_SESSION, "# Active Session\n\n## Notes\n\n- the nurses were asked\n"),
        ),
        Command("init", lambda w: adopt.adopt(w, "ml", [], dry_run=False, commit=False)),
        Command(
            "several",
            several,
            lambda repo: put(repo, "docs/remove.md", "it goes\n"),
        ),
    ]


def fork(repo: Path) -> None:
    """Bring in what two branches did with one ticket."""
    past = [e for e in log.read(workspace(repo).tree) if e.subject == f"ticket/{SHAPE}" and e.prev is not None]
    for number, to in enumerate(("done", "cancelled")):
        other = event("ticket_done", past[-1].subject, 900 + number, prev=past[-2].id, data={"to": to})
        put(repo, f"{EVENTS}/2026/01/{number}.jsonl", log.encode([other]))


def several(here: Workspace) -> None:
    """Several documents, a deletion and events, as one unit."""
    with here.transaction("several") as tx:
        for number in range(3):
            tx.write(f"docs/many/{number}/page.md", f"# Page {number}\n")
        tx.write(f"docs/work/{OTHER}.md", (tx.read(f"docs/work/{OTHER}.md") or b"") + b"\nMore.\n")
        tx.remove("docs/remove.md")
        for _ in range(3):
            tx.append(Draft("noted", "train"))


def _by_hand(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text, f"{old!r} is not in {file}"
    file.unlink()
    file.write_text(text.replace(old, new))


def put(repo: Path, path: str, content: str | bytes) -> Path:
    """Write a file anew, never into one that a template links to."""
    (repo / path).unlink(missing_ok=True)
    return write(repo, path, content)


def found(path: Path) -> Path:
    """Begin the train of the yard in a fresh repository, and commit it."""
    repo = new_repo(path)
    for key, value in (("user.name", "Ada Lovelace"), ("user.email", "ada@example.org"), ("commit.gpgsign", "false")):
        git(repo, "config", key, value)
    git(repo, "symbolic-ref", "HEAD", "refs/heads/main")
    for name, content in tiny_files().items():
        write(repo, name, content)
    write(repo, "config/pipeline.yml", TINY)
    write(repo, ".gitignore", "*.agenticops~\n")
    for mode in ("plan", "make"):
        write(repo, f"docs/rules/checklists/{mode}-checklist.md", CHECKLIST)
    commit_all(repo)
    return repo


def fresh(template: Path, at: Path) -> Path:
    """Lay a copy of a template at a path. Linked is what is never written in place: not git's state, nor ours."""
    shutil.rmtree(at, ignore_errors=True)
    _copy(str(template), str(at), linked=True)
    _reopen(template, at)
    return at


def _reopen(template: Path, at: Path) -> None:
    """A copy of a clone knows no open shard; here it counts as the clone itself."""
    file = at / ".git" / "agenticops" / "shard.json"
    if file.exists():
        note = json.loads(file.read_text())
        there, here = Git.discover(str(template)), Git.discover(str(at))
        if note["head"] == there.position():
            note |= {"head": here.position(), "stamp": here.stamp(), "mark": WorkingTree(str(at)).mark(note["path"])}
            file.write_text(json.dumps(note))


def _copy(source: str, target: str, linked: bool) -> None:
    os.mkdir(target)
    with os.scandir(source) as entries:
        for entry in entries:
            to = f"{target}/{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                _copy(entry.path, to, entry.name == "objects" or (linked and entry.name != ".git"))
            elif linked:
                os.link(entry.path, to)
            else:
                shutil.copy2(entry.path, to)


def open_at(repo: Path, number: int) -> Workspace:
    """Open the yard with the clock and the dice of the command with this number."""
    return workspace(repo, now=1_767_261_600_000 + number * 60_000, seed=number)


def play(repo: Path, command: Command, number: int) -> None:
    """Do what a command does, its hand work included."""
    command.hand(repo)
    command.act(open_at(repo, number))


def snapshot(repo: Path) -> dict[str, bytes]:
    """Give every file of the working tree with its content, fast."""
    files: dict[str, bytes] = {}
    cut = len(str(repo)) + 1
    for folder, below, names in os.walk(repo):
        if ".git" in below:
            below.remove(".git")
        for name in names:
            path = f"{folder}/{name}"
            if name != ".git":
                with open(path, "rb") as file:
                    files[path[cut:]] = file.read()
    return files


def look(repo: Path) -> State:
    """See the yard as a reader does: an unfinished transaction is laid over the files."""
    here = workspace(repo)
    files = {p: c for p, c in snapshot(repo).items() if not p.startswith(EVENTS) and not p.endswith(".agenticops~")}
    for path, content in here.tree.overlay.items():
        if content is None:
            files.pop(path, None)
        elif not path.startswith(EVENTS):
            files[path] = content
    return State(files, tuple(e.id for e in log.read(here.tree)))


def indexed(repo: Path) -> tuple[str, ...]:
    """Give the events as the index shows them."""
    return tuple(e.id for e in workspace(repo).log.select("1", ()))


def leftovers(repo: Path) -> list[str]:
    """List what a crash left and nobody cleared away."""
    state = repo / ".git" / "agenticops"
    litter = [p for p in snapshot(repo) if p.endswith(".agenticops~")]
    return litter + [n for n in os.listdir(state) if n.startswith("journal.json")] if state.is_dir() else litter


@contextlib.contextmanager
def room() -> Iterator[Path]:
    """Give a temporary folder, in memory where the machine has that, with an environment of its own."""
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    path = Path(tempfile.mkdtemp(prefix="agenticops-yard-", dir=base))
    kept = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("GIT_", "AGENTICOPS_")) or name == "CLAUDECODE":
            del os.environ[name]
    os.environ |= {
        "HOME": str(path),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CEILING_DIRECTORIES": str(path),
        "LC_ALL": "C.UTF-8",
        "AGENTICOPS_HOST": "yard",
    }
    try:
        yield path
    finally:
        os.environ.clear()
        os.environ.update(kept)
        shutil.rmtree(path, ignore_errors=True)


__all__ = [
    "Command",
    "State",
    "TrainError",
    "commands",
    "found",
    "fresh",
    "indexed",
    "leftovers",
    "look",
    "open_at",
    "play",
    "room",
    "snapshot",
]
