"""The server: what the SDK asks for, answered by commands of the CLI. Loading the SDK is what its start costs."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable
from functools import cached_property, partial
from types import FrameType
from typing import Any

import anyio
import mcp_types as types
from anyio import to_thread
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from agenticops import __version__
from agenticops.cli.lines import cut
from agenticops.errors import EXIT_USAGE, UsageError
from agenticops.mcp import answers, calls, pages, tool
from agenticops.mcp.tool import Tool

# Seconds that a call which is under way has to end when the server is told to.
GRACE = 5
INSTRUCTIONS = (
    "This repository is a value train: work moves through phases, and gates prove it. Begin with train_next; "
    "session do=begin opens a ticket, mode_page says how to work it, work ticks and records what is done, "
    "check judges the gate, advance moves on. Write files with your own tools, and only where the mode page allows."
)
Context = ServerRequestContext[Any, Any]
Paged = types.PaginatedRequestParams | None


class Face:
    """The handlers of a server, and the tools that it offers."""

    def __init__(self, give: Callable[[], tuple[Tool, ...]]) -> None:
        self._give = give
        self._one = anyio.CapacityLimiter(1)

    @cached_property
    def tools(self) -> dict[str, Tool]:
        """The tools by name; those of all commands are gathered when they are first asked for."""
        return {t.name: t for t in self._give()}

    def server(self) -> Server[dict[str, Any]]:
        """Make the SDK's server of these handlers."""
        return Server(
            "agenticops",
            version=__version__,
            title="AgenticOps Value Train",
            instructions=INSTRUCTIONS,
            on_list_tools=self.list_tools,
            on_call_tool=self.call_tool,
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
        )

    async def list_tools(self, ctx: Context, params: Paged) -> types.ListToolsResult:
        """List the tools, all on one page."""
        shown = [t.shown for t in self.tools.values()]
        return types.ListToolsResult(tools=[types.Tool.model_validate(t) for t in shown])

    async def call_tool(self, ctx: Context, params: types.CallToolRequestParams) -> types.CallToolResult:
        """Run the command of a tool. What the command refuses is a result, so that the agent reads why."""
        wanted = self.tools.get(params.name)
        if wanted is None:
            known = ", ".join(self.tools)
            raise MCPError(types.INVALID_PARAMS, f"there is no tool {cut(params.name, 60)!r}; tools: {known}")
        try:
            words = tool.words(wanted, params.arguments or {})
        except UsageError as e:
            return _result(f"✗ {e.message}\n  next  {e.hint}", None, True)
        answer = await self._run(ctx, words)
        return _result(answers.words(answer), answers.structured(answer), answer.failed)

    async def list_resources(self, ctx: Context, params: Paged) -> types.ListResourcesResult:
        """List the pages that have an address of their own."""
        found = [
            types.Resource(uri=p.uri, name=p.name, description=p.description, mime_type=p.mime) for p in pages.PAGES
        ]
        return types.ListResourcesResult(resources=found)

    async def list_templates(self, ctx: Context, params: Paged) -> types.ListResourceTemplatesResult:
        """List the addresses with a name in them."""
        found = [
            types.ResourceTemplate(uri_template=p.uri, name=p.name, description=p.description, mime_type=p.mime)
            for p in pages.TEMPLATES
        ]
        return types.ListResourceTemplatesResult(resource_templates=found)

    async def read_resource(self, ctx: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        """Read a page."""
        uri = str(params.uri)
        found = pages.command(uri)
        if found is None:
            known = ", ".join(p.uri for p in (*pages.PAGES, *pages.TEMPLATES))
            raise MCPError(types.INVALID_PARAMS, f"there is no resource {cut(uri, 80)}; resources: {known}")
        page, words = found
        answer = self._sound(await self._run(ctx, words), {"uri": uri})
        text = pages.written(answer.data) if page.mime == pages.JSON else answer.text
        content = types.TextResourceContents(uri=uri, mime_type=page.mime, text=text)
        return types.ReadResourceResult(contents=[content])

    async def list_prompts(self, ctx: Context, params: Paged) -> types.ListPromptsResult:
        """List a prompt for each mode; where no train can be read there are none, and every tool says why."""
        answer = await self._run(ctx, ["pipeline", "show", "--json"])
        found = [] if answer.failed else pages.prompts(answer.data)
        return types.ListPromptsResult(prompts=[types.Prompt.model_validate(p) for p in found])

    async def get_prompt(self, ctx: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        """Give the page of a mode, and that of a ticket when one is named."""
        pipeline = self._sound(await self._run(ctx, ["pipeline", "show", "--json"])).data
        if params.name not in pipeline["modes"]:
            known = ", ".join(pipeline["modes"])
            raise MCPError(types.INVALID_PARAMS, f"there is no prompt {cut(params.name, 60)!r}; prompts: {known}")
        given = params.arguments or {}
        if given.keys() - {"ticket"}:
            raise MCPError(types.INVALID_PARAMS, f"prompt {params.name} takes ticket only")
        texts = [f"Work in the mode {params.name} of this value train."]
        for name in (params.name, given.get("ticket")):
            if name:
                guard = ["--"] if name.startswith("-") else []
                texts.append(self._sound(await self._run(ctx, ["mode", "show", *guard, name])).text)
        content = types.TextContent(text="\n\n".join(texts))
        return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=content)])

    async def _run(self, ctx: Context, words: list[str]) -> calls.Answer:
        """Run a command beside the loop. A caller that goes away does not stop it half-way."""
        client = ctx.session.client_params
        name = cut(client.client_info.name, 60) if client else ""
        return await to_thread.run_sync(partial(calls.run, words, name), limiter=self._one)

    @staticmethod
    def _sound(answer: calls.Answer, data: dict[str, str] | None = None) -> calls.Answer:
        if answer.failed:
            code = types.INVALID_PARAMS if answer.code == EXIT_USAGE else types.INTERNAL_ERROR
            raise MCPError(code, answers.words(answer), data)
        return answer


def _result(text: str, data: dict[str, Any] | None, failed: bool) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], structured_content=data, is_error=failed)


def serve_stdio(face: Face) -> int:
    """Serve over stdin and stdout until stdin ends. Nothing else is written to stdout: the SDK takes it away."""
    log_aside()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    anyio.run(_stdio, face)
    return 0


async def _stdio(face: Face) -> None:
    server = face.server()
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


def _leave(number: int, frame: FrameType | None) -> None:
    """End now: a thread that waits for stdin cannot be woken. What a call writes is written first."""
    calls.ONE.acquire(timeout=GRACE)
    os._exit(0)


def log_aside() -> None:
    """Let the SDK complain on the stderr of the process, also while a call has taken it; in one line."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("agenticops mcp: %(message)s"))
    handler.addFilter(_without_trace)
    logging.basicConfig(handlers=[handler], level=logging.ERROR)


def _without_trace(record: logging.LogRecord) -> bool:
    if not os.environ.get("AGENTICOPS_DEBUG"):
        record.exc_info = None
    return True
