"""Presence: which drivers are at work in a clone, and what their workers do, for `drive status`. ADR 0036.

Each driver keeps one file, on which nothing rests but what is shown: holds and the log say what is so.
"""

from __future__ import annotations

import os

import msgspec
from msgspec import Struct

from agenticops.errors import StateError
from agenticops.flows.drive.marks import FOLDER
from agenticops.model.ids import ulid
from agenticops.ports import pid
from agenticops.store import paths
from agenticops.store.tree import WorkingTree
from agenticops.workspace import Workspace

PREFIX, END = "driver-", ".json"
_SIZE = 1_000_000


class Row(Struct):
    """What a worker does at this moment, for whoever looks on. `number` of `of` bullets; `money` so far.

    `since` is the time at which it took the ticket, in seconds since 1970; `said` is what its agent does now.
    """

    ticket: str
    since: float
    bullet: str = ""
    number: int = 0
    of: int = 0
    attempt: int = 1
    agent: str = ""
    provider: str = ""
    model: str = ""
    money: float = 0.0
    said: str = ""


class Presence(Struct):
    """A driver: its process and when that began, since when it drives, and what its workers do."""

    pid: int
    born: float
    since: str
    parallel: int = 1
    rows: tuple[Row, ...] = ()


class Seat:
    """A driver's own place. What cannot be written is not shown, and hinders nothing."""

    def __init__(self, workspace: Workspace, parallel: int) -> None:
        self.folder = os.path.join(workspace.git.common_dir, "agenticops", FOLDER)
        self.name = f"{PREFIX}{ulid(workspace.clock.milliseconds(), workspace.clock.entropy(10))}{END}"
        self.said = Presence(os.getpid(), pid.born(os.getpid()), workspace.now, parallel)
        self.written = b""

    def take(self) -> None:
        """Show up, and put away what drivers left that are no more."""
        try:
            os.makedirs(self.folder, exist_ok=True)
            tree = WorkingTree(self.folder)
            for name, found in _all(tree):
                if found is None or not pid.alive(found.pid, found.born):
                    paths.remove(tree.handle, name, sync=False)
        except (OSError, StateError):
            return
        self.show(())

    def show(self, rows: tuple[Row, ...]) -> None:
        """Tell what the workers do, where that changed."""
        said = msgspec.json.encode(msgspec.structs.replace(self.said, rows=rows))
        if said != self.written:
            self.written = said
            try:
                tree = WorkingTree(self.folder)
                paths.replace(tree.handle, self.name, said + b"\n", sync=False)
            except (OSError, StateError):
                pass

    def leave(self) -> None:
        """Go."""
        try:
            tree = WorkingTree(self.folder)
            paths.remove(tree.handle, self.name, sync=False)
        except (OSError, StateError):
            pass


def drivers(workspace: Workspace) -> list[Presence]:
    """List the drivers that are at work in a clone."""
    folder = os.path.join(workspace.git.common_dir, "agenticops", FOLDER)
    if not os.path.isdir(folder):
        return []
    return [found for _, found in _all(WorkingTree(folder)) if found is not None and pid.alive(found.pid, found.born)]


def _all(tree: WorkingTree) -> list[tuple[str, Presence | None]]:
    names = [n for n in tree.names("") if n.startswith(PREFIX) and n.endswith(END)]
    return [(name, _read(tree, name)) for name in names]


def _read(tree: WorkingTree, name: str) -> Presence | None:
    try:
        return msgspec.json.decode(paths.read(tree.handle, name, _SIZE) or b"", type=Presence)
    except (msgspec.DecodeError, UnicodeDecodeError, StateError):
        return None
