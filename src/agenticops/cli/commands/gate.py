"""`gate show`, `advance` and `explain`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Commit, Json, PhaseArgument, TicketArgument, example, group
from agenticops.cli.lines import DIM, STRONG, WARN, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_OK, EXIT_VERDICT, UsageError
from agenticops.flows import conduct, judge
from agenticops.workspace import RESOURCES, Workspace

if TYPE_CHECKING:
    from agenticops.flows.verify import Verified

app = group("Gates: what a phase demands before work may leave it.", "agenticops gate show training")


@app.command(**example("agenticops gate show training"))
def show(phase: PhaseArgument, json: Json = False) -> None:
    """Show the gate of a phase: its checks, the artifacts owed, the ways on."""
    found, gate = judge.gate_of(Workspace(), phase)
    rows: list[Line] = [
        line((f"gate {gate.name}", STRONG), f"  of {found.name}", (f"  {clean(gate.description)}", DIM))
    ]
    rows.append(line((f"  {gate.type.replace('_', ' ')}, evidence {gate.level}", DIM)))
    for call in gate.checks:
        named = f"{call.check} {call.name}".rstrip()
        rows.append(line("  check     ", f"{clean(named):<20}", (f" {clean(_asked(call.parameters))}".rstrip(), DIM)))
    rows += [line("  artifact  ", a) for a in found.artifacts]
    rows += [line("  input     ", i) for i in found.inputs]
    ways = [*found.next, *(["done"] if found.done or not found.next else [])]
    rows.append(line("  leads to  ", ", ".join(ways)))
    emit("gate", {"phase": found, "gate": gate}, rows, json)


def _asked(parameters: dict[str, Any]) -> str:
    """Write what a call asks for in few words."""
    shown = {k: " ".join(map(str, v)) if isinstance(v, list) else v for k, v in parameters.items()}
    return " · ".join(f"{k} {v}" for k, v in shown.items())


@app.command(**example("agenticops gate run training_142", "agenticops gate run --verify --base origin/main"))
def run(
    ticket: TicketArgument = "",
    gate: Annotated[str, typer.Option("--gate", metavar="GATE", help="The gate; default: that of the phase.")] = "",
    check: Annotated[str, typer.Option("--check", metavar="NAME", help="Only this command of the gate.")] = "",
    verify: Annotated[
        bool, typer.Option("--verify", help="Record it as verified; with --base, prove again and record nothing.")
    ] = False,
    base: Annotated[str, typer.Option(metavar="REV", help="Run again what the gates since this commit rest on.")] = "",
    head: Annotated[str, typer.Option(metavar="REV", help="The commit that must be checked out for that.")] = "",
    json: Json = False,
) -> None:
    """Run the commands that a gate names, and record the evidence. Exits 3 when one does not pass.

    Commands run only in a clone whose owner trusted them (agenticops trust give).
    """
    from agenticops.cli.commands import evidence as faces
    from agenticops.flows import evidence

    if not base and not head:
        faces.told(evidence.run(Workspace(), ticket or None, gate, check, verify), json)
        return
    if not (verify and base) or ticket or gate or check:
        hint = "agenticops gate run --verify --base origin/main"
        raise UsageError("--base goes with --verify, and is about all gates since then", hint=hint)
    from agenticops.flows import verify as verifying

    found = verifying.verify(Workspace(), base, head)
    emit("gate-verify", found, verified_lines(found), json)
    if any(f.severity == "error" for f in found.findings):
        raise typer.Exit(EXIT_VERDICT)


def verified_lines(found: Verified) -> list[Line]:
    """Show what was run again."""
    gates = counted(len(found.gates), "gate")
    rows: list[Line] = [line((f"{gates} passed since {found.base[:10]}", STRONG))]
    for one in found.runs:
        about = f"{one['milliseconds'] / 1000:.1f} s"
        title = f"{one['ticket']} {clean(one['gate'])} › {clean(one['check'])}"
        rows.append(ok(title, about) if one["outcome"] == "passed" else bad(f"{title}: {one['outcome']}"))
    if found.findings:
        return [*rows, bad("what they rest on does not hold"), *board.finding_lines(found.findings)]
    return [*rows, ok("what they rest on holds")]


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
    expires: Annotated[
        str, typer.Option(metavar="WHEN", help="Until when the override may stay open, as 14d or 2026-05-01.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen, and write nothing.")] = False,
    json: Json = False,
) -> None:
    """Judge the ticket's gate and, when it holds, move the work on.

    On the default branch this closes the ticket and opens the next one; on its phase branch it is set in review.
    """
    call = conduct.Call(to=to, override=override, reason=reason, expires=expires, commit=commit)
    if dry_run:
        raise typer.Exit(_rehearsed(ticket, call, json))
    outcome = conduct.advance(Workspace(), ticket or None, call)
    emit("advance", outcome, outcome_lines(outcome), json)
    if outcome.state == "refused":
        raise typer.Exit(EXIT_VERDICT)


def _rehearsed(ticket: str, call: conduct.Call, json: bool) -> int:
    """Show an advance that writes nothing; gives the exit code that it would have."""
    from agenticops.cli import simulated
    from agenticops.flows import simulate

    found = simulate.advance(Workspace(), ticket or None, call)
    rows = outcome_lines(found.outcome)
    if found.outcome.state != "refused":
        rows.pop()  # what comes next comes after the real one
    again = f"agenticops advance {found.outcome.ticket.id}{f' --to {call.to}' if call.to else ''}"
    emit("advance-dry-run", found, simulated.rehearsal_lines(found, rows, again), json)
    return EXIT_VERDICT if found.outcome.state == "refused" else EXIT_OK


@app.command(**example("agenticops gate executions training_142 --json"))
def executions(
    ticket: Annotated[str, typer.Argument(metavar="[TICKET]", help="Only this ticket's; default: all.")] = "",
    json: Json = False,
) -> None:
    """List the runs of gates as records: criteria, checks, review, score, times."""
    from agenticops.cli.commands.approval import run_lines
    from agenticops.flows import approval

    found = approval.executions(Workspace(), ticket or None)
    rows = run_lines(found) or [line(("no gate has run yet", DIM)), following("agenticops check")]
    emit("gate-executions", found, rows, json)


@app.command(**example("agenticops gate replay --last 200", "agenticops gate replay training --gate-file stricter.yml"))
def replay(
    name: Annotated[
        str, typer.Argument(metavar="[PHASE|GATE]", help="Whose tickets; default: each phase by its own gate.")
    ] = "",
    last: Annotated[int, typer.Option("--last", metavar="N", help="How many commits back.")] = 100,
    gate_file: Annotated[
        str,
        typer.Option("--gate-file", metavar="FILE", help="Take the gate from this file (gates: …), not the train's."),
    ] = "",
    json: Json = False,
) -> None:
    """Judge what was closed in the last commits by the gate as it is now: would it have caught it?"""
    from agenticops.cli import simulated
    from agenticops.flows import simulate

    found = simulate.gates(Workspace(), name, last, gate_file)
    data = {"commits": found.commits, "closed": len(found.rows), "held": found.held, "tickets": found.rows}
    emit("gate-replay", data, simulated.replayed_lines(found), json)


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
        rows.append(line(("! ", WARN), f"risk {outcome.risk} stays open until: agenticops override repay {ticket.id}"))
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
