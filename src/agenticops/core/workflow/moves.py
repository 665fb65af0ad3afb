"""Moves: where an instance may go, and what one step of it writes. The same step writes the same on every clone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agenticops.core import condition
from agenticops.core.workflow.record import OWN
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.model.digest import sha2
from agenticops.model.event import Draft
from agenticops.model.ids import base32
from agenticops.model.workflow import Edge, Entity, Instance, State, Template

_BITS, _LETTERS = 60, 12


def derived(letter: str, *parts: str) -> str:
    """Make the id of what comes to be by a step: 60 bits of what makes it."""
    digest = sha2("\0".join(parts).encode()).digest()
    return letter + base32(int.from_bytes(digest, "big") >> (256 - _BITS), _LETTERS)


def child_id(instance: str, state: str) -> str:
    """Name the instance that a state starts."""
    return derived("w", instance, state)


def plain(entity: Entity) -> dict[str, Any]:
    """Give an entity as conditions and look-ups see it: its fields, and beside them what every entity has."""
    own = {"id": entity.id, "kind": entity.kind, "state": entity.state, "deleted": entity.deleted}
    return {**entity.fields, **own, **{name: getattr(entity, name) for name in OWN}}


def scope(template: Template, instance: Instance, entities: Mapping[str, Entity]) -> dict[str, Any]:
    """Give what guards are asked of: the instance's `data`, its entities by kind, and the one of its state.

    A name that is none of these is a field of the state's entity, else of the instance's data.
    """
    at = template.states.get(instance.state)
    known = {kind: plain(entity) for kind, entity in entities.items()}
    here = known.get(at.entity, {}) if at else {}
    return {**known, "entities": known, "data": instance.data, "entity": {**instance.data, **here}}


def possible(template: Template, instance: Instance, scope: Mapping[str, Any]) -> list[Edge]:
    """List the edges that the instance may take now; none when it is held or has ended."""
    if instance.status != "active" or instance.state not in template.states:
        return []
    return [edge for edge in template.states[instance.state].next if condition.holds(edge.when, scope)]


def named(template: Template, wanted: str) -> State:
    """Find a state by its name or id. Raises UsageError."""
    found = template.state(wanted)
    if found is None:
        hint = f"it has {_names(template, template.states)}"
        raise UsageError(f"{template.code} has no state {wanted!r}", place=template.path, hint=hint)
    return found


def chosen(template: Template, instance: Instance, scope: Mapping[str, Any]) -> str:
    """Give the one state that can be next. Raises TrainError when there is none, UsageError when there is a choice."""
    ways = [edge.to for edge in possible(template, instance, scope)]
    if len(ways) == 1:
        return ways[0]
    if ways:
        hint = f"agenticops workflow transition {instance.id} --to {_names(template, ways[:1])}"
        raise UsageError(f"{instance.id} can go to {_names(template, ways)}: say where", hint=hint)
    state = _stands(template, instance)
    guards = [f"{_names(template, [edge.to])} wants {condition.say(edge.when)}" for edge in state.next if edge.when]
    why = f": {'; '.join(guards)}" if guards else ""
    raise TrainError(f"no way leads on from {state.name} now{why}", place=instance.id, hint=_show(instance))


def step(
    template: Template,
    instance: Instance,
    to: str,
    scope: Mapping[str, Any],
    data: Mapping[str, Any] | None = None,
    reason: str = "",
    by: str = "",
) -> list[Draft]:
    """Give the events of one step. Raises TrainError for a step that the template, or where it stands, does not allow.

    `scope` is that of the instance with `data` in it; `by` is the firing of a rule that takes the step.
    """
    state, target = _stands(template, instance), named(template, to)
    edges = [edge for edge in state.next if edge.to == target.id]
    if not edges and target.id == state.id:
        # No state leads to itself: somebody else took the very step that is asked for.
        raise ConflictError(f"{instance.id} stands in {state.name} already", place=instance.id, hint=_show(instance))
    if not edges:
        ways = _names(template, (edge.to for edge in state.next)) or "nowhere"
        hint = f"from {state.name} it goes to {ways}"
        raise TrainError(f"{template.code} has no way from {state.name} to {target.name}", place=instance.id, hint=hint)
    if not any(condition.holds(edge.when, scope) for edge in edges):
        wanted = " or ".join(condition.say(edge.when) for edge in edges if edge.when)
        raise TrainError(f"{target.name} wants {wanted}", place=instance.id, hint="--data sets what the instance knows")
    parent = instance.entities.get(state.entity) or next(reversed(instance.entities.values()), "")
    entities, drafts = _entity(instance, target, scope.get("entities", {}), parent, by)
    moved = {"from": state.id, "to": target.id, **_end(target)}
    given = {"reason": reason, "data": dict(data or {}), "entities": entities, "by": by}
    return [_draft("state_transition", instance, moved, given), *drafts]


def begin(template: Template, instance: Instance, entities: Mapping[str, Entity], by: str = "") -> list[Draft]:
    """Give the events of a start in the template's first state.

    The instance bears what it starts with; `entities` are there already, and come along.
    """
    state = named(template, template.start)
    known = {kind: plain(entity) for kind, entity in entities.items()}
    mine, drafts = _entity(instance, state, known, next(iter(instance.entities.values()), ""), by)
    linked = {kind: entity.id for kind, entity in entities.items()}
    head = {"to": state.id, "template": template.code, "version": instance.version, "digest": instance.digest}
    bare = {name: getattr(instance, name) for name in ("name", "data", "item", "client", "agent", "parent")}
    given = {**bare, "linked": linked, "entities": mine, "by": by}
    come = [
        Draft("entity_updated", f"entity/{entity.id}", item=instance.item, data=_link(entity, instance, by))
        for entity in entities.values()
        if not entity.instance
    ]
    return [_draft("workflow_started", instance, {**head, **_end(state)}, given), *come, *drafts]


def hold(kind: str, instance: Instance, reason: str, by: str = "") -> Draft:
    """Give the event that pauses, resumes or cancels an instance where it stands."""
    return _draft(kind, instance, {"to": instance.state}, {"reason": reason, "by": by})


def follows(template: Template, instance: Instance, entity: Entity, scope: Mapping[str, Any]) -> str:
    """Name the state that an entity takes its instance to by what it is now, or ""; only where just one fits."""
    mine = instance.entities.get(entity.kind, entity.id)
    if mine != entity.id or entity.deleted:
        return ""
    ways = [edge.to for edge in possible(template, instance, scope)]
    reached = (entity.kind, entity.status)
    fitting = {to for to in ways if (template.states[to].entity, template.states[to].status) == reached}
    return fitting.pop() if len(fitting) == 1 else ""


def _stands(template: Template, instance: Instance) -> State:
    """Give the state of an instance that may move. Raises TrainError."""
    if instance.status == "paused":
        why = f": {instance.reason}" if instance.reason else ""
        raise TrainError(f"{instance.id} is paused{why}", hint=f"agenticops workflow resume {instance.id}")
    if instance.status != "active":
        at = _names(template, [instance.state])
        raise TrainError(f"{instance.id} has ended: {instance.status} in {at}", hint=_show(instance))
    state = template.states.get(instance.state)
    if state is None:
        message = f"{instance.id} stands in {instance.state}, which {template.code} {template.version} does not have"
        raise StateError(message, place=template.path, hint="agenticops workflow template migrate --help")
    return state


def _entity(
    instance: Instance, state: State, known: Mapping[str, Mapping[str, Any]], parent: str, by: str
) -> tuple[dict[str, str], list[Draft]]:
    """Give the state's entity by its kind, and what creates it, or brings the one of that kind to the status."""
    kind = state.entity
    if not kind:
        return {}, []
    have = known.get(kind)
    if have is None or have["deleted"]:
        name = derived("e", instance.id, state.id, kind)
        made = {"entity": kind, "name": instance.name, "status": state.status, "fields": {}}
        links = {"instance": instance.id, "state": state.id, "parent": parent, "by": by}
        data = {**made, **{key: value for key, value in links.items() if value}}
        return {kind: name}, [Draft("entity_created", f"entity/{name}", item=instance.item, data=data)]
    mine = {kind: str(have["id"])}
    if not state.status or have["status"] == state.status:
        return mine, []
    data = {"entity": kind, "fields": {"status": state.status}, "was": {"status": have["status"]}}
    data |= {"instance": instance.id, **({"by": by} if by else {})}
    return mine, [Draft("entity_updated", f"entity/{have['id']}", item=instance.item, data=data)]


def _names(template: Template, ids: Iterable[str]) -> str:
    return ", ".join(template.states[name].name if name in template.states else name for name in ids)


def _link(entity: Entity, instance: Instance, by: str) -> dict[str, Any]:
    data: dict[str, Any] = {"entity": entity.kind, "fields": {"instance": instance.id}, "was": {"instance": ""}}
    return {**data, **({"by": by} if by else {})}


def _end(state: State) -> dict[str, str]:
    if not state.terminal:
        return {}
    return {"end": "failure" if state.success is False else "success"}


def _draft(kind: str, instance: Instance, data: Mapping[str, Any], given: Mapping[str, Any]) -> Draft:
    """Make a state event of an instance; of what is `given` only what says something is written."""
    said = {**data, **{key: value for key, value in given.items() if value}}
    return Draft(kind, f"instance/{instance.id}", item=instance.item, data=said)


def _show(instance: Instance) -> str:
    return f"agenticops workflow show {instance.id}"
