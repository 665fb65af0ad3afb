"""A hold: who of all processes and threads of a clone does something alone, and what the next one should know of them.

The hold is a `flock` on a file that is never removed: it ends with its process, however that ends. Beside it is a note
that outlives it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from agenticops.errors import TrainError
from agenticops.model.lease import named
from agenticops.store import paths

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_SIZE = 1_000_000
_NOTE = ".json"


class Hold:
    """One name of a folder, which one can hold at a time. Nobody waits for it."""

    def __init__(self, folder: str, name: str) -> None:
        self.folder, self.name = folder, named(name)
        self._handle = -1

    @property
    def mine(self) -> bool:
        """Whether this object holds it."""
        return self._handle >= 0

    def take(self) -> bool:
        """Take it, unless somebody has it, be it another object of this thread."""
        if self.mine:
            return False
        with self._open(create=True) as folder:
            handle = os.open(f"{self.name}.lock", _LOCK, 0o600, dir_fd=folder)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                self._handle = handle
            except BlockingIOError:
                pass
            finally:
                if not self.mine:
                    os.close(handle)
        return self.mine

    def release(self) -> None:
        """Let go; the note stays."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def read(self) -> dict[str, Any]:
        """Give the note, also of somebody else's hold; nothing when there is none that can be read."""
        if not os.path.isdir(self.folder):
            return {}
        try:
            with self._open() as folder:
                found = json.loads(paths.read(folder, self.name + _NOTE, _SIZE) or b"{}")
        except (ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, note: dict[str, Any]) -> None:
        """Replace the note, so that it outlasts a loss of power; an empty one is removed. Only for who holds it."""
        if not self.mine:
            raise TrainError(f"{self.name} is not held: its note is another's", place=self.folder)
        with self._open() as folder:
            if note:
                paths.replace(folder, self.name + _NOTE, json.dumps(note, sort_keys=True).encode() + b"\n")
            else:
                paths.remove(folder, self.name + _NOTE)

    @contextmanager
    def _open(self, create: bool = False) -> Iterator[int]:
        """Open the folder, not through a link. Raises TrainError for what the disk does not let us do there."""
        try:
            if create:
                os.makedirs(self.folder, exist_ok=True)
            handle = os.open(self.folder, _FOLDER)
            try:
                yield handle
            finally:
                os.close(handle)
        except OSError as e:
            message = f"the hold {self.name} cannot be used: {os.strerror(e.errno or 0)}"
            raise TrainError(message, place=self.folder, hint="see to the disk and its permissions") from e


def names(folder: str) -> list[str]:
    """List the holds of a folder that have a note, sorted: those that are worked, and those of the dead."""
    try:
        found = os.listdir(folder)
    except FileNotFoundError:
        return []
    return sorted(n.removesuffix(_NOTE) for n in found if n.endswith(_NOTE) and not n.startswith("."))
