"""The workspace: the one object that a flow is handed. Store and ports are built when they are first used."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from agenticops.errors import StateError, TrainError
from agenticops.model.layout import EVENTS, JOURNAL, PHASE_BRANCH, ROOT_SESSION, foreign
from agenticops.ports.clock import Clock, timestamp
from agenticops.ports.git import Git
from agenticops.store.index import Index

if TYPE_CHECKING:
    from agenticops.core.train import Train
    from agenticops.model.event import Actor
    from agenticops.model.tree import Tree
    from agenticops.ports.history import History
    from agenticops.store.indexing import Indexed, IndexedTrain
    from agenticops.store.local import Local
    from agenticops.store.past import Past
    from agenticops.store.rehearsal import Rehearsal
    from agenticops.store.staged import StagedTrain
    from agenticops.store.transaction import Transaction
    from agenticops.store.tree import WorkingTree

WAITS, WAIT = 20, 0.01
# With more shards that the index has not read, it is worth its refreshing.
FEW = 16
RESOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "resources")


class Workspace:
    """A repository, as one command sees it; with `standing_for`, a detached worktree counts as that branch."""

    def __init__(self, start: str = ".", clock: Clock | None = None, standing_for: str = "") -> None:
        self.git = Git.discover(start)
        self.standing_for = standing_for
        self.git.trusted = partial(_trusted_program, self.git.common_dir)
        self.clock = clock or Clock()
        self._operator = ""
        self._index: Index | None = None
        self._tree: WorkingTree | None = None
        self._log: Indexed | None = None
        self._train: IndexedTrain | None = None

    @property
    def root(self) -> str:
        """The worktree's top folder."""
        return self.git.root

    @property
    def state_folder(self) -> str:
        """Where this worktree keeps journal and index."""
        return os.path.join(self.git.git_dir, "agenticops")

    @property
    def tree(self) -> WorkingTree:
        """The working files, under an unfinished transaction."""
        if self._tree is None:
            self._need_files()
            from agenticops.ports.listing import Listing

            self._tree = _working_tree(self.root, self.state_folder)
            self._tree.listing = Listing(self.git)
        return self._tree

    @property
    def index(self) -> Index:
        """The index, fresh. Hot reads stop here: nothing heavy is loaded while it is fresh."""
        if self._index is None:
            self._need_files()
            _refuse_links(self.state_folder)
            self._index = index = Index(self.state_folder, self.root, self.git.stamp, self.git.common_dir)
            index.refill = partial(_refill, self.root, self.state_folder)
            unfinished = self._unfinished()
            if unfinished or not self._index.fresh():
                self._refresh(self._index, unfinished)
        return self._index

    def refuse_links(self) -> None:
        """Raise StateError when the clone's state folder leads elsewhere; to be called before anything is written."""
        _refuse_links(os.path.join(self.git.common_dir, "agenticops"))

    def _need_files(self) -> None:
        if not self.root:
            hint = "agenticops check --head REV works here; for the rest, clone it"
            raise TrainError("this is a bare repository: there are no files to work on", hint=hint)

    def train_at(self, revision: str) -> Train:
        """The train of a commit. Raises TrainError when the commit is not here."""
        from agenticops.ports.trees import CommitTree

        return self._train_of(CommitTree(self.git, revision))

    def staged_train(self, *paths: str) -> StagedTrain:
        """The train that the next commit would hold; `paths` are listed in one go. The index need not be fresh."""
        from agenticops.ports.stage import StagedTree
        from agenticops.store.past import is_shard
        from agenticops.store.staged import StagedLog, StagedTrain
        from agenticops.store.tree import WorkingTree

        _refuse_links(self.state_folder)
        tree = StagedTree(self.git)
        tree.load(EVENTS, *paths)
        shards = {p: blob for p, blob in tree.entries.items() if is_shard(p)}
        log = StagedLog(
            self._index or Index(self.state_folder, self.root, self.git.stamp, self.git.common_dir), tree, shards
        )
        if len(log.unknown) > FEW:
            log = StagedLog(self.index, tree, shards)
        return StagedTrain(tree, log, WorkingTree(RESOURCES))

    def past(self, history: History) -> Past:
        """What a replay reads of commits; a blob `work:PATH` is a file of the working tree."""
        from agenticops.store.past import Past
        from agenticops.store.tree import WorkingTree

        def content(blob: str) -> bytes:
            return (self.tree.read(blob[5:]) or b"") if blob.startswith("work:") else history.read(blob)

        return Past(content, WorkingTree(RESOURCES), lambda paths: self.tree.ids(paths))

    def _train_of(self, tree: Tree) -> Train:
        from agenticops.core.train import Train
        from agenticops.store.log import Shards
        from agenticops.store.tree import WorkingTree

        return Train(tree, Shards(tree), WorkingTree(RESOURCES))

    def _unfinished(self) -> bool:
        """Tell whether a crash left a transaction; one that is being applied just now is waited for."""
        journal = os.path.join(self.state_folder, JOURNAL)
        for _ in range(WAITS):
            if not os.path.exists(journal):
                return False
            time.sleep(WAIT)
        return True

    def _refresh(self, index: Index, unfinished: bool) -> None:
        from agenticops.store import indexing

        if unfinished or self.tree.overlay:
            # What a crash left is shown from memory; only the next writer may settle it.
            index.leave_disk()
        indexing.refresh(index, self.tree)

    @property
    def log(self) -> Indexed:
        """The log, by way of the index."""
        if self._log is None:
            from agenticops.store.indexing import Indexed

            self._log = Indexed(self.index, self.tree)
        return self._log

    @property
    def local(self) -> Local:
        """The local log of this clone: what is not committed."""
        from agenticops.store.local import Local

        return Local(os.path.join(self.git.common_dir, "agenticops"), self.clock, timestamp)

    @property
    def train(self) -> IndexedTrain:
        """The train of the working tree."""
        if self._train is None:
            from agenticops.store.indexing import IndexedTrain
            from agenticops.store.tree import WorkingTree

            self._train = IndexedTrain(self.tree, self.log, WorkingTree(RESOURCES))
        return self._train

    @property
    def branch(self) -> str:
        """The checked-out branch, or "" on a detached HEAD."""
        return self.git.branch() or self.standing_for

    @property
    def phase_ticket(self) -> str:
        """The ticket that a branch `phase/<ticket>` is for, or ""."""
        branch = self.branch
        return branch[len(PHASE_BRANCH) :] if branch.startswith(PHASE_BRANCH) else ""

    @property
    def now(self) -> str:
        """The time, as events write it."""
        return timestamp(self.clock.milliseconds())

    @property
    def operator(self) -> str:
        """The git identity; a transaction asks for it once."""
        return self._operator or self.git.identity()

    @property
    def agent(self) -> str:
        """The agent that says it is at work, or ""; a coding agent's own environment says so too."""
        return os.environ.get("AGENTICOPS_AGENT", "")

    @property
    def by_agent(self) -> str:
        """Name the program that runs this command when it is no person, or ""."""
        if self.agent or not os.environ.get("CLAUDECODE"):
            return self.agent
        return os.environ.get("AGENTICOPS_ASSISTANT") or "Claude Code"

    def actor(self, agent: str = "") -> Actor:
        """Who acts: the git identity, the agent at work (the one named, or that of the session), this host."""
        from agenticops.model.event import Actor

        agent = agent or self.agent or str(self.active_session().get("agent", ""))
        return Actor(operator=self.operator, agent=agent, host=self.host)

    @property
    def host(self) -> str:
        """The name of this machine."""
        return os.environ.get("AGENTICOPS_HOST") or os.uname().nodename

    def active_session(self) -> dict[str, object]:
        """The session that counts here, as plain data, when it is active; else nothing. A broken one counts as none."""
        ticket = self.phase_ticket
        path = f"tickets/{ticket}/ACTIVE_SESSION.md" if ticket else ROOT_SESSION
        try:
            session = self.train.session(path)
        except StateError:
            return {}
        if session is None or session.status not in ("active", "handed_off"):
            return {}
        return {"agent": session.agent, "ticket": session.ticket, "path": path}

    @contextmanager
    def transaction(self, purpose: str) -> Iterator[Transaction]:
        """Open the only write path: what the block writes and appends becomes durable together, or not at all."""
        from agenticops.store.transaction import Transaction

        self._operator = self.git.identity()
        self.refuse_links()
        try:
            with Transaction(
                self.tree, self.git, self.log, self.clock, self.actor, timestamp, purpose, self._permit
            ) as tx:
                if self._train is not None:
                    self._train.forget()
                self._settle_index()
                self._refuse_broken_log()
                yield tx
        finally:
            self._operator = ""
        if self._train is not None:
            self._train.forget()

    @contextmanager
    def rehearsal(self, purpose: str) -> Iterator[Rehearsal]:
        """Open a transaction that writes nothing: for a dry run, which leaves no trace."""
        from agenticops.store.rehearsal import Rehearsal

        self._operator = self.git.identity()
        try:
            with Rehearsal(
                self.tree, self.git, self.log, self.clock, self.actor, timestamp, purpose, self._permit
            ) as tx:
                self._refuse_broken_log()
                yield tx
        finally:
            self._operator = ""

    def _settle_index(self) -> None:
        """Let go of git's index where a commit of the tool was killed while it held it."""
        if os.path.exists(os.path.join(self.state_folder, "index.claim")):
            from agenticops.ports import claim

            claim.recover(self.git)

    def _refuse_broken_log(self) -> None:
        """An event that rests on a history which cannot be read would fork it once the file is mended."""
        for path, message, place, hint in self.index.problems():
            if path.startswith(EVENTS):
                raise StateError(message, place=place, hint=hint)

    def _permit(self, path: str) -> None:
        """Refuse what a phase branch must not touch, so that two of them always merge (value train, rule 4)."""
        own = self.phase_ticket
        if own and foreign(own, path):
            raise TrainError(
                f"branch {PHASE_BRANCH}{own} does not touch {path}", place=path, hint="do it on the default branch"
            )

    def staged(self) -> tuple[dict[str, str], set[str]]:
        """What the user staged: path → blob of what equals its file, and the paths whose file is another."""
        from agenticops.ports import commit

        return commit.staged(self.git)

    def loose(self, folder: str) -> tuple[list[str], list[str]]:
        """The files of a folder that HEAD does not know: the untracked, then the staged ones."""
        from agenticops.ports import commit

        return commit.loose(self.git, folder)

    def commit(self, paths: list[str], message: str, before: dict[str, str] | None = None) -> str:
        """Commit just these paths, under the lock of a transaction; give the short id ("" when nothing changed)."""
        from agenticops.ports import commit

        commit.refuse_busy(self.git)
        return commit.commit(self.git, paths, message, before)


def _working_tree(root: str, folder: str) -> WorkingTree:
    from agenticops.store.tree import WorkingTree

    tree = WorkingTree(root)
    if os.path.exists(os.path.join(folder, JOURNAL)):
        from agenticops.store import journal

        tree.overlay = journal.overlay(folder, tree.handle)
    return tree


def _refill(root: str, folder: str, index: Index) -> None:
    """Fill an index that was found damaged. It knows no workspace: a cycle would leave the cache open at the end."""
    from agenticops.store import indexing

    tree = _working_tree(root, folder)
    if tree.overlay:
        index.leave_disk()
    indexing.refresh(index, tree)


def _refuse_links(folder: str) -> None:
    """Refuse a state folder that is a link, or holds one: a clone that was unpacked could make us write elsewhere."""
    try:
        if not os.path.islink(folder):
            with os.scandir(folder) as entries:
                found = next((e.path for e in entries if e.is_symlink()), "")
        else:
            found = folder
    except OSError:
        return  # not there yet
    if found:
        raise StateError("a symbolic link stands in the way; links are not followed", place=found, hint="remove it")


def _trusted_program(common_dir: str, key: str, value: str) -> bool:
    """Tell whether the owner of the clone trusted a program that its git configuration names."""
    from agenticops.core.executables import configured
    from agenticops.store.trust import TrustFile

    (one,) = configured({key: (value, "")})
    return not os.environ.get("AGENTICOPS_TRUST") and TrustFile(common_dir).read().get(one.place) == one.digest
