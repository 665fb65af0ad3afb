"""`worker`: what leaves the repository: deliver it, see how it stands, send it again."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from agenticops.cli.commands.options import Json, example, group
from agenticops.cli.lines import DIM, WARN, Line, bad, clean, counted, cut, following, line, ok
from agenticops.cli.output import emit, redacted, show
from agenticops.cli.signals import hearing
from agenticops.errors import EXIT_INTERRUPTED, UsageError
from agenticops.flows.worker import rows as outbox
from agenticops.model.record import Delivery
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from agenticops.flows.worker.run import Worker

app = group(
    "Deliver what rules and notifications send outside: mail, webhooks, scripts, agents, messages.",
    "agenticops worker run",
    "agenticops worker status",
)
Uncommitted = Annotated[
    bool, typer.Option("--uncommitted", help="Deliver also what no commit of the default branch holds yet.")
]
Name = Annotated[str, typer.Argument(metavar="ID", help="The delivery's id, or its start.")]
MARKS = {"delivered": "✓", "tried": "↻", "dead": "✗"}
SHOWN = 10


class Status(StrEnum):
    """How a delivery stands."""

    queued = "queued"
    trying = "trying"
    delivered = "delivered"
    dead = "dead"


@app.command(**example("agenticops worker run", "agenticops worker run --once --commit"))
def run(
    once: Annotated[bool, typer.Option("--once", help="End when nothing is due.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="With --once: wait for what is due within so many seconds.")] = 0.0,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit the outcomes that the log was told, from time to time.")
    ] = False,
    uncommitted: Uncommitted = False,
    json: Json = False,
) -> None:
    """Let rules and schedules fire and deliver what is due, on the default branch, as the only worker.

    Only what a commit of the default branch holds is delivered. Ctrl-C lets what is being sent come to its end; a
    second one ends at once, and what was cut off is sent again the next time, under the same key.
    """
    if wait and not once:
        raise UsageError(
            "--wait is for --once: without it the worker waits for ever", hint="agenticops worker run --once"
        )
    from agenticops.flows.worker.run import Wanted, Worker

    worker = Worker(Workspace(), Wanted(once, wait, commit, uncommitted), _silent if json else _tell)
    with _signals(worker):
        report = worker.run()
    head = (
        f"{counted(report.delivered, 'delivery') if report.delivered == 1 else f'{report.delivered} deliveries'} made"
    )
    rest = [
        f"{n} {words}"
        for n, words in ((report.tried, "tried"), (report.dead, "given up"), (report.fired, "rules fired"))
        if n
    ]
    lines: list[Line] = [ok(head, " · ".join(rest))]
    lines += _left(report.left)
    lines.append(following(_next(report.left)))
    emit("worker-run", report, lines, json)


def _silent(id: str, outcome: str, words: str) -> None:
    """A program reads the envelope at the end."""


def _tell(id: str, outcome: str, words: str) -> None:
    import sys

    style = {"dead": "red", "tried": WARN}.get(outcome, "green")
    show([line((f"{MARKS[outcome]} ", style), f"{id} {outcome:<10}", (clean(redacted(words)), DIM))], sys.stderr)


def _left(counts: outbox.Counts) -> list[Line]:
    found = []
    if counts.uncommitted:
        words = f"{counts.uncommitted} wait for a commit of the default branch that holds them (or --uncommitted)"
        found.append(line(("  ! ", WARN), words))
    if counts.queued + counts.trying:
        found.append(line((f"  {counts.queued} queued · {counts.trying} to be tried again", DIM)))
    return found


def _next(counts: outbox.Counts) -> str:
    if counts.dead:
        return "agenticops worker list --status dead"
    if counts.uncommitted:
        return "git add .agenticops && git commit, then agenticops worker run"
    return "agenticops worker run" if counts.queued + counts.trying else "agenticops worker status"


def _signals(worker: Worker) -> AbstractContextManager[list[int]]:
    """Let a signal end the worker once what is sent has come to its end; the second one ends the process at once."""

    def hear(number: int, again: bool) -> None:
        if again:
            os._exit(EXIT_INTERRUPTED)  # nothing is lost by it: the log says what is still to be sent
        worker.stop()

    return hearing(hear)


@app.command(**example("agenticops worker status"))
def status(json: Json = False) -> None:
    """Show who delivers, what waits and until when, what was given up, and what was delivered last."""
    from agenticops.flows.worker import tenancy

    here = Workspace()
    counts, holder = outbox.counts(here), tenancy.standing(here)
    trying = outbox.listing(here, ("trying",), SHOWN)
    dead = outbox.listing(here, ("dead",), SHOWN, newest=True)
    last = outbox.listing(here, ("delivered",), SHOWN, newest=True)
    lines: list[Line] = [
        ok(f"{tenancy.said(holder)} delivers", f"since {clean(holder.get('since', '?'))}")
        if holder
        else line(("  no worker is at work in this clone", DIM)),
        line(f"  {counts.queued} queued · {counts.trying} trying · {counts.delivered} delivered · {counts.dead} dead"),
    ]
    lines += (
        [line(("  ! ", WARN), f"{counts.uncommitted} wait for a commit of the default branch")]
        if counts.uncommitted
        else []
    )
    lines += [row for one in (*trying, *dead, *last) for row in (_row(one),)]
    lines.append(following(_next(counts)))
    data = {"worker": holder, "counts": counts, "trying": trying, "dead": dead, "delivered": last}
    emit("worker-status", data, lines, json)


@app.command("list", **example("agenticops worker list --status dead"))
def list_(
    status: Annotated[list[Status], typer.Option(help="Only these; may be given more than once.")] = [],  # noqa: B006
    limit: Annotated[int, typer.Option(min=0, help="No more than so many; 0 for all.")] = 50,
    json: Json = False,
) -> None:
    """List deliveries, those due first."""
    found = outbox.listing(Workspace(), [one.value for one in status], limit)
    lines = [_row(one) for one in found] or [line(("  nothing", DIM))]
    lines.append(following(f"agenticops worker show {found[0].id}" if found else "agenticops worker status"))
    emit("worker-list", found, lines, json)


@app.command("show", **example("agenticops worker show o4k2"))
def show_(id: Name, json: Json = False) -> None:
    """Show one delivery: what goes where, and what became of each try. Secrets stand there by their names only."""
    here = Workspace()
    found = outbox.find(here, id)
    told = outbox.told(here, found.id)
    lines: list[Line] = [_row(found)]
    payload = found.payload if isinstance(found.payload, dict) else {"payload": found.payload}
    lines += [line((f"  {clean(name):<10}", DIM), cut(value, 100)) for name, value in payload.items() if value]
    lines += [
        line((f"  {event['at'][:19]} ", DIM), f"{event['kind'].removeprefix('outbox_'):<10}", _words(event))
        for event in told
    ]
    lines.append(
        following(f"agenticops worker retry {found.id}" if found.status == "dead" else "agenticops worker status")
    )
    emit("worker-show", {**_builtins(found), "events": told}, lines, json)


@app.command(**example("agenticops worker retry o4k2", "agenticops worker retry --all-dead"))
def retry(
    ids: Annotated[
        list[str], typer.Argument(metavar="[ID]...", help="Dead deliveries, or the starts of their ids.")
    ] = [],  # noqa: B006
    all_dead: Annotated[bool, typer.Option("--all-dead", help="All that were given up.")] = False,
    json: Json = False,
) -> None:
    """Send what was given up on its way again: under the same key, with all its tries."""
    if bool(ids) == all_dead:
        raise UsageError("name deliveries, or say --all-dead", hint="agenticops worker list --status dead")
    found = outbox.retry(Workspace(), ids, all_dead)
    lines = [ok(f"{len(found)} on the way again"), following("agenticops worker run --once")]
    emit("worker-retry", found, lines, json)


@app.command(**example("agenticops worker reconcile"))
def reconcile(uncommitted: Uncommitted = False, json: Json = False) -> None:
    """Compare the log with the engine: what is due in the log, and the engine does not know or takes for done.

    The next `worker run` hands it to the engine again; nothing is changed here.
    """
    from agenticops.flows.worker import run as running

    found = running.reconcile(Workspace(), uncommitted)
    words = {"unknown": "the engine does not know it", "done": "the engine takes it for done"}
    lines: list[Line] = [line(f"  {step.id} ", (words[step.engine], DIM)) for step in found]
    lines = lines or [ok("the engine knows all that is due")]
    lines.append(following("agenticops worker run --once" if found else "agenticops worker status"))
    emit("worker-reconcile", found, lines, json)


def _row(one: Delivery) -> Line:
    about = f"next {one.due[:19]}" if one.status == "trying" else one.ended[:19] or f"due {one.due[:19]}"
    rest = f" tried {one.attempts}×" if one.attempts else ""
    text = f"{one.id}  {one.channel:<9} {one.status:<9} {clean(about)}{rest}"
    return (
        bad(f"{text}  {cut(one.error, 80)}") if one.status == "dead" else line(f"  {text}  ", (cut(one.error, 80), DIM))
    )


def _words(event: dict[str, Any]) -> str:
    told = [str(event[key]) for key in ("status", "error", "answer") if event.get(key)]
    return cut(" ".join(told), 120)


def _builtins(found: Delivery) -> dict[str, Any]:
    import msgspec

    return msgspec.to_builtins(found)  # type: ignore[no-any-return]
