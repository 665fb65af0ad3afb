"""The table of limits: what holds in a worktree, kept in its git folder, with the digests of the files it rests on.

A line is a key, a tab and a value, so that reading it takes no parser. Nobody's word is taken for it: when one of the
files is another, the table is built anew. It loads nothing but `os` and one digest; the guard asks it (ADR 0025).
"""

from __future__ import annotations

import os

from agenticops import __version__
from agenticops.core.limits import Limits
from agenticops.core.ruling import Absent

try:
    from _blake2 import blake2b
except ImportError:  # an interpreter that was built without it
    from hashlib import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = "limits.tbl"
# The number goes up when the same files would give another table.
HEAD = f"agenticops limits 2 {__version__}"
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_LISTS = ("allowed", "restricted", "writable", "own", "ways")


class Table:
    """Limits, or why there are none; and what that rests on: (digest, name) of files of the worktree (`work:PATH`)
    and of its git folder (`git:PATH`), and of the names in a folder (`names:PATH`).
    """

    __slots__ = ("limits", "rests")

    def __init__(self, limits: Limits | Absent, rests: Sequence[tuple[str, str]]) -> None:
        self.limits, self.rests = limits, rests

    def fresh(self, root: str, git: str) -> bool:
        """Tell whether all that it rests on is as it was."""
        return all(digest(root, git, name) == known for known, name in self.rests)


def digest(root: str, git: str, name: str) -> str:
    """Give the digest of a file, or of the names in a folder; what cannot be read gives the reason's number."""
    kind, _, path = name.partition(":")
    full = os.path.join(git if kind == "git" else root, path)
    try:
        if kind == "names":
            content = "\n".join(sorted(os.listdir(full))).encode("utf-8", "surrogateescape")
        else:
            content = _read(os.open(full, _FILE))
    except OSError as e:
        return f"-{e.errno}"
    return blake2b(content, digest_size=20).hexdigest()


def read(git: str) -> Table | None:
    """Give the table, or None when there is none that this version can read. Links are not followed."""
    try:
        folder = os.open(os.path.join(git, "agenticops"), _FOLDER)
    except OSError:
        return None
    try:
        content = _read(os.open(NAME, _FILE, dir_fd=folder))
    except OSError:
        return None
    finally:
        os.close(folder)
    return _parsed(content.decode("utf-8", "surrogateescape"))


def write(git: str, table: Table) -> None:
    """Replace the table at once: a reader sees the old one or the new one. Where that fails there is none."""
    content = _rendered(table).encode("utf-8", "surrogateescape")
    temporary = f"{NAME}.{os.urandom(8).hex()}~"  # a number of a process may be that of another container's
    try:
        os.makedirs(os.path.join(git, "agenticops"), exist_ok=True)
        folder = os.open(os.path.join(git, "agenticops"), _FOLDER)
    except OSError:
        return
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with os.fdopen(os.open(temporary, flags, 0o600, dir_fd=folder), "wb") as file:
            file.write(content)
        os.replace(temporary, NAME, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        _drop(temporary, folder)
    finally:
        os.close(folder)


def _drop(name: str, folder: int) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except OSError:
        pass  # it was never there


def _read(handle: int) -> bytes:
    pieces = []
    try:
        while piece := os.read(handle, 1 << 20):
            pieces.append(piece)
    finally:
        os.close(handle)
    return b"".join(pieces)


def _rendered(table: Table) -> str:
    rows = [HEAD, *(f"{known}\t{_safe(name)}" for known, name in table.rests), ""]
    found = table.limits
    if isinstance(found, Absent):
        rows += [f"{key}\t{_safe(getattr(found, key))}" for key in ("reason", "way")]
    else:
        rows += [f"{key}\t{_safe(getattr(found, key))}" for key in ("mode", "ticket")]
        rows += [f"{key}\t{_safe(value)}" for key in _LISTS for value in getattr(found, key)]
    return "\n".join([*rows, "end\t"])


def _parsed(text: str) -> Table | None:
    rows = text.split("\n")
    if rows[0] != HEAD or rows[-1] != "end\t" or "" not in rows:
        return None
    middle = rows.index("")
    rests = [(known, _plain(name)) for known, _, name in (r.partition("\t") for r in rows[1:middle])]
    fields: dict[str, list[str]] = {}
    for row in rows[middle + 1 : -1]:
        key, _, value = row.partition("\t")
        fields.setdefault(key, []).append(_plain(value))
    if "reason" in fields:
        return Table(Absent(fields["reason"][0], fields["way"][0]), rests)
    lists = {key: fields.get(key, []) for key in _LISTS}
    return Table(Limits(fields["mode"][0], fields["ticket"][0], **lists), rests)


def _safe(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n") if "\\" in value or "\n" in value else value


def _plain(value: str) -> str:
    if "\\" not in value:
        return value
    return "\\".join(part.replace("\\n", "\n") for part in value.split("\\\\"))
