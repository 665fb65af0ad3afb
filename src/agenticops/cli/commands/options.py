"""Options that many commands share, and the maker of command groups."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer
from typer import _click as click
from typer.core import TyperGroup

Json = Annotated[bool, typer.Option("--json", help="Print one versioned JSON envelope.")]
TicketOption = Annotated[
    str, typer.Option("--ticket", "-t", metavar="TICKET", help="The ticket; default: the one at hand.")
]
TicketArgument = Annotated[str, typer.Argument(metavar="[TICKET]", help="The ticket; default: the one at hand.")]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="The work item's id, or its start.")]
PhaseArgument = Annotated[str, typer.Argument(metavar="PHASE", help="A phase of the pipeline.")]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What to write down.")]
Commit = Annotated[
    bool, typer.Option("--commit", help="Commit this step's files and events, nothing else; commit hooks are skipped.")
]


class AgentName(StrEnum):
    """The coding agents that there are files for."""

    claude = "claude"
    codex = "codex"
    gemini = "gemini"
    copilot = "copilot"
    cursor = "cursor"
    opencode = "opencode"
    agents_md = "agents-md"


class Group(TyperGroup):
    """A group whose help cuts no description of a command."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, each with its first sentence."""
        rows = [(name, command.get_short_help_str(limit=200)) for name, command in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def group(description: str, *commands: str) -> typer.Typer:
    """Make a command group with plain help and an example."""
    plain: dict[str, Any] = {"rich_markup_mode": None, "no_args_is_help": True, "add_completion": False}
    return typer.Typer(cls=Group, help=description, **example(*commands), **plain)


def example(*commands: str) -> dict[str, Any]:
    """The epilog of a command's help: how it is called."""
    return {"epilog": "Example: " + " · ".join(commands)}
