"""`pipeline`: show, graph, lint, diff."""

from __future__ import annotations

from typing import Annotated

import typer

from agenticops.cli import board, simulated
from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, STRONG, Line, bad, clean, counted, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_VERDICT
from agenticops.flows import pipeline, simulate
from agenticops.model.pipeline import Phase, Pipeline
from agenticops.workspace import Workspace

app = group("The pipeline in config/pipeline.yml.", "agenticops pipeline show training")


@app.command(**example("agenticops pipeline show", "agenticops pipeline show training"))
def show(
    phase: Annotated[str, typer.Argument(metavar="[PHASE]", help="One phase, with its stages and steps.")] = "",
    json: Json = False,
) -> None:
    """Show the phases, or one phase with its stages and steps."""
    found, one = pipeline.show(Workspace(), phase)
    emit("pipeline", one or found, _phase_lines(one) if one else _lines(found), json)


def _lines(found: Pipeline) -> list[Line]:
    parts = {n: len(getattr(found, n)) for n in ("phases", "modes", "agents", "artifacts")}
    counts = ", ".join(f"{n} {name}" for name, n in parts.items())
    rows: list[Line] = [line((clean(found.title or found.name), STRONG), (f"  {counts}", DIM))]
    stretch = ""
    for phase in found.phases.values():
        if phase.stretch != stretch:
            stretch = phase.stretch
            rows.append(line((f" {clean(stretch)}", DIM)))
        ways = ", ".join([*phase.next, *(["done"] if phase.done else [])])
        helpers = f" ({', '.join(phase.helpers)})" if phase.helpers else ""
        rows.append(
            line(
                "   ",
                (f"{phase.name:<22}", STRONG),
                f"{phase.mode:<10} {phase.owner + helpers:<28} ",
                (f"→ {ways}", DIM),
            )
        )
    return rows


def _phase_lines(phase: Phase) -> list[Line]:
    rows: list[Line] = [line((phase.name, STRONG), f"  {clean(phase.description)}")]
    pairs = {
        "mode": phase.mode,
        "owner": ", ".join((phase.owner, *phase.helpers)),
        "artifacts": ", ".join(phase.artifacts),
        "optional": ", ".join(phase.optional),
        "inputs": ", ".join(phase.inputs),
        "gate": phase.gate,
        "leads to": ", ".join([*phase.next, *(["done"] if phase.done else [])]),
    }
    rows += [line((f"  {k:<10}", DIM), v) for k, v in pairs.items() if v]
    for stage in phase.stages:
        rows.append(line((f"  stage {stage.name}", STRONG), f"  {clean(stage.purpose)}"))
        rows += [line(f"    goal  {clean(g)}") for g in stage.goals]
        for step in stage.steps:
            rows.append(line(f"    step  {step.name}", (f"  {clean(step.description)}  {', '.join(step.roles)}", DIM)))
    return rows


@app.command(**example("agenticops pipeline graph > pipeline.mmd"))
def graph(json: Json = False) -> None:
    """Print the pipeline as a Mermaid diagram, with the open tickets."""
    text = pipeline.graph(Workspace())
    emit("pipeline-graph", {"mermaid": text}, [line(row) for row in text.rstrip("\n").split("\n")], json)


@app.command(**example("agenticops pipeline lint"))
def lint(json: Json = False) -> None:
    """Find unknown names, unreachable phases, phases without exit, artifacts claimed twice. Exits 3 on errors."""
    findings = pipeline.lint(Workspace())
    errors = [f for f in findings if f.severity == "error"]
    head = (
        bad(f"the pipeline has {counted(len(errors), 'fault')}")
        if errors
        else ok("the pipeline is sound", counted(len(findings), "warning") if findings else "")
    )
    emit("pipeline-lint", {"findings": findings}, [head, *board.finding_lines(findings)], json)
    if errors:
        raise typer.Exit(EXIT_VERDICT)


@app.command(**example("agenticops pipeline diff origin/main", "agenticops pipeline diff origin/main..HEAD --check"))
def diff(
    span: Annotated[
        str, typer.Argument(metavar="BASE[..HEAD]", help="Two commits; with BASE alone, the working tree is compared.")
    ] = "HEAD",
    check: Annotated[
        bool, typer.Option("--check", help="Exit 3 when a ticket in flight becomes illegal or owes something new.")
    ] = False,
    json: Json = False,
) -> None:
    """Say what changed in the pipeline, and what it means for the tickets in flight."""
    found = simulate.difference(Workspace(), span)
    data = {"base": found.base, "head": found.head, "hurts": found.hurts, "in_flight": found.in_flight}
    data |= {"changes": found.changes, "tickets": found.tickets}
    emit("pipeline-diff", data, simulated.difference_lines(found), json)
    if check and found.hurts:
        raise typer.Exit(EXIT_VERDICT)
