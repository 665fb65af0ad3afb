"""Folds: what the log says of an item, a ticket, a bullet, an artifact. Pure functions over events in order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from agenticops.model.event import STATE_KINDS, Event


class Chain(Struct, frozen=True):
    """The history of one subject: the state it is in, its last state event, the forks that nobody has resolved.

    Two events with the same `prev` and the same target are one. With different targets they are a fork; until it is
    resolved the lowest (Lamport, id) leads.
    """

    state: str = ""
    last: str = ""
    events: tuple[Event, ...] = ()
    forks: tuple[tuple[Event, ...], ...] = ()


def live(events: Iterable[Event]) -> list[Event]:
    """Leave out what was voided. A `voided` event may itself be voided: then what it named counts again."""
    found = list(events)
    if not any(e.kind == "voided" for e in found):
        return found
    gone: set[str] = set()
    for event in sorted(found, key=lambda e: e.order, reverse=True):
        if event.kind == "voided" and event.id not in gone:
            gone.update(str(i) for i in _listed(event, "events"))
    return [e for e in found if e.id not in gone]


def target(event: Event) -> str:
    """The state that a state event leads to."""
    return str(event.data.get("to", ""))


def chain(events: Iterable[Event]) -> Chain:
    """Follow the state events of one subject from its first to its last."""
    counting = live(events)
    states = sorted((e for e in counting if e.kind in STATE_KINDS and e.prev is not None), key=lambda e: e.order)
    dropped = {str(d) for e in states if e.kind == "fork_resolved" for d in _listed(e, "drop")}
    children: dict[str, list[Event]] = {}
    for event in states:
        if event.id not in dropped:
            children.setdefault(event.prev or "", []).append(event)
    path: list[Event] = []
    forks: list[tuple[Event, ...]] = []
    here = [""]
    while True:
        following = [e for at in here for e in children.get(at, [])]
        if not following:
            break
        following.sort(key=lambda e: e.order)
        lead = following[0]
        same = [e for e in following if target(e) == target(lead)]
        if len(same) < len(following):
            forks.append(tuple(following))
        path.append(lead)
        here = [e.id for e in same]
    last = path[-1] if path else None
    return Chain(target(last) if last else "", last.id if last else "", tuple(path), tuple(forks))


def ticked(events: Iterable[Event]) -> dict[str, Event]:
    """Map each bullet's key to the event that checked it; rewording carries the tick over."""
    found: dict[str, Event] = {}
    for event in live(events):
        if event.kind in ("bullet_ticked", "bullet_observed"):
            found[str(event.data.get("bullet"))] = event
        elif event.kind == "bullet_reworded":
            old = found.pop(str(event.data.get("bullet")), None)
            if old is not None:
                found[str(event.data.get("now"))] = event
    return found


def recorded(events: Iterable[Event]) -> dict[str, Event]:
    """Map each artifact's name to the last event that recorded or kept it."""
    return {str(e.data.get("artifact")): e for e in live(events) if e.kind in ("artifact_recorded", "artifact_kept")}


def last(events: Sequence[Event], *kinds: str) -> Event | None:
    """Give the last event of some kinds."""
    return next((e for e in reversed(live(events)) if e.kind in kinds), None)


def _listed(event: Event, key: str) -> list[object]:
    value = event.data.get(key)
    return value if isinstance(value, list) else []
