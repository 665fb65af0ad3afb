from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.graph import can_end, pipeline_graph, reachable, route
from agenticops.model.graph import Graph
from agenticops.model.pipeline import Phase, Pipeline
from agenticops.model.ticket import LIFE_CYCLE

LOOP = Graph.of("a", {"a": ("b", "c"), "b": ("d",), "c": ("d",), "d": ("a",), "x": ("x",), "y": ("d",)}, ends=("d",))
STATES = "abcdef"
GRAPHS = st.builds(
    lambda out, ends: Graph.of("a", {s: tuple(t) for s, t in zip(STATES, out, strict=True)}, tuple(ends)),
    st.lists(st.lists(st.sampled_from(STATES), max_size=3), min_size=6, max_size=6),
    st.sets(st.sampled_from(STATES)),
)


def test_a_pipeline_as_a_graph() -> None:
    pipeline = Pipeline("p", phases={"a": Phase(next=("b",)), "b": Phase(next=("a",), done=True)})
    assert pipeline_graph(pipeline) == Graph("a", {"a": ("b",), "b": ("a",)}, ("b",))


@pytest.mark.parametrize(("pipeline", "start"), [(Pipeline("p", start="z"), "z"), (Pipeline("p"), "")])
def test_an_odd_start_is_kept_and_reaches_nothing(pipeline: Pipeline, start: str) -> None:
    graph = pipeline_graph(pipeline)
    assert graph.start == start
    assert reachable(graph) == set()


def test_reachable() -> None:
    assert reachable(LOOP) == {"a", "b", "c", "d"}
    assert reachable(LOOP, "y") == {"y", "a", "b", "c", "d"}
    assert reachable(LOOP, "nowhere") == set()


def test_can_end() -> None:
    assert can_end(LOOP) == {"a", "b", "c", "d", "y"}
    assert can_end(LIFE_CYCLE) == set(LIFE_CYCLE.edges)


@pytest.mark.parametrize(
    ("source", "target", "way"),
    [
        ("a", "d", ["a", "b", "d"]),
        ("a", "a", ["a"]),
        ("d", "c", ["d", "a", "c"]),
        ("a", "x", []),
        ("nowhere", "a", []),
        ("a", "nowhere", []),
    ],
)
def test_route(source: str, target: str, way: list[str]) -> None:
    assert route(LOOP, source, target) == way


@given(GRAPHS)
def test_a_route_exists_where_a_state_is_reachable_and_walks_edges(graph: Graph) -> None:
    for source in graph.edges:
        met = reachable(graph, source)
        for target in graph.edges:
            way = route(graph, source, target)
            assert bool(way) == (target in met)
            assert all(graph.allows(a, b) for a, b in pairwise(way))
            assert len(set(way)) == len(way)
        assert (source in can_end(graph)) == bool(met & set(graph.ends))
