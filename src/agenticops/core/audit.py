"""The audit of a log: every line an event, no id with two meanings, whole chains, order kept, nothing vanished."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from agenticops.core import pack, retention
from agenticops.core.pack import Line
from agenticops.model.event import STATE_KINDS, Event
from agenticops.model.finding import Finding

MAX_LAMPORT = 2**40
_decoder = msgspec.json.Decoder(Event)
_RESTORE = "restore it from git: lines of the log are never edited"


class Gone(NamedTuple):
    """An old content of a shard that is there no more, or is there with another content: where, and since when."""

    path: str
    commit: str
    lines: Sequence[Line]


def parse(data: bytes, path: str) -> tuple[list[Line], list[Finding]]:
    """Read what can be read of a shard; the rest are findings with their line."""
    lines: list[Line] = []
    findings = []
    last = 0
    for number, row in enumerate(data.split(b"\n"), 1):
        if not row:
            continue
        try:
            event = _decoder.decode(row)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as e:
            findings.append(Finding("VT701", f"not an event: {e}", path, number, hint=_RESTORE))
            continue
        if not 0 < event.lamport < MAX_LAMPORT:
            findings.append(Finding("VT701", f"lamport {event.lamport} is out of bounds", path, number, hint=_RESTORE))
        elif event.lamport < last:
            message = f"lamport goes back from {last} to {event.lamport}"
            findings.append(Finding("VT704", message, path, number, hint=_RESTORE))
        last = max(last, event.lamport)
        lines.append((event, row.strip()))
    return lines, findings


def identities(files: Mapping[str, Sequence[Line]]) -> Iterator[Finding]:
    """Find ids that stand for two different events; an event that stands twice alike is merged by every reader."""
    seen: dict[str, tuple[str, bytes]] = {}
    for path, lines in files.items():
        for event, raw in lines:
            where, other = seen.setdefault(event.id, (path, raw))
            if not pack.same(raw, other):
                message = f"event {event.id} says something else in {where}"
                yield Finding("VT702", message, path, hint="keep the one that git's history shows first")


def chains(files: Mapping[str, Sequence[Line]]) -> Iterator[Finding]:
    """Find state events whose predecessor is not in the log, is another subject's, or comes later."""
    known = {event.id: event for lines in files.values() for event, _ in lines if event.kind in STATE_KINDS}
    for path, lines in files.items():
        for event, _ in lines:
            if event.kind not in STATE_KINDS or not event.prev:
                continue
            before = known.get(event.prev)
            if before is None or before.subject != event.subject:
                what = "which is not in the log" if before is None else f"which is about {before.subject}"
                message = f"{event.kind} of {event.subject} follows {event.prev}, {what}"
                yield Finding("VT703", message, path, hint="git log --full-history -- .agenticops/events")
            elif before.lamport >= event.lamport:
                message = f"{event.kind} of {event.subject} has lamport {event.lamport}, not above {before.lamport}"
                yield Finding("VT704", message, path, hint=_RESTORE)


def vanished(gone: Sequence[Gone], present: set[str], records: Sequence[Event]) -> Iterator[Finding]:
    """Find events that history had, that no file has now, and that no record of retention covers."""
    missing = {e.id: e for g in gone for e, _ in g.lines if e.id not in present}
    for entry in [entry for record in records for entry in pack.dropped(record)]:
        for g in gone:
            if g.path == entry.get("pack"):
                kept = set(entry.get("archived") or ())
                dropped = {e.id for e, _ in g.lines if not retention.lasting(e.kind)} - kept
                if pack.digest(dropped) == entry.get("ids"):
                    missing = {name: e for name, e in missing.items() if name not in dropped}
        # A squash hides the pack; the same events are still known from the shards that it was made of.
        for event in pack.covered(missing.values(), entry):
            del missing[event.id]
    told: set[str] = set()
    for g in gone:
        lost = [e for e, _ in g.lines if e.id in missing and e.id not in told]
        if lost:
            told.update(e.id for e in lost)
            many = f"{len(lost)} events are" if len(lost) > 1 else f"event {lost[0].id} ({lost[0].kind}) is"
            since = f"since commit {g.commit[:12]}" if g.commit else "in the working tree"
            source = f"{g.commit}^" if g.commit else "HEAD"
            hint = f"bring it back: git restore --source {source} -- {g.path}"
            yield Finding("VT705", f"{many} in no shard, pack or retention record {since}", g.path, hint=hint)
