"""Running the worker: rules react, schedules fire, and what is due in the outbox is delivered. ADR 0039.

The log says what is to be done. The engine is handed no more than a window of it at a time, and what it lost, or takes
for done although the log does not, is handed to it again.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct

from agenticops.core import automation, reach
from agenticops.core.automation import Automation
from agenticops.errors import ConflictError
from agenticops.flows import trust
from agenticops.flows.rules import answers, react, scheduled
from agenticops.flows.worker import keeping, rows, tenancy
from agenticops.flows.worker.attempt import Post, Told
from agenticops.ports import engine as engines
from agenticops.ports import vault
from agenticops.ports.clock import timestamp
from agenticops.ports.engine import Engine
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace

# So many deliveries are handed to the engine at a time; what is for later stands beside them.
WINDOW = 200
# Seconds between two looks at the log while nothing is under way, and while something is.
PAUSE, BUSY = 1.0, 0.1
# What is being sent when the worker is told to end may still come to its end, so long.
GRACE = 150.0
EXECUTOR = "worker"
SCHEDULED = "scheduled"


class Wanted(Struct, frozen=True):
    """How the worker is to run. With `once` it ends when nothing is due within `wait` seconds."""

    once: bool = False
    wait: float = 0.0
    commit: bool = False
    uncommitted: bool = False


class Report(Struct):
    """What a run did."""

    fired: int = 0
    delivered: int = 0
    tried: int = 0
    dead: int = 0
    commits: list[str] = []
    left: rows.Counts = rows.Counts()


class Worker:
    """One run. `stop` ends it from another thread or a signal handler."""

    def __init__(
        self, here: Workspace, wanted: Wanted, told: Callable[[str, str, str], None] = lambda id, outcome, words: None
    ) -> None:
        self.here, self.wanted, self.told = here, wanted, told
        self.report = Report()
        self.post: Post | None = None
        self.stopped = False
        # How much was delivered when answers were looked at last; never yet.
        self.answered = -1

    def stop(self) -> None:
        """Let it end once what is being sent has come to its end. Takes no lock: a signal handler may call it."""
        self.stopped = True

    def run(self) -> Report:
        """Deliver until nothing is due, or until it is stopped. Raises ConflictError while another does."""
        settings = read(self.here)
        with tenancy.only(self.here, settings) as (hold, keep), ExitStack() as stack:
            post = self.post = Post(self.here.root, self.here.clock, keep, self._told(), self.here.standing_for)
            engine: Engine | None = None
            try:
                while not self.stopped and not post.stop.is_set():
                    here = self.here = Workspace(self.here.root, self.here.clock, self.here.standing_for)
                    keep()
                    before = self._done()
                    self._react(here, hold)
                    ready = self._ready(here)
                    if ready and engine is None:
                        made = Engine(url(here, settings), EXECUTOR, post.attempt, settings.engine.workers)
                        engine = stack.enter_context(made)
                    busy = engine is not None and self._submit(engine, ready)
                    if not busy:
                        self._commit(here)
                        # What came to its end meanwhile may fire rules, and let actions go on.
                        if self.wanted.once and self._done() == before and not self._ready(here):
                            break
                    time.sleep(BUSY if busy or self.wanted.once else PAUSE)
            finally:
                post.stop.set()
                post.settled(GRACE)
            if post.lost is not None:
                raise post.lost
            here = Workspace(self.here.root, self.here.clock, self.here.standing_for)
            tenancy.on_default(here)
            self._commit(here)
            self.report.left = rows.counts(here)
        return self.report

    def _done(self) -> tuple[int, ...]:
        return (self.report.fired, self.report.delivered, self.report.tried, self.report.dead)

    def _told(self) -> Told:
        turn = threading.Lock()

        def told(row: Any, outcome: str, words: str) -> None:
            with turn:
                setattr(self.report, outcome, getattr(self.report, outcome) + 1)
            self.told(row.id, outcome, words)

        return told

    def _react(self, here: Workspace, hold: Hold) -> None:
        note = hold.read()
        now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=here.clock.milliseconds())
        try:
            since = datetime.fromisoformat(str(note.get(SCHEDULED, "")))
        except ValueError:
            since = now - timedelta(minutes=1)
        if now - since >= timedelta(minutes=1) or now.minute != since.minute:
            self.report.fired += len(scheduled.due(here, since, now))
            hold.write({**hold.read(), SCHEDULED: now.isoformat()})
        with suppress(ConflictError):  # somebody writes for long: what is pending stays so
            if self.report.delivered != self.answered:
                # Set before: what comes meanwhile is looked at the next time.
                self.answered = self.report.delivered
                self.report.fired += len(answers.proceed(here))
            self.report.fired += len(react.react(here))

    def _ready(self, here: Workspace) -> list[str]:
        """List what is due, or will be within the time that is waited for."""
        until = here.clock.milliseconds() + int((self.wanted.wait if self.wanted.once else 0) * 1000)
        return due(here, until, self.wanted.uncommitted)

    def _submit(self, engine: Engine, ready: Iterable[str]) -> bool:
        """Hand what is due to the engine, as far as it does not know it; tell whether anything is under way now."""
        names = engine.names()
        known = {name.partition(".")[0] for name in names}
        now = len(engine.names(later=False))
        for id in ready:
            if id not in known and now < WINDOW:
                engine.submit(id, fresh(engine, id))
                now += 1
        return now > 0

    def _commit(self, here: Workspace) -> None:
        """Commit what may be, also what a worker told that died before."""
        if not self.wanted.commit:
            return
        with suppress(ConflictError):  # somebody writes; the next round commits
            if made := keeping.keep(here):
                self.report.commits.append(made)


def read(here: Workspace) -> Automation:
    """Read `config/automation.yml`."""
    return automation.read(here.tree.read(automation.PATH))


def url(here: Workspace, settings: Automation) -> str:
    """Say where the engine keeps its timers: what the settings name, or a file of the clone."""
    if settings.engine.url:
        trust.refuse_reach(here, f"{reach.SECRET}{settings.engine.url}", reach.ENGINE)
        return vault.resolve(settings.engine.url)
    return f"sqlite:///{os.path.join(here.git.common_dir, 'agenticops', 'engine', 'engine.sqlite')}"


def due(here: Workspace, until: int, uncommitted: bool) -> list[str]:
    """List the open deliveries that are due by a time in milliseconds, those that waited longest first."""
    found = here.index.rows(
        "SELECT id FROM outbox WHERE status IN ('queued', 'trying') AND due <= ? ORDER BY due, id", timestamp(until)
    )
    if not found:
        return []
    counted = None if uncommitted else set(rows.committed(here))
    return [id for (id,) in found if counted is None or id in counted]


def fresh(engine: Engine, id: str) -> str:
    """Give the name of the next round of a delivery: of those before it the engine knows the end."""
    round = 0
    while engine.done(f"{id}.{round}") is not None:
        round += 1
    return f"{id}.{round}"


class Step(Struct, frozen=True):
    """What is out of step: an open delivery, and what the engine makes of it (unknown, done)."""

    id: str
    engine: str


def reconcile(here: Workspace, uncommitted: bool = False) -> list[Step]:
    """Say which due deliveries the next run would hand to the engine again. Nothing is changed.

    Raises ConflictError while a worker is at work: it sees to that itself.
    """
    settings = read(here)
    with tenancy.only(here, settings):
        ready = due(here, here.clock.milliseconds(), uncommitted)
        if not ready:
            return []
        known = engines.known(url(here, settings))
    under = {name.partition(".")[0] for name, done in known.items() if not done}
    over = {name.partition(".")[0] for name, done in known.items() if done}
    return [Step(id, "done" if id in over else "unknown") for id in ready if id not in under]
