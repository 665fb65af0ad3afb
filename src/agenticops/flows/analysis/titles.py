"""Titles: what rows are called. A state of the seed's form has a number, which says nothing to a reader."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from agenticops.core.analytics.rows import Edge, Page, Row
from agenticops.workspace import Workspace

R = TypeVar("R", bound=Row)


def titled(workspace: Workspace, rows: Iterable[R]) -> list[R]:
    """Name groups that are states by the states' names."""
    found = list(rows)
    if not any(row.template and row.group.isdecimal() for row in found):
        return found
    names = _names(workspace)
    return [msgspec.structs.replace(row, group=names.get((row.template, row.group), row.group)) for row in found]


def pages(workspace: Workspace, pages: list[Page]) -> list[Page]:
    """Name the bottlenecks."""
    named = {row.of: row for row in titled(workspace, (page.bottleneck for page in pages if page.bottleneck))}
    return [msgspec.structs.replace(page, bottleneck=named.get(page.of)) for page in pages]


def ways(workspace: Workspace, edges: list[Edge]) -> list[Edge]:
    """Name the states of ways."""
    if not any(edge.template and (edge.source + edge.to).isdecimal() for edge in edges):
        return edges
    names = _names(workspace)
    return [
        msgspec.structs.replace(
            edge,
            source=names.get((edge.template, edge.source), edge.source),
            to=names.get((edge.template, edge.to), edge.to),
        )
        for edge in edges
    ]


def _names(workspace: Workspace) -> dict[tuple[str, str], str]:
    from agenticops.flows.workflow import templates

    every = templates.every(workspace)
    return {(code, name): state.name for code, template in every.items() for name, state in template.states.items()}
