"""`trace`: from need to decision, both ways."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, STRONG, Line, clean, cut, following, line
from agenticops.cli.output import emit
from agenticops.core.trace import Branch, Node
from agenticops.flows import trace as traces
from agenticops.workspace import Workspace

app = group("From need to decision, both ways.", "agenticops trace 142")


@app.command(**example("agenticops trace 142", "agenticops trace n4f2k --json"))
def trace(
    thing: Annotated[str, typer.Argument(metavar="ID", help="A need, item, ticket, artifact, risk, decision …")],
    json: Json = False,
) -> None:
    """Show where a thing comes from and what came of it; a link that leads nowhere is shown as such."""
    up, down = traces.both_ways(Workspace(), thing)
    rows: list[Line] = [line((f"{up.node.kind} {clean(up.node.id)}", STRONG), f"  {cut(up.node.title, 70)}")]
    for title, branch in (("comes from", up), ("led to", down)):
        rows.append(line((f"{title}{'' if branch.below else ': nothing'}", DIM)))
        rows += [row for below in branch.below for row in _lines(below, 1)]
    data = {**_node(up.node), "up": [_data(b) for b in up.below], "down": [_data(b) for b in down.below]}
    emit("trace", data, [*rows, _next(up.node)], json)


def _lines(branch: Branch, depth: int) -> list[Line]:
    node = branch.node
    title = ("  not there", BAD) if not node.there else (f"  {cut(node.title, 60)}", "")
    again = ("  (again)", DIM) if branch.again and node.there else ("", "")
    row = line("  " * depth, (f"{node.kind} ", DIM), clean(node.id), title, (f"  {clean(node.state)}", DIM), again)
    return [row, *(r for below in branch.below for r in _lines(below, depth + 1))]


def _node(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "id": node.id,
        "title": node.title,
        "state": node.state,
        "path": node.path,
        "there": node.there,
    }


def _data(branch: Branch) -> dict[str, Any]:
    return {**_node(branch.node), "again": branch.again, "below": [_data(b) for b in branch.below]}


def _next(node: Node) -> Line:
    command = {"item": "work", "ticket": "ticket"}.get(node.kind, node.kind)
    shows = ("work", "ticket", "client", "need", "risk", "mitigation", "decision")
    return following(f"agenticops {command} show {node.id}" if command in shows else "agenticops check")
