"""The base: what an item and its issue last agreed on. It is a fold of events; only what both sides said is noted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from agenticops.core import fold
from agenticops.core.sync import board, fields
from agenticops.core.sync.fields import OWED, SETS, Links
from agenticops.model.event import Draft, Event
from agenticops.model.forge import FIELDS, Agreed, Issue, Local, Resolution, Value

INTENDED, AGREED, RESOLVED = "forge_intended", "forge_agreed", "forge_resolved"
# Where the item itself stood when the column was agreed: a board may say In review of what we call In progress.
STAND = "stand"
Values = tuple[str, ...]


def bases(events: Iterable[Event]) -> dict[str, Agreed]:
    """Fold events in order to the base of each item. An event carries only the fields that changed since the last."""
    found: dict[str, Agreed] = {}
    for event in fold.live(events):
        if event.kind not in (INTENDED, AGREED) or not event.item:
            continue
        old = found.get(event.item, Agreed(event.item))
        said = _values(event.data.get("fields"))
        if event.kind == INTENDED and event.data.get("marker"):
            found[event.item] = Agreed(event.item, fields=_born(intended := _tuples(said)), intended=intended)
        elif event.kind == INTENDED:
            found[event.item] = msgspec.structs.replace(old, intended=_joined(old.intended, _tuples(said)))
        else:
            found[event.item] = _noted(event, old, said)
    return found


def _tuples(said: Mapping[str, Value]) -> dict[str, Values]:
    return {name: value for name, value in said.items() if isinstance(value, tuple)}


def _noted(event: Event, old: Agreed, said: dict[str, Value]) -> Agreed:
    number = event.data.get("issue")
    return Agreed(
        event.item,
        number if isinstance(number, int) else None,
        str(event.data.get("updated_at", "")),
        {**(old.fields if old.issue in (None, number) else {}), **said},  # another issue is another story
    )


def _born(intended: Mapping[str, Values]) -> dict[str, Value]:
    """Give the base of an issue that we make ourselves: what it says when it is there, before anybody edits it."""
    found: dict[str, Value] = {}
    for name in FIELDS:
        values = intended.get(name, ())
        found[name] = tuple(v[1:] for v in values if v[:1] == "+") if name in SETS else "".join(values)
    return found | {"parent": "", "depends": (), "state": "open"}


def _joined(old: Mapping[str, Values], new: Mapping[str, Values]) -> dict[str, Values]:
    """Add an intent to those before it that nobody has noted as done: each of them may be what the forge now says."""
    return {name: tuple(sorted({*old.get(name, ()), *new.get(name, ())})) for name in {**old, **new}}


def resolutions(events: Iterable[Event]) -> list[Resolution]:
    """List the decisions on conflicts; of two on one field the later counts."""
    found: dict[tuple[str, str], Resolution] = {}
    for event in fold.live(events):
        take, field = event.data.get("take"), event.data.get("field")
        if event.kind == RESOLVED and (take == "local" or take == "remote") and isinstance(field, str):
            found[event.item, field] = Resolution(event.item, field, take, str(event.data.get("digest", "")))
    return list(found.values())


def _values(said: object) -> dict[str, Value]:
    """Read fields out of an event; what is no text and no list of texts does not count."""
    found: dict[str, Value] = {}
    for name, value in said.items() if isinstance(said, dict) else ():
        if isinstance(value, str):
            found[str(name)] = value
        elif isinstance(value, list) and all(isinstance(v, str) for v in value):
            found[str(name)] = tuple(value)
    return found


def agreement(before: Agreed, local: Local, observed: Sequence[Issue], links: Links) -> Agreed:
    """Note what an item agrees on with its issue, as it was observed at one time or more, the oldest first.

    `local` is the item as it is now. What was taken over from the forge agrees with the issue as it was read then; what
    was written there agrees with the answer. A field that differs keeps its base: so nothing that is half done counts.
    """
    known = dict(before.fields)
    for issue in observed:
        said = fields.theirs(issue, local, links)
        known = effective(known, before.intended, said)
        own = fields.ours(local, links, known)
        for name in FIELDS:
            if name in own and name in said:
                value = _agreed(name, known.get(name), own[name], said[name], local)
                if value is not None:
                    known[name] = value
        if "board" in said:
            known |= _column(known, local, str(said["board"]))
    last = observed[-1]
    return Agreed(local.id, last.number, last.updated_at, known)


def _agreed(name: str, base: Value | None, own: Value, said: Value, local: Local) -> Value | None:
    if name in ("phase", "agent"):
        # Without a ticket the forge may propose a phase; what we once wrote there ourselves must be gone.
        settled = said == own if own else not set(said) & set(base or ())
        return own if settled else None
    if name in SETS:
        return tuple(sorted((set(own) & set(said)) | (set(base or ()) & (set(own) | set(said)))))
    if name in OWED:
        stripped = name == "priority" and local.state != "open" and not said
        return own if said == (own,) or stripped else None
    return own if own == said else None


def _column(known: Mapping[str, Value], local: Local, there: str) -> dict[str, Value]:
    base, stood = str(known.get("board", "")), str(known.get(STAND, ""))
    own = board.stand(local.priority, local.state != "open", local.review)
    return {"board": there, STAND: own} if board.wanted(own, there, base, stood) == there else {}


def effective(base: Mapping[str, Value], intended: Mapping[str, Values], said: Mapping[str, Value]) -> dict[str, Value]:
    """Give the base, with what we wrote ourselves and could not note any more, because we were cut off.

    What the forge says just as we intended it was no edit of somebody else.
    """
    found = dict(base)
    for name, values in intended.items():
        now = said.get(name, "")
        if name in SETS:
            elements = set(found.get(name, ()))
            elements |= {v[1:] for v in values if v[:1] == "+"} & set(now)
            elements -= {v[1:] for v in values if v[:1] == "-"} - set(now)
            if elements or name in found:
                found[name] = tuple(sorted(elements))
            continue
        if name in OWED:
            now = now[0] if len(now) == 1 else ""
        if now in values:
            found[name] = now
            if name == "board":
                found[STAND] = now
    return found


def intention(wanted: Mapping[str, Value], said: Mapping[str, Value], own: Mapping[str, Value]) -> dict[str, Values]:
    """Say what is about to be written to an issue: of sets the differences as `+a` and `-b`, of the rest one value.

    A text that was merged of both sides is left out: this side does not say it yet, so it is no base for it.
    """
    found: dict[str, Values] = {}
    for name, value in wanted.items():
        if name in SETS:
            there = set(said.get(name, ()))
            signed = [f"+{v}" for v in set(value) - there] + [f"-{v}" for v in there - set(value)]
            if signed:
                found[name] = tuple(sorted(signed))
        elif said.get(name) not in (value, (value,)) and (name == "board" or value == own.get(name)):
            found[name] = (str(value),)
    return found


def agreed_draft(before: Agreed | None, after: Agreed) -> Draft:
    """Give the event that notes an agreement: the fields that changed since the last one."""
    old = before.fields if before and before.issue == after.issue else {}
    said = {name: value for name, value in sorted(after.fields.items()) if old.get(name) != value}
    data = {"issue": after.issue, "updated_at": after.updated_at, "fields": said}
    return Draft(AGREED, f"item/{after.item}", item=after.item, data=data)


def intended_draft(item: str, marker: str, intended: Mapping[str, Values]) -> Draft:
    """Give the event that notes an intent before something is written to the forge."""
    return Draft(INTENDED, f"item/{item}", item=item, data={"marker": marker, "fields": dict(sorted(intended.items()))})


def resolved_draft(resolution: Resolution) -> Draft:
    """Give the event that notes a decision on a conflict."""
    data = {"field": resolution.field, "take": resolution.take, "digest": resolution.digest}
    return Draft(RESOLVED, f"item/{resolution.item}", item=resolution.item, data=data)
