"""States and guarded edges: the one shape of a pipeline, a mode map, a workflow template and a status life-cycle."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct


class Graph(Struct, frozen=True):
    """A directed graph with a start; cycles are allowed. `ends` are the states where a traveller may stop."""

    start: str
    edges: dict[str, tuple[str, ...]]
    ends: tuple[str, ...] = ()

    @classmethod
    def of(cls, start: str, edges: Mapping[str, tuple[str, ...]], ends: tuple[str, ...] | None = None) -> Graph:
        """Build a graph; without `ends`, the states that lead nowhere are the ends."""
        table = dict(edges)
        return cls(start, table, tuple(s for s, out in table.items() if not out) if ends is None else ends)

    def allows(self, source: str, target: str) -> bool:
        """Tell whether there is an edge."""
        return target in self.edges.get(source, ())
