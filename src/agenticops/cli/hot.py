"""Hot reads: status, next, check and mode show. Their modules must stay light; `make bench` holds the budget."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from agenticops.cli.output import emit
from agenticops.errors import EXIT_OK, EXIT_VERDICT
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from agenticops.model.finding import Verdict


def serve(command: str, argument: str | None, as_json: bool) -> int:
    """Run one of the hot commands and give its exit code."""
    workspace = Workspace()
    if command == "check":
        return _check(workspace, argument, as_json)
    from agenticops.cli import board
    from agenticops.flows import report

    if command == "status":
        data = report.status(workspace)
        emit("status", data, board.status_lines(data, workspace.now), as_json)
        _post(workspace, as_json)
        return _told(data)
    if command == "next":
        step = report.next_step(workspace, argument)
        emit("next", step, board.next_lines(step), as_json)
        _post(workspace, as_json)
        return EXIT_OK
    from agenticops.cli import page

    found = report.mode_page(workspace, argument)
    emit("mode", found, page.mode_lines(found), as_json)
    return EXIT_OK


def _post(workspace: Workspace, as_json: bool) -> None:
    """Say at a terminal how much there is in one's inbox; who was never told anything pays one look for it."""
    if as_json or not sys.stderr.isatty() or not workspace.index.value("SELECT 1 FROM notice LIMIT 1"):
        return
    from agenticops.cli.lines import line
    from agenticops.cli.output import show
    from agenticops.errors import TrainError
    from agenticops.flows import notices

    with suppress(TrainError):  # settings that cannot be read: `inbox` says so
        if count := notices.unread(workspace):
            show([line((f"✉ {count} unread", "bold"), ("  agenticops inbox", "dim"))], sys.stderr)


def tickets(everything: bool, as_json: bool) -> int:
    """Run `ticket list`, which scripts call as often as the others; with a filter it is an ordinary command."""
    from agenticops.cli import board
    from agenticops.flows import report

    workspace = Workspace()
    if not workspace.index.value("SELECT 1 FROM ticket LIMIT 1"):
        report.pipeline_of(workspace)  # tell "none" from "no train here"
    if as_json:
        emit("ticket-list", report.rows(workspace, "1" if everything else "t.closed = 0"), [], True)
    else:
        emit("ticket-list", None, board.list_lines(report.listed(workspace, everything)), False)
    return unread(workspace, "tickets/")


def unread(workspace: Workspace, folder: str) -> int:
    """Complain of the files below a folder that a list had to leave out; gives the exit code."""
    broken = [p for p in workspace.index.problems() if p[0].startswith(folder)]
    return _told({"problems": [dict(zip(("path", "message", "place", "hint"), p, strict=True)) for p in broken]})


def _told(data: dict[str, list[dict[str, str]]]) -> int:
    """What cannot be read is an error also where the rest could be shown."""
    if not data["problems"]:
        return EXIT_OK
    from agenticops.cli.output import complain
    from agenticops.errors import StateError

    worst = None
    for p in data["problems"]:
        worst = StateError(p["message"], place=p["place"] or p["path"], hint=p["hint"])
        complain(worst)
    return worst.exit_code if worst else EXIT_OK


def _check(workspace: Workspace, argument: str | None, as_json: bool) -> int:
    from agenticops.cli.lean import load_msgspec

    load_msgspec()
    from agenticops.flows import judge

    verdict = judge.ticket(workspace, argument) if argument else judge.train(workspace)
    return told(verdict, as_json)


def staged(as_json: bool) -> int:
    """Run `check --staged`, which a hook asks before every commit."""
    from agenticops.cli.lean import load_msgspec

    load_msgspec()
    from agenticops.flows import staged as judging

    return told(judging.judge(Workspace()), as_json)


def told(verdict: Verdict, as_json: bool) -> int:
    """Print a verdict and give its exit code."""
    from agenticops.cli import board

    emit("check", shown(verdict), board.verdict_lines(verdict), as_json)
    return EXIT_OK if verdict.holds else EXIT_VERDICT


def shown(verdict: Verdict) -> dict[str, object]:
    """Give the data of a verdict's envelope."""
    return {
        "holds": verdict.holds,
        "gate": verdict.gate,
        "ticket": verdict.ticket,
        "checks": verdict.checks,
        "commits": verdict.commits,
        "digest": verdict.digest,
        "findings": verdict.findings,
    }
