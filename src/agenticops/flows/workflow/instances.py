"""Instances: workflows under way are started, moved, held and given up. What one step writes is one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from agenticops.core.workflow import moves
from agenticops.core.workflow import templates as texts
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows.workflow import reading, templates
from agenticops.model.ids import base32
from agenticops.model.workflow import ENDED, Edge, Entity, Instance, Template
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# A workflow that starts itself, by way of others, would never come to stand.
DEEPEST = 8
# Faults of a template by which nothing travels: a circle, and a way to a state that it does not have.
BROKEN = ("VT508", "VT513")


def start(workspace: Workspace, code: str, draft: Instance | None = None, entities: Sequence[str] = ()) -> Instance:
    """Start an instance of a template; `draft` bears name, data, item, client and agent, `entities` come along."""
    found = draft or Instance("", code, "", "")
    if found.item:
        from agenticops.flows import aim

        found = msgspec.structs.replace(found, item=aim.item_id(workspace, found.item))
    with workspace.transaction("workflow start") as tx:
        _ = workspace.train.pipeline
        come = [reading.entity(workspace, name, tx) for name in entities]
        name = begin(tx, workspace, code, found, come)
    return reading.instance(workspace, name)


def begin(
    tx: Transaction,
    workspace: Workspace,
    code: str,
    draft: Instance,
    entities: Sequence[Entity] = (),
    by: str = "",
    depth: int = 0,
) -> str:
    """Start an instance in a transaction that does more; gives its id, which is a new one unless the draft has one."""
    template = templates.of(workspace, code)
    if not template.active:
        raise UsageError(
            f"{template.code} is not active", place=template.path, hint="agenticops workflow template list"
        )
    _refuse_broken(template)
    met = {entity.kind: entity for entity in entities}
    if len(met) < len(entities):
        raise UsageError("of each kind one entity moves with an instance", hint="name one of them")
    instance = msgspec.structs.replace(
        draft,
        id=draft.id or "w" + base32(int.from_bytes(workspace.clock.entropy(8), "big") >> 4, 12),
        template=template.code,
        version=template.version,
        digest=texts.digest(template),
        name=" ".join(draft.name.split()) or template.name,
        entities={kind: entity.id for kind, entity in met.items()},
    )
    for event in moves.begin(template, instance, met, by):
        tx.append(event)
    if _starts(template, msgspec.structs.replace(instance, state=template.start)):
        _start_child(tx, workspace, template, instance.id, by, depth)
    return instance.id


def _refuse_broken(template: Template) -> None:
    """Refuse a graph on which an instance would go round for ever, or to a state that is not there."""
    from agenticops.core.workflow import lint  # a transition goes without it

    wrong = next((one for one in lint.lint(template) if one.code in BROKEN), None)
    if wrong:
        raise StateError(wrong.message, place=template.path, hint="agenticops workflow template lint")


def transition(
    workspace: Workspace,
    wanted: str,
    to: str = "",
    source: str = "",
    data: Mapping[str, Any] | None = None,
    reason: str = "",
) -> tuple[Instance, Instance]:
    """Take one step, to a state or, without one, to the only one that can be next; gives it as it was and as it is.

    Raises ConflictError when the instance moved meanwhile, or is not at `source`.
    """
    seen = reading.instance(workspace, wanted)
    with workspace.transaction("workflow transition") as tx:
        now = reading.instance(workspace, seen.id)
        refuse_moved(workspace, now, source or seen.state)
        step(tx, workspace, now, to, data, reason)
    return now, reading.instance(workspace, now.id)


def step(
    tx: Transaction,
    workspace: Workspace,
    instance: Instance,
    to: str = "",
    data: Mapping[str, Any] | None = None,
    reason: str = "",
    by: str = "",
    brought: Entity | None = None,
    known: Template | None = None,
) -> str:
    """Take one step in a transaction that does more; gives the state. `brought` is the entity that leads it there.

    `known` is the instance's template, where it was looked up already.
    """
    template, instance, scope = _ground(workspace, instance, tx, data, brought, known)
    _refuse_waiting(workspace, tx, template, instance)
    state = moves.named(template, to or moves.chosen(template, instance, scope)).id
    drafts = moves.step(template, instance, state, scope, data, reason, by)
    for draft in drafts:
        tx.append(draft)
    if template.states[state].template:
        _start_child(tx, workspace, template, instance.id, by)
    return state


def follow(tx: Transaction, workspace: Workspace, entity: Entity, by: str = "") -> str:
    """Move the instance of an entity to the child state that it has reached; gives the state, or ""."""
    if not entity.instance or not reading.there(workspace, "instance", entity.instance, tx):
        return ""
    instance = reading.instance(workspace, entity.instance, tx)
    if instance.status != "active":
        return ""
    template, known, scope = _ground(workspace, instance, tx, None, entity)
    state = moves.follows(template, known, entity, scope)
    if not state or _waits(workspace, tx, template, known):
        return ""
    return step(tx, workspace, instance, state, by=by, brought=entity)


def hold(workspace: Workspace, kind: str, wanted: str, reason: str = "") -> Instance:
    """Pause, resume or cancel an instance where it stands; `kind` is that of the event. Raises TrainError.

    With an instance the one that its state started is given up too.
    """
    seen = reading.instance(workspace, wanted)
    with workspace.transaction(kind.replace("_", " ")) as tx:
        now = reading.instance(workspace, seen.id)
        refuse_moved(workspace, now, seen.state)
        wrong = {
            "workflow_paused": "" if now.status == "active" else f"it is {now.status}",
            "workflow_resumed": "" if now.status == "paused" else f"it is {now.status}, not paused",
            "workflow_cancelled": f"it has ended: {now.status}" if now.status in ENDED else "",
        }[kind]
        if wrong:
            raise TrainError(wrong, place=now.id, hint=f"agenticops workflow show {now.id}")
        tx.append(moves.hold(kind, now, " ".join(reason.split())))
        child = _started_by(workspace, tx, now) if kind == "workflow_cancelled" else None
        while child and child.status not in ENDED:
            tx.append(moves.hold(kind, child, f"{child.parent} was cancelled"))
            child = _started_by(workspace, tx, child)
    return reading.instance(workspace, seen.id)


def ways(workspace: Workspace, instance: Instance) -> list[Edge]:
    """List the edges that an instance may take now."""
    template, instance, scope = _ground(workspace, instance)
    return [] if _waits(workspace, None, template, instance) else moves.possible(template, instance, scope)


def waits_for(workspace: Workspace, instance: Instance) -> Instance | None:
    """Give the instance that its state started and that has to end first, or None."""
    return _waits(workspace, None, template(workspace, instance), instance)


def template(workspace: Workspace, instance: Instance) -> Template:
    """Give the template of an instance, in the version that it was started with."""
    return templates.of(workspace, instance.template, instance.version, instance.digest)


def _ground(
    workspace: Workspace,
    instance: Instance,
    tx: Transaction | None = None,
    data: Mapping[str, Any] | None = None,
    brought: Entity | None = None,
    known: Template | None = None,
) -> tuple[Template, Instance, dict[str, Any]]:
    """Give what a step rests on: the template, the instance with its new data, and what guards are asked of."""
    found = known or template(workspace, instance)
    if data:
        instance = msgspec.structs.replace(instance, data={**instance.data, **data})
    met = reading.entities(workspace, instance, tx)
    if brought:
        met[brought.kind] = brought
    scope = moves.scope(found, instance, met)
    child = _started_by(workspace, tx, instance) if _starts(found, instance) else None
    if child:
        scope["child"] = {"status": child.status, "state": child.state, "data": child.data}
    return found, instance, scope


def _starts(template: Template, instance: Instance) -> bool:
    state = template.states.get(instance.state)
    return bool(state and state.template)


def _started_by(workspace: Workspace, tx: Transaction | None, instance: Instance) -> Instance | None:
    """Give the instance that was started by the state where another one stands, or None."""
    name = moves.child_id(instance.id, instance.state)
    return reading.instance(workspace, name, tx) if reading.there(workspace, "instance", name, tx) else None


def _waits(workspace: Workspace, tx: Transaction | None, template: Template, instance: Instance) -> Instance | None:
    """Give the instance that has to end first, or None."""
    child = _started_by(workspace, tx, instance) if _starts(template, instance) else None
    return child if child and child.status not in ENDED else None


def _refuse_waiting(workspace: Workspace, tx: Transaction, template: Template, instance: Instance) -> None:
    child = _waits(workspace, tx, template, instance)
    if child:
        here = template.states[instance.state].name
        message = f"{here} goes on when {child.id} ({child.template}) has ended"
        raise TrainError(message, place=instance.id, hint=f"agenticops workflow show {child.id}")


def _start_child(
    tx: Transaction, workspace: Workspace, template: Template, above: str, by: str, depth: int = 0
) -> None:
    """Start the workflow that a state names; its instance gets what the one above knows, and its entities."""
    instance = reading.instance(workspace, above, tx)
    name = moves.child_id(instance.id, instance.state)
    if reading.there(workspace, "instance", name, tx):
        return  # the step was taken before, and did not count
    if depth >= DEEPEST:
        message = f"workflows start each other more than {DEEPEST} deep"
        raise StateError(message, place=template.path, hint="agenticops workflow template lint")
    code = template.states[instance.state].template
    shared = {key: getattr(instance, key) for key in ("name", "data", "item", "client", "agent")}
    draft = Instance(name, code, "", "", parent=instance.id, **shared)
    begin(tx, workspace, code, draft, list(reading.entities(workspace, instance, tx).values()), by, depth + 1)


def refuse_moved(workspace: Workspace, now: Instance, source: str) -> None:
    """Refuse a step from where the instance does not stand (any more); a state may be named by its id as well."""
    if source == now.state:
        return
    known = template(workspace, now)
    here, named = known.state(now.state), known.state(source)
    if here is None or here is not named:
        hint = f"agenticops workflow show {now.id}, then decide anew"
        at, wanted = here.name if here else now.state, named.name if named else source
        raise ConflictError(f"{now.id} stands in {at}, not in {wanted}", place=now.id, hint=hint)
