"""The named form of a template: the pipeline's own words (phases, stages, steps, roles), with entities and guards.

A phase is a state, known by its name; an `id` beside it keeps the number that a state had in the numbered form. An
entry of `next` is a name, or `{to, when}`.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import field

from agenticops.core import yamltext
from agenticops.core.workflow.source import SCHEMA, Source, numbered, spelled, whole
from agenticops.model.pipeline import Defined, Role, Stage
from agenticops.model.workflow import Edge, State, Template


class NamedEdge(Defined, frozen=True):
    """A way to another state; with `when`, only for instances whose data it holds for."""

    to: str
    when: dict[str, Any] = field(default_factory=dict)


class NamedState(Defined, frozen=True):
    """A state: its entity and that one's status, how long it usually takes, and where it leads.

    One that is `done` is an end, with `success` or without. `template` names a workflow that is started there.
    """

    id: str | int = ""
    title: str = ""
    description: str = ""
    owner: str = ""
    entity: str = ""
    status: str = ""
    days: float | None = None
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    template: str = ""
    next: tuple[str | NamedEdge, ...] = ()
    done: bool = False
    success: bool | None = None


class NamedTemplate(Defined, frozen=True):
    """A workflow template as a file; the first phase is the start where `start` names none."""

    code: str
    name: str
    sector: str
    schema: int = SCHEMA
    version: str | int | float = "1"
    description: str = ""
    active: bool = True
    default: bool = False
    start: str = ""
    roles: dict[str, Role] = field(default_factory=dict)
    phases: dict[str, NamedState] = field(default_factory=dict)


def read(source: Source, head: Mapping[str, Any]) -> Template:
    """Read a template; `head` gives and replaces fields of its head. Raises StateError."""
    data = {**source.data, **head}
    phases, people = data.pop("phases", None), data.pop("roles", None) or {}
    if not isinstance(phases, dict) or not isinstance(people, dict):
        key = "roles" if isinstance(phases, dict) else "phases"
        raise source.wrong(f"{key} must map names to definitions", key)
    table = source.convert(data, NamedTemplate)
    if table.schema != SCHEMA:
        raise source.wrong(f"schema {table.schema} is not known; this version reads {SCHEMA}", "schema")
    rows = {name: source.convert(raw or {}, NamedState, "phases", name) for name, raw in phases.items()}
    ids = {name: str(row.id) or name for name, row in rows.items()}
    if len(set(ids.values())) < len(ids):
        seen: dict[str, str] = {}
        for name, id_ in ids.items():
            if seen.setdefault(id_, name) != name:
                raise source.wrong(f"the state id {id_} stands twice", "phases", name, "id")
    states = {ids[name]: _state(source, name, row, ids) for name, row in rows.items()}
    roles = {name: source.convert(raw or {}, Role, "roles", name) for name, raw in people.items()}
    return Template(
        code=table.code,
        name=table.name,
        sector=table.sector,
        version=str(table.version),
        description=table.description,
        active=table.active,
        default=table.default,
        start=ids.get(table.start, table.start) or next(iter(states), ""),
        states=states,
        roles={name: msgspec.structs.replace(role, name=name) for name, role in roles.items()},
        numbered=numbered(states),
        path=source.path,
    )


def _state(source: Source, name: str, row: NamedState, ids: Mapping[str, str]) -> State:
    edges = []
    for number, way in enumerate(row.next):
        to = way if isinstance(way, str) else way.to
        when = None
        if isinstance(way, NamedEdge) and way.when:
            when = source.guard(
                source.data["phases"][name]["next"][number]["when"], "phases", name, "next", str(number)
            )
        edges.append(Edge(ids.get(to, to), when))
    return State(
        id=ids[name],
        name=name,
        title=row.title,
        description=row.description,
        entity=row.entity,
        status=row.status,
        terminal=row.done,
        success=row.success,
        days=row.days,
        next=tuple(edges),
        owner=row.owner,
        inputs=row.inputs,
        outputs=row.outputs,
        stages=row.stages,
        template=row.template,
    )


def write(template: Template) -> str:
    """Write a template in this form, a blank line between its fields and between its states, so that branches merge."""
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "code": template.code,
        "name": template.name,
        "sector": template.sector,
        "version": template.version,
        "description": template.description,
        "active": template.active,
        "default": template.default,
        "start": _name(template, template.start),
    }
    parts = [yamltext.dump({key: value for key, value in head.items() if value != ""})]
    if template.roles:
        parts.append(_section("roles", {name: _bare(role) for name, role in template.roles.items()}))
    parts.append(_section("phases", {state.name: _fields(template, state) for state in template.states.values()}))
    return "\n".join(parts)


def _section(name: str, entries: Mapping[str, dict[str, Any]]) -> str:
    if not entries:
        return f"{name}: {{}}\n"
    blocks = [textwrap.indent(yamltext.dump({key: fields}), "  ") for key, fields in entries.items()]
    return f"{name}:\n" + "\n".join(blocks)


def _fields(template: Template, state: State) -> dict[str, Any]:
    """Give the fields of a state that say something, in the order in which people read them."""
    found: dict[str, Any] = {
        "id": "" if state.id == state.name else int(state.id) if template.numbered else state.id,
        "title": state.title,
        "description": state.description,
        "owner": state.owner,
        "entity": state.entity,
        "status": state.status,
        "days": whole(state.days),
        "inputs": list(state.inputs),
        "outputs": list(state.outputs),
        "stages": msgspec.to_builtins(state.stages),
        "template": state.template,
        "next": [_way(template, edge) for edge in state.next],
        "done": state.terminal,
        "success": state.success,
    }
    # `success: false` and `days: 0` say something.
    empty: tuple[Any, ...] = ("", None, [], ())
    return {key: value for key, value in found.items() if value not in empty and (key != "done" or value)}


def _way(template: Template, edge: Edge) -> Any:
    to = _name(template, edge.to)
    return to if edge.when is None else {"to": to, "when": spelled(edge.when)}


def _name(template: Template, state: str) -> str:
    return template.states[state].name if state in template.states else state


def _bare(role: Role) -> dict[str, Any]:
    return {key: value for key, value in msgspec.to_builtins(role).items() if key != "name"}
