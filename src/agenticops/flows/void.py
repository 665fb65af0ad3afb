"""Voids: events whose effect git took back (stash, restore, clean) are found, and do not count any more."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

import msgspec

from agenticops.core import effect
from agenticops.core.effect import Loss
from agenticops.core.pack import is_pack
from agenticops.model.event import Draft, Event
from agenticops.model.finding import Finding
from agenticops.model.layout import EVENTS
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

HINT = "git stash pop brings the change back, if it is in a stash; agenticops doctor --fix voids the events"
HALF = "a part of this step is left: bring the file back (git stash pop), or take the rest away too"
REASON = "git took the change back before it was committed"
RETURNED = "the change came back"
_event = msgspec.json.Decoder(Event)


def losses(workspace: Workspace) -> list[Loss]:
    """Find the uncommitted events whose effect is gone."""
    fresh, same = _uncommitted(workspace)
    return effect.lost(workspace.train, fresh, same) if fresh else []


def returned(workspace: Workspace) -> list[Event]:
    """Find the voids whose documents show again what they voided."""
    voids = [_event.decode(j) for j in workspace.index.events("kind = 'voided'")]
    return effect.back(workspace.train, voids)


def findings(workspace: Workspace) -> list[Finding]:
    """Say what was lost, one finding a document."""
    found = []
    for path, told in told_by_path(losses(workspace)).items():
        hint = HINT if all(loss.whole for loss in told) else HALF
        found.append(Finding("VT331", describe(told), path, hint=hint))
    for event in returned(workspace):
        hint = "agenticops doctor --fix lets them count again"
        found.append(Finding("VT331", "shows again what voided events say", place(event), hint=hint))
    return found


def place(event: Event) -> str:
    """Name the document that a void is about."""
    noun, _, name = event.subject.partition("/")
    return f"tickets/{name}/ticket.yml" if noun == "ticket" else f"docs/work/{name}.md"


def told_by_path(found: list[Loss]) -> dict[str, list[Loss]]:
    """Group losses by document."""
    ordered = sorted(found, key=lambda loss: loss.path)
    return {path: list(group) for path, group in groupby(ordered, key=lambda loss: loss.path)}


def describe(told: list[Loss]) -> str:
    """Say which events have no effect."""
    kinds = list(dict.fromkeys(e.kind for loss in told for e in loss.events))
    count = sum(len(loss.events) for loss in told)
    more = f" and {len(kinds) - 3} more" if len(kinds) > 3 else ""
    noun = "events have" if count > 1 else "event has"
    return f"{count} uncommitted {noun} no effect here any more: {', '.join(kinds[:3])}{more}"


def void(workspace: Workspace, tx: Transaction) -> None:
    """Append the events that void what was lost, and those that let count again what came back."""
    gone = [e for loss in losses(workspace) if loss.whole for e in loss.events]
    for events, reason in ((gone, REASON), (returned(workspace), RETURNED)):
        for (subject, ticket, item), group in groupby(sorted(events, key=_about), key=_about):
            data = {"events": [e.id for e in group], "reason": reason}
            tx.append(Draft("voided", subject, ticket, item, data))


def _about(event: Event) -> tuple[str, str, str]:
    return event.subject, event.ticket, event.item


def _uncommitted(workspace: Workspace) -> tuple[list[Event], Callable[[str], bool]]:
    """Give the events that count and are in no commit, and a test whether a file is as in HEAD."""
    listed = workspace.git.run(
        "status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", EVENTS, "tickets", "docs"
    ).stdout
    rows = [row for row in listed.split("\0") if row]
    # The events of a pack were committed before it was made.
    fresh_paths = [row[3:] for row in rows if row[:2] in ("??", "A ", "AM")]
    shards = [path for path in fresh_paths if path.startswith(f"{EVENTS}/") and not is_pack(path)]
    dirty = {row[3:] for row in rows}
    fresh = []
    for path in shards:
        fresh += workspace.index.events(
            "shard = (SELECT n FROM shard WHERE path = ?) AND NOT (kind >= 'voided' AND kind < 'voidee')", (path,)
        )
    return [_event.decode(j) for j in fresh], lambda path: path not in dirty
