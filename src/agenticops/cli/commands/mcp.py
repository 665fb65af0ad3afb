"""`mcp`: the train for agents, by the Model Context Protocol."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from json import dumps
from typing import Annotated

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, STRONG, Line, clean, following, line
from agenticops.cli.output import emit
from agenticops.core import tokens
from agenticops.errors import TrainError, UsageError
from agenticops.mcp import core
from agenticops.mcp.tool import Tool

app = group("The train for agents, by the Model Context Protocol.", "agenticops mcp")


class Tier(StrEnum):
    """How many tools an agent gets."""

    core = "core"
    all = "all"


@app.command(**example("agenticops mcp", "agenticops mcp --http --port 8765", "agenticops mcp --print-tools --json"))
def mcp(
    tools: Annotated[Tier, typer.Option(help="The few that a ticket needs, or one for each command.")] = Tier.core,
    http: Annotated[
        bool, typer.Option("--http", help="Serve on a port of this machine, with a token; else over stdin and stdout.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port for --http; 0: a free one.")] = 0,
    token_file: Annotated[
        str, typer.Option(metavar="FILE", help="The token for --http; else AGENTICOPS_MCP_TOKEN, else a new one.")
    ] = "",
    print_tools: Annotated[bool, typer.Option("--print-tools", help="Show the tools, and serve nothing.")] = False,
    json: Json = False,
) -> None:
    """Serve the train of this folder to an agent's client, until it goes away."""
    if print_tools:
        found = _tools(tools)
        emit("mcp-tools", core.listed(found), _lines(found), json)
        return
    if json or (not http and (port or token_file)):
        raise UsageError(
            "--json goes with --print-tools" if json else "--port and --token-file go with --http",
            hint="agenticops mcp --help",
        )
    if find_spec("mcp") is None:
        raise TrainError("the MCP SDK is not installed", hint='pip install "agenticops[mcp]"')
    from agenticops.mcp import server

    face = server.Face(lambda: _tools(tools))
    if not http:
        raise typer.Exit(server.serve_stdio(face))
    from agenticops.mcp import http as over_http

    raise typer.Exit(over_http.serve(face, port, token_file))


def _tools(tier: Tier) -> tuple[Tool, ...]:
    if tier is Tier.core:
        return core.TOOLS
    from agenticops.mcp import everything

    return everything.tools()


def _lines(found: tuple[Tool, ...]) -> list[Line]:
    width = max(len(t.name) for t in found)
    rows: list[Line] = [line((f"{t.name:<{width}}  ", STRONG), (clean(t.description), DIM)) for t in found]
    size = tokens.estimate(dumps(core.listed(found)))
    return [*rows, line((f"about {size:,} tokens", DIM)), following("agenticops mcp")]
