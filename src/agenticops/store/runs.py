"""The ledger of runs: one line for each state of each run of an agent, in git's common dir. ADR 0036.

All worktrees of a clone see it at once, their logs only what was merged. Writers hold the lock of the clone. A line is
on the disk before the run that it pays for begins; a line that a crash tore is skipped, for no run began by it.
"""

from __future__ import annotations

import errno
import os

import msgspec

from agenticops.errors import TrainError
from agenticops.model.drive import Assignment
from agenticops.store import paths
from agenticops.store.tree import WorkingTree

FOLDER = "drive"
FILE = "runs.jsonl"
PATH = f"{FOLDER}/{FILE}"
_decoder = msgspec.json.Decoder(Assignment)


class Runs:
    """The ledger of a clone; `folder` is the tool's folder in git's common dir."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def append(self, run: Assignment) -> None:
        """Write down how a run stands now, durably. Raises TrainError when that cannot be done."""
        row = msgspec.json.encode(run) + b"\n"
        try:
            os.makedirs(self.folder, exist_ok=True)
            self._write(row)
        except OSError as e:
            message = f"the ledger of runs cannot be written: {os.strerror(e.errno or 0)}"
            place = os.path.join(self.folder, PATH)
            raise TrainError(message, place=place, hint="see to the disk and its permissions") from e

    def _write(self, row: bytes) -> None:
        tree = WorkingTree(self.folder)
        where = paths.open_folder(tree.handle, [FOLDER], create=True)
        if where is None:
            raise FileNotFoundError(errno.ENOENT, "the folder vanished")
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            handle = os.open(FILE, flags, 0o600, dir_fd=where)
            try:
                end = os.fstat(handle).st_size
                torn = end > 0 and os.pread(handle, 1, end - 1) != b"\n"
                whole = b"\n" * torn + row
                if os.write(handle, whole) < len(whole):
                    raise OSError(errno.ENOSPC, "only a part was written")
                os.fsync(handle)
            finally:
                os.close(handle)
            if not end:
                os.fsync(where)
        finally:
            os.close(where)

    def read(self) -> dict[str, Assignment]:
        """Give each run as it was last written down, by its id. Reading makes no folder."""
        if not os.path.isdir(self.folder):
            return {}
        found = {}
        for row in (WorkingTree(self.folder).read(PATH) or b"").split(b"\n"):
            try:
                run = _decoder.decode(row)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            found[run.assignment_id] = run
        return found
