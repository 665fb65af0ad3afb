"""Who works an item: in a clone who has its hold, and among clones who has its lease. ADR 0035, 0036."""

from __future__ import annotations

import os
import threading
from typing import Any

from agenticops.errors import ConflictError, TrainError
from agenticops.flows import tenure
from agenticops.model import ids
from agenticops.ports.lease import Held, Leases
from agenticops.ports.transport import Update
from agenticops.store.hold import Hold, names
from agenticops.workspace import Workspace

FOLDER = "drive"
PREFIX = "ticket-"


class Claim:
    """An item that this process works, and nobody else. Its methods may be called by several threads."""

    def __init__(self, item: str, hold: Hold, leases: Leases, held: Held | None, left: dict[str, Any]) -> None:
        self.item, self.hold, self.leases, self.held = item, hold, leases, held
        # What the one before noted and did not finish.
        self.left = left
        self._turn = threading.Lock()

    def keep(self) -> None:
        """Give a sign of life when it is time for one. Raises ConflictError when another clone took it over."""
        with self._turn:
            if self.held is not None:
                self.held.keep()

    def push(self, ref: str, new: str, old: str, *more: Update) -> str:
        """Move refs, together with the lease; say which of them moved meanwhile, or "": then none moved.

        Raises ConflictError when another clone took it over. Without a remote the refs of this clone are moved.
        """
        updates = [(ref, new, old), *more]
        with self._turn:
            if not self.hold.mine:
                raise ConflictError(f"{self.item} was given back", hint="claim it again")
            if self.held is not None:
                return self.held.push(updates)
            refused = self.leases.swap(updates)
            if refused and not (moved := self.leases.elsewhere(updates)):
                raise TrainError(f"{ref} cannot be moved: {refused}")
            return moved if refused else ""

    def note(self, **facts: Any) -> None:
        """Write down what whoever comes after a crash should know; what is None is forgotten."""
        with self._turn:
            noted = {**self.hold.read(), **facts}
            self.hold.write({name: fact for name, fact in noted.items() if fact is not None})

    def release(self, done: bool) -> None:
        """Give it back. When it is done its note goes, else the next one finds what was noted.

        A remote that does not answer hinders nobody: the lease ends by itself, and until then this clone knows its key.
        """
        with self._turn:
            held, self.held = self.held, None
            if not self.hold.mine:
                return
            try:
                note = self.hold.read()
                facts, keys = tenure.without(note), tenure.only(note)
                if held is not None and _given_back(held):
                    keys = {}
                self.hold.write({**({} if done else facts), **keys})
            finally:
                self.hold.release()


def claim(workspace: Workspace, wanted: str, purpose: str, remote: str) -> Claim | str:
    """Claim an item, or that of a ticket, in this clone and at a remote; say who has it when somebody else does.

    Raises RemoteError when the remote does not answer: nothing is held then. With "" it is this clone's affair alone.
    """
    item = _item(wanted)
    hold = tenure.hold(workspace, FOLDER, PREFIX + item)
    if not hold.take():
        return f"process {hold.read().get('driver', '?')} of this clone works {item}"
    leases, held = Leases(workspace.git, workspace.clock, remote), None
    before = hold.read()
    try:
        hold.write({**before, "item": item, "driver": os.getpid(), "purpose": purpose})
        if remote:
            held = tenure.lease(workspace, leases, hold, purpose)
    except BaseException as e:
        try:
            if isinstance(e, ConflictError):
                hold.write(tenure.without(before))
                return e.message
            raise
        finally:
            hold.release()
    return Claim(item, hold, leases, held, tenure.without(before))


def noted(workspace: Workspace) -> dict[str, dict[str, Any]]:
    """Give the notes of this clone by item: of what is worked just now, and of what was left undone."""
    folder = os.path.join(workspace.git.common_dir, "agenticops", FOLDER)
    found = (name.removeprefix(PREFIX) for name in names(folder) if name.startswith(PREFIX))
    return {item: tenure.hold(workspace, FOLDER, PREFIX + item).read() for item in found}


def _item(wanted: str) -> str:
    """Give the item of a ticket, or the item itself: two visits of one item are never worked at once."""
    return wanted if ids.ITEM.fullmatch(wanted) else ids.split_ticket(wanted)[1]


def _given_back(held: Held) -> bool:
    """Give a lease back; whether it is ours no longer."""
    try:
        held.release()
    except ConflictError:
        return True  # another's by now
    except TrainError:
        return False
    return True
