"""The command table: names and one-line helps are literal, so that help and dispatch import only what they need."""

from __future__ import annotations

import os
from copy import copy
from functools import lru_cache
from importlib import import_module
from typing import Any

import typer
from typer import _click as click
from typer.core import TyperCommand, TyperGroup

from agenticops.errors import EXIT_INTERRUPTED, EXIT_USAGE, TrainError

SECTIONS: dict[str, dict[str, tuple[str, str, str]]] = {
    "Set up": {
        "init": ("adopt", "init", "Adopt a train in this repository, or upgrade it"),
        "pipeline": ("pipeline", "", "Show, draw, lint and compare the pipeline"),
        "migrate": ("adopt", "migrate", "Bring an older session file to today's form"),
        "hooks": ("hooks", "", "Git hooks and the merge driver: install, uninstall, show"),
        "trust": ("trust", "", "What this repository can make the tool execute"),
        "doctor": ("adopt", "doctor", "Look at environment and repository; --fix mends"),
    },
    "Work": {
        "work": ("work", "", "Work items: PRD, CRD, Task"),
        "ticket": ("ticket", "", "Tickets: one visit of an item to a phase"),
        "checklist": ("checklist", "", "Show, tick, add and reword bullets"),
        "artifact": ("artifact", "", "What a ticket owes: write, check, record"),
        "github": ("github", "", "In step with GitHub: plan, apply, resolve, labels, import"),
    },
    "Gates": {
        "check": ("check", "check", "Judge the train, or the gate of one ticket"),
        "gate": ("gate", "", "Show a phase's gate; run its commands; replay it"),
        "evidence": ("evidence", "", "What commands proved, and for which files"),
        "advance": ("gate", "advance", "Judge a ticket's gate and move the work on"),
        "approve": ("approval", "approve", "Approve what a gate wants reviewed"),
        "reject": ("approval", "reject", "Reject it, with the reason"),
        "revise": ("approval", "revise", "Ask for a revision, with suggestions"),
        "approval": ("approval", "", "Reviews: list, show, request, escalate"),
        "role": ("role", "", "Who may do what: list, assign, revoke, check"),
        "override": ("override", "", "Overrides: list what is open, pay it back"),
        "explain": ("gate", "explain", "Say what a finding's code means and how to mend it"),
    },
    "Reasons": {
        "decision": ("decision", "", "Decisions with context, reasoning and confidence"),
        "adr": ("adr", "", "Architecture decision records"),
        "risk": ("risk", "", "Risks: what could go wrong, and what answers it"),
        "mitigation": ("mitigation", "", "Mitigations: what answers risks"),
        "client": ("client", "", "Clients: for whom value is delivered"),
        "need": ("need", "", "Needs: what clients want, and why"),
        "trace": ("trace", "trace", "From need to decision, both ways"),
    },
    "Sessions": {
        "begin": ("session", "begin", "Begin to work a ticket as an agent"),
        "handoff": ("session", "handoff", "Hand the session to another agent"),
        "session": ("session", "", "Notes, decisions, to-dos, blockers of the session"),
        "mode": ("mode", "", "The page of a mode; enter another one"),
    },
    "Agents": {
        "drive": ("drive", "", "The auto-pilot: drive, pause, resume, take over, merge"),
        "select": ("select", "select", "The item that the auto-pilot would take next"),
        "agents": ("agents", "", "Claude Code and others: install, show, permissions"),
        "mcp": ("mcp", "mcp", "Serve the train to agents by MCP"),
        "asset": ("asset", "", "Skills, tools, MCP servers, interfaces: by agent"),
        "remember": ("memory", "remember", "Keep a note for those who come after"),
        "recall": ("memory", "recall", "Find the notes that were kept"),
        "forget": ("memory", "forget", "Take notes out of what is recalled"),
    },
    "Automate": {
        "workflow": ("workflow", "", "Workflows: templates; start, move and show instances"),
        "entity": ("entity", "", "Records that workflows and rules work on"),
        "rule": ("rule", "", "Rules: when this happens, do that"),
        "worker": ("worker", "", "Deliver outside: mail, webhooks, scripts, schedules"),
        "inbox": ("inbox", "inbox", "What you are told, and have not read"),
        "notify": ("inbox", "notify", "Tell people or roles something"),
        "meeting": ("meeting", "", "Meetings: call, hold, move; as calendar files"),
    },
    "See": {
        "next": ("see", "next", "The one thing to do now"),
        "status": ("see", "status", "Where every ticket stands and what holds it"),
        "log": ("log", "", "The events, filtered; compact, verify, summarize"),
        "cost": ("cost", "", "What agents' runs cost, and what budgets still allow"),
        "report": ("report", "", "Flow, bottlenecks, cycle time, forecast of workflows and tickets"),
        "search": ("search", "search", "Find words in documents, notes and records"),
        "query": ("query", "query", "Ask the index by SQL; nothing can be changed"),
    },
}
COMMANDS = {name: entry for section in SECTIONS.values() for name, entry in section.items()}


@lru_cache(maxsize=256)  # a program runs one command; a server, and the tests, the same ones again and again
def load(name: str, wanted: str = "") -> click.Command:
    """Import a command or a group by its entry in the table; of a group, when it is there, only what is `wanted`."""
    module, command, _ = COMMANDS[name]
    loaded = import_module(f"agenticops.cli.commands.{module}")
    app = loaded.app
    others = [] if command else [n for n, e in COMMANDS.items() if e[0] == module and e[1]]
    group = _with_only(app, command or wanted) if wanted not in others else None
    if group is None:
        if hasattr(loaded, "mount"):
            loaded.mount()  # groups within the group, which none of its own commands should pay for
        group = typer.main.get_command(app)
    if not command:
        group.name = name
        if isinstance(group, TyperGroup):
            for other in others:
                group.commands.pop(other, None)
        return group
    return group.commands[command] if isinstance(group, TyperGroup) else group  # a module of one command is that one


def _with_only(app: typer.Typer, command: str) -> click.Command | None:
    """Build one command of a group: to build all of them costs as much as most commands do."""
    name = typer.main.get_command_name
    found = [i for i in app.registered_commands if command == (i.name or name(getattr(i.callback, "__name__", "")))]
    if not found or len(app.registered_commands) == 1:
        return None
    narrow = copy(app)
    narrow.registered_commands, narrow.registered_groups = found, []
    return typer.main.get_group(narrow)


class Root(TyperGroup):
    """Answers help from the table; a command's module is imported when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name all commands, in the table's order."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a stub that knows its one-line help."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name][2]) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Import the command that is called."""
        name = args[0]
        if name not in COMMANDS:
            import difflib

            near = difflib.get_close_matches(name, COMMANDS, 1)
            ctx.fail(f"there is no command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""))
        return name, load(name, *args[1:2]), args[1:]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the commands by section."""
        for title, entries in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry[2]) for name, entry in entries.items()])


def tree() -> Any:
    """Build the root command."""
    app = typer.Typer(cls=Root, add_completion=False, rich_markup_mode=None, no_args_is_help=True)

    @app.callback(epilog="Example: agenticops init --train ml && agenticops next")
    def root(
        directory: str = typer.Option("", "-C", metavar="DIR", help="Run as if started in DIR."),
        version: bool = typer.Option(False, "--version", help="Show the version."),
    ) -> None:
        """Deliver value with people and AI agents: work moves through a pipeline, and gates prove it."""

    return typer.main.get_command(app)


def run(arguments: list[str]) -> int:
    """Parse and run; give the exit code. Raises TrainError for the entry to show."""
    from agenticops.cli import reaction

    before = reaction.written()
    try:
        code = tree().main(arguments, prog_name="agenticops", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as e:
        e.show()
        return EXIT_USAGE
    except click.exceptions.UsageError as e:
        raise _usage(e) from None
    except typer.Abort:
        raise KeyboardInterrupt from None
    except click.exceptions.ClickException as e:
        raise TrainError(e.format_message()) from None
    if code == EXIT_INTERRUPTED:  # typer makes a code of Ctrl-C; the entry says it
        raise KeyboardInterrupt
    if not code and reaction.written() > before:
        reaction.after(arguments)
    return code if isinstance(code, int) else 0


def _usage(error: click.exceptions.UsageError) -> TrainError:
    from agenticops.errors import UsageError

    path = error.ctx.command_path if error.ctx else "agenticops"
    message = error.format_message().rstrip(".").replace(os.linesep, " ")
    return UsageError(message[0].lower() + message[1:] if message else "usage", hint=f"{path} --help")
