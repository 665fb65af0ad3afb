"""Mermaid diagrams of reports."""

from __future__ import annotations

import pytest

from agenticops.core.analytics import diagram
from agenticops.core.analytics.rows import Edge, Ended
from agenticops.errors import TrainError


def test_the_flow_is_a_flowchart_with_counts() -> None:
    edges = [Edge("workflows", "X", "end", 'a "b"', 1200, 2.04), Edge("tickets", "", "end", "end", 1, None)]
    assert diagram.flowchart(edges).splitlines() == [
        "flowchart LR",
        '  subgraph g1["X"]',
        '    n1["end"]',
        '    n2["a #34;b#34;"]',
        "  end",
        '  n1 -->|"1,200 · 2.0 d"| n2',
        '  subgraph g2["tickets"]',
        '    n3["end"]',
        "  end",
        '  n3 -->|"1"| n3',
    ]
    assert diagram.flowchart([]) == "flowchart LR\n"


def test_throughput_is_bars() -> None:
    rows = [Ended("workflows", "", g, p, n) for g, p, n in (("a", "2026-01-05", 2), ("b", "2026-01-05", 3))]
    rows.append(Ended("workflows", "", "a", "2026-01-12", 1))
    text = diagram.bars(rows, "week")
    assert 'x-axis "week from" ["01-05", "01-12"]' in text
    assert "0 --> 5" in text and "bar [5, 1]" in text
    assert 'x-axis "month from" ["2026-01", "2026-01"]' in diagram.bars(rows, "month")


def test_without_bars_there_is_no_chart() -> None:
    with pytest.raises(TrainError, match="nothing to draw"):
        diagram.bars([], "week")
