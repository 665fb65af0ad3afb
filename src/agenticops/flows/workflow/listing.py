"""Listing: instances and entities by what one asks for, what happened to one, and what its fields are called."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from agenticops.core import fold
from agenticops.core.workflow import graph
from agenticops.errors import StateError, UsageError
from agenticops.flows.workflow import instances, reading, templates
from agenticops.model.event import Event
from agenticops.model.workflow import Entity, Instance, State, Template
from agenticops.workspace import Workspace

LIMIT = 50
# The templates that have instances: one look into the index for each, however many instances there are.
CODES = """WITH RECURSIVE seen(code) AS (SELECT MIN(template) FROM instance
  UNION ALL SELECT (SELECT MIN(template) FROM instance WHERE template > code) FROM seen WHERE code IS NOT NULL)
SELECT code FROM seen WHERE code IS NOT NULL"""


def found(workspace: Workspace, limit: int = LIMIT, state: str = "", **filters: str) -> tuple[list[Instance], int]:
    """Give the instances that fit, the youngest first, and how many there are; a limit of 0 gives all.

    Filters are columns of the index: template, status, agent, client, item. A state is named by its name or its id.
    """
    clauses, values = _where(filters)
    if state:
        several, more = _states(workspace, state, filters.get("template", ""))
        clauses, values = [*clauses, several], [*values, *more]
    where = " AND ".join(clauses) or "1"
    rows = workspace.log.instances(where, tuple(values), limit)
    full = limit and len(rows) == limit
    total = workspace.index.value(f"SELECT COUNT(*) FROM instance WHERE {where}", *values) if full else len(rows)
    return rows, int(total)


def records(
    workspace: Workspace, limit: int = LIMIT, deleted: bool = False, **filters: str
) -> tuple[list[Entity], int]:
    """Give the entities that fit, the youngest first, and how many; filters: kind, status, instance, parent."""
    for noun, key in (("instance", "instance"), ("entity", "parent")):
        if filters.get(key):
            filters[key] = getattr(reading, noun)(workspace, filters[key]).id
    clauses, values = _where(filters)
    where = " AND ".join([*clauses, f"deleted={int(deleted)}"])
    rows = workspace.log.entities(where, tuple(values), limit)
    full = limit and len(rows) == limit
    total = workspace.index.value(f"SELECT COUNT(*) FROM entity WHERE {where}", *values) if full else len(rows)
    return rows, int(total)


def _where(filters: dict[str, str]) -> tuple[list[str], list[str]]:
    wanted = {key: value for key, value in filters.items() if value}
    return [f"{key}=?" for key in wanted], list(wanted.values())


def _states(workspace: Workspace, wanted: str, code: str) -> tuple[str, list[str]]:
    """Give a condition for the state of this name or id, in each version at hand of each template with instances."""
    codes = [code] if code else [row[0] for row in workspace.index.rows(CODES)]
    places: list[str] = []
    for text in templates.versions(workspace, *codes):
        found = text.state(wanted)
        if found is not None:
            places += [text.code, text.version, found.id]
    if not places:
        return "state=?", [wanted]
    return f"({' OR '.join(['(template=? AND version=? AND state=?)'] * (len(places) // 3))})", places


def places(workspace: Workspace, rows: Iterable[Instance]) -> dict[str, tuple[int | str | None, str]]:
    """Map the ids of instances to the states where they stand: the id as the template writes it, and the name."""
    known: dict[tuple[str, str, str], Template | None] = {}
    told: dict[str, tuple[int | str | None, str]] = {}
    for instance in rows:
        key = (instance.template, instance.version, instance.digest)
        if key not in known:
            known[key] = template(workspace, instance)
        text = known[key]
        told[instance.id] = state_id(text, instance.state), state_name(text, instance.state)
    return told


def template(workspace: Workspace, instance: Instance) -> Template | None:
    """Give the template of an instance, or None where its text is lost: what the log says can be shown without it."""
    try:
        return instances.template(workspace, instance)
    except (UsageError, StateError):
        return None


def state_name(template: Template | None, state: str) -> str:
    """Name a state; where its template's text is lost, by its id."""
    here: State | None = template.states.get(state) if template else None
    return here.name if here else state


def state_id(template: Template | None, state: str) -> int | str | None:
    """Give the id of a state as its template writes it: a number in the numbered form; None for no state."""
    numbered = template is not None and template.numbered and state.isdecimal()
    return int(state) if numbered else state or None


def seed(workspace: Workspace, instance: Instance) -> dict[str, Any]:
    """Give an instance by the field names of the automation domain, and what it has beside them."""
    text = template(workspace, instance)
    child = instances.waits_for(workspace, instance) if text else None

    def number(state: str) -> Any:
        return state_id(text, state)

    return {
        "id": instance.id,
        "workflow_head_id": instance.template,
        "workflow_version": instance.version,
        "name": instance.name,
        "current_state_id": number(instance.state),
        "current_state": state_name(text, instance.state),
        "workflow_status": instance.status,
        "state_history": [{"from": number(s.source), "to": number(s.to), "ts": s.at} for s in instance.history],
        "created_entities": [{"state": number(s), "entity": kind, "id": name} for s, kind, name in instance.created],
        "entities": instance.entities,
        "started_ts": instance.started,
        "entered_ts": instance.entered,
        "completed_ts": instance.ended or None,
        "data": instance.data,
        "item": instance.item,
        "client": instance.client,
        "agent": instance.agent,
        "parent": instance.parent,
        "reason": instance.reason,
        "next": [number(edge.to) for edge in instances.ways(workspace, instance)] if text else [],
        "waits_for": child.id if child else None,
        "lost": [
            {**_lost(event), **{key: number(str(event.data.get(key) or "")) for key in ("from", "to")}}
            for event in lost(workspace, instance)
        ],
    }


def _lost(event: Event) -> dict[str, Any]:
    told = {"id": event.id, "kind": event.kind, "ts": event.at, "by": event.actor.operator}
    return {**told, "entities": event.data.get("entities", {})}


def lost(workspace: Workspace, instance: Instance) -> list[Event]:
    """Give the events of an instance that do not count, because another step was first."""
    if not instance.lost:
        return []
    return [event for event in reading.of(workspace, f"instance/{instance.id}") if event.id in instance.lost]


def history(workspace: Workspace, noun: str, name: str) -> list[Event]:
    """Give what happened to an instance or an entity, in order: what counts, and of an instance what was lost."""
    return sorted(fold.live(reading.of(workspace, f"{noun}/{name}")), key=lambda event: event.order)


def picture(workspace: Workspace, instance: Instance) -> str:
    """Draw the template of an instance as Mermaid, with the path that was taken."""
    been = {step.to for step in instance.history}
    return graph.mermaid(instances.template(workspace, instance), {instance.state}, been)
