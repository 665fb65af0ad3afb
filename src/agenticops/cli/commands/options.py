"""Options that many commands share, and the maker of command groups."""

from __future__ import annotations

from typing import Annotated, Any

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one versioned JSON envelope.")]
TicketOption = Annotated[
    str, typer.Option("--ticket", "-t", metavar="TICKET", help="The ticket; default: the one at hand.")
]
TicketArgument = Annotated[str, typer.Argument(metavar="[TICKET]", help="The ticket; default: the one at hand.")]
ItemArgument = Annotated[str, typer.Argument(metavar="ITEM", help="The work item's id, or its start.")]
PhaseArgument = Annotated[str, typer.Argument(metavar="PHASE", help="A phase of the pipeline.")]
TextArgument = Annotated[str, typer.Argument(metavar="TEXT", help="What to write down.")]
Commit = Annotated[bool, typer.Option("--commit", help="Commit just what this step wrote.")]


def group(description: str) -> typer.Typer:
    """Make a command group with plain help."""
    return typer.Typer(help=description, rich_markup_mode=None, no_args_is_help=True, add_completion=False)


def example(*commands: str) -> dict[str, Any]:
    """The epilog of a command's help: how it is called."""
    return {"epilog": "Example: " + " · ".join(commands)}
