"""Effects: which events the documents do not show, because git took the change back before both were committed.

Only events that are in no commit are looked at, and only where the document is as HEAD has it: what a person edited is
another matter. A step (one transaction) goes as a whole, or a person must decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.event import STATE_KINDS, Event

TICKED = ("bullet_ticked", "bullet_observed")


class Loss(Struct, frozen=True):
    """Events of one step whose effect is gone, and the document that should show it. `whole`: nothing of it is left."""

    path: str
    events: tuple[Event, ...]
    whole: bool = True


def lost(train: Train, fresh: Iterable[Event], same: Callable[[str], bool]) -> list[Loss]:
    """Find the uncommitted events whose effect is gone; `same` tells whether a file is as in HEAD."""
    ordered = sorted(fresh, key=lambda e: e.order)
    statuses = _statuses(train, {e.id for e in ordered}, ordered, same)
    found = []
    for step in _steps(ordered):
        shown = [(e, statuses.get(e.id, _shown(train, e, same))) for e in step]
        gone = [e for e, seen in shown if seen is False]
        if not gone:
            continue
        left = [e for e, seen in shown if seen]
        halved = any(e.kind in STATE_KINDS for e in gone) and any(e.kind in STATE_KINDS for e in left)
        events = gone if left else step
        found.append(Loss(document(gone[0]), tuple(events), whole=not halved))
    return found


def back(train: Train, voids: Sequence[Event]) -> list[Event]:
    """Find the `voided` events that should not count any more: the documents show again what they voided."""
    return [v for v in voids if _returned(train, v)]


def document(event: Event) -> str:
    """Name the document that shows an event."""
    if event.kind in ("item_created", "item_edited"):
        return f"docs/work/{event.item}.md"
    if event.kind == "document_created":
        return str(event.data.get("path", ""))
    if event.kind.startswith("bullet_"):
        return f"tickets/{event.ticket}/checklist.md"
    return f"tickets/{event.ticket}/ticket.yml"


def _returned(train: Train, void: Event) -> bool:
    noun, _, name = void.subject.partition("/")
    if noun == "item":
        events = train.log.of_subject(void.subject)
        steps = [e for e in events if e.id in _named(void) and e.kind in ("item_created", "item_moved")]
        counting = {(e.kind, fold.target(e)) for e in fold.live(events)}
        return bool(steps) and all(
            _exists(train, document(e)) and (e.kind, fold.target(e)) not in counting for e in steps
        )
    status = _status(train, name) if noun == "ticket" else ""
    if not status or fold.chain(events := train.log.of_subject(void.subject)).state == status:
        return False
    return fold.chain(e for e in events if e.id != void.id).state == status


def _named(void: Event) -> set[str]:
    named = void.data.get("events")
    return {str(i) for i in named} if isinstance(named, list) else set()


def _steps(events: list[Event]) -> Iterator[list[Event]]:
    """Tell the transactions apart: one has one time, one operator, and numbers without a gap."""
    step: list[Event] = []
    for event in events:
        if step and (event.at != step[-1].at or event.lamport != step[-1].lamport + 1):
            yield step
            step = []
        step.append(event)
    if step:
        yield step


def _statuses(train: Train, fresh: set[str], events: list[Event], same: Callable[[str], bool]) -> dict[str, bool]:
    """Say of each state event of a ticket whether the ticket's status rests on it."""
    found: dict[str, bool] = {}
    for name in dict.fromkeys(e.ticket for e in events if e.kind in STATE_KINDS and e.subject == f"ticket/{e.ticket}"):
        path, status = f"tickets/{name}/ticket.yml", _status(train, name)
        chain = list(train.status_chain(name).events)
        found |= {e.id: True for e in chain}
        if not same(path) or (not status and _exists(train, path)):
            continue
        tail: list[Event] = []
        while chain and chain[-1].id in fresh and fold.target(chain[-1]) != status:
            tail.append(chain.pop())
        if (fold.target(chain[-1]) if chain else "") == status:
            found |= {e.id: False for e in tail}
    return found


def _shown(train: Train, event: Event, same: Callable[[str], bool]) -> bool | None:
    """Say whether a document shows an event; None where there is nothing to see."""
    path = document(event)
    if event.kind in ("item_created", "item_moved", "document_created"):
        return True if _exists(train, path) else (False if same(path) else None)
    if not event.kind.startswith("bullet_") or not same(path):
        return None
    keys = _bullets(train, event.ticket)
    if keys is None:
        return None
    key = str(event.data.get("now" if event.kind == "bullet_reworded" else "bullet"))
    return keys.get(key, False) if event.kind in TICKED else key in keys


def _bullets(train: Train, name: str) -> dict[str, bool] | None:
    """Map the bullets of a ticket to whether they are checked; none when it is not there, None when it is broken."""
    if not _exists(train, f"tickets/{name}/ticket.yml"):
        return {}
    try:
        return {b.key: b.checked for b in train.checklist(train.ticket(name)).bullets}
    except StateError:
        return None


def _status(train: Train, name: str) -> str:
    if not _exists(train, f"tickets/{name}/ticket.yml"):
        return ""
    try:
        return train.ticket(name).status
    except StateError:
        return ""


def _exists(train: Train, path: str) -> bool:
    return train.tree.size(path) is not None
