"""A commit's share of the log: the events that explain the files it takes, and no others. ADR 0013.

An event that is committed without its document is a lie in every other clone, so a shard that also holds events of
other files is divided: its share goes into one shard, the rest into another. Both get new names, because the old one
may stand in a commit that HEAD has left; a merge with that finds no file of the same name, and drops equal events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from agenticops.model.event import Event
from agenticops.store import log
from agenticops.store.tree import WorkingTree


class Share(NamedTuple):
    """The shards to commit, what must be written for that (None: removed), and where the rest is."""

    shards: list[str]
    files: dict[str, bytes | None]
    taken: list[Event]
    left: list[Event]
    rest: str = ""


def divide(
    tree: WorkingTree,
    loose: Iterable[str],
    staged: Iterable[str],
    wanted: Callable[[Event], bool],
    name: Callable[[], str],
) -> Share:
    """Divide the shards that no commit of HEAD holds; lines are kept byte by byte.

    A staged shard is not rewritten: the user may commit it as it is. Its share is copied; equal events count once.
    """
    shards: list[str] = []
    files: dict[str, bytes | None] = {}
    taken: list[Event] = []
    left: list[Event] = []
    share, rest = [], []
    fixed = set(staged)
    for path in sorted({*loose, *fixed}):
        data = tree.read(path) or b""
        pairs = list(zip((r for r in data.split(b"\n") if r), log.decode(data, path), strict=True))
        ours = [row for row, event in pairs if wanted(event)]
        taken += [event for _, event in pairs if wanted(event)]
        left += [event for _, event in pairs if not wanted(event)]
        if not ours:
            continue
        if len(ours) == len(pairs):
            shards.append(path)
            continue
        share += ours
        if path not in fixed:
            files[path] = None
            rest += [row for row, event in pairs if not wanted(event)]
    if not share:
        return Share(shards, files, taken, left)
    path = _path(taken, name())
    files[path] = b"".join(row + b"\n" for row in share)
    where = _path(left, name()) if rest else ""
    if where:
        files[where] = b"".join(row + b"\n" for row in rest)
    return Share([*shards, path], files, taken, left, where)


def _path(events: list[Event], name: str) -> str:
    return log.new_path(min(e.at for e in events), name)
