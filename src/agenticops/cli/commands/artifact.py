"""`artifact`: what a ticket owes."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Json, TicketArgument, TicketOption, example, group
from agenticops.cli.lines import DIM, STRONG, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.cli.page import ARTIFACT
from agenticops.errors import EXIT_VERDICT, UsageError
from agenticops.flows import artifact
from agenticops.model.finding import Finding
from agenticops.workspace import Workspace

app = group(
    "Artifacts: deliverables with contracts; one counts when this visit recorded it.",
    "agenticops artifact record --all",
)
NAMES = "The artifact's name, or the end of its path."


@app.command("list", **example("agenticops artifact list", "agenticops artifact list training_142 --json"))
def list_(ticket: TicketArgument = "", json: Json = False) -> None:
    """List what a ticket owes, and how each artifact stands."""
    found, owed = artifact.listing(Workspace(), ticket or None)
    rows: list[Line] = [
        line((found.id, STRONG), f"  owes {counted(len([o for o in owed if o['required']]), 'artifact')}")
    ]
    for entry in owed:
        mark, style = ARTIFACT[entry["state"]]
        rows.append(
            line(
                "  ",
                (mark, style),
                f" {entry['name']:<26} {clean(entry['path'])}",
                (f"  {entry['state']}{'' if entry['required'] else ', optional'}", DIM),
            )
        )
        rows += [line(f"      {f.code}  {clean(f.message)}") for f in entry["findings"]]
    first = next((o for o in owed if o["state"] != "recorded"), None)
    if first:
        verb = "new" if first["state"] == "missing" else "record"
        rows.append(following(f"agenticops artifact {verb} {first['name']} --ticket {found.id}"))
    emit("artifact-list", {"ticket": found.id, "artifacts": owed}, rows, json)


@app.command(**example("agenticops artifact new opportunity-brief"))
def new(name: Annotated[str, typer.Argument(help=NAMES)], ticket: TicketOption = "", json: Json = False) -> None:
    """Write an artifact from its template; an existing file is never overwritten."""
    found, path = artifact.new(Workspace(), ticket or None, name)
    rows = [
        ok("written from its template", path),
        line(("  then    ", DIM), "fill it in"),
        following(f"agenticops artifact record {name} --ticket {found.id}"),
    ]
    emit("artifact-new", {"ticket": found.id, "path": path}, rows, json)


@app.command(
    **example("agenticops artifact check", "agenticops artifact check model-flow --ticket model-architecture_142")
)
def check(
    names: Annotated[list[str], typer.Argument(metavar="[NAME...]", help=NAMES)] = [],  # noqa: B006
    ticket: TicketOption = "",
    json: Json = False,
) -> None:
    """Judge artifacts against their contracts. Exits 3 when one does not hold."""
    found, chosen, findings = artifact.check(Workspace(), ticket or None, names)
    rows = (
        _refusal("does not satisfy its contract", findings)
        if findings
        else [ok(f"{', '.join(chosen) or 'nothing owed'}: the contracts hold")]
    )
    emit("artifact-check", {"ticket": found.id, "artifacts": chosen, "findings": findings}, rows, json)
    if any(f.severity == "error" for f in findings):
        raise typer.Exit(EXIT_VERDICT)


@app.command(**example("agenticops artifact record opportunity-brief", "agenticops artifact record --all"))
def record(
    names: Annotated[list[str], typer.Argument(metavar="[NAME...]", help=NAMES)] = [],  # noqa: B006
    everything: Annotated[bool, typer.Option("--all", help="All that the ticket owes.")] = False,
    ticket: TicketOption = "",
    json: Json = False,
) -> None:
    """Record artifacts with their digests. What breaks its contract is not recorded (exit 3)."""
    if bool(names) == everything:
        raise UsageError("name the artifacts, or say --all", hint="agenticops artifact list")
    found, recorded, findings = artifact.record(Workspace(), ticket or None, names)
    data = {"ticket": found.id, "recorded": recorded, "findings": findings}
    if not recorded and findings:
        emit("artifact-record", data, _refusal("not recorded", findings), json)
        raise typer.Exit(EXIT_VERDICT)
    rows = [ok(f"recorded {r['artifact']}", f"{r['path']}  sha256 {r['sha256'][:8]}") for r in recorded]
    emit("artifact-record", data, [*rows, following(f"agenticops next {found.id}")], json)


@app.command(**example('agenticops artifact keep champion-log --reason "same champion as last month"'))
def keep(
    name: Annotated[str, typer.Argument(help=NAMES)],
    reason: Annotated[str, typer.Option(help="Why it stays as an earlier visit left it.")],
    ticket: TicketOption = "",
    json: Json = False,
) -> None:
    """Let an unchanged artifact of an earlier visit count for this one."""
    found, row = artifact.keep(Workspace(), ticket or None, name, reason)
    emit(
        "artifact-keep",
        {"ticket": found.id, **row},
        [ok(f"kept {row['artifact']}", f"{row['path']}  sha256 {row['sha256'][:8]}")],
        json,
    )


def _refusal(what: str, findings: list[Finding]) -> list[Line]:
    count = len(findings)
    return [bad(f"{what} ({count} finding{'s' if count > 1 else ''})"), *board.finding_lines(findings)]
