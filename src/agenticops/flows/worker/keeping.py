"""Keeping: with `--commit` the worker commits what it told the log, and firings that rest on what is committed."""

from __future__ import annotations

from collections.abc import Iterable

from agenticops.flows import commit
from agenticops.model.event import Event
from agenticops.model.layout import EVENTS
from agenticops.workspace import Workspace

OUTCOMES = ("outbox_tried", "outbox_delivered", "outbox_dead", "outbox_retried")
RULED = ("rule_enabled", "rule_disabled")
FIRED = ("rule_fired", "rule_cut")
# What lives in the log alone: no file has to be committed with it.
RECORDS = ("entity/", "instance/", "inbox/", "outbox/", "firing/", "rule/", "meeting/")


def keep(here: Workspace) -> str:
    """Commit what may be, and give the short id; "" when there is nothing. Raises ConflictError while others write."""
    events = _chosen(here)
    if not events:
        return ""
    number = sum(1 for event in events if event.kind in ("outbox_delivered", "outbox_dead"))
    fired = sum(1 for event in events if event.kind in FIRED)
    return commit.of_step(here, [], f"Outbox: {number} over, {len(events) - fired} told; {fired} rules fired", events)


def _chosen(here: Workspace) -> list[Event]:
    """Choose of what is not committed: outcomes, and whole firings that wrote no files, of what is committed itself."""
    loose = _loose(here)
    found = {event.id for event in loose if event.kind in OUTCOMES + RULED}
    new = {event.id for event in loose}
    parts: dict[str, list[Event]] = {}
    for event in loose:
        if name := _firing(event):
            parts.setdefault(name, []).append(event)
    for event in loose:
        if event.kind in FIRED and _settled(str(event.data.get("event", "")), new, found):
            mine = parts[event.subject.partition("/")[2]]
            if all(one.subject.startswith(RECORDS) for one in mine):
                found |= {one.id for one in mine}
    return [event for event in loose if event.id in found]


def _settled(trigger: str, new: Iterable[str], found: Iterable[str]) -> bool:
    return trigger.startswith("cron:") or trigger not in new or trigger in found


def _firing(event: Event) -> str:
    if event.kind in FIRED:
        return event.subject.partition("/")[2]
    return str(event.data.get("firing" if event.kind == "outbox_added" else "by", ""))


def _loose(here: Workspace) -> list[Event]:
    """List the events that the commit at HEAD does not know, in order."""
    shards, staged = here.loose(EVENTS)
    paths = [path for path in (*shards, *staged) if path.endswith(".jsonl")]
    if not paths:
        return []
    where = f"shard IN (SELECT n FROM shard WHERE path IN ({','.join('?' * len(paths))}))"
    return here.log.select(where, tuple(paths))
