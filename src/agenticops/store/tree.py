"""The working tree: the files as they are now, with an unfinished transaction laid over them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Protocol

from agenticops.errors import StateError
from agenticops.store import paths


class Listing(Protocol):
    """What git knows of the working files; handed in, for the store knows no git."""

    def paths(self) -> list[str]:
        """List the files that git knows or would add."""

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Name the contents of files."""

    def id_of(self, content: bytes, path: str) -> str:
        """Name a content that is to stand at a path."""


class WorkingTree:
    """Reads below one root folder; `overlay` holds what a committed but unapplied journal says (None: removed)."""

    def __init__(self, root: str, overlay: dict[str, bytes | None] | None = None) -> None:
        self.root = root
        self.overlay = overlay or {}
        self.listing: Listing | None = None
        # A transaction notes here what was read first: it must still be so when it writes.
        self.witness: dict[str, bytes | None] | None = None
        self.handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def __del__(self) -> None:
        handle = getattr(self, "handle", -1)
        if handle >= 0:
            os.close(handle)

    def read(self, path: str) -> bytes | None:
        """Give the content of a regular file, or None when there is none."""
        found = self.overlay[path] if path in self.overlay else paths.read(self.handle, path)
        if self.witness is not None:
            self.witness.setdefault(path, found)
        return found

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder."""
        found = set(paths.names(self.handle, path))
        start = path.rstrip("/") + "/" if path else ""
        for laid, content in self.overlay.items():
            head, _, below = laid[len(start) :].partition("/")
            if laid.startswith(start) and (content is not None or not below):
                (found.discard if content is None else found.add)(head)
        return sorted(n for n in found if not n.endswith(".agenticops~"))

    def size(self, path: str) -> int | None:
        """Give the size of a file in bytes, or None."""
        if path in self.overlay:
            content = self.overlay[path]
            return None if content is None else len(content)
        found = paths.status(self.handle, path)
        return None if found is None else found.st_size

    def paths(self) -> list[str]:
        """List every file that git knows or would add. Raises StateError where no git was handed in."""
        gone = {p for p, content in self.overlay.items() if content is None}
        found = {p for p in self._listed().paths() if not p.endswith(".agenticops~")}
        return sorted((found | set(self.overlay)) - gone)

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Name contents as git would store them, whatever the index believes of them."""
        wanted, listing = set(paths), self._listed()
        found = listing.ids(sorted(wanted - set(self.overlay)))
        laid = {p: c for p, c in self.overlay.items() if p in wanted and c is not None}
        return {**found, **{p: listing.id_of(c, p) for p, c in laid.items()}}

    def _listed(self) -> Listing:
        if self.listing is None:
            raise StateError("git cannot be asked for the files here", place=self.root)
        return self.listing

    def mark(self, path: str) -> str:
        """Give a value that changes whenever somebody writes, replaces or copies the file; "" when there is none."""
        found = paths.status(self.handle, path)
        return "" if found is None else f"{os.uname().nodename}:{found.st_ino}:{found.st_ctime_ns}:{found.st_size}"
