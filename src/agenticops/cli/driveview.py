"""The live view of a drive: on a terminal a few lines that change, elsewhere a line for each thing that happens."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, TextIO

from agenticops.cli import drivelines
from agenticops.cli.lines import BAD, DIM, STRONG, Line, clean, counted, line
from agenticops.cli.output import show
from agenticops.core.drive import budget
from agenticops.core.drive.budget import Standing
from agenticops.flows.drive import ledger
from agenticops.flows.drive.driver import Driver
from agenticops.model.drive import Assignment
from agenticops.workspace import Workspace

if TYPE_CHECKING:
    from rich.live import Live
    from rich.text import Text

BELL = "\a"
# So often the view is drawn, and the ledger is read, in seconds.
DRAWN, READ = 0.25, 3.0


class Costs:
    """What the runs of a drive cost, and the fullest budget of all that run here; read now and then."""

    def __init__(self, driver: Driver) -> None:
        self.driver, self.since, self.due = driver, driver.main.now, 0.0
        self.runs: list[Assignment] = []
        self.fullest: Standing | None = None

    def read(self, now: bool = False) -> float:
        """Give the money."""
        if now or time.monotonic() >= self.due:
            self.due = time.monotonic() + READ
            here = Workspace(self.driver.main.root, self.driver.main.clock)
            known = ledger.known(here)
            # Another drive may be at work in this clone, or come in by a merge.
            own = {*self.driver.rows, *(outcome.ticket for outcome in self.driver.outcomes)}
            self.runs = [run for run in known if run.created_at >= self.since and run.task_id in own]
            standings = budget.standings(self.driver.settings.budgets, known, here.now)
            self.fullest = max(standings, key=lambda s: s.share, default=None)
        return sum(run.money for run in self.runs)


class Plain:
    """A line for each bullet that begins, and for what becomes of a ticket."""

    def __init__(self, driver: Driver, stream: TextIO) -> None:
        self.driver, self.stream = driver, stream
        self.told = 0

    def tick(self) -> None:
        """Print what is new."""
        while self.driver.news:
            self.stream.write(clean(drivelines.began(self.driver.news.popleft())) + "\n")
        for outcome in self.driver.outcomes[self.told :]:
            self.told += 1
            show(drivelines.outcome(outcome), self.stream)
        self.stream.flush()

    def close(self) -> None:
        """Print the rest."""
        self.tick()


class Silent:
    """Nothing: the envelope comes at the end."""

    def tick(self) -> None:
        """Say nothing."""

    def close(self) -> None:
        """Say nothing."""


class Screen:
    """The workers and the sums, drawn anew; what became of a ticket stays above them."""

    def __init__(self, driver: Driver, costs: Costs) -> None:
        from rich.console import Console
        from rich.live import Live

        self.driver, self.costs = driver, costs
        self.began, self.due, self.told = time.time(), 0.0, 0
        self.console = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        self.live: Live = Live(console=self.console, auto_refresh=False, transient=True, redirect_stderr=False)
        self.live.start()

    def tick(self) -> None:
        """Draw, when it is time or something ended."""
        fresh = self.driver.outcomes[self.told :]
        for outcome in fresh:
            self.told += 1
            for row in drivelines.outcome(outcome):
                self.console.print(_text(row))
            if outcome.state == "blocked":
                self.console.bell()
        if fresh:
            self.costs.due = 0.0
        if fresh or time.monotonic() >= self.due:
            from rich.console import Group

            self.due = time.monotonic() + DRAWN
            self.live.update(Group(*(_text(row) for row in self.lines())), refresh=True)

    def lines(self) -> list[Line]:
        """Give what is drawn now."""
        now, driver = time.time(), self.driver
        rows = sorted(driver.rows.values(), key=lambda row: row.since)
        ending = driver.stops.after.is_set() and bool(rows)
        title = line(("driving", STRONG), (f"  {counted(driver.parallel, 'worker')}", DIM))
        title += line((f"  {drivelines.elapsed(now - self.began)}", DIM))
        idle = [line(("  nothing to take just now", DIM))] if not rows else []
        hint = "ends after this bullet; Ctrl-C again ends the agents" if ending else drivelines.KEYS
        sums = drivelines.counters(driver.outcomes, self.costs.read(), self.costs.fullest)
        return [title, [], *drivelines.workers(rows, now), *idle, [], sums, line((hint, BAD if ending else DIM))]

    def close(self) -> None:
        """Take the view away; what is above it stays."""
        self.tick()
        self.live.stop()


def _text(row: Line) -> Text:
    from rich.text import Text

    return Text.assemble(*((clean(words), style) for words, style in row), no_wrap=True, overflow="ellipsis")


def ring() -> None:
    """Ring the terminal's bell, when there is one."""
    if sys.stderr.isatty():
        sys.stderr.write(BELL)
        sys.stderr.flush()
