"""Marks: what an operator asks of the auto-pilot, as files in git's common dir that a running driver sees. ADR 0036.

A mark stays until it was done, or is taken away: it outlives both who asked and who drives.
"""

from __future__ import annotations

import os
from typing import Literal

import msgspec
from msgspec import Struct

from agenticops.errors import StateError
from agenticops.model import ids
from agenticops.store import paths
from agenticops.store.tree import WorkingTree
from agenticops.workspace import Workspace

Wish = Literal["pause", "abort", "takeover"]
WORDS: dict[Wish, str] = {"pause": "paused", "abort": "to be aborted", "takeover": "to be taken over"}
FOLDER = "drive"
PREFIX, END = "asked-", ".json"
# The mark of the whole drive, and the file that a person may touch instead, with a reason in it or none.
WHOLE, STOP = "asked.json", "stop"
_SIZE = 10_000


class Mark(Struct, frozen=True, omit_defaults=True):
    """A wish about a ticket, or about the whole drive (`pause` only), with who had it, why and when."""

    wish: Wish
    ticket: str = ""
    reason: str = ""
    by: str = ""
    at: str = ""

    @property
    def words(self) -> str:
        """Say it to people, with the command that takes it away."""
        who = self.by.partition(" <")[0]
        why = f": {self.reason}" if self.reason else ""
        what = f"{self.ticket or 'the drive'} is {WORDS[self.wish]}{f', says {who}' if who else ''}{why}"
        return f"{what}; agenticops drive resume{f' {self.ticket}' if self.ticket else ''}"


class Marks:
    """The marks of a clone. Reading makes no folder."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.folder = os.path.join(workspace.git.common_dir, "agenticops", FOLDER)

    def of(self, ticket: str = "") -> Mark | None:
        """Give what is asked of a ticket, or of the whole drive; what cannot be read counts as a pause."""
        name = f"{PREFIX}{ticket}{END}" if ticket else WHOLE
        if name not in self._names():
            return None
        try:
            data = self._read(name)
            found = None if data is None else msgspec.json.decode(data, type=Mark)
            return None if found is None else msgspec.structs.replace(found, ticket=ticket)
        except (msgspec.DecodeError, UnicodeDecodeError, StateError):
            return Mark("pause", ticket, "its mark cannot be read")

    def wish(self, ticket: str) -> str:
        """Give the wish alone, or ""."""
        mark = self.of(ticket)
        return mark.wish if mark is not None else ""

    def all(self) -> list[Mark]:
        """Give the marks of tickets, by ticket."""
        named = (n.removeprefix(PREFIX).removesuffix(END) for n in self._names() if n.startswith(PREFIX))
        return [mark for name in named if ids.TICKET.fullmatch(name) and (mark := self.of(name)) is not None]

    def passed(self) -> dict[str, str]:
        """Name the items whose tickets no driver takes now, and why."""
        return {ids.split_ticket(mark.ticket)[1]: mark.words for mark in self.all()}

    @property
    def halted(self) -> str:
        """Why nothing is driven in this clone, or ""."""
        mark = self.of()
        if mark is not None:
            return mark.words
        if STOP not in self._names():
            return ""
        place = os.path.join(self.folder, STOP)
        try:
            said = (self._read(STOP) or b"").decode("utf-8", "replace").split("\n")[0]
        except StateError:
            said = ""
        return f"there is a stop file{f': {said[:200]}' if said else ''}; remove {place}, or agenticops drive resume"

    def put(self, mark: Mark) -> None:
        """Write a mark down; it replaces an earlier one of the same ticket."""
        self.workspace.refuse_links()
        os.makedirs(self.folder, exist_ok=True)
        name = f"{PREFIX}{mark.ticket}{END}" if mark.ticket else WHOLE
        tree = WorkingTree(self.folder)
        paths.replace(tree.handle, name, msgspec.json.encode(mark) + b"\n")

    def drop(self, ticket: str = "") -> bool:
        """Take a mark away, that of the whole drive with the stop file; tell whether there was one."""
        names = [f"{PREFIX}{ticket}{END}"] if ticket else [WHOLE, STOP]
        there = [name for name in names if name in self._names()]
        if there:
            tree = WorkingTree(self.folder)
            for name in there:
                paths.remove(tree.handle, name)
        return bool(there)

    def _read(self, name: str) -> bytes | None:
        tree = WorkingTree(self.folder)
        return paths.read(tree.handle, name, _SIZE)

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self.folder))
        except FileNotFoundError:
            return []
