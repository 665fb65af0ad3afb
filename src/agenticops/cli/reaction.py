"""The reaction: after a command that wrote, rules handle what happened. Without rules it costs nothing. ADR 0038."""

from __future__ import annotations

import os
import sys

from agenticops.errors import TrainError

# These see to it themselves, speak to a program that waits, or mend what rules would start from.
APART = ("rule", "worker", "hooks", "agents", "mcp", "doctor", "init")


def written() -> int:
    """Count the changes that this process made; nothing is loaded for it."""
    module = sys.modules.get("agenticops.store.transaction")
    return module.Transaction.made if module else 0


def after(arguments: list[str]) -> None:
    """Let rules handle what a command wrote. What hinders them is told, and does not undo what the command did."""
    words = [word for word in arguments if not word.startswith("-")]
    if not words or words[0] in APART:
        return
    from agenticops.workspace import Workspace

    try:
        workspace = Workspace()
        if not os.path.isdir(os.path.join(workspace.root, "config", "rules")):
            return
        from agenticops.flows.rules import react

        done = react.react(workspace)
    except TrainError as e:
        _warn(e)
        return
    if done and "--json" not in arguments:
        from agenticops.cli.commands.rule import firing_lines
        from agenticops.cli.output import show

        show(firing_lines(done), sys.stderr)


def _warn(error: TrainError) -> None:
    from agenticops.cli.output import complain

    complain(TrainError(f"rules wait: {error.message}", place=error.place, hint=error.hint or "agenticops rule run"))
