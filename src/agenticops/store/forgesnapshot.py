"""The snapshot: what was last read of the forge, kept in the clone's git folder. A cache: without it all is read again.

It lets a plan be made without a network, asks the forge only for what changed since, and keeps the texts of many
issues out of memory. It is one file, replaced whole: of two plans at once one wins, and none reads parts of both.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from agenticops.model.forge import Issue, Label

_issue = msgspec.json.Decoder(Issue)


class Head(Struct, frozen=True):
    """Of which repository, when all was read (milliseconds since 1970), and the latest change that was seen there.

    `lacks` are the fields that its server does not know, `columns` those of the board. `me` is who read it, "" when
    that did not matter.
    """

    repository: str
    read: int
    since: str = ""
    board: str = ""
    labels: tuple[Label, ...] = ()
    milestones: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    columns: tuple[str, ...] | None = None
    me: str = ""


class Snapshot:
    """Issues one a line, and the head in the last one. What cannot be read is not there.

    Who has looked at a head reads its issues, also when the file was replaced or is gone since.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._file = os.path.join(folder, "issues.jsonl")
        self._kept: mmap.mmap | None = None
        self._passed = ""  # a file with all issues, that has no head yet

    def head(self) -> Head | None:
        """Give the head of a whole snapshot."""
        self._kept = None
        try:
            with open(self._file, "rb") as f:
                kept = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
            found = msgspec.json.decode(kept[_last(kept) :], type=Head)
        except (OSError, ValueError, msgspec.MsgspecError):  # ValueError: an empty file
            return None
        self._kept = kept
        return found

    def issues(self) -> Iterator[Issue]:
        """Give the issues of the head that was looked at or sealed last, one by one."""
        kept = self._kept
        if kept is None:
            return
        start, end = 0, _last(kept)
        while start < end:
            stop = kept.find(b"\n", start) + 1
            yield _issue.decode(kept[start:stop])
            start = stop

    def through(self, issues: Iterable[Issue]) -> Iterator[Issue]:
        """Pass issues on and write them down on the way; `seal` makes a snapshot of them once all have passed."""
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        handle, file = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as f:
                for issue in issues:
                    f.write(msgspec.json.encode(issue) + b"\n")
                    yield issue
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)
            raise
        self._passed = file

    def seal(self, head: Head) -> None:
        """Make what has passed, with its head, the snapshot."""
        with open(self._passed, "ab") as f:
            f.write(msgspec.json.encode(head))
        with open(self._passed, "rb") as f:
            self._kept = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        os.replace(self._passed, self._file)

    def forget(self) -> None:
        """Let the next reader read everything: what is kept may be out of date."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._file)


def _last(kept: mmap.mmap) -> int:
    return kept.rfind(b"\n") + 1
