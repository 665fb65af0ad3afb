"""The snapshot: what was last read of the forge, kept in the clone's git folder. A cache: without it all is read again.

It lets a plan be made without a network, asks the forge only for what changed since, and keeps the texts of many
issues out of memory. The head is written last and removed first: without a head there is no snapshot.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from agenticops.model.forge import Issue, Label

_issue = msgspec.json.Decoder(Issue)


class Head(Struct, frozen=True):
    """Of which repository, when all was read (milliseconds since 1970), and the latest change that was seen there.

    `lacks` are the fields that its server does not know.
    """

    repository: str
    read: int
    since: str = ""
    board: str = ""
    labels: tuple[Label, ...] = ()
    milestones: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


class Snapshot:
    """Issues one a line, and a head. What cannot be read is not there."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._lines = os.path.join(folder, "issues.jsonl")
        self._top = os.path.join(folder, "head.json")

    def head(self) -> Head | None:
        """Give the head of a whole snapshot."""
        try:
            with open(self._top, "rb") as f:
                found = msgspec.json.decode(f.read(), type=Head)
        except (OSError, msgspec.MsgspecError):
            return None
        return found if os.path.exists(self._lines) else None

    def issues(self) -> Iterator[Issue]:
        """Give the issues one by one; they may be read while others are kept."""
        with open(self._lines, "rb") as f:
            for line in f:
                yield _issue.decode(line)

    def through(self, issues: Iterable[Issue]) -> Iterator[Issue]:
        """Pass issues on and write them down on the way; `seal` makes a snapshot of them once all have passed."""
        self.forget()
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        handle, file = tempfile.mkstemp(dir=self.folder)
        try:
            with os.fdopen(handle, "wb") as f:
                for issue in issues:
                    f.write(msgspec.json.encode(issue) + b"\n")
                    yield issue
            os.replace(file, self._lines)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(file)
            raise

    def seal(self, head: Head) -> None:
        """Say that all issues were kept."""
        handle, file = tempfile.mkstemp(dir=self.folder)
        with os.fdopen(handle, "wb") as f:
            f.write(msgspec.json.encode(head))
        os.replace(file, self._top)

    def forget(self) -> None:
        """Let the next reader read everything: what is kept may be out of date."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._top)
