"""Deliveries that were taken in, so that none is taken twice: names in the clone's git folder, the newest last."""

from __future__ import annotations

import os

from agenticops.store import paths
from agenticops.store.lock import Lock

NAME = "deliveries"
# The oldest are forgotten: the log knows what it took, and what is older than an observation does not count.
MOST = 20_000


class Deliveries:
    """The names of deliveries; `folder` is the tool's folder in git's common dir."""

    def __init__(self, folder: str, most: int = MOST) -> None:
        self.folder = folder
        self.most = most

    def seen(self, *names: str) -> bool:
        """Tell whether one of these was taken in."""
        return not {*names}.isdisjoint(self._names())

    def note(self, *names: str) -> None:
        """Note that these were taken in. Raises ConflictError while somebody else writes."""
        with Lock(self.folder, "github ingest"):
            known = self._names()
            fresh = [name for name in names if name not in known]
            if fresh:
                kept = [*known, *fresh][-self.most :]
                self._write("".join(f"{name}\n" for name in kept).encode())

    def _names(self) -> dict[str, None]:
        handle = self._open()
        try:
            return dict.fromkeys((paths.read(handle, NAME) or b"").decode("utf-8", "replace").split())
        finally:
            os.close(handle)

    def _write(self, content: bytes) -> None:
        handle = self._open()
        try:
            paths.replace(handle, NAME, content)
        finally:
            os.close(handle)

    def _open(self) -> int:
        os.makedirs(self.folder, exist_ok=True)
        return os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
