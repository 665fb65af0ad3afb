"""A template as Mermaid and as a tree."""

from __future__ import annotations

import time

from agenticops.core import condition
from agenticops.core.workflow import graph
from agenticops.model.workflow import Edge, State, Template

FOUND = Template(
    "X",
    "X",
    "S",
    start="a",
    states={
        "a": State("a", "a", title='Say "hi" <b>', entity="task", status="Open", days=1.5, next=(Edge("b"), Edge("c"))),
        "b": State("b", "b", days=1.0, next=(Edge("c", condition.read({"field": "amount", "gt": 5})),)),
        "c": State("c", "c", terminal=True, success=False),
    },
)


def test_mermaid() -> None:
    assert graph.mermaid(FOUND, here=["b"], been=["a", "b"]) == (
        "flowchart TD\n"
        '  s0["Say #34;hi#34; #60;b#62;<br/>task · Open<br/>1.5 d"]\n'
        '  s1["b<br/>1 d"]\n'
        '  s2(["c"])\n'
        "  s0 --> s1\n"
        "  s0 --> s2\n"
        '  s1 -->|"amount #62; 5"| s2\n'
        "  classDef failed stroke-dasharray:4\n"
        "  class s2 failed\n"
        "  classDef been fill:#ddd\n"
        "  class s0 been\n"
        "  classDef here stroke-width:3px\n"
        "  class s1 here\n"
    )


def test_a_tree_names_each_state_once() -> None:
    found = [(depth, state.id, again) for depth, state, _, again in graph.tree(FOUND)]
    assert found == [(0, "a", False), (1, "b", False), (1, "c", False), (1, "c", True)]


def test_what_nothing_leads_to_is_shown_too_and_a_circle_ends() -> None:
    odd = {"a": State("a", "a", next=(Edge("a"), Edge("gone"))), "z": State("z", "z")}
    rows = graph.tree(Template("X", "X", "S", start="a", states=odd))
    assert [(state.id, again) for _, state, _, again in rows] == [("a", False), ("a", True), ("z", False)]


def test_ten_thousand_states_take_linear_time() -> None:
    size = 10_000
    states = {
        str(n): State(str(n), f"s{n}", next=tuple(Edge(str(to)) for to in (n + 1, n + 2) if to < size))
        for n in range(size)
    }
    begun = time.process_time()
    found = Template("X", "X", "S", start="0", states=states)
    assert max(depth for depth, *_ in graph.tree(found)) == graph.DEEPEST
    assert len(graph.mermaid(found)) < 2_000_000
    assert time.process_time() - begun < 5
