"""Acting: what a rule does to records, and by whom its other actions are done; all within one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import lookup, outbox
from agenticops.core.rules import actions, continuing
from agenticops.core.rules.trigger import Happening
from agenticops.core.workflow import moves
from agenticops.errors import StateError, TrainError
from agenticops.flows.rules.scene import Scene
from agenticops.flows.workflow import instances, records
from agenticops.model.rule import OUTSIDE, Action, Rule
from agenticops.model.workflow import Entity, Instance
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# What is done to documents, by flows that read the files: what they rest on must be written.
DOCUMENTS = frozenset(("create_ticket", "advance", "open_risk"))
RECORDED = "entity/"


class Done(Struct, frozen=True, omit_defaults=True):
    """What became of one action: `outcome` is done, queued (the worker delivers it), waiting, failed or skipped."""

    type: str
    target: str
    outcome: str
    what: tuple[str, ...] = ()


class Act(Struct):
    """One firing at work: the rule, what happened, what is known, and the transaction that it writes in."""

    workspace: Workspace
    tx: Transaction
    scene: Scene
    rule: Rule
    found: Happening
    firing: str
    scope: dict[str, Any]
    number: int = 0

    @property
    def place(self) -> str:
        """Where in the rule we are, for errors."""
        return f"rule {self.rule.code}, action {self.number}"

    def entity(self, name: str) -> Entity:
        """Give an entity as the transaction leaves it."""
        return records.entity(self.workspace, name, self.tx)


class Failed(Exception):
    """An action that failed, and what was said."""

    def __init__(self, done: tuple[Done, ...], error: TrainError) -> None:
        super().__init__(error.message)
        self.done, self.error = done, error


def perform(act: Act) -> tuple[Done, ...]:
    """Do a rule's actions in their order. Raises Failed; what was collected until then is the caller's to drop."""
    done: list[Done] = []
    act.scope["created"] = {}
    for number, action in enumerate(act.rule.actions, 1):
        act.number = number
        if asked := continuing.awaited(act.rule, number):
            done.append(Done(action.type, action.target, continuing.WAITING, (outbox.key(act.firing, asked),)))
            continue
        try:
            what = perform_one(act, action)
        except TrainError as e:
            rest = [Done(a.type, a.target, "skipped") for a in act.rule.actions[number:]]
            before = [Done(one.type, one.target, "skipped") for one in done]
            raise Failed((*before, Done(action.type, action.target, "failed", (e.message,)), *rest), e) from None
        done.append(Done(action.type, action.target, outcome(action), tuple(what)))
    return tuple(done)


def outcome(action: Action) -> str:
    """Say what became of an action that did not fail: what leaves the repository is the worker's to deliver."""
    return "queued" if action.type in OUTSIDE else "done"


def touches_documents(rule: Rule, found: Happening) -> bool:
    """Tell whether a rule's actions work on files."""
    own = found.entity != "" and not found.event.subject.startswith((RECORDED, "instance/"))
    return any(a.type in DOCUMENTS or (own and a.type == "update_field") for a in rule.actions)


def perform_one(act: Act, action: Action) -> list[str]:
    """Do one action; give the ids of what it made or changed."""
    filled = lookup.fill(action.parameters, act.scope, act.place)
    try:
        told = actions.told(action.type, filled)
    except msgspec.ValidationError as e:
        raise StateError(f"{action.type}: {e}", place=act.place) from None
    return _DOERS[action.type](act, action, told)


def targets(act: Act, action: Action) -> list[Entity]:
    """Find the entities that an action is done to. Raises StateError when there is none."""
    wanted = action.target
    start = act.entity(act.found.id) if act.found.event.subject.startswith(RECORDED) else None
    if wanted == actions.SELF or wanted == act.found.entity:
        if start is None:
            raise StateError(f"there is no record of a {act.found.entity or 'entity'} here", place=act.place)
        return [start]
    if start is None and act.found.entity == "workflow":
        start = Entity("", "", instance=act.found.id)
    if start is None:
        raise StateError(f"a {act.found.entity or 'mere event'} has no {wanted}", place=act.place)
    if wanted == actions.PARENT:
        if not start.parent:
            raise StateError(f"{start.kind} {start.id} has no parent", place=act.place)
        return [act.entity(start.parent)]
    made = act.scope["created"].get(wanted)
    if made:
        return [act.entity(made["id"])]
    near = list(act.scene.near(start, act.found.event))
    if wanted == actions.LINKED:
        direct = [one for one in near if one.id != start.parent]
        found = [act.entity(one.id) for one in direct]
    else:
        first = next((one.id for one in near if one.kind == wanted), "")
        names = [first] if first else act.scene.children(start.id, wanted)
        found = [act.entity(name) for name in names]
    if not found:
        raise StateError(f"no {wanted} is linked with {start.kind or 'workflow'} {act.found.id}", place=act.place)
    return found


def _update_field(act: Act, action: Action, told: actions.UpdateField) -> list[str]:
    if action.target == actions.SELF and not act.found.event.subject.startswith(RECORDED):
        from agenticops.flows.rules import documents

        return documents.update(act, told.field, told.value)
    found = targets(act, action)
    for entity in found:
        records.update(act.tx, act.workspace, entity, {told.field: told.value}, by=act.firing)
    return [entity.id for entity in found]


def _create_entity(act: Act, action: Action, told: actions.CreateEntity) -> list[str]:
    own = {key: str(told.fields[key]) for key in ("name", "status") if key in told.fields}
    fields = {key: value for key, value in told.fields.items() if key not in ("name", "status")}
    itself = act.found.id if act.found.event.subject.startswith(RECORDED) else ""
    name = moves.derived("e", act.firing, str(act.number))
    made = records.create(
        act.tx,
        act.workspace,
        told.entity,
        told.name or own.get("name", ""),
        told.status or own.get("status", ""),
        fields,
        parent=told.parent or itself,
        id=name,
        by=act.firing,
    )
    act.scope["created"][told.entity] = moves.plain(made)
    return [made.id]


def _transition(act: Act, action: Action, told: actions.Transition) -> list[str]:
    name = told.instance
    if not name and act.found.entity == "workflow" and action.target == actions.SELF:
        name = act.found.id
    if not name:
        entity = targets(act, action)[0]
        name = entity.instance
        if not name:
            raise StateError(f"{entity.kind} {entity.id} travels no workflow", place=act.place)
    instance = records.instance(act.workspace, name, act.tx)
    state = instances.step(act.tx, act.workspace, instance, told.to, told.data, told.reason, act.firing)
    return [instance.id, state]


def _start_workflow(act: Act, action: Action, told: actions.StartWorkflow) -> list[str]:
    entity = targets(act, action)[0] if act.found.event.subject.startswith(RECORDED) else None
    draft = Instance(moves.derived("w", act.firing, str(act.number)), told.template, "", "", name=told.name)
    draft = msgspec.structs.replace(draft, data=told.data, item=act.found.event.item)
    brought = [entity] if entity is not None else []
    return [instances.begin(act.tx, act.workspace, told.template, draft, brought, act.firing)]


def _outward(act: Act, action: Action, told: Any) -> list[str]:
    from agenticops.flows.rules import outward

    return outward.DOERS[action.type](act, told)


def _documents(act: Act, action: Action, told: Any) -> list[str]:
    from agenticops.flows.rules import documents

    return documents.DOERS[action.type](act, told)


_DOERS: dict[str, Callable[[Act, Action, Any], list[str]]] = {
    "update_field": _update_field,
    "create_entity": _create_entity,
    "transition": _transition,
    "start_workflow": _start_workflow,
    "send_notification": _outward,
    "send_email": _outward,
    "call_webhook": _outward,
    "run_script": _outward,
    "run_agent": _outward,
    "create_ticket": _documents,
    "open_risk": _documents,
    "advance": _documents,
}
