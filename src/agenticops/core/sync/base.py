"""The base: what an item and its issue last agreed on. It is a fold of events; only what both sides said is noted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from agenticops.core import fold
from agenticops.core.sync import board, fields
from agenticops.core.sync.fields import OWED, SETS, UNASSIGNED, Links
from agenticops.core.sync.story import Story
from agenticops.model.digest import sha256
from agenticops.model.event import Draft, Event
from agenticops.model.forge import FIELDS, Agreed, Issue, Local, Resolution, Value

INTENDED, AGREED, RESOLVED = "forge_intended", "forge_agreed", "forge_resolved"
# Where the item itself stood when the column was agreed: a board may say In review of what we call In progress.
STAND = "stand"
# The digest of what was last told in the comment at the issue. Nobody else writes there, so there is nothing to merge.
COMMENT = "comment"
# What is written to an issue that we made only when it is there.
LATER = ("parent", "depends", "state", "board")
Values = tuple[str, ...]


def bases(events: Iterable[Event]) -> dict[str, Agreed]:
    """Fold events in order to the base of each item. An event carries only the fields that changed since the last."""
    found: dict[str, Story] = {}
    for event in fold.live(events):
        if event.kind not in (INTENDED, AGREED) or not event.item:
            continue
        story = found.setdefault(event.item, Story(event.item))
        said = _values(event.data.get("fields"))
        if event.kind == AGREED:
            story.agree(event, said)
            continue
        intended = _tuples(said)
        if event.data.get("marker"):
            story.born(event, _born(intended))
        story.intended = _joined(story.intended, intended)
    return {item: story.base() for item, story in found.items()}


def _tuples(said: Mapping[str, Value]) -> dict[str, Values]:
    return {name: value for name, value in said.items() if isinstance(value, tuple)}


def _born(intended: Mapping[str, Values]) -> dict[str, Value]:
    """Give the base of an issue that we make ourselves: what it says when it is there, before anybody edits it.

    Sets and the milestone are left to `effective`: a forge drops them without a word from who may not sort issues, and
    what it does not say was never there. It is not gone.
    """
    found: dict[str, Value] = {name: () if name in SETS else "".join(intended.get(name, ())) for name in FIELDS}
    return found | {"milestone": "", "parent": "", "state": "open"}


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


def loosened(agreed: Agreed, relinked: Mapping[str, int], issue: Issue) -> Agreed:
    """Give a base without relations to items that have another issue by now; `relinked` names the one they had.

    The forge said that they belong to the old issue. That it does not say so of the new one is nobody's edit.
    """
    found = dict(agreed.fields)
    parent, depends = str(found.get("parent", "")), found.get("depends", ())
    if parent in relinked and issue.parent in (None, relinked[parent]):
        found["parent"] = f"#{issue.parent}" if issue.parent else ""
    if any(name in relinked for name in depends):
        found["depends"] = tuple(name for name in depends if name not in relinked)
    return agreed if found == agreed.fields else msgspec.structs.replace(agreed, fields=found)


def agreement(
    before: Agreed,
    local: Local,
    observed: Sequence[Issue],
    links: Links,
    told: str = "",
    left_out: Collection[str] = (),
) -> Agreed:
    """Note what an item agrees on with its issue, as it was observed at one time or more, the oldest first.

    `local` is the item as it is now. What was taken over from the forge agrees with the issue as it was read then; what
    was written there agrees with the answer. A field that differs keeps its base: so nothing that is half done counts.
    `told` is the comment that was written, `left_out` those whom the forge did not assign.
    """
    known = dict(before.fields) | ({COMMENT: digest(told)} if told else {})
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
    known |= _unassigned(known, local, fields.theirs(observed[-1], local, links), left_out)
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


def _unassigned(
    known: Mapping[str, Value], local: Local, said: Mapping[str, Value], left_out: Collection[str]
) -> dict[str, Value]:
    """Keep in mind whom the forge left out, as long as the document names them and the forge does not."""
    names = {*known.get(UNASSIGNED, ()), *left_out}.intersection(local.assignees).difference(said["assignees"])
    return {UNASSIGNED: tuple(sorted(names))} if names or UNASSIGNED in known else {}


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


def digest(comment: str) -> str:
    """Name what a comment tells."""
    return sha256(comment.encode())[:16]


def agreed_draft(before: Agreed | None, after: Agreed) -> Draft:
    """Give the event that notes an agreement: the fields that changed since the last one, and which it follows."""
    old = before.fields if before and before.issue == after.issue else {}
    said = {name: value for name, value in sorted(after.fields.items()) if old.get(name) != value}
    followed = list(before.heads) if before else []
    data = {"issue": after.issue, "updated_at": after.updated_at, "after": followed, "fields": said}
    return Draft(AGREED, f"item/{after.item}", item=after.item, data=data)


def intended_draft(before: Agreed | None, item: str, marker: str, intended: Mapping[str, Values]) -> Draft:
    """Give the event that notes an intent before something is written to the forge, and which agreements it knows."""
    followed = list(before.heads) if before else []
    data = {"marker": marker, "after": followed, "fields": dict(sorted(intended.items()))}
    return Draft(INTENDED, f"item/{item}", item=item, data=data)


def rest(intended: Mapping[str, Values]) -> dict[str, Values]:
    """Give what is still to be written to an issue that was just made: it says the rest already, or never will."""
    return {name: intended[name] for name in LATER if name in intended}


def resolved_draft(resolution: Resolution) -> Draft:
    """Give the event that notes a decision on a conflict."""
    data = {"field": resolution.field, "take": resolution.take, "digest": resolution.digest}
    return Draft(RESOLVED, f"item/{resolution.item}", item=resolution.item, data=data)
