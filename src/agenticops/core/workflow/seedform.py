"""The numbered form of a template, as the automation domain writes it: states with `parent_ids` and `child_ids`.

The head's fields stand beside `states`, or around a `workflow_graph`; a bare graph is given its head from outside.
`child_ids` are the edges. Two fields are ours: `guards` (child id → condition) and `template`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field

from agenticops.core.workflow.source import Source, numbered, spelled, whole
from agenticops.model.pipeline import Defined
from agenticops.model.workflow import Edge, State, Template

Id = int | str


class SeedState(Defined, frozen=True):
    """A state as it is written: its number, and the numbers of those before and after it."""

    id: Id
    name: str
    descr: str = ""
    parent_ids: tuple[Id, ...] | None = None
    child_ids: tuple[Id, ...] = ()
    entity_name: str = ""
    entity_status: str = ""
    terminal_flag: bool = False
    success: bool | None = None
    avg_duration_days: float | None = None
    guards: dict[str, Any] = field(default_factory=dict)
    template: str = ""


class SeedTemplate(Defined, frozen=True):
    """The head of a graph. Duration and success rate are what instances say; here they are read over."""

    code: str
    name: str
    industry_sector: str
    id: str = ""
    descr: str = ""
    workflow_version: str | int | float = "1"
    active_workflow_flag: bool = True
    default_workflow_flag: bool = False
    avg_duration_days: float | None = None
    success_rate_pct: float | None = None
    states: tuple[SeedState, ...] = ()


class Graph(Struct, frozen=True):
    """What stands between the head and the states."""

    head: dict[str, Any]
    states: list[Any]
    keys: tuple[str, ...]


def fits(data: Mapping[str, Any]) -> bool:
    """Tell whether a mapping is written in this form."""
    return "states" in data or "workflow_graph" in data


def read(source: Source, head: Mapping[str, Any]) -> Template:
    """Read a template; `head` gives and replaces fields of its head. Raises StateError."""
    graph = _graph(source)
    table = source.convert({**graph.head, **head, "states": ()}, SeedTemplate)
    rows: dict[str, SeedState] = {}
    for number, raw in enumerate(graph.states):
        row = source.convert(raw, SeedState, *graph.keys, str(number))
        if str(row.id) in rows:
            raise source.wrong(f"the state id {row.id} stands twice", *graph.keys, str(number))
        rows[str(row.id)] = row
    states = {name: _state(source, row, (*graph.keys, str(n))) for n, (name, row) in enumerate(rows.items())}
    return Template(
        code=table.code,
        name=table.name,
        sector=table.industry_sector,
        version=str(table.workflow_version),
        description=table.descr,
        active=table.active_workflow_flag,
        default=table.default_workflow_flag,
        start=_start(states),
        states=states,
        numbered=numbered(states),
        path=source.path,
    )


def _graph(source: Source) -> Graph:
    data = dict(source.data)
    inner = data.pop("workflow_graph", None)
    keys: tuple[str, ...] = ("states",)
    if inner is not None:
        if not isinstance(inner, dict):
            raise source.wrong("workflow_graph: a mapping with states is wanted", "workflow_graph")
        data, keys = {**data, **inner}, ("workflow_graph", "states")
    states = data.pop("states", None)
    if not isinstance(states, list):
        raise source.wrong("states: a list is wanted", *keys)
    return Graph(data, states, keys)


def _state(source: Source, row: SeedState, keys: tuple[str, ...]) -> State:
    known = {str(child) for child in row.child_ids}
    for child in row.guards:
        if child not in known:
            raise source.wrong(f"guards: {child} is none of the child_ids", *keys, "guards", child)
    guards = {child: source.guard(raw, *keys, "guards", child) for child, raw in row.guards.items()}
    return State(
        id=str(row.id),
        name=row.name,
        description=row.descr,
        entity=row.entity_name,
        status=row.entity_status,
        terminal=row.terminal_flag,
        success=row.success,
        days=row.avg_duration_days,
        next=tuple(Edge(str(child), guards.get(str(child))) for child in row.child_ids),
        parents=None if row.parent_ids is None else tuple(map(str, row.parent_ids)),
        template=row.template,
    )


def _start(states: Mapping[str, State]) -> str:
    """The first state that none leads to; in a circle, the first."""
    led_to = {edge.to for state in states.values() for edge in state.next}
    return next((name for name in states if name not in led_to), next(iter(states), ""))


def fields(template: Template) -> list[dict[str, Any]]:
    """Give the states as this form has them, ids as numbers where they are; parents are those that the edges say."""
    parents = template.parents
    rows = []
    for name, state in template.states.items():
        row: dict[str, Any] = {
            "id": _id(template, name),
            "name": state.name,
            "descr": state.description or state.title,
            "parent_ids": [_id(template, parent) for parent in parents[name]],
            "child_ids": [_id(template, edge.to) for edge in state.next],
            "entity_name": state.entity,
            "entity_status": state.status,
            "terminal_flag": state.terminal,
            "success": state.success,
            "avg_duration_days": whole(state.days),
        }
        guards = {edge.to: spelled(edge.when) for edge in state.next if edge.when is not None}
        more: dict[str, Any] = {"guards": guards, "template": state.template}
        rows.append(row | {key: value for key, value in more.items() if value})
    return rows


def _id(template: Template, name: str) -> Id:
    return int(name) if template.numbered and name in template.states else name
