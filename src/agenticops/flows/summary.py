"""Summaries: each day of this clone's local log becomes one event of the committed log. Commits nothing itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agenticops.core import pack
from agenticops.model.event import Draft, Event
from agenticops.workspace import Workspace

FIELDS = 32


def days(workspace: Workspace) -> set[str]:
    """Give the days of this clone's local log that are in a summary."""
    events = workspace.log.select("kind = 'log_summarized'", ())
    source = workspace.local.source
    return {str(e.data.get("day")) for e in events if e.data.get("source") == source}


def summarize(workspace: Workspace, dry_run: bool = False) -> list[dict[str, Any]]:
    """Write down a summary for each day that is over and has none; gives the summaries."""
    if dry_run:
        return _due(workspace)
    if not _due(workspace):
        return []
    with workspace.transaction("log summarize") as tx:
        found = _due(workspace)
        for summary in found:
            tx.append(Draft("log_summarized", "train", data=summary))
    return found


def _due(workspace: Workspace) -> list[dict[str, Any]]:
    today, told = workspace.now[:10], days(workspace)
    due: dict[str, list[Event]] = {}
    for event in workspace.local.events():
        day = event.at[:10]
        if day < today and day not in told:
            due.setdefault(day, []).append(event)
    return [_summary(day, events, workspace.local.source) for day, events in sorted(due.items())]


def _summary(day: str, events: list[Event], source: str) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for event in events:
        kinds[event.kind] = kinds.get(event.kind, 0) + 1
    return {
        "day": day,
        "source": source,
        "events": len(events),
        "kinds": dict(sorted(kinds.items())),
        "hosts": sorted({e.actor.host for e in events if e.actor.host}),
        "agents": sorted({e.actor.agent for e in events if e.actor.agent}),
        "samples": _samples(events),
        "ids": pack.digest(e.id for e in events),
    }


def _samples(events: Iterable[Event]) -> dict[str, dict[str, float]]:
    """Sum up each number that samples carry: least, mean, most."""
    values: dict[str, list[float]] = {}
    for event in events:
        for name, value in event.data.items() if event.kind == "resource_sampled" else ():
            known = name in values or len(values) < FIELDS
            if known and isinstance(value, int | float) and not isinstance(value, bool):
                values.setdefault(name, []).append(float(value))
    return {
        name: {"min": min(found), "mean": round(sum(found) / len(found), 6), "max": max(found)}
        for name, found in sorted(values.items())
    }
