"""The driver: it takes the next ticket as long as there is one, and has as many worked at once as it is told."""

from __future__ import annotations

import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core.drive import lint, settings
from agenticops.core.drive.settings import Settings
from agenticops.core.select import Choice
from agenticops.errors import ConflictError, RemoteError, StateError, TrainError
from agenticops.flows import select
from agenticops.flows.drive import deliver, issues, turn
from agenticops.flows.drive.claim import Claim
from agenticops.flows.drive.ledger import BudgetRefused, NoProgram
from agenticops.flows.drive.marks import Marks
from agenticops.flows.drive.presence import Row, Seat
from agenticops.flows.drive.standing import held
from agenticops.flows.drive.taking import Taken, Taking
from agenticops.flows.drive.trunk import DirtyCheckout
from agenticops.flows.drive.watch import Signs, Watch
from agenticops.flows.drive.work import Outcome, Stops, Work
from agenticops.model import ids
from agenticops.model.event import Actor, Draft
from agenticops.workspace import Workspace

WAIT = 0.2
# So often a drive begins anew with an item where it was not the first.
MISSES = 3
# So many seconds lie between two looks at the issues of the forge.
ISSUES = 60.0


class Report(Struct, frozen=True):
    """What a drive did, and why it ended; `passed` says of the items that are left why they were not taken."""

    outcomes: tuple[Outcome, ...]
    ended: str
    passed: dict[str, str] = {}


class Driver:
    """One drive in one clone. Made in the main thread; `run` returns when there is no more to do, or it was stopped."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        parallel: int = 1,
        most: int = 0,
        until: Callable[[Outcome | None], bool] | None = None,
        remote: str = "",
        queue: bool = False,
        asked: Callable[[str], str] | None = None,
    ) -> None:
        self.main = workspace
        self.settings = read_settings(workspace)
        self.parallel, self.most, self.until, self.remote = parallel, most, until, remote
        self.side = deliver.side(workspace, self.settings, remote)
        self.line = self.side.trunk(workspace, self.settings)
        self.marks = Marks(workspace)
        self.asked = asked or self.marks.wish
        # With issues of the forge as the queue: when they are looked at again.
        self.queue, self.queue_due = queue, 0.0
        self.others: dict[str, str] = {}
        self.stops = Stops(threading.Event(), threading.Event(), self._wished)
        self.rows: dict[str, Row] = {}
        self.works: dict[str, Work] = {}
        # Items that another clone has, until when they are not asked for again, and why.
        self.refused: dict[str, tuple[float, str]] = {}
        # What workers began, for whoever looks on and takes it out.
        self.news: deque[Row] = deque(maxlen=1000)
        self.seat, self.signs = Seat(workspace, parallel), Signs(workspace)
        self.misses: Counter[str] = Counter()
        self.claims: dict[str, Claim] = {}
        self.lost: set[str] = set()
        self.over = threading.Event()
        self.outcomes: list[Outcome] = []
        self.passed: dict[str, str] = {}
        self.ended = ""
        self.taken, self.active = 0, 0
        self.changed = threading.Condition()
        self.failed: BaseException | None = None
        # What no ticket is to blame for: a budget of all of them is spent, or a checkout cannot follow.
        self.paused: TrainError | None = None

    def run(self, tick: Callable[[], None] = lambda: None) -> Report:
        """Drive; `tick` is called a few times a second. Raises what a worker met that is no outcome of a ticket.

        Raises ConflictError where nothing is to be driven now.
        """
        workers = [threading.Thread(target=self._worker, name=f"worker {n}") for n in range(1, self.parallel + 1)]
        with self.awake():
            for worker in workers:
                worker.start()
            try:
                while any(worker.is_alive() for worker in workers):
                    self.look()
                    tick()
                    for worker in workers:
                        worker.join(WAIT / len(workers))
            finally:
                self.stops.after.set()
                for worker in workers:
                    worker.join()
        if self.failed is not None:
            raise self.failed
        return self.report()

    @contextmanager
    def awake(self) -> Iterator[None]:
        """Be seen, and keep the leases, while tickets are worked. Raises ConflictError where none are to be now."""
        turn.refuse_untrusted(self.main, self.main, self.settings)
        self.side.ready()
        if self.marks.halted:
            raise ConflictError(self.marks.halted, hint="agenticops drive resume")
        heart = threading.Thread(target=self._heart, name="heart")
        watch = Watch(self.signs, self.settings, self.line.change, lambda: dict(self.works))
        self.seat.take()
        heart.start()
        watch.start()
        try:
            yield
        finally:
            self.stops.after.set()
            self.over.set()
            heart.join()
            watch.stop()
            self.seat.leave()

    def report(self) -> Report:
        """Say what was done so far, and why it ended."""
        ended = self.paused.message if self.paused is not None else self.ended or "stopped"
        return Report(tuple(self.outcomes), ended, self.passed)

    def stop(self, now: bool = False) -> None:
        """Let the present turns end, or, with `now`, end the agents too; nothing is lost either way."""
        self.stops.after.set()
        if now:
            self.stops.now.set()
            for work in list(self.works.values()):
                work.cut.set()

    def look(self) -> None:
        """See what an operator asks meanwhile, and whether it is time to end; and be seen."""
        halted = self.marks.halted
        if halted and not self.stops.after.is_set():
            self._pause(ConflictError(halted, hint="agenticops drive resume"))
        if self.until is not None and not self.stops.after.is_set() and self.until(None):
            self.ended = "until"
            self.stop()
        for name, work in list(self.works.items()):
            if self.stops.asked(name) in ("abort", "lost"):
                work.cut.set()
        self.seat.show(tuple(msgspec.structs.replace(row) for row in list(self.rows.values())))

    def _notice(self, what: str, ticket: str, reason: str, words: str) -> None:
        """Write down in the local log what an operator should know; what cannot be written hinders nothing."""
        item = ids.split_ticket(ticket)[1] if ticket else ""
        data = {"what": what, "reason": reason, "words": words[:400]}
        try:
            actor = Actor(self.main.operator, "", self.main.host)
            self.main.local.append([Draft("drive_noticed", f"drive/{ticket}", ticket, item, data)], actor)
        except (OSError, TrainError):
            pass

    def _wished(self, ticket: str) -> str:
        return "lost" if ticket in self.lost else self.asked(ticket)

    def _heart(self) -> None:
        """Keep the leases while a gate, a merge or the forge takes its time; an agent at work is kept by its turn."""
        deaf()
        while not self.over.wait(self.settings.heartbeat):
            for ticket, claim in list(self.claims.items()):
                try:
                    claim.keep()
                except ConflictError:
                    self.lost.add(ticket)
                except TrainError:
                    continue  # the remote is away; the lease stands for a while, and each push tells

    def _worker(self) -> None:
        deaf()
        try:
            while not self.stops.after.is_set():
                if not self._next():
                    return
        except BaseException as e:
            self.fail(e)

    def fail(self, error: BaseException) -> None:
        """End the drive for what is no outcome of a ticket."""
        with self.changed:
            self.failed = self.failed or error
            self.stops.after.set()
            self.changed.notify_all()
        self._notice("failed", "", "", str(error))

    def _next(self) -> bool:
        """Work one ticket; False when there is none, and nobody is at work who could bring one."""
        if self.step() is not None:
            return True
        with self.changed:
            if self.stops.after.is_set():
                return False
            if self.most and self.taken >= self.most:
                self.ended = self.ended or "until"
                return False
            if not self.active:
                self.ended = self.ended or "empty"
                self.changed.notify_all()
                return False
            self.changed.wait(1.0)
        return True

    def step(self) -> Outcome | None:
        """Take a ticket and work it; None when there is none to take now."""
        with self.changed:
            if self.stops.after.is_set() or (self.most and self.taken >= self.most):
                return None
            self.taken += 1
            self.active += 1
        found, outcome = None, None
        try:
            found = self._taken()
            if found is not None:
                outcome = self._worked(found)
                self._over(outcome)
        finally:
            with self.changed:
                self.active -= 1
                self.taken -= found is None
        return outcome

    def _taken(self) -> Taken | None:
        try:
            return self._take()
        except (DirtyCheckout, RemoteError) as e:
            self._pause(e)
        except ConflictError:
            pass  # others are faster again and again: it is looked at anew
        return None

    def _take(self) -> Taken | None:
        """Take the next ticket. Before the drive ends for want of one, every item is asked for again."""
        now = time.monotonic()
        asked = self.refused.items() if self.active > 1 else ()
        skip = {item: why for item, (until, why) in asked if now < until}
        taking = Taking(
            self.main, self.settings, self.remote, {**skip, **self.others, **self.marks.passed()}, self._refused
        )
        found: Taken | None = None
        patience = deliver.Patience(self.stops.after.wait, lambda said: self._notice("waiting", "", "", said))
        try:
            if self.queue and now >= self.queue_due:
                self.line.change(partial(issues.take_in, kinds=self.settings.kinds))
                self.queue_due = time.monotonic() + ISSUES
            found = patience.during(lambda: self._entered(self.line.change(taking, taking.push)))
        finally:
            self.passed = taking.passed or self.passed
            taking.let_go(found)
        return found

    def _entered(self, found: Taken | None) -> Taken | None:
        if found is not None:
            self.lost.discard(found.ticket)
            self.rows[found.ticket] = Row(found.ticket, time.time())
            self.claims[found.ticket] = found.claim
        return found

    def _refused(self, item: str, why: str) -> None:
        self.refused[item] = (time.monotonic() + self.settings.heartbeat, why)

    def _worked(self, found: Taken) -> Outcome:
        """Work a ticket that is claimed. What stops the whole drive, and is no fault of the ticket, pauses it."""
        ticket, outcome = found.ticket, Outcome(found.ticket, "stopped")
        work = Work(self.main, self.settings, self.line, found.claim, self.stops, self._told, self.side, self.signs)
        work.notes = found.notes
        try:
            self.works[ticket] = work
            if self.queue:
                issues.assign(Workspace(self.main.root, self.main.clock), found.claim.item)
            outcome = work.run(ticket)
        except (BudgetRefused, NoProgram, DirtyCheckout, RemoteError) as e:
            self._pause(e)
            outcome = Outcome(ticket, "stopped", words=e.message)
        except issues.Assigned as e:
            self.others[found.claim.item] = e.message
            outcome = Outcome(ticket, "lost", words=e.message)
        except ConflictError as e:
            outcome = Outcome(ticket, "lost", words=e.message)
            self._missed(found.claim.item, e.message)
        except TrainError as e:
            # Something is odd about this one: the others are worked, and it is told at the end.
            self.others[found.claim.item] = e.message
            self._notice("failed", ticket, "", e.message)
            words = f"{e.message} ({e.place})" if e.place else e.message
            outcome = Outcome(ticket, "stopped", words=words)
        finally:
            found.claim.release(done=outcome.state == "delivered")
            with self.changed:
                del self.rows[ticket], self.claims[ticket]
                self.works.pop(ticket, None)
        return msgspec.structs.replace(outcome, turns=work.turns)

    def _missed(self, item: str, why: str) -> None:
        """Ask for an item later at which somebody else was ahead; no more in this drive when that comes again."""
        self.misses[item] += 1
        if self.misses[item] >= MISSES:
            self.others[item] = why
        self._refused(item, why)

    def _pause(self, error: TrainError) -> None:
        if self.paused is None:
            self.paused = error
            self._notice("paused", "", "", error.message)
        self.stops.after.set()

    def _over(self, outcome: Outcome) -> None:
        if outcome.state == "blocked":
            self._notice("blocked", outcome.ticket, outcome.reason, outcome.words)
        with self.changed:
            self.outcomes.append(outcome)
            if outcome.state == "blocked" and self.settings.then == "pause":
                self.ended = f"{outcome.ticket} is blocked"
                self.stops.after.set()
            if outcome.state == "stopped" and outcome.reason != "pause":
                self.ended = self.ended or outcome.words or outcome.reason or "stopped"
            if self.until is not None and self.until(outcome):
                self.ended = "until"
                self.stops.after.set()
            self.changed.notify_all()

    def _told(self, ticket: str, **facts: Any) -> None:
        row = self.rows.get(ticket)
        if row is not None:
            for name, value in facts.items():
                setattr(row, name, value)
            if "bullet" in facts:
                self.news.append(msgspec.structs.replace(row))


def deaf() -> None:
    """Keep Ctrl-C from what this thread starts: at a terminal git's commands would die half-way."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def read_settings(workspace: Workspace) -> Settings:
    """Read `config/drive.yml` of the working tree. Raises StateError for a broken one.

    A name that nobody knows breaks it too: the budget of a misspelled phase would limit nothing.
    """
    data = workspace.tree.read(settings.PATH)
    if data is not None:
        for found in lint.lint(data, workspace.train.pipeline):
            raise StateError(found.message, place=found.place, hint=found.hint)
    return settings.read(data)


def explain(workspace: Workspace, skip: Mapping[str, str] | None = None) -> Choice:
    """Choose as a drive would, without taking anything: the item, and of every other one why not."""
    found = read_settings(workspace)
    return select.choose(workspace, {**held(workspace), **Marks(workspace).passed(), **(skip or {})}, found.kinds)
