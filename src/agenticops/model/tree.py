"""The tree: a read-only view of files, be it the working tree, the index or a commit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from agenticops.model.digest import blob_id


class Tree(Protocol):
    """Reads by repository path (`/` between parts). Paths that leave the repository raise StateError."""

    def read(self, path: str) -> bytes | None:
        """Give the content of a regular file, or None when there is none."""

    def names(self, path: str) -> list[str]:
        """Give the sorted entries of a folder; none when it does not exist."""

    def size(self, path: str) -> int | None:
        """Give the size of a regular file in bytes, or None."""

    def paths(self) -> list[str]:
        """List every file that git knows or would add, sorted; links and other repositories too."""

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Name contents as git names them, by path; what is not there is left out, what is no file begins with `!`."""


class MemoryTree:
    """A tree made of a mapping; tests and plans use it."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def read(self, path: str) -> bytes | None:
        """Give the content of a file."""
        return self.files.get(path)

    def names(self, path: str) -> list[str]:
        """Give the entries of a folder."""
        start = path.rstrip("/") + "/" if path else ""
        return sorted({f[len(start) :].split("/", 1)[0] for f in self.files if f.startswith(start)})

    def size(self, path: str) -> int | None:
        """Give the size of a file."""
        content = self.files.get(path)
        return None if content is None else len(content)

    def paths(self) -> list[str]:
        """List all files."""
        return sorted(self.files)

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Name contents as git does."""
        return {p: blob_id(self.files[p]) for p in paths if p in self.files}
