"""Many processes commit in one tree while the user stages files: none fails, and none carries another's files."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

from agenticops.errors import TrainError
from agenticops.flows import commit, conduct, judge, work
from agenticops.model.work import WorkItem
from agenticops.ports import commit as port
from agenticops.ports.git import Git
from agenticops.workspace import Workspace
from tests.stations import TINY_FILES
from tests.stress.harness import Harness, Row
from tests.support import BRIEF, commit_all, git, new_repo, write

PROCESSES, ITEMS, STEPS = 16, 5, 4
# Of what is written down: a document without its event, an event without its document, a fork, an id out of place.
DISAGREE = ("VT304", "VT305", "VT307", "VT308", "VT309", "VT310", "VT311", "VT313")
IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_NOSYSTEM": "1",
}
SPEAKING = ("AGENTICOPS_AGENT", "CLAUDECODE", "GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE")
Committer = Callable[..., str]


def run(scale: float, seed: int) -> list[Row]:
    """At scale 1.0: 16 processes, each takes five items through the train with four commits an item."""
    return _measured(scale, seed, port.commit)


def mutant(scale: float, seed: int) -> list[Row]:
    """The same with `git add` and `git commit`."""
    return _measured(scale, seed, _plain)


def _plain(git: Git, paths: Sequence[str], message: str, *more: object) -> str:
    present = [p for p in paths if os.path.lexists(os.path.join(git.root, p))]
    git.run("add", "--", *present, optional_locks=True)
    git.run("commit", "--quiet", "-m", message, optional_locks=True)
    return git.run("rev-parse", "--short", "HEAD").stdout.strip()


def _measured(scale: float, seed: int, committer: Committer) -> list[Row]:
    environment = {k: v for k, v in os.environ.items() if k not in SPEAKING} | IDENTITY
    with (
        tempfile.TemporaryDirectory(prefix="commits-") as folder,
        mock.patch.dict(os.environ, environment, clear=True),
        mock.patch.object(port, "commit", committer),
    ):
        repo = _begun(Path(folder) / "tree")
        base = git(repo, "rev-parse", "HEAD").strip()
        begun = time.monotonic()
        done, failed, staged = _worked(repo, scale, seed)
        took = time.monotonic() - begun
        note = f"{took:.0f} s; {len(staged)} files staged meanwhile"
        wanted = _processes(scale) * _items(scale) * STEPS
        return [_all(repo, base, done, failed, wanted, note), *_rows(repo, base, staged, Path(folder) / "clone", seed)]


def _processes(scale: float) -> int:
    return max(4, round(PROCESSES * min(scale * 4, 1.0)))


def _items(scale: float) -> int:
    return max(1, round(ITEMS * scale))


def _begun(repo: Path) -> Path:
    new_repo(repo, "--initial-branch=main")
    for name, text in TINY_FILES.items():
        write(repo, name, text)
    for name in ("changed", "gone", "both"):
        write(repo, f"user/{name}.txt", "1\n")
    commit_all(repo, "begin")
    write(repo, "user/changed.txt", "staged\n")
    (repo / "user/gone.txt").unlink()
    write(repo, "user/both.txt", "staged\n")
    git(repo, "add", "--all", "user")
    write(repo, "user/both.txt", "and edited on\n")
    return repo


def _worked(repo: Path, scale: float, seed: int) -> tuple[list[str], list[str], list[str]]:
    """Let the processes and the user work; gives the commits that were acknowledged, the errors, the staged files."""
    context = multiprocessing.get_context("fork")
    answers, stop = context.SimpleQueue(), context.Event()
    count = _processes(scale)
    workers = [context.Process(target=_work, args=(repo, seed, n, _items(scale), answers)) for n in range(count)]
    user = context.Process(target=_stage, args=(repo, stop, answers))
    for process in (user, *workers):
        process.start()
    done: list[str] = []
    failed: list[str] = []
    for _ in workers:
        more, errors = answers.get()
        done += more
        failed += errors
    stop.set()
    staged, errors = answers.get()
    for process in (user, *workers):
        process.join()
    return done, failed + errors, staged


def _work(repo: Path, seed: int, number: int, items: int, answers: multiprocessing.SimpleQueue) -> None:  # type: ignore[type-arg]
    dice = random.Random(f"{seed}-{number}")
    done: list[str] = []
    failed: list[str] = []
    for turn in range(items):
        name = str(1000 * (number + 1) + turn)
        ticket = ""
        for step in range(STEPS):
            try:
                ticket, made = _step(repo, name, ticket, step, dice)
                done.append(made or "nothing")
            except TrainError as e:
                failed.append(f"{name} {step}: {e.message} {e.place}")
                break
    answers.put((done, failed))


def _step(repo: Path, item: str, ticket: str, step: int, dice: random.Random) -> tuple[str, str]:
    """Do one step of an item as a command does it, and commit."""
    workspace = Workspace(str(repo))
    if not step:
        _, opened = work.new(workspace, WorkItem(item, "PRD", f"Item {dice.random()}"), start=True)
        assert opened is not None
        return opened.id, commit.of_item(workspace, item, f"Open {item}", opened.id)
    artifact = ("", "brief", "plan", "")[step]
    if artifact:
        write(repo, f"docs/{item}/{artifact}.md", f"{BRIEF}\n{dice.random()}\n")
    goal = ("", "build", "ship", "done")[step]
    outcome = conduct.advance(workspace, ticket, conduct.Call(goal, True, "no gate in this test", commit=True))
    return outcome.successor.id if outcome.successor else "", outcome.commit


def _stage(repo: Path, stop: multiprocessing.synchronize.Event, answers: multiprocessing.SimpleQueue) -> None:  # type: ignore[type-arg]
    """Stage one new file after the other, as a user does it; git's own lock makes it wait."""
    staged: list[str] = []
    while not stop.is_set():
        path = f"user/new-{len(staged)}.txt"
        write(repo, path, path)
        command = ["git", "add", path]
        while subprocess.run(command, cwd=repo, capture_output=True, check=False).returncode and not stop.is_set():
            time.sleep(0.01)
        if git(repo, "ls-files", path):
            staged.append(path)
        stop.wait(0.2)
    answers.put((staged, []))


def _all(repo: Path, base: str, done: list[str], failed: list[str], wanted: int, note: str) -> Row:
    """Every step made one commit, and the history holds each of them once, in one line."""
    there = {
        c[: len(short)] for c in git(repo, "rev-list", "--first-parent", f"{base}..HEAD").split() for short in done
    }
    count = int(git(repo, "rev-list", "--count", f"{base}..HEAD"))
    kept = len([short for short in set(done) if short in there])
    holds = kept == count == wanted == len(done) and not failed
    goal = f"{wanted} commits by processes in one tree"
    return Row(
        goal, f"{kept} of {wanted}", f"{wanted} of {wanted}", holds, f"{note}{'; ' + failed[0] if failed else ''}"
    )


def _rows(repo: Path, base: str, staged: list[str], clone: Path, seed: int) -> list[Row]:
    history = git(repo, "rev-list", f"{base}..HEAD").split()
    foreign = sum(_foreign(repo, c) for c in history)
    expected = ["M\tuser/both.txt", "M\tuser/changed.txt", "D\tuser/gone.txt", *(f"A\t{p}" for p in staged)]
    lost = set(expected) ^ set(git(repo, "diff", "--cached", "--no-renames", "--name-status").splitlines())
    lost |= {"both"} if git(repo, "show", ":user/both.txt") != "staged\n" else set()
    dirty = [row for row in git(repo, "diff", "--name-only").splitlines() if row != "user/both.txt"]
    dirty += [row for row in git(repo, "ls-files", "--others").splitlines() if not row.startswith("user/")]
    doubled, torn = _history(repo, history, clone, seed)
    git(repo, "commit", "--quiet", "-a", "--allow-empty", "-m", "all of the user's")
    names = git(repo, "diff", "--name-only", "HEAD~1", "HEAD").splitlines()
    reverted = [n for n in names if not n.startswith("user/")]
    return [
        Row("  files of others in these commits", str(foreign), "0", not foreign),
        Row("  the user's staged changes lost or altered", str(len(lost)), "0", not lost),
        Row("  committed files that are not clean afterwards", str(len(dirty)), "0", not dirty),
        Row("  files that the user's `git commit -a` reverts", str(len(reverted)), "0", not reverted),
        Row("  events that are lost or doubled", str(doubled), "0", not doubled),
        Row("  commits whose documents and events disagree", str(torn), "0", not torn, "a sample, and a clone"),
    ]


def _foreign(repo: Path, revision: str) -> int:
    """Count the files of a commit that do not belong to the item of its ticket, and events of other items."""
    ticket = git(repo, "log", "-1", "--format=%(trailers:key=Ticket,valueonly)", revision).strip()
    item = ticket.rpartition("_")[2]
    found = 0
    for path in git(repo, "diff-tree", "-r", "--no-commit-id", "--no-renames", "--name-only", revision).splitlines():
        if path.startswith(".agenticops/events/"):
            rows = git(repo, "show", f"{revision}:{path}", check=False).splitlines()
            found += not rows or any(json.loads(row).get("item") != item for row in rows)
        else:
            whole = path == f"docs/work/{item}.md" or path.startswith(f"docs/{item}/")
            whole |= path.startswith("tickets/") and path.split("/")[1].endswith(f"_{item}")
            # What an override leaves open is a risk of this item.
            whole |= path.startswith("docs/risks/") and f"ticket: {ticket}\n" in git(repo, "show", f"{revision}:{path}")
            found += not whole
    return found


def _history(repo: Path, history: list[str], clone: Path, seed: int) -> tuple[int, int]:
    """Count the events that are not there just once, and the commits at which documents and events disagree."""
    git(repo.parent, "clone", "--quiet", str(repo), str(clone))
    rows = [row for p in (clone / ".agenticops/events").rglob("*.jsonl") for row in p.read_text().splitlines()]
    ids = Counter(json.loads(row)["id"] for row in rows)
    known = set(Workspace(str(repo)).index.rows("SELECT id FROM event"))
    wrong = len([i for i, n in ids.items() if n > 1]) + len({i for (i,) in known} ^ set(ids))
    sample = random.Random(seed).sample(history, min(len(history), 12))
    verdicts = [judge.tree(Workspace(str(repo)), c) for c in sample] + [judge.train(Workspace(str(clone)))]
    torn = [v for v in verdicts if any(f.code in DISAGREE for f in v.findings)]
    return wrong, len(torn)


HARNESS = Harness("commits", run, mutant)
