"""Assets: what agents have at hand, declared in `config/assets.yml`: skills, tools, MCP servers, agent interfaces."""

from __future__ import annotations

from typing import Literal

from agenticops.model.pipeline import Defined

AssetKind = Literal["skill", "tool", "mcp", "a2a"]
KINDS: dict[AssetKind, str] = {
    "skill": "instructions that an agent reads",
    "tool": "a program, a folder or a service that it uses",
    "mcp": "an MCP server",
    "a2a": "another agent, reached by its interface",
}


class Asset(Defined, frozen=True):
    """One thing at hand: what it is, where it comes from, who uses it, for what.

    It is for the agents that it names (`*`: all) and for those whose `dependencies` it `satisfies`; one that does
    neither is for all. No mode or phase means every one. Secrets are references (`env:NAME`,
    `keyring:SERVICE/NAME`), never values.
    """

    kind: AssetKind
    name: str = ""
    title: str = ""
    description: str = ""
    version: str = ""
    path: str = ""
    package: str = ""
    url: str = ""
    command: tuple[str, ...] = ()
    card: str = ""
    agents: tuple[str, ...] = ()
    satisfies: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
