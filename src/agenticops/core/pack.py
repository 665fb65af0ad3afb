"""Packs: many sealed shards of one month as few files. Pure, and the same for the same events in every clone. ADR 0014.

git looks for renames among what a branch deleted and added, in pieces of 64 bytes from the start of each line; a
"rename" on one side of what the other side deleted is a conflict. So the lines of a pack are indented, which shifts
every piece, and a pack stays small enough that its pieces do not look like those of another one by chance.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from agenticops.core.retention import Judge, lasting
from agenticops.model.digest import sha256
from agenticops.model.event import Event
from agenticops.model.ids import base32

Line = tuple[Event, bytes]
LIMIT = 900_000
_INDENTS = 31


def is_pack(path: str) -> bool:
    """Tell a pack from a shard by its name."""
    return path.rsplit("/", 1)[-1].startswith("pack-")


def digest(ids: Iterable[str]) -> str:
    """Name a set of events."""
    return sha256("\n".join(sorted(ids)).encode())


def dropped(record: Event) -> list[dict[str, Any]]:
    """Give the entries of a record of retention: each counts events that were dropped, and names their ids' digest."""
    listed = record.data.get("dropped")
    return [d for d in listed if isinstance(d, dict)] if isinstance(listed, list) else []


def covered(events: Iterable[Event], entry: Mapping[str, Any]) -> list[Event]:
    """Give the events that an entry accounts for: just as many, with just these ids; never one that has to stay."""
    inside = [e for e in events if not lasting(e.kind) and _within(e, entry)]
    accounted = len(inside) == entry.get("count") and digest(e.id for e in inside) == entry.get("ids")
    return inside if accounted else []


def _within(event: Event, entry: Mapping[str, Any]) -> bool:
    kinds, first, last = entry.get("kinds"), entry.get("first"), entry.get("last")
    if not (isinstance(kinds, dict) and isinstance(first, list) and isinstance(last, list)):
        return False
    order: list[object] = list(event.order)
    try:
        return event.kind in kinds and first <= order <= last
    except TypeError:
        return False


def classes(lines: Iterable[Line], judge: Judge) -> list[list[Line]]:
    """Part events by the rule that limits their stay, so that retention takes packs away whole."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(judge.name(line[0]), []).append(line)
    return [found[name] for name in sorted(found)]


def packs(folder: str, lines: Iterable[Line], archive: bool = False) -> dict[str, bytes]:
    """Write events as packs in a folder, in order; gives path → content."""
    found: dict[str, bytes] = {}
    part: list[Line] = []
    size = 0
    for line in sorted(lines, key=lambda one: one[0].order):
        if part and size + len(line[1]) + _INDENTS > LIMIT:
            found.update([_pack(folder, part, archive)])
            part, size = [], 0
        part.append(line)
        size += len(line[1]) + _INDENTS
    if part:
        found.update([_pack(folder, part, archive)])
    return found


def _pack(folder: str, part: list[Line], archive: bool) -> tuple[str, bytes]:
    sha = hashlib.sha256(b"\n".join(raw for _, raw in part)).digest()
    number = int.from_bytes(sha[:10], "big")
    # The archive is indented by others numbers than the packs that it takes over.
    indent = b" " * (1 + number % _INDENTS + (_INDENTS if archive else 0))
    name = (part[-1][0].id[:10] + base32(number, 16)).lower()
    return f"{folder}/pack-{name}.jsonl", b"".join(indent + raw + b"\n" for _, raw in part)


def distinct(lines: Iterable[Line], known: set[str]) -> list[Line]:
    """Drop what is there already, and what comes twice; `known` grows."""
    found = []
    for line in lines:
        if line[0].id not in known:
            known.add(line[0].id)
            found.append(line)
    return found


def record(path: str, lines: list[Line], archived: list[Line]) -> dict[str, object]:
    """Say which events went with a pack that is taken away, so that their absence can be proven legal."""
    kinds: dict[str, int] = {}
    for event, _ in lines:
        kinds[event.kind] = kinds.get(event.kind, 0) + 1
    orders = sorted(event.order for event, _ in lines)
    ends = {"first": list(orders[0]), "last": list(orders[-1])}
    found = {"pack": path, "count": len(lines), "kinds": kinds, **ends, "ids": digest(e.id for e, _ in lines)}
    return {**found, "archived": [e.id for e, _ in archived]} if archived else found


def raw_lines(data: bytes) -> list[bytes]:
    """Take a shard or a pack apart, without indentation."""
    return [row.strip() for row in data.split(b"\n") if row]


def same(one: bytes, other: bytes) -> bool:
    """Tell whether two lines say the same."""
    return one == other or bool(msgspec.json.decode(one) == msgspec.json.decode(other))
