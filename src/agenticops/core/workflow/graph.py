"""A template as a picture: a Mermaid flowchart, or an indented tree for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from agenticops.core import condition
from agenticops.core.mermaid import label
from agenticops.core.workflow.source import whole
from agenticops.model.workflow import Edge, State, Template

# Deeper branches are not moved further to the right: nobody could read them.
DEEPEST = 24


def mermaid(template: Template, here: Collection[str] = (), been: Collection[str] = ()) -> str:
    """Draw the states: rounded where it ends; `here` and `been` are where an instance stands and stood."""
    nodes = {name: f"s{number}" for number, name in enumerate(template.states)}
    rows = ["flowchart TD", *(f"  {_node(nodes[name], state)}" for name, state in template.states.items())]
    for name, state in template.states.items():
        for edge in state.next:
            if edge.to in nodes:
                guard = f'|"{label(condition.say(edge.when))}"|' if edge.when is not None else ""
                rows.append(f"  {nodes[name]} -->{guard} {nodes[edge.to]}")
    failed = [nodes[name] for name, state in template.states.items() if state.success is False]
    rows += _class("failed", "stroke-dasharray:4", failed)
    rows += _class("been", "fill:#ddd", [nodes[name] for name in template.states if name in been and name not in here])
    rows += _class("here", "stroke-width:3px", [nodes[name] for name in template.states if name in here])
    return "\n".join(rows) + "\n"


def _node(node: str, state: State) -> str:
    parts = [state.title or state.name, entity(state), f"{whole(state.days)} d" if state.days else ""]
    words = "<br/>".join(label(part) for part in parts if part)
    return f'{node}(["{words}"])' if state.terminal else f'{node}["{words}"]'


def _class(name: str, style: str, nodes: list[str]) -> list[str]:
    return [f"  classDef {name} {style}", f"  class {','.join(nodes)} {name}"] if nodes else []


def entity(state: State) -> str:
    """Say which entity a state has, and its status."""
    return " · ".join(word for word in (state.entity, state.status) if word)


def tree(template: Template) -> list[tuple[int, State, Edge | None, bool]]:
    """List the states as a tree: depth, state, the edge that leads there, and whether it was listed before.

    What a state leads to is listed once. Only where ways part does the depth grow, so that a long line stays one.
    """
    return list(_walk(template))


def _walk(template: Template) -> Iterator[tuple[int, State, Edge | None, bool]]:
    listed: set[str] = set()
    waiting: list[tuple[int, str, Edge | None]] = [(0, template.start, None)]
    waiting += [(0, name, None) for name in template.states if name != template.start]
    waiting.reverse()
    while waiting:
        depth, name, edge = waiting.pop()
        state = template.states.get(name)
        if state is None or (edge is None and name in listed):
            continue
        again = name in listed
        yield depth, state, edge, again
        if not again:
            listed.add(name)
            deeper = min(depth + (len(state.next) > 1), DEEPEST)
            waiting += [(deeper, way.to, way) for way in reversed(state.next)]
