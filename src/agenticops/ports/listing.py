"""Listing: the working files that git knows or would add, and the names that git gives to what is in them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from agenticops.model.digest import blob_id
from agenticops.model.history import ODD
from agenticops.ports.git import Git


class Listing:
    """Questions to git about the working files. The index is not believed: each file's content is read."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self._kind = ""

    def paths(self) -> list[str]:
        """List the files; what is ignored and unknown is left out. A nested repository is one entry."""
        rows = self.git.run("ls-files", "-z", "--cached", "--others", "--exclude-standard").stdout.split("\0")
        return sorted({row.rstrip("/") for row in rows if row})

    def ids(self, paths: Iterable[str]) -> dict[str, str]:
        """Name contents as git would store them: filters and line ends are taken out."""
        found: dict[str, str] = {}
        plain: list[str] = []
        real: dict[str, bool] = {}
        for path in paths:
            folder = path.rpartition("/")[0]
            if folder not in real:
                whole = os.path.join(os.path.realpath(self.git.root), folder).rstrip("/")
                real[folder] = os.path.realpath(whole) == whole
            mode = _mode(os.path.join(self.git.root, path)) if real[folder] else 0  # git sees nothing behind a link
            if stat.S_ISREG(mode):
                plain.append(path)
            elif stat.S_ISLNK(mode):
                target = os.readlink(os.path.join(self.git.root, path))
                found[path] = ODD + blob_id(os.fsencode(target), self._id_kind())
            elif stat.S_ISDIR(mode):
                found[path] = ODD + self._module(path)
        if plain:
            asked = "".join(f"{_quoted(p)}\n" for p in plain)
            names = self.git.run("hash-object", "--stdin-paths", input=asked).stdout.split()
            found.update(zip(plain, names, strict=True))
        return found

    def id_of(self, content: bytes, path: str) -> str:
        """Name a content as git would store it at a path."""
        text = content.decode("utf-8", "surrogateescape")
        return self.git.run("hash-object", "--stdin", f"--path={path}", input=text).stdout.strip()

    def _id_kind(self) -> str:
        if not self._kind:
            self._kind = self.git.run("rev-parse", "--show-object-format").stdout.strip()
        return self._kind

    def _module(self, path: str) -> str:
        """Name the commit of a repository in the repository: the one that is checked out, else the one of the index."""
        if os.path.lexists(os.path.join(self.git.root, path, ".git")):
            return self.git.run("-C", path, "rev-parse", "--verify", "--quiet", "HEAD", check=False).stdout.strip()
        row = self.git.run("ls-files", "--stage", "--", f":(literal){path}").stdout.split()
        return row[1] if len(row) > 1 else ""


def _mode(path: str) -> int:
    try:
        return os.lstat(path).st_mode
    except OSError:
        return 0


def _quoted(path: str) -> str:
    """Write a path as git reads it from a line."""
    if "\n" not in path and not path.startswith('"'):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
