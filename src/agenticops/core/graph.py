"""Questions to a graph: what can be reached, what can come to an end, and the shortest way."""

from __future__ import annotations

from collections import deque

from agenticops.model.graph import Graph
from agenticops.model.pipeline import Pipeline


def pipeline_graph(pipeline: Pipeline) -> Graph:
    """Give the phases as a graph; without a `start` it starts at the first, and it ends in the `done` ones."""
    start = pipeline.start or next(iter(pipeline.phases), "")
    edges = {name: phase.next for name, phase in pipeline.phases.items()}
    return Graph.of(start, edges, tuple(name for name, phase in pipeline.phases.items() if phase.done))


def reachable(graph: Graph, start: str | None = None) -> set[str]:
    """Give the states that a traveller can reach, the start among them; none when the start is unknown."""
    source = graph.start if start is None else start
    return set(_came_from(graph, source)) if source in graph.edges else set()


def can_end(graph: Graph) -> set[str]:
    """Give the states from which an end can be reached, the ends among them."""
    backwards: dict[str, list[str]] = {}
    for source, targets in graph.edges.items():
        for target in targets:
            backwards.setdefault(target, []).append(source)
    found = {end for end in graph.ends if end in graph.edges}
    queue = deque(found)
    while queue:
        for source in backwards.get(queue.popleft(), ()):
            if source not in found:
                found.add(source)
                queue.append(source)
    return found


def route(graph: Graph, source: str, target: str) -> list[str]:
    """Give the shortest way with both ends; empty when there is none. Among equals, the order of the edges decides."""
    if source not in graph.edges:
        return []
    before = _came_from(graph, source)
    if target not in before:
        return []
    way = [target]
    while way[-1] != source:
        way.append(before[way[-1]])
    return way[::-1]


def _came_from(graph: Graph, source: str) -> dict[str, str]:
    """Walk breadth first; give for each state that is met the one before it."""
    before = {source: source}
    queue = deque([source])
    while queue:
        state = queue.popleft()
        for target in graph.edges.get(state, ()):
            if target not in before:
                before[target] = state
                queue.append(target)
    return before
