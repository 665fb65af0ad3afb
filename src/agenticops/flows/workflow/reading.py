"""Reading: instances and entities as the log has them, and as an open transaction is about to leave them."""

from __future__ import annotations

from agenticops.core import fold
from agenticops.core.workflow import record
from agenticops.errors import UsageError
from agenticops.model.event import STATE_KINDS, Actor, Event
from agenticops.model.ids import MIN_PREFIX
from agenticops.model.workflow import Entity, Instance
from agenticops.store.log import MAX_LAMPORT
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

LISTS = {"instance": "agenticops workflow list", "entity": "agenticops entity list"}
COUNTING = "subject=? AND kind NOT GLOB 'voided:*'"


def instance(workspace: Workspace, wanted: str, tx: Transaction | None = None) -> Instance:
    """Give an instance by its id, or the start of it; with a transaction, as that leaves it. Raises UsageError."""
    found = record.instance(_events(workspace, "instance", wanted, tx))
    if not found.template:
        raise UsageError(f"there is no instance {wanted!r}", hint=LISTS["instance"])
    return found


def entity(workspace: Workspace, wanted: str, tx: Transaction | None = None) -> Entity:
    """Give an entity by its id, or the start of it; with a transaction, as that leaves it. Raises UsageError."""
    known = workspace.log.entity(wanted)
    if known is not None:
        # Of one that all that happens changes, the history is long: what is pending goes on from what the index has.
        return record.onward(
            known, [d for d in tx.drafts if d.subject == f"entity/{wanted}"] if tx else [], workspace.now
        )
    found = record.entity(_events(workspace, "entity", wanted, tx))
    if not found.kind:
        raise UsageError(f"there is no entity {wanted!r}", hint=LISTS["entity"])
    return found


def there(workspace: Workspace, noun: str, name: str, tx: Transaction | None = None) -> bool:
    """Tell whether the log, or the transaction, has events of an instance or entity with this very id."""
    return bool(of(workspace, f"{noun}/{name}", tx))


def entities(workspace: Workspace, instance: Instance, tx: Transaction | None = None) -> dict[str, Entity]:
    """Give the entities that move with an instance, by kind."""
    found = {kind: record.entity(of(workspace, f"entity/{name}", tx)) for kind, name in instance.entities.items()}
    return {kind: entity for kind, entity in found.items() if entity.kind}


def of(workspace: Workspace, subject: str, tx: Transaction | None = None) -> list[Event]:
    """Give the events of a subject that count, with those that the transaction is about to append."""
    events = workspace.log.select(COUNTING, (subject,))
    drafts = [d for d in tx.drafts if d.subject == subject] if tx else []
    if not drafts:
        return events
    last = fold.chain(events).last
    for number, draft in enumerate(drafts, 1):
        prev = last if draft.kind in STATE_KINDS else None
        # They come after all that is there; the transaction gives them their own numbers when it ends.
        event = Event(
            id=f"~{number:06}",
            lamport=MAX_LAMPORT + number,
            at=workspace.now,
            actor=draft.actor or Actor(workspace.operator),
            kind=draft.kind,
            subject=subject,
            item=draft.item,
            prev=prev,
            data=draft.data,
        )
        last = last if prev is None else event.id
        events.append(event)
    return events


def _events(workspace: Workspace, noun: str, wanted: str, tx: Transaction | None) -> list[Event]:
    return of(workspace, f"{noun}/{wanted}", tx) or of(workspace, f"{noun}/{_whole(workspace, noun, wanted)}", tx)


def _whole(workspace: Workspace, noun: str, wanted: str) -> str:
    """Find the one id that begins so. Raises UsageError."""
    start = f"{noun}/{wanted}"
    rows = workspace.index.rows(
        "SELECT DISTINCT subject FROM event WHERE subject >= ? AND subject < ? ORDER BY subject LIMIT 5",
        start,
        f"{start}\x7f",
    )
    hits = [str(row[0]).partition("/")[2] for row in rows]
    if not wanted or not hits:
        raise UsageError(f"there is no {noun} {wanted!r}", hint=LISTS[noun])
    if len(wanted) < MIN_PREFIX:
        raise UsageError(f"{wanted!r} is too short", hint="write at least four characters of the id")
    if len(hits) > 1:
        shown = ", ".join(hits[:4]) + (" …" if len(hits) > 4 else "")
        raise UsageError(f"{wanted!r} is the start of several: {shown}", hint="write more of the id")
    return hits[0]
