"""`evidence`: what commands proved, for which files, and how far that goes."""

from __future__ import annotations

import shlex
from typing import Annotated, Any

import typer

from agenticops.cli import board
from agenticops.cli.commands.options import Json, TicketArgument, TicketOption, example, group
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, bad, clean, counted, following, line, ok
from agenticops.cli.output import emit
from agenticops.errors import EXIT_VERDICT
from agenticops.flows import evidence
from agenticops.workspace import Workspace

app = group("Evidence: what a gate's commands proved, and for which files.", "agenticops evidence list training_142")
Id = Annotated[str, typer.Argument(metavar="ID", help="The evidence's id, or its start.")]
Verify = Annotated[bool, typer.Option("--verify", help="Record it as verified; no agent can.")]
GateOption = Annotated[str, typer.Option("--gate", metavar="GATE", help="The gate; default: that of the phase.")]


@app.command("list", **example("agenticops evidence list", "agenticops evidence list training_142 --json"))
def list_(ticket: TicketArgument = "", json: Json = False) -> None:
    """List a ticket's evidence, and whether it is about the files as they are now."""
    found, entries = evidence.listing(Workspace(), ticket or None)
    rows = [line((found.id, STRONG), f"  {counted(len(entries), 'run')} and attestations recorded")]
    rows += [_row(e) for e in entries]
    goal = f"agenticops evidence show {entries[-1]['id']}" if entries else f"agenticops gate run {found.id}"
    emit("evidence-list", {"ticket": found.id, "evidence": entries}, [*rows, following(goal)], json)


def _row(entry: dict[str, Any]) -> Line:
    passed = entry["outcome"] == "passed"
    mark = ("✓", GOOD) if passed and entry["fresh"] else ("✗", BAD) if not passed else ("·", WARN)
    about = f"{entry['outcome']}, {entry['level']}" + ("" if entry["fresh"] else ", stale")
    title = f"  {clean(entry['gate'])} › {clean(entry['check'])}"
    return line("  ", mark, f" {entry['id']}  {entry['at'][:16]}Z", title, (f"  {clean(about)}", DIM))


@app.command(**example("agenticops evidence show 01KE7V9Q"))
def show(id: Id, json: Json = False) -> None:
    """Show one evidence whole: words, outcome, digests, and the end of the output."""
    event, entry = evidence.show(Workspace(), id)
    data = event.data
    rows = [_row(entry)]
    if "argv" in data:
        rows.append(line(("  ran      ", DIM), clean(shlex.join(map(str, data["argv"])))))
    shown = ("reason", "signer", "code", "milliseconds", "version", "by", "files", "tree", "output", "bytes", "changed")
    rows += [line((f"  {name:<9}", DIM), clean(data[name])) for name in shown if name in data]
    reports = data.get("reports")
    for path, left in reports.items() if isinstance(reports, dict) else ():
        digest = str(left.get("sha256", "")) if isinstance(left, dict) else ""
        rows.append(line(("  report   ", DIM), clean(path), (f"  sha256 {clean(digest)[:16]}", DIM)))
    tail = str(data.get("tail", ""))
    rows += [line(("  | ", DIM), clean(row)) for row in tail.rstrip("\n").split("\n")] if tail else []
    rows.append(following(f"agenticops evidence rerun {event.id}"))
    emit("evidence", {**entry, "event": event}, rows, json)


@app.command(**example("agenticops evidence rerun 01KE7V9Q"))
def rerun(id: Id, verify: Verify = False, json: Json = False) -> None:
    """Run again what an evidence is of, as the pipeline names it now. Exits 3 when it does not pass."""
    told(evidence.rerun(Workspace(), id, verify), json)


@app.command(**example('agenticops evidence attest field-trial --reason "Ward 7 ran it for two weeks"'))
def attest(
    check: Annotated[str, typer.Argument(metavar="CHECK", help="The check's name in the gate.")],
    reason: Annotated[str, typer.Option(help="What you saw; it is signed.")],
    ticket: TicketOption = "",
    gate: GateOption = "",
    json: Json = False,
) -> None:
    """Vouch with your ssh key for a check that cannot be run again."""
    found, tree = evidence.attest(Workspace(), ticket or None, check, reason, gate)
    rows = [ok(f"{check} is attested", f"files {tree[:8]}"), following(f"agenticops check {found.id}")]
    emit("evidence-attest", {"ticket": found.id, "check": check, "tree": tree}, rows, json)


def told(ran: evidence.Ran, as_json: bool) -> None:
    """Show what was run, and exit 3 when something is wrong."""
    rows: list[Line] = []
    for run in ran.runs:
        rows += _ran(run)
    if not ran.runs:
        rows.append(ok("this gate names no command"))
    if ran.findings:
        rows += board.finding_lines(ran.findings)
    else:
        rows.append(following(f"agenticops check {ran.ticket.id}"))
    runs = [{"gate": r.gate, "check": r.check, "ticked": r.ticked, **r.record} for r in ran.runs]
    emit("gate-run", {"ticket": ran.ticket.id, "runs": runs, "findings": ran.findings}, rows, as_json)
    if any(f.severity == "error" for f in ran.findings):
        raise typer.Exit(EXIT_VERDICT)


def _ran(run: evidence.Run) -> list[Line]:
    record = run.record
    if not record:
        return [bad(f"{clean(run.check)} did not run")]
    about = f"{record['milliseconds'] / 1000:.1f} s  {record['level']}  files {record['tree'][:8]}"
    if record["outcome"] == "passed":
        return [ok(f"{clean(run.check)} passed", about), *(ok(f"ticked {clean(words)}") for words in run.ticked)]
    tail = record["tail"].rstrip("\n").split("\n")[-10:]
    rows = [bad(f"{clean(run.check)}: {record['outcome']}"), line((f"  {about}", DIM))]
    return [*rows, *(line(("  | ", DIM), clean(row)) for row in tail)]
