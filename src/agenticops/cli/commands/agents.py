"""`agents`: install, uninstall, show, permissions, hook; how agents stand is in `agentstates`."""

from __future__ import annotations

import shutil
from enum import StrEnum
from typing import Annotated, Any

import msgspec
import typer

from agenticops.cli.commands import agentstates
from agenticops.cli.commands.options import AgentName, Json, example, group
from agenticops.cli.lines import DIM, STRONG, WARN, Line, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.adapters import claude
from agenticops.flows import agents
from agenticops.model.layout import AGENTS_MANIFEST
from agenticops.workspace import Workspace

app = group("Coding agents: what they are given in this repository, and what they may do.", "agenticops agents show")
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and write nothing.")]
MARKS = {"create": "+", "update": "~", "keep": "=", "delete": "-"}


class Form(StrEnum):
    """How Claude Code gets its files."""

    repo = "repo"
    plugin = "plugin"


@app.command(**example("agenticops agents install claude", "agenticops agents install claude --as plugin --dry-run"))
def install(
    agent: Annotated[AgentName, typer.Argument(help="The coding agent; agents-md writes the AGENTS.md block alone.")],
    form: Annotated[
        Form | None, typer.Option("--as", help="Below the repository's own folder, or as a plugin (claude only).")
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Write commands, sub-agents, hooks and the AGENTS.md block of this pipeline for a coding agent.

    Run again, it brings them up to date; what you changed stays. What you have in shared files stays, byte for byte.
    """
    found = agents.install(Workspace(), agent.value, form.value if form else "", dry_run)
    told = f"{agent.value} ({found.manifest.agents[agent.value]})"
    rows = _rows(found, f"{told}: {'would be installed' if dry_run else 'installed'}", dry_run)
    if dry_run:
        rows.append(following(f"agenticops agents install {agent.value}" + (f" --as {form.value}" if form else "")))
    elif found.writes:
        rows += _after(agent.value, found)
    emit("agents-install", _data(found, dry_run), rows, json)


@app.command(**example("agenticops agents uninstall claude", "agenticops agents uninstall --dry-run"))
def uninstall(
    agent: Annotated[AgentName | None, typer.Argument(help="The coding agent; default: all.")] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Take out what install wrote, and nothing else. A file that you changed stays, and is named."""
    found = agents.uninstall(Workspace(), agent.value if agent else "", dry_run)
    gone = [a for a in found.before.agents if a not in found.manifest.agents]
    if not gone:
        rows = [ok("nothing is installed for agents")]
    else:
        rows = _rows(found, f"{', '.join(gone)}: {'would be out' if dry_run else 'out'}", dry_run)
    if dry_run and gone:
        rows.append(following("agenticops agents uninstall" + (f" {agent.value}" if agent else "")))
    emit("agents-uninstall", _data(found, dry_run), rows, json)


@app.command(**example("agenticops agents show"))
def show(json: Json = False) -> None:
    """Show what is installed, which files you changed, and what an upgrade would do."""
    found = agents.show(Workspace())
    rows: list[Line] = []
    for agent, form in found.manifest.agents.items():
        rows.append(ok(agent, form))
    if not rows:
        rows = [line("nothing is installed for agents"), following("agenticops agents install claude")]
    else:
        rows.append(line(f"  {counted(len(found.manifest.files), 'file')}", (f"  {AGENTS_MANIFEST}", DIM)))
        rows += _changes(found)
        if found.writes:
            rows.append(following(f"agenticops agents install {next(iter(found.manifest.agents))}"))
    emit("agents", _data(found, True), rows, json)


@app.command(
    **example("agenticops agents permissions build", "agenticops agents permissions training_142 > limits.json")
)
def permissions(
    what: Annotated[
        str, typer.Argument(metavar="[MODE|TICKET]", help="A mode, or a ticket; default: what is at hand.")
    ] = "",
    json: Json = False,
) -> None:
    """Print what a mode allows and denies, as settings of Claude Code (`claude --settings FILE`)."""
    found = agents.permissions(Workspace(), what)
    text = msgspec.json.format(msgspec.json.encode({"permissions": found}), indent=2).decode()
    emit("agents-permissions", {"permissions": found}, [line(clean(row)) for row in text.split("\n")], json)


@app.command(**example("agenticops agents hook SessionStart < payload.json"))
def hook(
    event: Annotated[str, typer.Argument(metavar="EVENT", help="The event, by the client's name for it.")],
) -> None:
    """Answer one hook, as a coding agent calls it: JSON on standard input. It never breaks the agent."""
    from agenticops.cli import agenthook

    raise typer.Exit(agenthook.serve(event))


def _rows(found: agents.Settled, head: str, dry_run: bool) -> list[Line]:
    plan, would = found.plan, " would be" if dry_run else ""
    counts = (
        (len(plan.of("create")), "written"),
        (len(plan.of("update")), "changed"),
        (len(plan.of("delete")), "removed"),
    )
    said = ", ".join(f"{counted(n, 'file')}{would} {verb}" for n, verb in counts if n)
    rows = [ok(clean(head)), ok(said or "everything is up to date")]
    return rows + _changes(found, dry_run)


def _changes(found: agents.Settled, all_of_them: bool = True) -> list[Line]:
    """Show the plan; after it was done, only what is the user's."""
    shown = [c for c in found.plan.changes if all_of_them or c.verb == "keep" or c.why]
    return [line(f"  {MARKS[c.verb]} {clean(c.path)}", (f"  {clean(c.why)}", DIM)) for c in shown]


def _after(agent: str, found: agents.Settled) -> list[Line]:
    rows: list[Line] = []
    if agent == "claude" and not shutil.which(claude.GUARD):
        rows.append(line(("! ", WARN), f"{claude.GUARD} is not on the PATH: until it is, every tool call is refused"))
    rows.append(following("git add --all && git commit"))
    if found.manifest.agents.get(agent) == "plugin":
        rows.append(
            line(("  then  ", DIM), ("claude plugin marketplace add ./ && claude plugin install agenticops", STRONG))
        )
    return rows


def _data(found: agents.Settled, dry_run: bool) -> dict[str, Any]:
    return {
        "agents": found.manifest.agents,
        "files": sorted(found.manifest.files),
        "dry_run": dry_run,
        "changes": [{"verb": c.verb, "path": c.path, "why": c.why} for c in found.plan.changes],
    }


agentstates.add(app)
