"""Triggers: what an event of the log means to rules: a kind of entity, what was done to it, the fields that changed."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from agenticops.model.event import Event

# What stands for a value that the log does not hold: a document's field that was edited.
UNKNOWN: Any = None
_CREATED = {
    "item_created": "item",
    "ticket_opened": "ticket",
    "session_began": "session",
    "workflow_started": "workflow",
}
_EDITED = {"item_edited": "item", "ticket_edited": "ticket", "document_edited": ""}
_TICKET = (
    "ticket_started",
    "ticket_blocked",
    "ticket_unblocked",
    "ticket_in_review",
    "ticket_done",
    "ticket_cancelled",
)
_SESSION = {
    "session_resumed": "active",
    "session_paused": "paused",
    "handed_off": "handed_off",
    "handoff_accepted": "active",
    "session_archived": "archived",
}
# What holds or ends an instance, as the field `workflow_status` says it.
_HELD = {"workflow_paused": "paused", "workflow_resumed": "active", "workflow_cancelled": "cancelled"}
_ENDS = {"success": "completed", "failure": "failed"}
# Log kinds → the entity kinds that they may concern: so that what nobody waits for is not even read.
RECORDS = ("entity_created", "entity_updated", "entity_deleted")
DOCUMENTS: dict[str, tuple[str, ...]] = {
    "item": ("item_created", "item_edited", "item_moved", "item_finished"),
    "ticket": ("ticket_opened", "ticket_edited", *_TICKET),
    "session": ("session_began", *_SESSION),
    "workflow": ("workflow_started", "state_transition", *_HELD),
    **dict.fromkeys(("risk", "mitigation", "decision", "client", "need"), ("document_created", "document_edited")),
}


class Happening(Struct, frozen=True):
    """Something that was done to an entity. `old` and `new` are the fields that changed, before and after."""

    event: Event
    entity: str = ""
    id: str = ""
    action: str = ""
    old: dict[str, Any] = field(default_factory=dict)
    new: dict[str, Any] = field(default_factory=dict)

    @property
    def record(self) -> bool:
        """Tell whether the entity is a record of the log, and no document."""
        return self.event.kind in RECORDS


def happening(event: Event) -> Happening:
    """Say what an event means; one that concerns no entity has only itself."""
    kind, (head, _, name) = event.kind, event.subject.partition("/")
    if kind in RECORDS:
        return _record(event, name)
    if kind in _CREATED:
        return Happening(event, _CREATED[kind], name, "create", new=_born(event))
    if kind == "document_created":
        return Happening(event, head, name, "create", new=_mapping(event.data))
    if kind in _EDITED:
        said = event.data.get("fields")
        names = [str(field) for field in said] if isinstance(said, list) else []
        unknown = dict.fromkeys(names, UNKNOWN)
        return Happening(event, _EDITED[kind] or head, name, "update", unknown, unknown)
    changed = _status(event)
    if changed is None:
        return Happening(event)
    entity, old, new = changed
    return Happening(event, entity, name, "update", old, new)


def _record(event: Event, name: str) -> Happening:
    data, kind = event.data, str(event.data.get("entity", ""))
    if event.kind == "entity_created":
        own = {key: data[key] for key in ("name", "status") if data.get(key)}
        return Happening(event, kind, name, "create", new={**_mapping(data.get("fields")), **own})
    if event.kind == "entity_deleted":
        return Happening(event, kind, name, "delete")
    new, was = _mapping(data.get("fields")), _mapping(data.get("was"))
    changed = [key for key, value in new.items() if key not in was or was[key] != value]
    old = {key: was[key] for key in changed if key in was}
    return Happening(event, kind, name, "update", old, {key: new[key] for key in changed})


def _born(event: Event) -> dict[str, Any]:
    """Give what the log knows of a document, or an instance, at its birth."""
    data = _mapping(event.data)
    return {**data, "status": str(data.get("to", ""))} if "to" in data else data


def _status(event: Event) -> tuple[str, dict[str, Any], dict[str, Any]] | None:
    kind, data = event.kind, event.data
    old, new = str(data.get("from", "")), str(data.get("to", ""))
    if kind in _TICKET:
        return "ticket", {"status": old}, {"status": new}
    if kind == "state_transition":
        end = _ENDS.get(str(data.get("end", "")))
        ended = ({"workflow_status": "active"}, {"workflow_status": end}) if end else ({}, {})
        return "workflow", {"status": old, **ended[0]}, {"status": new, **ended[1]}
    if kind in _HELD:
        before = "paused" if kind == "workflow_resumed" else "active"
        return "workflow", {"workflow_status": before}, {"workflow_status": _HELD[kind]}
    if kind == "item_moved":
        return "item", {"status": _phase(old)}, {"status": _phase(new)}
    if kind == "item_finished":
        return "item", {"status": _phase(old)}, {"status": str(data.get("result", "done"))}
    if kind in _SESSION:
        return "session", {}, {"status": _SESSION[kind]}
    return None


def _phase(ticket: str) -> str:
    """Give the phase of a ticket: that is where an item stands."""
    return ticket.partition("_")[0]


def _mapping(data: Any) -> dict[str, Any]:
    return data if isinstance(data, dict) else {}
