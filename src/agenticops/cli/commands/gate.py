"""`check`, `gate show`, `advance` and `explain`."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from agenticops.cli import board, hot
from agenticops.cli.commands.options import Commit, Json, PhaseArgument, TicketArgument, example, group
from agenticops.cli.lines import DIM, STRONG, WARN, Line, bad, clean, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_VERDICT, UsageError
from agenticops.flows import conduct, judge
from agenticops.model.finding import Verdict
from agenticops.workspace import RESOURCES, Workspace

app = group("Gates: what a phase demands before work may leave it.", "agenticops gate show training")


@app.command(
    **example(
        "agenticops check",
        "agenticops check training_142",
        "agenticops check --base origin/main --head HEAD --replay",
    )
)
def check(
    ticket: Annotated[
        str, typer.Argument(metavar="[TICKET]", help="Judge this ticket's gate; default: the whole train.")
    ] = "",
    base: Annotated[str, typer.Option(metavar="REV", help="Compare with this commit: what was done stays done.")] = "",
    head: Annotated[str, typer.Option(metavar="REV", help="Judge this commit instead of the working tree.")] = "",
    staged: Annotated[bool, typer.Option("--staged", help="Judge what the next commit would hold.")] = False,
    replay: Annotated[bool, typer.Option("--replay", help="Judge every commit since the base, merges too.")] = False,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="The branch that is judged; default: the head, or GITHUB_HEAD_REF.")
    ] = "",
    json: Json = False,
) -> None:
    """Judge the whole train, or the gate of one ticket. Exits 3 when it does not hold."""
    if not base and (replay or branch):
        raise UsageError("--replay and --branch go with --base", hint="agenticops check --base origin/main --replay")
    if not (base or head or staged):
        raise typer.Exit(hot.serve("check", ticket or None, json))
    if ticket or (head and staged):
        raise UsageError(
            "--base, --head and --staged judge a whole train, one tree at a time", hint="agenticops check --help"
        )
    raise typer.Exit(hot.told(_compared(base, head, staged, branch, replay), json))


def _compared(base: str, head: str, staged: bool, branch: str, steps: bool) -> Verdict:
    if not base:
        return judge.trees(Workspace(), head, staged)
    from agenticops.flows import replay

    return replay.compare(Workspace(), replay.Call(base, head, staged, branch, steps))


@app.command(**example("agenticops gate show training"))
def show(phase: PhaseArgument, json: Json = False) -> None:
    """Show the gate of a phase: its checks, the artifacts owed, the ways on."""
    found, gate = judge.gate_of(Workspace(), phase)
    rows: list[Line] = [
        line((f"gate {gate.name}", STRONG), f"  of {found.name}", (f"  {clean(gate.description)}", DIM))
    ]
    for call in gate.checks:
        parameters = ", ".join(f"{k}={v}" for k, v in call.parameters.items())
        rows.append(line("  check     ", call.check, (f"  {clean(parameters)}", DIM)))
    rows += [line("  artifact  ", a) for a in found.artifacts]
    rows += [line("  input     ", i) for i in found.inputs]
    ways = [*found.next, *(["done"] if found.done or not found.next else [])]
    rows.append(line("  leads to  ", ", ".join(ways)))
    emit("gate", {"phase": found, "gate": gate}, rows, json)


@app.command(
    **example("agenticops advance opportunity_142 --commit", "agenticops advance retraining_142 --to validation")
)
def advance(
    ticket: TicketArgument = "",
    to: Annotated[str, typer.Option(metavar="PHASE|done", help="Where to, when several ways are open.")] = "",
    commit: Commit = False,
    override: Annotated[
        bool, typer.Option("--override", help="Move although the gate does not hold (operators only).")
    ] = False,
    reason: Annotated[str, typer.Option(help="Why the gate is overridden; it is recorded.")] = "",
    json: Json = False,
) -> None:
    """Judge the ticket's gate and, when it holds, move the work on.

    On the default branch this closes the ticket and opens the next one; on its phase branch it is set in review.
    """
    call = conduct.Call(to=to, override=override, reason=reason, commit=commit)
    outcome = conduct.advance(Workspace(), ticket or None, call)
    emit("advance", outcome, outcome_lines(outcome), json)
    if outcome.state == "refused":
        raise typer.Exit(EXIT_VERDICT)


def outcome_lines(outcome: conduct.Outcome) -> list[Line]:
    """Show what an advance did."""
    ticket, verdict = outcome.ticket, outcome.verdict
    count = len([f for f in verdict.findings if f.severity == "error"])
    if outcome.state == "refused":
        head = bad(f"the gate of {ticket.phase} does not hold ({count} finding{'s' if count > 1 else ''})")
        return [head, *board.finding_lines(verdict.findings)]
    rows = []
    if outcome.overridden:
        rows.append(line(("! ", WARN), f"gate overridden: {count} findings stand, and the log says why"))
    elif outcome.fresh:
        rows.append(ok("gate holds: the verdict is fresh", f"digest {verdict.digest[:8]}"))
    else:
        owed = f"{len(ticket.artifacts)} artifact{'' if len(ticket.artifacts) == 1 else 's'}"
        rows.append(ok(f"gate holds: {verdict.checks} checks, {owed}", f"digest {verdict.digest[:8]}"))
    if outcome.state == "in_review":
        rows.append(ok(f"{ticket.id} is in review", "merge the branch, then advance again"))
    elif outcome.successor is not None:
        after = outcome.successor
        rows.append(ok(f"{ticket.phase} → {after.phase}", f"ticket {after.id} · mode {after.mode}"))
    else:
        rows.append(ok(f"{ticket.phase} → done", f"work item {ticket.item} is delivered"))
    if outcome.commit:
        rows.append(ok(f"committed {outcome.commit}"))
    rows.append(following("agenticops next"))
    return rows


@app.command(**example("agenticops explain VT203"))
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A code such as VT203.")], json: Json = False
) -> None:
    """Say what a finding's code means, why the rule exists, and how to mend it."""
    folder = os.path.join(RESOURCES, "codes")
    known = sorted(n.removesuffix(".md") for n in os.listdir(folder) if n.startswith("VT"))
    name = code.upper()
    if name not in known:
        raise UsageError(f"there is no code {code!r}", hint=f"codes: {', '.join(known)}")
    with open(os.path.join(folder, f"{name}.md"), encoding="utf-8") as f:
        page = f.read()
    emit("code", {"code": name, "page": page}, [line(clean(row)) for row in page.rstrip().split("\n")], json)
