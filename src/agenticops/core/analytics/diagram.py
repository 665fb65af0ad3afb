"""Reports as Mermaid: the flow as a flowchart, throughput as bars."""

from __future__ import annotations

from collections.abc import Sequence

from agenticops.core.analytics.rows import Edge, Ended
from agenticops.core.mermaid import label
from agenticops.errors import TrainError

# More bars than that cannot be read.
BARS = 26


def flowchart(edges: Sequence[Edge]) -> str:
    """Draw the ways that were taken, with how often, and how long the state before took (median)."""
    rows = ["flowchart LR"]
    nodes: dict[tuple[str, str, str], str] = {}
    frames = list(dict.fromkeys((edge.of, edge.template) for edge in edges))
    for number, (of, template) in enumerate(frames, 1):
        mine = [edge for edge in edges if (edge.of, edge.template) == (of, template)]
        rows.append(f'  subgraph g{number}["{label(template or of)}"]')
        for place in dict.fromkeys(place for edge in mine for place in (edge.source, edge.to)):
            nodes[of, template, place] = f"n{len(nodes) + 1}"
            rows.append(f'    {nodes[of, template, place]}["{label(place)}"]')
        rows.append("  end")
        for edge in mine:
            took = "" if edge.median is None else f" · {edge.median:.1f} d"
            ends = (nodes[of, template, edge.source], nodes[of, template, edge.to])
            rows.append(f'  {ends[0]} -->|"{edge.n:,}{took}"| {ends[1]}')
    return "\n".join(rows) + "\n"


def bars(rows: Sequence[Ended], per: str) -> str:
    """Draw what ended a period; the groups of one period are added up. Raises TrainError when there is none."""
    if not rows:
        raise TrainError("there is nothing to draw yet", hint="agenticops report flow")
    sums: dict[str, int] = {}
    for row in rows:
        sums[row.period] = sums.get(row.period, 0) + row.ended
    last = sorted(sums)[-BARS:]
    most = max(sums[period] for period in last)
    names = ", ".join(f'"{period[:7] if per == "month" else period[5:]}"' for period in last)
    return (
        f'xychart-beta\n  title "Ended per {per}"\n  x-axis "{per} from" [{names}]\n'
        f'  y-axis "ended" 0 --> {max(most, 1)}\n  bar [{", ".join(str(sums[period]) for period in last)}]\n'
    )
