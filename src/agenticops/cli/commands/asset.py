"""`asset`: what agents have at hand: list, show, add, lint."""

from __future__ import annotations

import shlex
from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bad, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.core.athand import EVERYBODY
from agenticops.errors import EXIT_VERDICT, UsageError
from agenticops.flows import asset
from agenticops.model.asset import KINDS, Asset
from agenticops.workspace import Workspace

app = group("Assets: skills, tools, MCP servers and interfaces in config/assets.yml.", "agenticops asset list")
MARKS = {"yes": ("✓", GOOD), "no": ("✗", BAD), "unknown": ("?", WARN)}


class Kind(StrEnum):
    """What an asset is."""

    skill = "skill"
    tool = "tool"
    mcp = "mcp"
    a2a = "a2a"


NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="An asset of config/assets.yml.")]


@app.command("list", **example("agenticops asset list", "agenticops asset list --agent lab --kind mcp"))
def list_(
    agent: Annotated[str, typer.Option(metavar="AGENT", help="Only those that this agent has.")] = "",
    kind: Annotated[Kind | None, typer.Option(help="skill, tool, mcp or a2a.")] = None,
    mode: Annotated[str, typer.Option(metavar="MODE", help="Only those for this mode.")] = "",
    json: Json = False,
) -> None:
    """List what is at hand, for whom, and whether it is there. Nothing that it names is run."""
    found = asset.listing(Workspace(), agent, kind or "", mode)
    width = max([len(s.asset.name) for s in found] + [12])
    rows = [_row(s, width) for s in found] or [line(("no assets", DIM))]
    rows.append(following("agenticops asset show NAME" if found else "agenticops asset add tool NAME --title …"))
    emit("asset-list", found, rows, json)


def _row(s: asset.Status, width: int) -> Line:
    words = cut(s.asset.title or s.asset.description, 44)
    who = _for(s)
    why = f"  {s.why}" if s.why else ""
    return line(
        MARKS[s.available],
        f" {clean(s.asset.name):<{width}}  {s.asset.kind:<5}  {words:<44}  ",
        (clean(who + why), DIM),
    )


def _for(s: asset.Status) -> str:
    if EVERYBODY in s.asset.agents or not (s.asset.agents or s.asset.satisfies):
        return "all agents"
    return clean(", ".join(s.agents)) or "no agent"


@app.command(**example("agenticops asset show mlflow"))
def show(name: NameArgument, json: Json = False) -> None:
    """Show one asset: what it is, where it comes from, who has it, what it needs."""
    found = asset.show(Workspace(), name)
    emit("asset", found, [*_page(found), following("agenticops asset lint")], json)


def _page(s: asset.Status) -> list[Line]:
    one = s.asset
    pairs = {
        "about": one.description,
        "version": one.version,
        "path": one.path,
        "package": one.package,
        "url": one.url,
        "command": shlex.join(one.command),
        "card": one.card,
        "for": _for(s),
        "gives": ", ".join(one.satisfies),
        "modes": ", ".join(one.modes),
        "phases": ", ".join(one.phases),
        "secrets": ", ".join(one.secrets),
        "there": f"{s.available}{f': {s.why}' if s.why else ''}",
    }
    head = line((clean(one.name), STRONG), f"  {clean(one.title)}", (f"  {one.kind}: {KINDS[one.kind]}", DIM))
    return [head, *(line((f"  {k:<8}", DIM), clean(v)) for k, v in pairs.items() if v)]


@app.command(
    **example(
        'agenticops asset add tool mlflow --title "Experiment tracking" --url https://mlflow.example.org '
        '--satisfies "Experiment tracking" --secret env:MLFLOW_TOKEN'
    )
)
def add(
    kind: Annotated[Kind, typer.Argument(metavar="KIND", help="skill, tool, mcp or a2a.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name: letters, digits, ., _ and -.")],
    title: Annotated[str, typer.Option(help="What it is, in a few words.")] = "",
    description: Annotated[str, typer.Option(help="What it is good for.")] = "",
    version: Annotated[str, typer.Option(help="Its version.")] = "",
    path: Annotated[str, typer.Option(help="Where it is in the repository.")] = "",
    package: Annotated[str, typer.Option(help="The package that brings it, for example pypi:mlflow.")] = "",
    url: Annotated[str, typer.Option(help="Where it answers.")] = "",
    command: Annotated[str, typer.Option(help="How it is started: program and arguments.")] = "",
    card: Annotated[str, typer.Option(help="Of another agent: its card, a path or an address.")] = "",
    agent: Annotated[
        list[str], typer.Option(help="An agent that has it, * for all; may be given more than once.")
    ] = [],  # noqa: B006
    satisfies: Annotated[list[str], typer.Option(help="A dependency of agents that it gives.")] = [],  # noqa: B006
    mode: Annotated[list[str], typer.Option(help="A mode that it is for; default: all.")] = [],  # noqa: B006
    phase: Annotated[list[str], typer.Option(help="A phase that it is for; default: all.")] = [],  # noqa: B006
    secret: Annotated[list[str], typer.Option(help="A secret that it needs, by reference: env:NAME.")] = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Declare an asset in config/assets.yml; comments and all else in the file stay."""
    try:
        words = tuple(shlex.split(command))
    except ValueError as e:
        raise UsageError(f"--command: {e}", hint="close the quotes") from None
    wanted = Asset(
        kind=kind.value,
        name=name,
        title=" ".join(title.split()),
        description=" ".join(description.split()),
        version=version,
        path=path,
        package=package,
        url=url,
        command=words,
        card=card,
        agents=tuple(agent),
        satisfies=tuple(" ".join(s.split()) for s in satisfies),
        modes=tuple(mode),
        phases=tuple(phase),
        secrets=tuple(secret),
    )
    found = asset.add(Workspace(), wanted)
    done = ok(f"{kind.value} {clean(name)} for {_for(found)}", "config/assets.yml")
    rows = [done, following("agenticops asset lint")]
    emit("asset", found, rows, json)


@app.command(**example("agenticops asset lint"))
def lint(json: Json = False) -> None:
    """Find wrong names, missing paths, secrets in clear, dependencies that nothing gives. Exits 3 on errors."""
    findings = asset.lint(Workspace())
    errors = [f for f in findings if f.severity == "error"]
    if errors:
        head = bad(f"the registry has {counted(len(errors), 'fault')}")
    else:
        head = ok("the registry is sound", counted(len(findings), "warning") if findings else "")
    emit("asset-lint", {"findings": findings}, [head, *board.finding_lines(findings)], json)
    if errors:
        raise typer.Exit(EXIT_VERDICT)
