"""The index: it notices every change that counts, and losing it costs a rebuild and nothing else."""

from __future__ import annotations

import gc
import os
import random
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError
from agenticops.flows import ticket as tickets
from agenticops.flows import work
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE, ROOT_SESSION
from agenticops.model.work import WorkItem
from agenticops.store import index as index_module
from agenticops.store import indexing, log
from agenticops.store.index import Index
from agenticops.store.tree import WorkingTree
from agenticops.workspace import RESOURCES, Workspace
from tests.support import EventLog, cli, commit_all, event, git, run_cli, some, workspace, write

OPEN, CLOSED = "requirements_1", "requirements_2"


@pytest.fixture(scope="session")
def prepared(template: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A train with an open ticket, a closed one, and an item without; all committed."""
    repo = Path(shutil.copytree(template("software"), tmp_path_factory.mktemp("prepared") / "repo", symlinks=True))
    for number in (1, 2):
        work.new(workspace(repo), WorkItem("", "PRD", f"Item {number}", issue=number), start=True)
    work.new(workspace(repo), WorkItem("", "PRD", "Waiting", issue=3))
    tickets.cancel(workspace(repo), CLOSED, "not wanted")
    commit_all(repo)
    shutil.rmtree(repo / ".git/agenticops")
    return repo


@pytest.fixture
def repo(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "repo", symlinks=True))


def fresh(repo: Path) -> bool:
    """Ask the index on disk, without touching it."""
    here = workspace(repo)
    index = Index(here.state_folder, here.root, here.git.stamp)
    try:
        return index.fresh()
    finally:
        index.close()


def refresh(repo: Path) -> Workspace:
    here = workspace(repo)
    _ = here.index
    return here


def told(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except TrainError as e:
        return type(e), e.message, e.place


def view(train: Train) -> dict[str, Any]:
    """Everything that a train tells, errors too."""
    found: dict[str, Any] = {
        "pipeline": told(lambda: train.pipeline),
        "session": told(train.session),
        "items": {i: told(lambda i=i: train.item(i)) for i in train.item_ids()},
        "tickets": {t: told(lambda t=t: train.ticket(t)) for t in train.ticket_ids()},
        "train": train.log.of_subject("train"),
    }
    for name in found["items"]:
        found[f"item {name}"] = (train.log.of_item(name), train.item_chain(name))
    for name in found["tickets"]:
        found[f"ticket {name}"] = (train.log.of_ticket(name), train.status_chain(name))
    return found


def agrees(repo: Path) -> dict[str, Any]:
    """Compare what the index tells with what the files say, read without it."""
    here = workspace(repo)
    plain = Train(here.tree, EventLog(log.read(here.tree)), WorkingTree(RESOURCES))
    wanted = view(plain)
    assert view(here.train) == wanted
    rows = {r[0]: r[1:] for r in here.index.rows("SELECT id, status, item, owed, ticked FROM ticket")}
    for name, one in wanted["tickets"].items():
        if name in rows:
            bullets = plain.checklist(one)
            counts = (len(bullets.owed), len(bullets.owed) - len(bullets.open))
            assert rows[name] == (one.status, one.item, *counts)
        else:
            assert f"tickets/{name}/ticket.yml" in {p for p, *_ in here.index.problems()}
    assert here.log.last_lamport() == max((e.lamport for e in log.read(here.tree)), default=0)
    return wanted


def edit(repo: Path, path: str, old: str = "", new: str = "") -> None:
    text = (repo / path).read_text()
    assert old in text
    write(repo, path, text.replace(old, new, 1) if old else text + "\n# more\n")


def in_place(repo: Path, path: str, old: str, new: str) -> None:
    """Change bytes without a new size, inode or time stamp."""
    file = repo / path
    s = file.stat()
    assert len(old) == len(new)
    with open(file, "r+b") as f:
        content = f.read()
        assert old.encode() in content
        f.seek(content.index(old.encode()))
        f.write(new.encode())
    os.utime(file, ns=(s.st_atime_ns, s.st_mtime_ns))


def test_it_is_fresh_while_nothing_changes(repo: Path) -> None:
    git(repo, "status")
    assert not fresh(repo)
    refresh(repo)
    assert fresh(repo)
    write(repo, "src/code.py", "pass\n")
    write(repo, "docs/other.md", "x\n")
    # A plain `git status` may rewrite git's index, and then a look at all stamps is right.
    git(repo, "--no-optional-locks", "status")
    git(repo, "log")
    assert fresh(repo)
    agrees(repo)
    assert fresh(repo)


def branch(repo: Path) -> None:
    git(repo, "switch", "--quiet", "-c", "other")
    work.new(workspace(repo), WorkItem("", "PRD", "On a branch", issue=7), start=True)
    edit(repo, f"tickets/{OPEN}/checklist.md")
    commit_all(repo)
    git(repo, "switch", "--quiet", "main")


CHANGES: dict[str, Callable[[Path], object]] = {
    "pipeline edited": lambda r: edit(r, PIPELINE),
    "pipeline removed": lambda r: (r / PIPELINE).unlink(),
    "session edited": lambda r: edit(r, ROOT_SESSION),
    "item edited": lambda r: edit(r, "docs/work/1.md", "title: Item 1", "title: Renamed"),
    "waiting item edited": lambda r: edit(r, "docs/work/3.md", "title: Waiting", "title: Ready"),
    "item added by hand": lambda r: write(r, "docs/work/9.md", "---\nid: '9'\nkind: PRD\ntitle: Nine\n---\n"),
    "item removed": lambda r: (r / "docs/work/3.md").unlink(),
    "item broken": lambda r: write(r, "docs/work/3.md", "---\nkind: Epic\n---\n"),
    "item that calls itself otherwise": lambda r: edit(r, "docs/work/3.md", 'id: "3"', 'id: "33"'),
    "ticket edited": lambda r: edit(r, f"tickets/{OPEN}/ticket.yml", "status: todo", "status: done"),
    "ticket broken": lambda r: edit(r, f"tickets/{OPEN}/ticket.yml", "status: todo", "status: later"),
    "ticket without its file": lambda r: (r / f"tickets/{OPEN}/ticket.yml").unlink(),
    "ticket folder removed": lambda r: shutil.rmtree(r / f"tickets/{OPEN}"),
    "ticket folder copied": lambda r: shutil.copytree(r / f"tickets/{OPEN}", r / "tickets/requirements_1-2"),
    "empty ticket folder": lambda r: (r / "tickets/requirements_8").mkdir(),
    "checklist ticked": lambda r: edit(r, f"tickets/{OPEN}/checklist.md", "- [ ]", "- [x]"),
    "checklist removed": lambda r: (r / f"tickets/{OPEN}/checklist.md").unlink(),
    "shard added": lambda r: write(r, ".agenticops/events/2030/01/x.jsonl", log.encode([event("noted", number=77)])),
    "shard removed": lambda r: shutil.rmtree(r / ".agenticops/events"),
    "tickets removed": lambda r: shutil.rmtree(r / "tickets"),
    "branch made elsewhere": branch,
    "branch checked out": lambda r: (branch(r), refresh(r), git(r, "switch", "--quiet", "other")),
    "branch merged": lambda r: (branch(r), refresh(r), git(r, "merge", "--quiet", "other")),
    "change restored": lambda r: (
        edit(r, f"tickets/{OPEN}/ticket.yml", "status: todo", "status: done"),
        refresh(r),
        git(r, "restore", "tickets"),
    ),
    "change stashed": lambda r: (
        edit(r, "docs/work/1.md", "title: Item 1", "title: Renamed"),
        refresh(r),
        git(r, "stash", "--quiet"),
    ),
    "commit reset": lambda r: (branch(r), refresh(r), git(r, "reset", "--quiet", "--hard", "other~1")),
    "moved by the tool": lambda r: tickets.block(workspace(r), OPEN, "the vendor"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_is_noticed(repo: Path, name: str) -> None:
    before = agrees(repo)
    CHANGES[name](repo)
    after = agrees(repo)
    if name not in ("branch made elsewhere", "commit reset", "change restored", "change stashed", "pipeline edited",
                    "session edited", "checklist ticked", "checklist removed"):  # fmt: skip
        assert after != before
    assert fresh(repo)


def test_a_pipeline_that_changed_its_meaning_is_another(repo: Path) -> None:
    title = agrees(repo)["pipeline"].title
    edit(repo, PIPELINE, f"title: {title}", "title: Another")
    assert agrees(repo)["pipeline"].title == "Another"
    edit(repo, PIPELINE, "schema: 1", "schema: 9")
    assert agrees(repo)["pipeline"][0] is StateError


def test_files_of_a_closed_ticket_are_looked_at_when_git_moved(repo: Path) -> None:
    refresh(repo)
    edit(repo, f"tickets/{CLOSED}/ticket.yml", "status: cancelled", "status: done")
    assert fresh(repo)
    git(repo, "add", "tickets")
    assert not fresh(repo)
    assert agrees(repo)["tickets"][CLOSED].status == "done"
    git(repo, "commit", "--quiet", "-m", "x")
    refresh(repo)
    edit(repo, f"tickets/{CLOSED}/ticket.yml", "status: done", "status: cancelled")
    git(repo, "commit", "--quiet", "-m", "x", "--", "tickets")
    assert agrees(repo)["tickets"][CLOSED].status == "cancelled"


def test_a_closed_ticket_that_is_opened_again_is_watched(repo: Path) -> None:
    edit(repo, f"tickets/{CLOSED}/ticket.yml", "status: cancelled", "status: todo")
    git(repo, "add", "tickets")
    refresh(repo)
    edit(repo, f"tickets/{CLOSED}/checklist.md", "- [ ]", "- [x]")
    assert not fresh(repo)
    agrees(repo)


@pytest.mark.parametrize("path", [f"tickets/{OPEN}/ticket.yml", "docs/work/1.md", PIPELINE])
def test_an_edit_of_the_same_size_within_one_time_stamp(repo: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # A slow machine must not let the moment pass.
    monkeypatch.setattr(index_module, "RACY_NS", 10**11)
    os.utime(repo / path)
    refresh(repo)
    old, new = ("status: todo", "status: done") if "ticket" in path else ("title: ", "titel: ")
    in_place(repo, path, old, new)
    assert not fresh(repo)
    agrees(repo)


def test_a_moment_later_a_file_is_no_longer_read_to_compare(repo: Path) -> None:
    refresh(repo)
    time.sleep(0.05)
    assert fresh(repo)
    here = workspace(repo)
    index = Index(here.state_folder, here.root, here.git.stamp)
    assert index.value("SELECT COUNT(*) FROM watch WHERE racy AND hot") == 0
    index.close()


def test_an_event_that_two_shards_hold_survives_the_loss_of_either(repo: Path) -> None:
    one, two = event("noted", number=70), event("noted", number=71)
    first = write(repo, ".agenticops/events/2030/01/a.jsonl", log.encode([one, two]))
    second = write(repo, ".agenticops/events/2030/02/b.jsonl", log.encode([two, one]))
    assert agrees(repo)["train"][-2:] == [one, two]
    first.unlink()
    assert agrees(repo)["train"][-2:] == [one, two]
    write(repo, ".agenticops/events/2030/01/a.jsonl", log.encode([one, two]))
    agrees(repo)
    second.unlink()
    assert agrees(repo)["train"][-2:] == [one, two]


def test_a_broken_shard_is_a_problem_and_the_rest_is_read(repo: Path) -> None:
    path = ".agenticops/events/2030/01/a.jsonl"
    write(repo, path, log.encode([event("noted", number=70)]) + b"{half\n")
    here = workspace(repo)
    assert [(p[0], p[2]) for p in here.index.problems()] == [(path, f"{path}:2")]
    assert len(here.log.of_item("1")) > 0
    (repo / path).unlink()
    agrees(repo)
    assert workspace(repo).index.problems() == []


def test_the_last_events_come_in_order(repo: Path) -> None:
    here = workspace(repo)
    every = log.read(here.tree)
    assert here.log.select("1", ()) == every
    assert here.log.select("1", (), 3) == every[-3:]
    assert here.log.select("kind=?", ("item_created",), 1) == [e for e in every if e.kind == "item_created"][-1:]


def test_a_verdict_on_an_artifact_is_remembered_for_the_same_bytes_only(repo: Path) -> None:
    def judged() -> tuple[list[Finding], list[Finding]]:
        here = workspace(repo)
        plain = Train(here.tree, EventLog(), WorkingTree(RESOURCES))
        ticket = plain.ticket(OPEN)
        contracts = [plain.contract(n) for n in ticket.artifacts]
        return tuple([f for c in contracts for f in t.examine(c, ticket)] for t in (here.train, plain))  # type: ignore[return-value]

    seen = []
    plain = Train(workspace(repo).tree, EventLog(), WorkingTree(RESOURCES))
    ticket = plain.ticket(OPEN)
    contract = plain.contract(ticket.artifacts[0])
    path = plain.artifact_path(contract, ticket.item)
    for content in (
        None,
        plain.rendered(contract, ticket),
        b"",
        b"# Title\n",
        b"x" * (contract.max_bytes + 1),
        b"# Title\n",
    ):
        if content is not None:
            write(repo, path, content)
        for _ in range(2):
            by_index, by_files = judged()
            assert by_index == by_files
        seen.append([f.code for f in by_files])
    assert len({tuple(s) for s in seen}) >= 4
    assert workspace(repo).index.value("SELECT COUNT(*) FROM verdict") >= 3


# Losing it


def files_of(repo: Path) -> list[Path]:
    return sorted((repo / ".git/agenticops").glob("index.sqlite*"))


def scramble(repo: Path, start: int) -> None:
    file = repo / ".git/agenticops/index.sqlite"
    database = sqlite3.connect(file)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    size = file.stat().st_size
    with open(file, "r+b") as f:
        f.seek(start)
        f.write(b"\xa5" * (size - start))


LOSSES: dict[str, Callable[[Path], object]] = {
    "deleted": lambda r: [f.unlink() for f in files_of(r)],
    "folder deleted": lambda r: shutil.rmtree(r / ".git/agenticops"),
    "emptied": lambda r: (r / ".git/agenticops/index.sqlite").write_bytes(b""),
    "no database": lambda r: (r / ".git/agenticops/index.sqlite").write_bytes(b"garbage" * 1000),
    "pages scrambled": lambda r: scramble(r, 4096),
    "half scrambled": lambda r: scramble(r, 40_960),
    "truncated": lambda r: os.truncate(r / ".git/agenticops/index.sqlite", 8192),
    "another layout": lambda r: run_sql(r, "PRAGMA user_version=999"),
    "another boot": lambda r: run_sql(r, f"PRAGMA user_version={index_module.layout('before the power went')}"),
}


def run_sql(repo: Path, statement: str) -> None:
    database = sqlite3.connect(repo / ".git/agenticops/index.sqlite", isolation_level=None)
    database.execute(statement)
    database.close()


@pytest.mark.parametrize("name", some(LOSSES, 2))
def test_losing_the_index_costs_a_rebuild(repo: Path, name: str) -> None:
    before = agrees(repo)
    gc.collect()  # a connection that is still open would hold the file
    LOSSES[name](repo)
    assert agrees(repo) == before
    with workspace(repo).transaction("test") as tx:
        tx.append(Draft("noted", "train"))
    after = agrees(repo)
    assert after["train"] == [*before["train"], *tx.events]
    assert fresh(repo)


def test_where_no_index_can_be_written_it_is_kept_in_memory(repo: Path) -> None:
    wanted = agrees(repo)
    shutil.rmtree(repo / ".git/agenticops")
    write(repo, ".git/agenticops", "a file stands in the way")
    assert agrees(repo) == wanted
    (repo / ".git/agenticops").unlink()
    (repo / ".git/agenticops/index.sqlite").mkdir(parents=True)
    assert agrees(repo) == wanted


@pytest.mark.parametrize("known", [False, True])
def test_a_read_only_git_folder(repo: Path, known: bool) -> None:
    if known:
        refresh(repo)
    closed = [repo / ".git", *(repo / ".git/agenticops").rglob("*"), *(repo / ".git").glob("agenticops")]
    for path in closed:
        path.chmod(0o555)
    if os.access(repo / ".git", os.W_OK):
        pytest.skip("root may write everywhere")
    try:
        agrees(repo)
        edit(repo, "docs/work/1.md", "title: Item 1", "title: Renamed")
        assert agrees(repo)["items"]["1"].title == "Renamed"
        assert run_cli(repo, "status").stdout
    finally:
        for path in closed:
            path.chmod(0o755)


def test_a_reader_beside_a_busy_writer_reads_from_memory(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = agrees(repo)
    edit(repo, "docs/work/1.md", "title: Item 1", "title: Renamed")
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **{**k, "timeout": 0.1}))
    busy = connect(repo / ".git/agenticops/index.sqlite", isolation_level=None)
    busy.execute("BEGIN EXCLUSIVE")
    try:
        assert agrees(repo)["items"]["1"].title == "Renamed"
    finally:
        busy.close()
    assert agrees(repo)["items"].keys() == wanted["items"].keys()


# The index tells what the files say


def step(repo: Path, dice: random.Random, number: int) -> None:
    """Do one thing that people, git or the tool do."""
    here = workspace(repo)
    known = sorted(p.name for p in (repo / "tickets").glob("*_*")) or ["none"]
    one = dice.choice(known)
    match dice.randrange(12):
        case 0:
            work.new(here, WorkItem("", "PRD", f"New {number}", issue=100 + number), start=dice.random() < 0.7)
        case 1:
            cli(repo, "ticket", "cancel", one, "--reason", "x")
        case 2:
            cli(repo, "ticket", "block", one, "--reason", "x")
        case 3:
            commit_all(repo)
        case 4:
            commit_all(repo)
            git(repo, "switch", "--quiet", "-C", f"b{number}", *(["HEAD~1"] if dice.random() < 0.5 else []))
        case 5:
            commit_all(repo)
            for other in git(repo, "branch", "--format=%(refname:short)").split():
                if git(repo, "merge", "--no-edit", other, check=False) == "" or "CONFLICT" in git(repo, "status"):
                    git(repo, "merge", "--abort", check=False)
        case 6:
            git(repo, "stash", "--include-untracked")
        case 7:
            git(repo, "stash", "pop", check=False)
            if git(repo, "ls-files", "--unmerged"):
                git(repo, "reset", "--quiet", "--hard")
        case 8:
            write(repo, f"tickets/{one}/ticket.yml", dice.choice(["status: odd\n", "id: x\n", "<<<<<<< a\n", ""]))
            git(repo, "add", "--all")  # closed tickets are looked at when git moved
        case 9:
            git(repo, "checkout", "--quiet", "HEAD", "--", ".")
        case 10:
            shutil.rmtree(repo / "tickets" / one, ignore_errors=True)
            git(repo, "add", "--all")
        case 11:
            write(repo, f"docs/work/{dice.choice([1, 2, 500])}.md", f"---\nid: x\nkind: PRD\ntitle: T{number}\n---\n")


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_index_tells_what_the_files_say(repo: Path, seed: int) -> None:
    dice = random.Random(seed)
    for number in range(14):
        step(repo, dice, number)
        agrees(repo)


class Overtaken(WorkingTree):
    """A tree in which a writer replaces a shard just after it was read."""

    late: dict[str, bytes]

    def read(self, path: str) -> bytes | None:
        content = super().read(path)
        if path in self.late:
            replace(Path(self.root) / path, self.late.pop(path))
        return content


def replace(file: Path, content: bytes) -> None:
    """Write as the store does: another file takes the name."""
    file.with_suffix(".new").write_bytes(content)
    os.replace(file.with_suffix(".new"), file)


@pytest.mark.parametrize("same_tick", [False, True])
def test_a_shard_that_is_replaced_meanwhile_is_read_again(repo: Path, same_tick: bool) -> None:
    refresh(repo)
    here = workspace(repo)
    with here.transaction("first") as tx:
        tx.append(Draft("noted", "train"))
    shard = repo / tx.shard
    later = shard.read_bytes() + log.encode([event("noted", "train", lamport=tx.events[0].lamport + 1)])
    index = Index(here.state_folder, here.root, here.git.stamp)
    if same_tick:
        os.utime(shard.parent)
        seen = shard.parent.stat()
        indexing.refresh(index, WorkingTree(here.root))
        replace(shard, later)
        os.utime(shard.parent, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    else:
        tree = Overtaken(here.root)
        tree.late = {tx.shard: later}
        os.utime(shard)
        os.utime(shard.parent)
        indexing.refresh(index, tree)
        assert not tree.late
    index.close()
    assert agrees(repo)["train"][-1].lamport == tx.events[0].lamport + 1
