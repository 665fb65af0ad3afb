"""A ticket driven: bullet by bullet at its desk, then through the gate, and into the default branch. ADR 0036."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from agenticops.core import fold
from agenticops.core.drive import activity, progress, prompt
from agenticops.core.drive.prompt import Task
from agenticops.core.drive.settings import PATH as SETTINGS
from agenticops.core.drive.settings import Settings, providers
from agenticops.core.train import Train
from agenticops.errors import ConflictError, RemoteError, TrainError, UsageError
from agenticops.flows import commit, conduct, session
from agenticops.flows import ticket as tickets
from agenticops.flows.conduct import Call
from agenticops.flows.drive import aftermath, desk, ledger, merging, standing, trunk, turn
from agenticops.flows.drive.deliver import Local, patiently
from agenticops.flows.drive.trunk import Trunk
from agenticops.flows.drive.turn import Crew, Turn
from agenticops.flows.drive.watch import Signs
from agenticops.flows.ticket import RECORDED
from agenticops.model.checklist import Bullet
from agenticops.model.drive import FINAL, REASONS, Assignment, Reason
from agenticops.model.finding import Finding
from agenticops.model.layout import PHASE_BRANCH
from agenticops.model.ticket import Ticket
from agenticops.ports.transport import Declined
from agenticops.workspace import Workspace

# What a gate finds that no agent can mend: approvals, roles, trust, attestations.
PERSON = ("VT403", "VT421", "VT425", *(f"VT43{n}" for n in range(9)), "VT440", "VT441", "VT450", "VT451", "VT452")
# What is nothing of the ticket's: who works it, or what all of them need.
OURS = (ConflictError, RemoteError, ledger.BudgetRefused, ledger.NoProgram)
# So many seconds pass at least between two things that an agent is shown to do.
HEARD = 0.1
# So often one who waits looks whether it is time to stop.
GLANCE = 0.5


class Claim(Protocol):
    """The hold of a ticket: given up when it is over, lost when another clone has taken it.

    `left` is what the one before noted and did not finish.
    """

    left: dict[str, Any]

    def note(self, **facts: Any) -> None:
        """Write facts beside the hold for whoever comes after a crash."""

    def keep(self) -> None:
        """Give a sign of life. Raises ConflictError when the lease was lost."""

    def push(self, ref: str, new: str, old: str) -> str:
        """Push a ref together with the lease; says why it was refused, or ""."""


class Outcome(Struct, frozen=True):
    """What became of a ticket: `delivered`, `blocked`, `left` to a person, `lost`, or `stopped`: it goes on later."""

    ticket: str
    state: str
    reason: str = ""
    words: str = ""
    bullet: str = ""
    successor: str = ""
    turns: int = 0


class Held(Exception):
    """The ticket goes no further by itself."""

    def __init__(self, reason: Reason, words: str, bullet: str = "") -> None:
        super().__init__(words)
        self.reason, self.words, self.bullet = reason, words, bullet


class Stops(Struct, frozen=True):
    """What may end the work: `after` the present turn, or `now`. `asked` says what a person wants of this ticket."""

    after: threading.Event
    now: threading.Event
    asked: Callable[[str], str]


class Work:
    """One ticket, from where the log has it to its end."""

    def __init__(
        self,
        main: Workspace,
        settings: Settings,
        line: Trunk,
        claim: Claim,
        stops: Stops,
        tell: Callable[..., None],
        side: Local | None = None,
        signs: Signs | None = None,
    ) -> None:
        self.main, self.settings, self.line, self.claim, self.stops = main, settings, line, claim, stops
        self.tell, self.side = tell, side or Local()
        # The agent's process is known while it runs, else it is 0; so is the run that it is of.
        self.name, self.turns, self.process, self.assignment = "", 0, 0, ""
        self.place = ""
        self.signs = signs or Signs(main)
        # What the operator said to whoever works it, and what ends the agent at once.
        self.notes: tuple[str, ...] = ()
        self.cut = threading.Event()
        self.provider, self.heard = "", 0.0
        self.crew = Crew(settings, self._noted, self._line, self._beat, self.cut, line.ward)

    def run(self, ticket: str) -> Outcome:
        """Work a ticket until it is delivered, blocked, or somebody stops it."""
        self.name = ticket
        patiently(lambda: self.side.bring(ticket), self)
        self.place = os.path.join(desk.folder(self.main, self.settings), ticket)
        self.claim.note(desk=self.place, ticket=ticket)
        try:
            here = desk.open_desk(self.main, self.settings, ticket, self.line.tip)
            aftermath.recover(here, ticket, self.claim.left)
            desk.refuse_elsewhere(here, ticket)
            self._begin()
            while (task := self._next()) is not None:
                if stopped := self._stopped():
                    return stopped
                if self._turn(task):
                    self.side.send(self)
            return self._finish()
        except trunk.Conflict as e:
            return self._hold(Held("merge_conflict", e.message))
        except Held as e:
            return self._hold(e)
        except OURS:
            raise
        except (TrainError, OSError, UnicodeError) as e:
            hint = getattr(e, "hint", "")
            return self._hold(Held("needs_person", f"{turn.told(e)}{hint and '; '}{hint}; its desk is {self.place}"))

    @property
    def here(self) -> Workspace:
        """The desk, as it is now: what an agent or a merge changed is seen by a fresh look only.

        Raises desk.Gone: around a folder that is not there another repository could be found.
        """
        self.line.ward.note(self.name, desk.pin(self.main.git.common_dir, self.place))
        return Workspace(self.place, self.main.clock)

    def _noted(self, **facts: Any) -> None:
        self.claim.note(**facts)
        self.assignment = str(facts.get("assignment", self.assignment))
        if "pid" in facts:
            self.process = int(facts["pid"])
            (self.signs.begin if self.process else self.signs.rest)(self)
        if "model" in facts:
            self.provider = facts["provider"]
            self.tell(self.name, provider=self.provider, model=facts["model"], said="")

    def _line(self, text: str) -> None:
        """Tell what the agent does; of one that prints all the time only some lines are looked at."""
        if time.monotonic() - self.heard >= HEARD:
            reads = providers(self.settings)[self.provider].reads
            if words := activity.of_line(reads, text, self.place):
                self.heard = time.monotonic()
                self.tell(self.name, said=words)

    def _beat(self) -> None:
        try:
            self.claim.keep()
        except RemoteError as e:
            self.tell(self.name, said=e.message)  # it goes on; what is pushed later shows whether it still may

    def _stopped(self) -> Outcome | None:
        wish = self.stops.asked(self.name)
        if wish == "lost":
            return Outcome(self.name, "lost", words="another clone took it over")
        if wish in ("abort", "takeover"):
            standing.leave(self.main, self.here, self.line, self.name, wish, self.claim.push)
            self._sent()
            return Outcome(self.name, "left", wish)
        if self._ends():
            return Outcome(self.name, "stopped", wish)
        return None

    def _begin(self) -> None:
        """See to it that the ticket is in progress, with a session of its agent."""
        here = self.here
        ticket = here.train.ticket(self.name)
        if ticket.status == "blocked":
            self._refuse_held(here, ticket)
            tickets.unblock(here, self.name, "the auto-pilot goes on")
        there = here.train.session(ticket.session_path)
        if there is None or there.status != "active" or there.ticket != self.name:
            agent = there.handoff.to if there is not None and there.status == "handed_off" else ticket.agent
            session.begin(self.here, self.name, agent)

    def _refuse_held(self, here: Workspace, ticket: Ticket) -> None:
        """Raise Held again when a driver died between blocking a ticket and saying so on the default branch."""
        event = here.train.status_chain(self.name).last
        reason = next((r for r, text in REASONS.items() if ticket.blocked_by.startswith(f"{text}: ")), None)
        if reason is not None and not self.line.change(lambda there: standing.named(there, self.name, event)):
            runs = progress.assignments(here.train.log.of_ticket(self.name))
            bullet = runs[-1].bullet if runs else ""
            raise Held(reason, ticket.blocked_by.removeprefix(f"{REASONS[reason]}: "), bullet)

    def _next(self) -> Task | None:
        """Give the first bullet that is owed and open, as a task; None when there is none."""
        here = self.here
        ticket = here.train.ticket(self.name)
        if ticket.status == "in_review":
            return None
        bullet = next(iter(here.train.checklist(ticket).open), None)
        return None if bullet is None else _task(here.train, ticket, bullet, self._failures(here, bullet.key))

    def _failures(self, here: Workspace, key: str) -> list[Assignment]:
        return progress.attempts(here.train.log.of_ticket(self.name), key)

    def _turn(self, task: Task) -> bool:
        """Make one attempt; tell whether it is done. Raises Held when it was the last, or no other would help."""
        here = self.here
        task = msgspec.structs.replace(task, notes=self.notes)
        tried = self._failures(here, task.key)
        self.turns += 1
        self._tell_turn(here, task, len(tried) + 1)
        if len(tried) >= self.settings.tries:
            reason, _, words = tried[-1].outcome.partition(": ")
            raise Held(progress.blocked_for(reason, [a.outcome for a in tried]), words, task.key)  # type: ignore[arg-type]
        self._trusted(task)
        try:
            result = self.signs.during(self, Turn(here, self.crew, here.train.ticket(self.name), task, tried).run)
        except ledger.BudgetRefused as e:
            if not e.ticket:
                raise  # no other ticket would fit either
            raise Held("budget", e.message, task.key) from None
        if result.done or result.cancelled or result.reason is None:
            return result.done
        if result.reason in FINAL or len(tried) + 1 >= self.settings.tries:
            failures = [*(a.outcome for a in tried), f"{result.reason}: {result.words}"]
            raise Held(progress.blocked_for(result.reason, failures), result.words, task.key)
        return False

    def _trusted(self, task: Task) -> None:
        """See that the agent's program may run here; where the desk is older than what is trusted, it catches up."""
        for last in (False, True):
            try:
                turn.refuse_untrusted(self.main, self.here, self.settings)
                return
            except TrainError as e:
                if last or not trunk.catch_up(self.here, self.line.tip):
                    way = f"agenticops trust show; or git -C {self.place} merge {self.line.branch}"
                    raise Held("needs_person", f"{e.message} ({e.place}): {way}", task.key) from None

    def _tell_turn(self, here: Workspace, task: Task, attempt: int) -> None:
        ticket = here.train.ticket(self.name)
        bullets = here.train.checklist(ticket)
        money = sum(a.money for a in progress.assignments(here.train.log.of_ticket(self.name)))
        of = len(bullets.owed)
        number = min(of - len(bullets.open) + 1, of)
        facts = {"number": number, "of": of, "agent": ticket.agent, "money": money, "provider": "", "model": ""}
        self.tell(self.name, bullet=task.text, attempt=attempt, said="", **facts)

    def _finish(self) -> Outcome:
        """Take the ticket through its gate and into the default branch; what the gate finds is worked like a bullet."""
        while True:
            if stopped := self._stopped():
                return stopped
            here = self.here
            if here.train.ticket(self.name).status != "in_review":
                self.line.ward.look(self.main.git)
                found = conduct.advance(here, self.name, Call(commit=True))
                if found.state == "refused":
                    self.mend(found.verdict.findings)
                    continue
            if not self.side.deliver(self):
                continue
            try:
                outcome = patiently(lambda: merging.bring_in(self.line, self.name, self.claim.push), self)
            except Declined as e:
                words = f"{self.side.name} does not take the merge: {e.words}; set merge: forge in {SETTINGS}"
                raise Held("needs_person", f"{words}, or merge {PHASE_BRANCH}{self.name} there") from None
            if outcome.state == "refused":
                self.mend(outcome.verdict.findings)
                continue
            self.side.drop(self)
            stays = desk.close_desk(self.main, self.place, self.name)
            successor = outcome.successor.id if outcome.successor else ""
            return Outcome(self.name, "delivered", words=stays, successor=successor)

    def mend(self, findings: tuple[Finding, ...]) -> None:
        """Have what a gate found mended. Raises Held for what no agent can mend, and when it was tried often enough."""
        errors = [f for f in findings if f.severity == "error"]
        words = tuple(f"{f.code} {f.place}: {f.message}" for f in errors)
        people = [w for f, w in zip(errors, words, strict=True) if f.code in PERSON]
        if people:
            raise Held("needs_person", "; ".join(people[:3]), "gate")
        self.repair("gate", "Mend what the gate found", words, "gate_refused")

    def repair(self, key: str, text: str, words: tuple[str, ...], reason: Reason) -> None:
        """Have something mended that is no bullet. Raises Held, for that reason, when it was wrong `tries` times."""
        here = self.here
        events = here.train.log.of_ticket(self.name)
        if len(progress.attempts(events, key, "completed")) + 1 >= self.settings.tries:
            raise Held(reason, "; ".join(words[:3]), key)
        ticket = here.train.ticket(self.name)
        if ticket.status == "in_review":
            with here.transaction("drive mend") as tx:
                tickets.move(tx, ticket, "in_progress")
        done = False
        while not done and not self._ends():
            failures = tuple(a.outcome for a in self._failures(self.here, key))
            done = self._turn(Task(key, text, findings=words, failures=failures))

    def pause(self, seconds: float) -> bool:
        """Let time pass; tells whether it is time to stop instead."""
        ends = time.monotonic() + seconds
        while not self._ends() and (left := ends - time.monotonic()) > 0:
            self.stops.after.wait(min(left, GLANCE))
        return self._ends()

    def _ends(self) -> bool:
        ended = self.stops.after.is_set() or self.stops.now.is_set() or self.cut.is_set()
        return ended or self.stops.asked(self.name) != ""

    def _hold(self, held: Held) -> Outcome:
        """Block the ticket on its branch, and say on the default branch that it is held, with the reason.

        A desk that cannot be worked is not touched: only the default branch tells of it.
        """
        data = {"reason": held.reason, "words": held.words[:400], "bullet": held.bullet}
        try:
            data["event"] = self._blocked(held)
        except OURS:
            raise
        except (TrainError, OSError, UnicodeError) as e:
            self.tell(self.name, said=turn.told(e))
        self._sent()
        self._change(lambda there: standing.note(there, "drive_blocked", there.train.ticket(self.name), data))
        return Outcome(self.name, "blocked", held.reason, held.words, held.bullet)

    def _blocked(self, held: Held) -> str:
        """Block the ticket on its branch; give the event that says so."""
        words = f"{REASONS.get(held.reason, held.reason)}: {held.words}"[:400]
        here = self.here
        ticket = here.train.ticket(self.name)
        if ticket.status != "blocked":
            tickets.block(here, self.name, words)
        commit.of_item(self.here, ticket.item, f"{self.name}: blocked, {held.reason}", self.name)
        return self.here.train.status_chain(self.name).last

    def _sent(self) -> None:
        """Push a branch that goes no further just now, as it is."""
        try:
            self.side.send(self)
        except trunk.Conflict as e:
            self.tell(self.name, said=e.message)

    def _change(self, do: Callable[[Workspace], None]) -> None:
        patiently(lambda: self.line.change(do, self.claim.push), self)


def _task(train: Train, ticket: Ticket, bullet: Bullet, tried: list[Assignment]) -> Task:
    contract, path = None, ""
    if bullet.anchor.startswith(RECORDED):
        contract = train.contract(bullet.anchor.removeprefix(RECORDED))
        path = train.artifact_path(contract, ticket.item)
    return prompt.of_bullet(bullet, contract, path, [a.outcome for a in tried])


def phase_of(train: Train, item: str) -> str:
    """Say in which phase an item without a ticket is worked: by its label `phase:NAME`, that of its parent, the start.

    Raises UsageError when the label names no phase.
    """
    found = train.item(item)
    for label in found.labels:
        if label.startswith("phase:"):
            name = label.partition(":")[2]
            if name not in train.pipeline.phases:
                raise UsageError(f"{item} has the label {label}, and there is no such phase", place=found.path)
            return name
    above = found.parent
    while above and train.has_item(above):
        state = fold.chain(train.log.of_subject(f"item/{above}")).state
        if state in train.ticket_ids():
            return train.ticket(state).phase
        above = train.item(above).parent
    return train.pipeline.start
