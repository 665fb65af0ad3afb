"""`drive`: the auto-pilot, and what an operator does about it."""

from __future__ import annotations

import signal
import sys
import time
from contextlib import AbstractContextManager
from typing import Annotated, Any, Protocol

import typer
from typer import _click as click

from agenticops.cli import board, drivelines, driveview
from agenticops.cli.commands.options import Group, Json, example
from agenticops.cli.lines import DIM, Line, clean, following, line, ok
from agenticops.cli.output import colourful, complain, emit
from agenticops.cli.signals import hearing
from agenticops.errors import EXIT_INTERRUPTED, EXIT_OK, EXIT_VERDICT, UsageError
from agenticops.flows.drive import deliver, preview, status, until
from agenticops.flows.drive import driver as drivers
from agenticops.flows.drive.control import Control, Left, Released
from agenticops.flows.drive.driver import Driver, Report
from agenticops.workspace import Workspace


class Stoppable(Protocol):
    """What may be told to stop."""

    def stop(self, now: bool = False) -> None:
        """Stop after the present turns, or now."""


PLAIN: dict[str, Any] = {"rich_markup_mode": None, "add_completion": False}
app = typer.Typer(
    cls=Group,
    invoke_without_command=True,
    **example(
        "agenticops drive --dry-run",
        "agenticops drive --parallel 3 --until 18:00",
        "agenticops drive --fleet agenticops.fleet.yml",
    ),
    **PLAIN,
)
Ticket = Annotated[str, typer.Argument(metavar="TICKET", help="The ticket's id, or its start.")]
MaybeTicket = Annotated[str, typer.Argument(metavar="[TICKET]", help="The ticket; without one: the whole drive.")]
Local = Annotated[bool, typer.Option("--local", help="Use no remote, even where there is one.")]
Why = Annotated[str, typer.Option(help="Why, in one line.")]


@app.callback()
def drive(
    context: click.Context,
    parallel: Annotated[
        int | None, typer.Option(min=1, max=32, metavar="N", help="How many tickets at once.", show_default="1")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Work one ticket, then end.")] = False,
    until_: Annotated[
        str, typer.Option("--until", metavar="TIME|ITEM|TICKET", help="End at 18:00, at an ISO time, or after one.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be taken; change nothing.")] = False,
    fleet: Annotated[
        str, typer.Option("--fleet", metavar="FILE", help="Drive the repositories that a file names, fairly.")
    ] = "",
    issues: Annotated[
        bool, typer.Option("--issues", help="Take in the forge's issues with the label auto, and assign them.")
    ] = False,
    local: Local = False,
    json: Json = False,
) -> None:
    """Let agents work what is ready, bullet by bullet, each in its own worktree, and merge what holds."""
    if context.invoked_subcommand is not None:
        return
    if fleet:
        if once or until_ or dry_run or issues:
            hint = "agenticops -C DIR drive … drives one of them"
            raise UsageError("--fleet goes with --parallel, --local and --json only", hint=hint)
        from agenticops.cli import fleetview

        raise typer.Exit(fleetview.driven(fleet, parallel or 0, local, json, _signals))
    workspace, parallel = Workspace(), parallel or 1
    if dry_run:
        found = preview.preview(workspace, 1 if once else parallel)
        shown = drivelines.previewed(found, drivelines.empty(drivers.explain(workspace)))
        emit("drive-preview", found, shown, json)
        return
    if workspace.by_agent:
        raise UsageError(f"an agent ({workspace.by_agent}) cannot start the auto-pilot", hint="a person does")
    ends = until.until(workspace, until_) if until_ else None
    remote = "" if local else deliver.known(workspace, drivers.read_settings(workspace))
    many = 1 if once else parallel
    driver = Driver(workspace, parallel=many, most=int(once), until=ends, remote=remote, queue=issues)
    raise typer.Exit(_driven(driver, json))


def _driven(driver: Driver, as_json: bool) -> int:
    """Drive, show it, and give the exit code."""
    costs, began = driveview.Costs(driver), time.monotonic()
    view: driveview.Plain | driveview.Screen | driveview.Silent = driveview.Silent()
    if not as_json:
        live = colourful(sys.stdout)
        view = driveview.Screen(driver, costs) if live else driveview.Plain(driver, sys.stdout)
    with _signals(driver) as heard:
        try:
            report = driver.run(view.tick)
        finally:
            view.close()
    money = costs.read(now=True)
    emit("drive", _data(report, driver, costs), _ended(report, driver, money, time.monotonic() - began), as_json)
    if driver.paused is not None:
        complain(driver.paused)
    if driver.paused is not None or any(o.state == "blocked" for o in report.outcomes):
        driveview.ring()
    if heard:
        return EXIT_INTERRUPTED
    if driver.paused is not None:
        return driver.paused.exit_code
    return EXIT_VERDICT if any(o.state == "blocked" for o in report.outcomes) else EXIT_OK


def _data(report: Report, driver: Driver, costs: driveview.Costs) -> dict[str, Any]:
    spent = {
        "runs": len(costs.runs),
        "money": sum(run.money for run in costs.runs),
        "tokens": sum(run.tokens for run in costs.runs),
    }
    paused = "" if driver.paused is None else driver.paused.message
    return {
        "outcomes": report.outcomes,
        "ended": report.ended,
        "paused": paused,
        "passed": report.passed,
        "costs": spent,
    }


def _ended(report: Report, driver: Driver, money: float, seconds: float) -> list[Line]:
    if not report.outcomes and report.ended == "empty":
        return drivelines.empty(drivers.explain(Workspace(driver.main.root)))
    ended = "it is paused" if driver.paused is not None else report.ended
    rows = [drivelines.summary(report.outcomes, ended, money, seconds)]
    if driver.paused is not None:
        return rows  # why, and what to do about it, is told below
    if any(o.state in ("blocked", "left") for o in report.outcomes):
        rows.append(following("agenticops drive status"))
    elif any(o.state == "stopped" for o in report.outcomes):
        rows.append(following("agenticops drive"))
    else:
        rows.append(following("agenticops cost report"))
    return rows


def _signals(driver: Stoppable) -> AbstractContextManager[list[int]]:
    """Let Ctrl-C end the drive after the present bullets, twice, or SIGTERM, at once; gives what was heard."""
    return hearing(lambda number, again: driver.stop(now=number != signal.SIGINT or again))


@app.command("status", **example("agenticops drive status", "agenticops drive status --json"))
def status_(json: Json = False) -> None:
    """Show who drives, what is held and how it goes on, and what budgets still allow."""
    found = status.status(Workspace())
    emit("drive-status", found, drivelines.status(found, time.time()), json)


@app.command(**example("agenticops drive pause", 'agenticops drive pause build_142 --reason "the API changes today"'))
def pause(ticket: MaybeTicket = "", reason: Why = "", json: Json = False) -> None:
    """Hold the drive, or one ticket, once the present bullet has ended."""
    found = Control(Workspace()).pause(ticket, reason)
    on = f"agenticops drive resume{f' {found.ticket}' if found.ticket else ''}"
    rows = [ok(f"{found.ticket or 'the drive'} is paused after the present bullet"), following(on)]
    emit("drive-pause", {"mark": found}, rows, json)


@app.command(**example("agenticops drive resume", 'agenticops drive resume build_142 --reason "the key is there now"'))
def resume(ticket: MaybeTicket = "", reason: Why = "", local: Local = False, json: Json = False) -> None:
    """Let the drive, or a ticket that is paused, held or with a person, go on."""
    _released("drive-resume", _control(local).resume(ticket, reason), json)


@app.command(**example('agenticops drive fix build_142 --note "the dose is in mg, not in ml"'))
def fix(
    ticket: Ticket,
    note: Annotated[str, typer.Option(help="What the agent should know; its next prompts carry it.")],
    local: Local = False,
    json: Json = False,
) -> None:
    """Let a held ticket go on, with a note to the agent that works it next."""
    _released("drive-fix", _control(local).fix(ticket, note), json)


def _control(local: bool) -> Control:
    workspace = Workspace()
    return Control(workspace, "" if local else deliver.known(workspace, drivers.read_settings(workspace)))


def _released(kind: str, found: Released, as_json: bool) -> None:
    name = found.ticket or "the drive"
    rows = [ok(f"{name} may go on")]
    if found.before is not None:
        rows.append(line((f"  it was {found.before.standing}: {clean(found.before.reason)}", DIM)))
    emit(kind, found, [*rows, following("agenticops drive")], as_json)


@app.command(**example('agenticops drive abort build_142 --reason "the client withdrew it"'))
def abort(
    ticket: Ticket,
    reason: Annotated[str, typer.Option(help="Why; it is written down.")],
    local: Local = False,
    json: Json = False,
) -> None:
    """End a ticket's agent at once, and block the ticket; its branch and its desk stay."""
    if not reason.strip():
        raise UsageError("the reason is empty", hint='--reason "…"')
    found = _control(local).leave(ticket, "abort", reason)
    rows = [ok(f"{found.ticket} was aborted and is blocked"), *_place(found)]
    emit("drive-abort", found, [*rows, following(f'agenticops drive resume {found.ticket} --reason "…"')], json)


@app.command(**example("agenticops drive takeover build_142"))
def takeover(ticket: Ticket, reason: Why = "", local: Local = False, json: Json = False) -> None:
    """Work a ticket yourself: the auto-pilot lets go after the present bullet and leaves its desk to you."""
    found = _control(local).leave(ticket, "takeover", reason)
    begin = 'ticket unblock --reason "…"' if found.before.standing == "blocked" else "next"
    rows = [
        ok(f"{found.ticket} is yours"),
        *_place(found),
        line(("  work  ", DIM), f"cd {clean(found.desk)} && agenticops {begin}"),
        line(("  done  ", DIM), f"agenticops advance --commit there, then agenticops drive merge {found.ticket}"),
        line(("  back  ", DIM), f'agenticops drive resume {found.ticket} --reason "…"'),
    ]
    emit("drive-takeover", found, [*rows, following(f"cd {clean(found.desk)}")], json)


def _place(found: Left) -> list[Line]:
    return [line(("  desk  ", DIM), clean(found.desk)), line(("  branch ", DIM), clean(found.branch))]


@app.command(**example("agenticops drive merge build_142"))
def merge(ticket: Ticket, local: Local = False, json: Json = False) -> None:
    """Bring a ticket that is in review into the default branch: merge, judge again, close."""
    found = _control(local).merge(ticket)
    if found.state == "refused":
        rows = [*board.verdict_lines(found.verdict), following(f"agenticops check {found.ticket.id}")]
    else:
        on = found.successor.id if found.successor else ""
        rows = [ok(f"{found.ticket.id} is merged", f"→ {on}" if on else ""), following("agenticops drive status")]
    data = {"state": found.state, "ticket": found.ticket.id, "findings": found.verdict.findings}
    emit("drive-merge", {**data, "successor": found.successor.id if found.successor else ""}, rows, json)
    if found.state == "refused":
        raise typer.Exit(EXIT_VERDICT)
