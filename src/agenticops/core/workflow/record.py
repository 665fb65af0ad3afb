"""Records of the log: a workflow instance and an entity, each the fold of the events of its own subject. ADR 0037."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from agenticops.core import fold
from agenticops.model.event import STATE_KINDS, Draft, Event
from agenticops.model.workflow import ENDED, Entity, Instance, Step, WorkflowStatus

_ENDS: dict[str, WorkflowStatus] = {"success": "completed", "failure": "failed"}
_CANCELLED: WorkflowStatus = "cancelled"
# What of an entity is not one of its fields, yet is set as if it were.
OWN = ("name", "status", "parent", "instance")


def instance(events: Sequence[Event]) -> Instance:
    """Fold the events of one instance. Without a start that counts, it has no template.

    Of two steps with the same `prev` that lead to different states, the lowest (Lamport, id) counts; the other one, and
    what rests on it, is `lost`. What comes after an end is lost as well.
    """
    steps, lost = _path(fold.live(events))
    found = _Travel()
    for event in steps:
        if found.status in ENDED:
            lost.append(event.id)
        else:
            found.take(event)
    return found.told(_name(events), tuple(lost))


def entity(events: Sequence[Event]) -> Entity:
    """Fold the events of one entity: the last writer of a field wins. Without a creation it has no kind."""
    made: dict[str, Any] = {}
    fields: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    created = updated = ""
    deleted = False
    for event in sorted(fold.live(events), key=_order):
        data = event.data
        if event.kind == "entity_created":
            # Two clones that took the same step both wrote it: what one of them changed since must not come back.
            if not made:
                made, created = data, event.at
            fields = {**_mapping(data, "fields"), **fields}
        elif event.kind == "entity_updated":
            changes.update(_mapping(data, "fields"))
        elif event.kind == "entity_deleted":
            deleted = True
        else:
            continue
        updated = event.at
    fields.update(changes)
    own = {key: str(fields.pop(key)) if key in fields else str(made.get(key, "")) for key in OWN}
    return Entity(
        id=_name(events),
        kind=str(made.get("entity", "")),
        name=own["name"],
        status=own["status"],
        fields=fields,
        instance=own["instance"],
        state=str(made.get("state", "")),
        parent=own["parent"],
        created=created,
        updated=updated,
        deleted=deleted,
    )


def onward(entity: Entity, drafts: Sequence[Draft], at: str) -> Entity:
    """Give an entity as drafts that come after all else leave it."""
    fields = dict(entity.fields)
    own = {key: getattr(entity, key) for key in OWN}
    deleted = entity.deleted
    for draft in drafts:
        if draft.kind == "entity_updated":
            for key, value in _mapping(draft.data, "fields").items():
                if key in own:
                    own[key] = str(value)
                else:
                    fields[key] = value
        deleted = deleted or draft.kind == "entity_deleted"
    if not drafts:
        return entity
    return replace(entity, fields=fields, updated=at, deleted=deleted, **own)


class _Travel:
    """An instance under way through its events; a frozen struct replaced at each step would cost ten times as much."""

    def __init__(self) -> None:
        self.head: dict[str, Any] = {}
        self.state = self.version = self.digest = self.reason = self.last = ""
        self.started = self.entered = self.ended = ""
        self.status: WorkflowStatus = "active"
        self.data: dict[str, Any] = {}
        self.history: list[Step] = []
        self.entities: dict[str, str] = {}
        self.created: list[tuple[str, str, str]] = []
        self.item = ""

    def take(self, event: Event) -> None:
        """Take in the next event of the path."""
        data, kind = event.data, event.kind
        to = str(data.get("to", ""))
        if kind == "workflow_started":
            self._start(event)
        elif kind == "workflow_migrated":
            self.version, self.digest = str(data.get("version", "")), str(data.get("digest", ""))
        if to != self.state or not self.history:
            self.history.append(Step(self.state, to, event.at, event.actor.operator, event.id))
            self.state, self.entered = to, event.at
        self.last = event.id
        if more := data.get("data"):
            self.data.update(more)
        if entities := data.get("entities"):
            self._meet(entities, to)
        self.reason = str(data.get("reason", ""))
        end = _CANCELLED if kind == "workflow_cancelled" else _ENDS.get(str(data.get("end", "")))
        if end:
            self.status, self.ended = end, event.at
        elif kind == "workflow_paused":
            self.status = "paused"
        elif kind == "workflow_resumed":
            self.status = "active"

    def _start(self, event: Event) -> None:
        if self.head:
            return
        self.head, self.started, self.item = event.data, event.at, event.item
        self.version, self.digest = str(event.data.get("version", "")), str(event.data.get("digest", ""))
        self.entities.update(_mapping(event.data, "linked"))

    def _meet(self, entities: dict[str, str], state: str) -> None:
        for kind, name in entities.items():
            if self.entities.get(kind) != name:
                self.entities[kind] = name
                self.created.append((state, kind, name))

    def told(self, name: str, lost: tuple[str, ...]) -> Instance:
        """Give it as it stands now."""
        head = self.head
        return Instance(
            id=name,
            template=str(head.get("template", "")),
            version=self.version,
            state=self.state,
            digest=self.digest,
            name=str(head.get("name", "")),
            status=self.status,
            started=self.started,
            entered=self.entered,
            ended=self.ended,
            data=self.data,
            history=tuple(self.history),
            entities=self.entities,
            created=tuple(self.created),
            item=str(head.get("item", "")) or self.item,
            client=str(head.get("client", "")),
            agent=str(head.get("agent", "")),
            parent=str(head.get("parent", "")),
            reason=self.reason,
            last=self.last,
            lost=lost,
        )


def _path(events: Iterable[Event]) -> tuple[list[Event], list[str]]:
    """Give the state events along the path, and the ids of those that are not on it.

    Two clones that took the same step wrote two events: both are on the path, so that what each said counts.
    """
    states = [event for event in events if event.kind in STATE_KINDS and event.prev is not None]
    states.sort(key=_order)
    before = ""
    for event in states:
        if event.prev != before:
            return _forked(states)
        before = event.id
    return states, []


def _forked(states: list[Event]) -> tuple[list[Event], list[str]]:
    children: dict[str, list[Event]] = {}
    for event in states:
        children.setdefault(event.prev or "", []).append(event)
    path: list[Event] = []
    here = [""]
    for lead in fold.chain(states).events:
        same = [e for at in here for e in children.get(at, ()) if fold.target(e) == fold.target(lead)]
        path += sorted(same, key=_order)
        here = [event.id for event in same]
    on = {event.id for event in path}
    return path, [event.id for event in states if event.id not in on]


def _order(event: Event) -> tuple[int, str]:
    return (event.lamport, event.id)


def _name(events: Sequence[Event]) -> str:
    return events[0].subject.partition("/")[2] if events else ""


def _mapping(data: dict[str, Any], key: str) -> dict[str, Any]:
    found = data.get(key)
    return found if isinstance(found, dict) else {}
