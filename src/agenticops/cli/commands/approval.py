"""`approve`, `reject`, `revise` and `approval`: the review of a gate."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from agenticops.cli.commands.options import Commit, Json, TicketArgument, example, group
from agenticops.cli.lines import DIM, STRONG, Line, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit
from agenticops.flows import approval
from agenticops.flows import commit as commits
from agenticops.model.approval import Approval, Decision, Execution, Opinion
from agenticops.workspace import Workspace

app = group(
    "Reviews of gates: who was asked, what they said, what was decided.",
    "agenticops approval list",
    "agenticops approval request training_142 --reviewer grace@example.org",
)
GateOption = Annotated[
    str, typer.Option("--gate", "-g", metavar="GATE", help="The gate; default: the one that wants an approval.")
]
Score = Annotated[float, typer.Option(min=0, max=10, help="How good it is, 0 to 10.")]
Reason = Annotated[str, typer.Option(help="Why; it is recorded.")]
Suggest = Annotated[list[str], typer.Option(help="What would make it better; may be given more than once.")]
RoleOption = Annotated[str, typer.Option(help="The role to decide in; default: the first that you have.")]
Sign = Annotated[
    bool | None, typer.Option("--sign/--no-sign", help="Sign with git's ssh key; default: as the gate says.")
]
Record = Annotated[str, typer.Option("--decision", metavar="ID", help="The decision record that says more.")]


class Verdict(StrEnum):
    """What a reviewer thinks."""

    approved = "approved"
    rejected = "rejected"
    requires_revision = "requires_revision"


def _deciding(name: str, decision: Decision, words: str, call: str) -> None:
    """Make one of the commands that decide a review: they differ in what they say, not in how they are called."""

    @app.command(name, help=words, **example(f"agenticops {name} training_142 {call}"))
    def decide(
        score: Score,
        reason: Reason,
        ticket: TicketArgument = "",
        gate: GateOption = "",
        suggest: Suggest = [],  # noqa: B006
        role: RoleOption = "",
        record: Record = "",
        sign: Sign = None,
        commit: Commit = False,
        json: Json = False,
    ) -> None:
        asked = approval.Call(decision, score, reason, gate, role, tuple(suggest), record, sign)
        _decide(ticket, asked, commit, json)


_deciding(
    "approve",
    "approved",
    "Approve what a gate wants reviewed: just this content, with your signature.",
    '--score 8 --reason "the figures hold on ward 7"',
)
_deciding(
    "reject",
    "rejected",
    "Reject what a gate wants reviewed, with the reason.",
    '--score 2 --reason "trained on the test set"',
)
_deciding(
    "revise",
    "requires_revision",
    "Ask for a revision of what a gate wants reviewed, with suggestions.",
    '--score 5 --reason "no baseline" --suggest "compare with last year"',
)


def _decide(ticket: str, call: approval.Call, commit: bool, json: bool) -> None:
    workspace = Workspace()
    done = approval.decide(workspace, ticket or None, call)
    said, words = done.statement, call.decision.replace("_", " ")
    how = "signed" if done.signed else "not signed"
    rows = [ok(f"{said.ticket}: gate {said.gate} {words}", f"{how} · score {said.score:g} · digest {said.digest[:8]}")]
    item = workspace.train.ticket(said.ticket).item
    subject = f"{said.ticket}: gate {said.gate} {words}"
    short = commits.of_item(workspace, item, subject, said.ticket) if commit else ""
    if short:
        rows.append(ok(f"committed {short}"))
    after = "advance" if call.decision == "approved" else "approval show"
    rows.append(following(f"agenticops {after} {said.ticket}"))
    emit("approval", {"statement": said, "signed": done.signed, "record": done.record, "commit": short}, rows, json)


@app.command("list", **example("agenticops approval list", "agenticops approval list training_142"))
def list_(
    ticket: Annotated[str, typer.Argument(metavar="[TICKET]", help="Only this ticket's; default: all open ones.")] = "",
    json: Json = False,
) -> None:
    """List the reviews that gates of open tickets want, and how they stand."""
    found = approval.listing(Workspace(), ticket or None)
    rows: list[Line] = [_short(r) for r in found]
    rows = rows or [line(("no gate of an open ticket wants an approval", DIM)), following("agenticops status")]
    emit("approval-list", found, rows, json)


@app.command(**example("agenticops approval show training_142"))
def show(ticket: TicketArgument = "", gate: GateOption = "", json: Json = False) -> None:
    """Show a gate's review: status, reviewers, feedback, escalation, and the gate's runs."""
    workspace = Workspace()
    record, runs = approval.show(workspace, ticket or None, gate)
    old = approval.stale(workspace, record)
    rows = [_short(record)]
    rows += [line(("  asked     ", DIM), clean(r)) for r in record.reviewers]
    rows += [line(("  in hand   ", DIM), clean(who)) for who in record.reviews.values()]
    for said in record.feedback:
        words = "; ".join(w for w in (said.reason, *said.suggestions) if w)
        mark = ("(of other content)", DIM) if said in old else ""
        rows.append(line((f"  {said.at[:10]}  ", DIM), f"{clean(said.reviewer)} {said.verdict} {said.score:g}  ", mark))
        rows += [line("              ", cut(words, 100))] if words else []
    if record.escalation:
        before = ", ".join(record.escalation.to) or "a person"
        state = "open" if record.escalation.open else "answered"
        rows.append(line(("  escalated ", DIM), clean(f"to {before} ({state}): {record.escalation.reason}")))
    rows += [line(("  problem   ", DIM), clean(p)) for p in record.problems]
    rows += run_lines(runs)
    more = f'agenticops approve {record.ticket} --gate {record.gate} --score 0..10 --reason "…"'
    rows.append(following(f"agenticops advance {record.ticket}" if record.status == "approved" and not old else more))
    emit("approval", {"record": record, "outdated": old, "executions": runs}, rows, json)


@app.command(
    **example("agenticops approval request training_142 --reviewer grace@example.org --reviewer agent:evaluator")
)
def request(
    ticket: TicketArgument = "",
    reviewer: Annotated[
        list[str], typer.Option(help="A person, agent:NAME or a role; may be given more than once.")
    ] = [],  # noqa: B006
    gate: GateOption = "",
    json: Json = False,
) -> None:
    """Ask people and agents to review what a gate guards."""
    record = approval.request(Workspace(), ticket or None, gate, reviewer)
    _told(record, f"review of {record.ticket} asked of {', '.join(record.reviewers)}", json)


@app.command(**example("agenticops approval begin training_142"))
def begin(ticket: TicketArgument = "", gate: GateOption = "", json: Json = False) -> None:
    """Take a review up: it is then in review."""
    record = approval.begin(Workspace(), ticket or None, gate)
    _told(record, f"you review {record.ticket}", json)


@app.command(
    **example(
        'agenticops approval review training_142 --verdict requires_revision --score 6 --suggest "add a baseline"'
    )
)
def review(
    verdict: Annotated[Verdict, typer.Option(help="What you would decide.")],
    score: Score,
    ticket: TicketArgument = "",
    gate: GateOption = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    suggest: Suggest = [],  # noqa: B006
    json: Json = False,
) -> None:
    """Give feedback without deciding; it counts for no gate."""
    thought: Decision = verdict.value
    said = Opinion(thought, score, tuple(" ".join(s.split()) for s in suggest), " ".join(reason.split()))
    record = approval.review(Workspace(), ticket or None, gate, said)
    _told(record, f"feedback on {record.ticket} recorded", json)


@app.command(**example('agenticops approval escalate training_142 --to grace@example.org --reason "we disagree"'))
def escalate(
    reason: Reason,
    ticket: TicketArgument = "",
    to: Annotated[list[str], typer.Option(help="A person, agent:NAME or a role; default: any person.")] = [],  # noqa: B006
    gate: GateOption = "",
    json: Json = False,
) -> None:
    """Put a review before others: one of them has to approve before the gate holds."""
    record = approval.escalate(Workspace(), ticket or None, gate, to, reason)
    _told(record, f"review of {record.ticket} put before {', '.join(to) or 'a person'}", json)


def _told(record: Approval, what: str, json: bool) -> None:
    rows = [ok(clean(what), f"gate {record.gate}"), following(f"agenticops approval show {record.ticket}")]
    emit("approval", {"record": record}, rows, json)


def _short(record: Approval) -> Line:
    scores = [f.score for f in record.feedback]
    rest = (
        f"{counted(len(record.given), 'decision')} · score {sum(scores) / len(scores):.1f}" if scores else "no word yet"
    )
    return line(
        (record.ticket, STRONG), f"  gate {clean(record.gate)}  {record.status.replace('_', ' ')}  ", (rest, DIM)
    )


def run_lines(runs: list[Execution]) -> list[Line]:
    """Show the runs of gates, one line each."""
    return [
        line((f"  {r.created_at[:16].replace('T', ' ')}  ", DIM), f"{r.ticket}  {clean(r.gate_name)}  ")
        + line((f"{r.outcome.replace('_', ' ') or 'not run yet'} · {r.approval_status.replace('_', ' ')}", DIM))
        for r in runs
    ]
