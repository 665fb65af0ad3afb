"""Records: entities are created, changed and put away; an instance follows what its entity has become.

What takes a transaction is for those that do more in it: a rule, a step of a workflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agenticops.core.workflow.record import OWN
from agenticops.errors import TrainError, UsageError
from agenticops.flows.workflow import instances, reading
from agenticops.flows.workflow.reading import entity as entity
from agenticops.flows.workflow.reading import instance as instance
from agenticops.model.event import Draft
from agenticops.model.ids import NAME, base32
from agenticops.model.workflow import Entity
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# What of an entity nobody sets: the log says it.
FIXED = ("id", "kind", "state", "created", "updated", "deleted", "instance", "fields")


def new(
    workspace: Workspace,
    kind: str,
    name: str = "",
    status: str = "",
    fields: Mapping[str, Any] | None = None,
    instance: str = "",
    parent: str = "",
) -> tuple[Entity, str]:
    """Create an entity; gives it, and the name of the state that its instance went to, or ""."""
    with workspace.transaction("entity new") as tx:
        _ = workspace.train.pipeline
        made = create(tx, workspace, kind, name, status, fields, instance, parent)
        moved = _moved(tx)
    return entity(workspace, made.id), _state_name(workspace, made.instance, moved)


def set_fields(workspace: Workspace, wanted: str, fields: Mapping[str, Any]) -> tuple[Entity, str]:
    """Set fields of an entity; gives it, and the name of the state that its instance went to, or ""."""
    with workspace.transaction("entity set") as tx:
        found = update(tx, workspace, entity(workspace, wanted), fields)
        moved = _moved(tx)
    return entity(workspace, found.id), _state_name(workspace, found.instance, moved)


def put_away(workspace: Workspace, wanted: str, reason: str) -> Entity:
    """Delete an entity: it counts no more, and nothing of it is lost."""
    with workspace.transaction("entity delete") as tx:
        found = entity(workspace, wanted)
        delete(tx, workspace, found, reason)
    return entity(workspace, found.id)


def _moved(tx: Transaction) -> str:
    """Give the state that a transaction is about to lead an instance to, or ""."""
    return next((str(d.data["to"]) for d in tx.drafts if d.kind == "state_transition"), "")


def _state_name(workspace: Workspace, instance: str, state: str) -> str:
    if not state:
        return ""
    return instances.template(workspace, reading.instance(workspace, instance)).states[state].name


def create(
    tx: Transaction,
    workspace: Workspace,
    kind: str,
    name: str = "",
    status: str = "",
    fields: Mapping[str, Any] | None = None,
    instance: str = "",
    parent: str = "",
    id: str = "",
    by: str = "",
) -> Entity:
    """Create an entity; its instance follows. One with this id that is there already is given as it is."""
    if not NAME.fullmatch(kind.replace("_", "-")):
        raise UsageError(f"{kind!r} is no kind", hint="small letters, digits and dashes: customer, quote, work-order")
    found = id or "e" + base32(int.from_bytes(workspace.clock.entropy(8), "big") >> 4, 12)
    if id and reading.there(workspace, "entity", id, tx):
        return entity(workspace, id, tx)
    set_fields = dict(fields or {})
    _refuse_fixed(set_fields)
    owner = reading.instance(workspace, instance, tx) if instance else None
    own = {"name": " ".join(name.split()), "status": status, **_own(workspace, tx, {"parent": parent})}
    own |= {key: str(set_fields.pop(key)) for key in OWN if key in set_fields}
    links = {**own, "instance": owner.id if owner else "", "state": owner.state if owner else "", "by": by}
    data = {"entity": kind, "fields": set_fields, **{key: value for key, value in links.items() if value}}
    tx.append(Draft("entity_created", f"entity/{found}", item=owner.item if owner else "", data=data))
    made = entity(workspace, found, tx)
    follow(tx, workspace, made, by)
    return made


def update(tx: Transaction, workspace: Workspace, entity: Entity, fields: Mapping[str, Any], by: str = "") -> Entity:
    """Set fields of an entity, `name`, `status` and `parent` among them; when its status changes, its instance follows.

    What is so already is not written.
    """
    if entity.deleted:
        raise TrainError(f"{entity.id} is deleted", hint=f"agenticops entity show {entity.id}")
    _refuse_fixed(fields)
    wanted = {**fields, **_own(workspace, tx, {key: str(fields[key]) for key in OWN if key in fields})}
    _refuse_circle(workspace, tx, entity, str(wanted.get("parent") or ""))
    before = {**entity.fields, **{key: getattr(entity, key) for key in OWN}}
    changed = {key: value for key, value in wanted.items() if key not in before or before[key] != value}
    if not changed:
        return entity
    was = {key: before[key] for key in changed if key in before}
    data = {"entity": entity.kind, "fields": changed, "was": was}
    data |= {key: value for key, value in (("instance", entity.instance), ("by", by)) if value}
    tx.append(Draft("entity_updated", f"entity/{entity.id}", item=_item(workspace, tx, entity), data=data))
    found = reading.entity(workspace, entity.id, tx)
    if "status" in changed:
        follow(tx, workspace, found, by)
    return found


def delete(tx: Transaction, workspace: Workspace, entity: Entity, reason: str, by: str = "") -> None:
    """Let an entity count no more; nothing of it is lost."""
    if entity.deleted:
        raise TrainError(f"{entity.id} is deleted already", hint=f"agenticops entity show {entity.id}")
    data = {"entity": entity.kind, "reason": reason, **({"by": by} if by else {})}
    tx.append(Draft("entity_deleted", f"entity/{entity.id}", item=_item(workspace, tx, entity), data=data))


def follow(tx: Transaction, workspace: Workspace, entity: Entity, by: str = "") -> str:
    """Move the instance of an entity to the child state that it has reached; gives the state, or ""."""
    return instances.follow(tx, workspace, entity, by)


def _own(workspace: Workspace, tx: Transaction, values: Mapping[str, str]) -> dict[str, str]:
    """Find what the links name by beginnings of ids."""
    found = {key: " ".join(value.split()) for key, value in values.items()}
    if found.get("parent"):
        found["parent"] = reading.entity(workspace, found["parent"], tx).id
    return found


def _refuse_circle(workspace: Workspace, tx: Transaction, entity: Entity, parent: str) -> None:
    """Refuse a parent that hangs below the entity itself."""
    seen: set[str] = set()
    while parent and parent not in seen:
        if parent == entity.id:
            raise UsageError(f"{entity.id} would hang below itself", hint=f"agenticops entity show {entity.id}")
        seen.add(parent)
        known = reading.there(workspace, "entity", parent, tx)
        parent = reading.entity(workspace, parent, tx).parent if known else ""


def _item(workspace: Workspace, tx: Transaction, entity: Entity) -> str:
    if not entity.instance or not reading.there(workspace, "instance", entity.instance, tx):
        return ""
    return reading.instance(workspace, entity.instance, tx).item


def _refuse_fixed(fields: Mapping[str, Any]) -> None:
    wrong = [key for key in fields if key in FIXED]
    if wrong:
        raise UsageError(
            f"{wrong[0]} is not a field to set", hint="a field has another name than what every record has"
        )
