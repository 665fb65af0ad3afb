"""The view of a fleet: a line for what becomes of each ticket, and at the end a row for each project."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from agenticops.cli import drivelines
from agenticops.cli.lines import BAD, DIM, GOOD, STRONG, WARN, Line, clean, counted, cut, following, line
from agenticops.cli.output import emit, show
from agenticops.errors import EXIT_ERROR, EXIT_INTERRUPTED, EXIT_OK, EXIT_VERDICT
from agenticops.flows.drive.fleet import Fleet, FleetReport, ProjectReport

MARKS = {"ended": ("✓", GOOD), "paused": ("‖", WARN), "failed": ("✗", BAD), "refused": ("✗", BAD)}


class Told:
    """Prints what becomes of tickets as it happens."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.told: dict[str, int] = {}

    def tick(self) -> None:
        """Print what is new."""
        for name, driver in list(self.fleet.drivers.items()):
            known = self.told.get(name, 0)
            for outcome in driver.outcomes[known:]:
                show([line((f"{clean(name)}  ", DIM), *row) for row in drivelines.outcome(outcome)], sys.stdout)
            self.told[name] = len(driver.outcomes)
        sys.stdout.flush()


def driven(
    path: str,
    parallel: int,
    local: bool,
    as_json: bool,
    signals: Callable[[Any], AbstractContextManager[list[int]]],
) -> int:
    """Drive a fleet, show it, and give the exit code."""
    fleet = Fleet(path, parallel, local)
    told = Told(fleet)
    with signals(fleet) as heard:
        report = fleet.run(told.tick if not as_json else lambda: None)
    if not as_json:
        told.tick()
    emit("drive-fleet", report, _lines(report), as_json)
    if heard:
        return EXIT_INTERRUPTED
    if report.wrong:
        return EXIT_ERROR
    blocked = any(o.state == "blocked" for p in report.projects for o in p.outcomes)
    return EXIT_VERDICT if blocked else EXIT_OK


def _lines(report: FleetReport) -> list[Line]:
    rows = [_row(project) for project in report.projects]
    wrong = next((p for p in report.projects if p.state != "ended" and p.hint), None)
    if wrong is None:
        return rows
    at = [line(("  at    ", DIM), clean(f"{wrong.name}: {wrong.place}"))] if wrong.place else []
    return [*rows, *at, following(wrong.hint)]


def _row(project: ProjectReport) -> Line:
    mark, style = MARKS[project.state]
    states = [o.state for o in project.outcomes]
    parts = [f"{states.count(name)} {name}" for name in ("delivered", "blocked", "left", "stopped") if name in states]
    worked = f"{counted(len(states), 'ticket')}: {', '.join(parts)}" if parts else "no ticket was worked"
    words = {"empty": "nothing is left to take"}.get(project.words, project.words)
    return line((f"{mark} ", style), (clean(project.name), STRONG), f"  {worked}  ", (cut(words, 60), DIM))
