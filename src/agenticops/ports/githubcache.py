"""Answers kept with their tags: asking for what did not change costs nothing of the rate limit, and little time."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile

import msgspec
from msgspec import Struct

# Bytes on disk; the oldest goes first.
MOST = 32_000_000


class Kept(Struct, frozen=True):
    """An answer: its address, its tag, the address of the next page, and its text."""

    url: str
    tag: str
    next: str
    text: str


class Cache:
    """A folder of answers in the clone's git folder. A file that cannot be read is as good as none."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def read(self, url: str) -> Kept | None:
        """Give what was kept of an address."""
        try:
            with open(self._file(url), "rb") as f:
                found = msgspec.json.decode(f.read(), type=Kept)
        except (OSError, msgspec.MsgspecError, ValueError):
            return None
        return found if found.url == url else None

    def write(self, kept: Kept) -> None:
        """Keep an answer. When that fails, the next time merely costs more."""
        with contextlib.suppress(OSError):
            os.makedirs(self.folder, mode=0o700, exist_ok=True)
            handle, file = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(handle, "wb") as f:
                    f.write(msgspec.json.encode(kept))
                os.replace(file, self._file(kept.url))
            except BaseException:
                os.unlink(file)
                raise

    def trim(self, most: int = MOST) -> None:
        """Forget the oldest answers until the rest fits."""
        with contextlib.suppress(OSError):
            files = sorted(os.scandir(self.folder), key=lambda f: f.stat().st_mtime_ns, reverse=True)
            size = 0
            for file in files:
                size += file.stat().st_size
                if size > most:
                    os.unlink(file.path)

    def _file(self, url: str) -> str:
        return os.path.join(self.folder, f"{hashlib.sha256(url.encode()).hexdigest()[:32]}.json")
