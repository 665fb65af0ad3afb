"""The merge driver: merges the three files that git hands over, in place. It takes no lock and knows no repository."""

from __future__ import annotations

import os

from agenticops.core import merge as merging
from agenticops.core.merge import Conflict
from agenticops.core.yamltext import STATE_LIMIT
from agenticops.errors import StateError


def merge(base: str, ours: str, theirs: str, size: int, path: str) -> tuple[Conflict, ...]:
    """Merge three files into `ours`, whole or not at all; gives the conflicts. Raises StateError when unreadable."""
    sides = [_read(name, path) for name in (base, ours, theirs)]
    merged = merging.merge(sides[0], sides[1], sides[2], path, size)
    # A driver that dies must leave the file as it was: the line merge that follows starts from it.
    temporary = f"{ours}.agenticops~"
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), os.stat(ours).st_mode & 0o777)
        file.write(merged.content)
    os.replace(temporary, ours)
    return merged.conflicts


def _read(name: str, path: str) -> bytes:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as e:
        raise StateError(f"cannot be opened: {os.strerror(e.errno or 0)}", place=name) from None
    with os.fdopen(handle, "rb") as file:
        data = file.read(STATE_LIMIT + 1)
    if len(data) > STATE_LIMIT:
        raise StateError(f"the file has more than {STATE_LIMIT} bytes", place=path)
    return data
