"""A turn: one run of an agent for one bullet, looked at, settled by evidence, and committed. ADR 0036.

The order of writes is what makes it resumable: reserved, active, then in one transaction the tick and the end of the
run, then the commit. Whatever a crash cuts off, `recover` finds out from the log which of these was the last.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from agenticops.core import checklist as checklists
from agenticops.core import executables, execution, fold, gate, limits, secrets
from agenticops.core.drive import command, prompt, usage
from agenticops.core.drive.prompt import Task
from agenticops.core.drive.settings import Settings, providers
from agenticops.errors import ConflictError, RemoteError, TrainError
from agenticops.flows import artifact, case, checklist, commit, evidence, trust
from agenticops.flows.drive import aftermath, desk, ledger
from agenticops.flows.drive.desk import Change
from agenticops.flows.drive.ward import Ward, forget
from agenticops.model.digest import sha256
from agenticops.model.drive import Assignment, AssignmentStatus, Reason, Usage
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.layout import PHASE_BRANCH
from agenticops.model.ticket import Ticket
from agenticops.ports import agent
from agenticops.workspace import Workspace

# What a gate finds as long as a ticket is under way: no harm that a turn did.
UNDERWAY = ("VT101", "VT405", "VT406", "VT407", "VT408", "VT421", "VT422", "VT425", "VT426", "VT427")
SHOWN = 6


class Crew(Struct, frozen=True):
    """What surrounds a turn: who is told of what the agent does, and what may stop it."""

    settings: Settings
    note: Callable[..., None]
    line: Callable[[str], None]
    beat: Callable[[], None]
    stop: threading.Event
    ward: Ward


class Result(Struct, frozen=True):
    """How a turn ended: `done`, or the reason with words; `cancelled` when it was stopped from outside."""

    done: bool
    reason: Reason | None = None
    words: str = ""
    cancelled: bool = False
    assignment: Assignment | None = None


class _Failed(Exception):
    """What the agent left does not hold; with `undo` it may not stay either."""

    def __init__(self, reason: Reason, words: str, undo: bool = False) -> None:
        super().__init__(words)
        # Words of an agent go into the log: what looks like a secret does not.
        words = words.encode(errors="backslashreplace").decode()
        self.words = secrets.redact(words, secrets.known_values(os.environ))
        self.reason, self.undo = reason, undo


class Turn:
    """One attempt at a task in a desk."""

    def __init__(self, here: Workspace, crew: Crew, ticket: Ticket, task: Task, tried: Sequence[Assignment]) -> None:
        self.here, self.crew, self.ticket, self.task, self.tried = here, crew, ticket, task, tried
        self.mode = here.train.mode(ticket.mode)
        self.limits = limits.of(here.train.pipeline, self.mode, ticket, ticket.session_path)

    def run(self) -> Result:
        """Reserve, run, look, settle. Raises BudgetRefused before anything runs."""
        here = self.here
        held, page = self._findings(), here.train.checklist_text(self.ticket) or ""
        way = execution.workflow(here.train, self.ticket.item)
        attempt, settings = len(self.tried) + 1, self.crew.settings
        why = ledger.decision(here, self.ticket, way)
        assigned = ledger.reserve(here, settings, self.ticket, self.task.key, attempt, self.tried, why, way)
        model = {"provider": assigned.provider_name, "model": assigned.model_name}
        self.crew.ward.look(here.git)
        # From here on, what is written is the agent's: whoever comes after a crash knows what was there before.
        before, head, stamp = desk.snapshot(here.git), here.git.head(), here.git.stamp()
        self.crew.note(assignment=assigned.assignment_id, before=before, head=head, **model)
        self.crew.ward.begin(here.git, self.ticket.id, before)
        try:
            ended, said = self._work(assigned)
        finally:
            around = self.crew.ward.end(here.git, self.ticket.id, assigned.assignment_id)
        desk.unlock(here.git, f"refs/heads/{PHASE_BRANCH}{self.ticket.id}")
        if here.git.stamp() != stamp:
            desk.unstage(here.git)
        aftermath.settled(here)
        try:
            after = desk.snapshot(here.git, before)
            every = desk.changes(here.git, before, after)
            why = aftermath.guard(here, self.ticket.id, assigned.assignment_id, every, before, after)
            lost = aftermath.take_back(here, self.ticket, assigned.assignment_id, page)
            if around or why:
                raise _Failed("gate_refused", around or why, undo=True)
            if ended.ended == "stopped":
                self._undo(assigned, before, head)
                self._close(assigned, "cancelled", said, ended.milliseconds, "stopped")
                return Result(False, words="it was stopped", cancelled=True, assignment=assigned)
            self._refuse_ended(ended, said)
            self._refuse_rewritten(head)
            if lost:
                raise _Failed("gate_refused", f"it took a bullet out of the checklist: {lost}")
            made = [c for c in every if not aftermath.own(c.path, self.ticket)]
            self._refuse_forbidden(made, assigned, before, after)
            self._refuse_idle(made, said)
            self._settle(assigned, said, ended.milliseconds, made, held, after)
        except _Failed as e:
            failed = e
            if e.undo:
                self._undo(assigned, before, head)
            aftermath.unrecord(Workspace(here.root, here.clock), self.ticket, assigned.assignment_id)
        except (ConflictError, RemoteError):
            raise
        except (TrainError, OSError, UnicodeError) as e:
            # It left files that cannot be read (a checklist, a session, the log itself), a secret, or something odd.
            self._undo(assigned, before, head)
            failed = _Failed("gate_refused", told(e))
        else:
            forget(here.git, self.ticket.id)
            return Result(True, assignment=assigned)
        forget(here.git, self.ticket.id)
        self._close(assigned, "failed", said, ended.milliseconds, f"{failed.reason}: {failed.words}")
        return Result(False, failed.reason, failed.words, assignment=assigned)

    def _work(self, assigned: Assignment) -> tuple[agent.Ended, Usage]:
        provider = providers(self.crew.settings)[assigned.provider_name]
        item = self.here.train.item(self.ticket.item)
        page = prompt.write(self.task, item, self.ticket, self.mode, self.limits.writable)
        words, stdin = command.words(provider, assigned.model_name, page, limits.permissions(self.limits))
        env = {**command.environment(provider, os.environ), "AGENTICOPS_AGENT": self.ticket.agent}
        env |= {"AGENTICOPS_TICKET": self.ticket.id, "AGENTICOPS_BULLET": self.task.key}
        log = os.path.join(self.here.git.common_dir, "agenticops", "drive", "output", f"{assigned.assignment_id}.log")
        try:
            ended = agent.run(
                words,
                self.here.root,
                prompt=stdin,
                environment=env,
                log=log,
                seconds=self.crew.settings.seconds,
                note=lambda pid, started: self.crew.note(pid=pid, started=started),
                line=self.crew.line,
                stop=self.crew.stop,
                beat=self.crew.beat,
                every=self.crew.settings.heartbeat,
            )
        finally:
            self.crew.note(pid=0)
        return ended, usage.read(provider.reads, ended.out)

    def _refuse_ended(self, ended: agent.Ended, said: Usage) -> None:
        """Refuse what a run left that did not end by itself, or with an error."""
        if ended.ended or ended.code or said.error:
            if ended.ended == "timeout":
                raise _Failed("timeout", f"no end within {self.crew.settings.seconds:g} s", undo=True)
            last = (ended.err.strip() or said.said or ended.out).strip().splitlines()[-1:]
            why = said.error or ended.ended or f"exit code {ended.code}"
            raise _Failed("agent_error", f"{why}: {last[0][:200]}" if last else why, undo=True)

    def _refuse_idle(self, made: list[Change], said: Usage) -> None:
        """Refuse a run that asks for a person, or that changed nothing where nothing else could show its work."""
        if asked := usage.asks(said.said) or _blocker(self.here):
            raise _Failed("needs_person", asked)
        if not made and self.task.contract is None and not self.task.proof:
            words = said.said.strip().splitlines()[-1:]
            raise _Failed("no_change", words[0][:200] if words else "it said nothing")

    def _refuse_rewritten(self, head: str) -> None:
        """Take commits that the agent made back into the files; refuse a branch that it left or rewrote."""
        git = self.here.git
        now = git.head()
        if self.here.branch == f"{PHASE_BRANCH}{self.ticket.id}" and now == head:
            return
        kept = git.run("merge-base", "--is-ancestor", head, now, check=False).returncode == 0
        if kept and self.here.branch == f"{PHASE_BRANCH}{self.ticket.id}":
            git.run("reset", "--quiet", "--mixed", head)
            return
        raise _Failed("gate_refused", f"it left or rewrote the branch {PHASE_BRANCH}{self.ticket.id}", undo=True)

    def _refuse_forbidden(self, made: list[Change], assigned: Assignment, before: str, after: str) -> None:
        wrong = {c.path: why for c in made if (why := self._forbidden(c))}
        if wrong:
            desk.put_aside(self.here.git, f"{self.ticket.id}/{assigned.assignment_id}", after, before, list(wrong))
            first = next(iter(wrong.values()))
            more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
            raise _Failed("gate_refused", f"{first}{more}; what it wrote there is put aside")

    def _forbidden(self, change: Change) -> str:
        if change.nested:
            return f"it made a repository of its own in {change.path}"
        if any("\ud800" <= letter <= "\udfff" for letter in change.path):
            return f"it made a file whose name is no UTF-8: {change.path}"
        if change.emptied:
            return f"it emptied {change.path}"
        if change.path.startswith(f"{self.ticket.folder}/") and change.gone:
            return f"it removed {change.path}"
        return limits.write_refusal(self.limits, change.path)

    def _settle(
        self, assigned: Assignment, said: Usage, taken: int, made: list[Change], held: set[Finding], after: str
    ) -> None:
        """Tick the bullet by what shows it, and commit; nothing of it is kept that breaks what held before."""
        here, ticket, task = self.here, self.ticket, self.task
        if task.contract is not None:
            _, _, findings = artifact.record(here, ticket.id, [task.contract.name])
            self._refuse(findings, made)
        elif task.proof:
            ran = evidence.run(here, ticket.id, check=task.proof)
            self._refuse(ran.findings, made)
        if self.crew.settings.verify == "bullet":
            self._refuse(evidence.prove(here, ticket, [evidence.gate_of(here, ticket)], moving=False), made)
        here = self.here = Workspace(here.root, here.clock)
        # What broke is undone: the next attempt would take it for what it found.
        self._refuse([f for f in self._findings() if f not in held], made, undo=True)
        paths = [c.path for c in made]
        digest = sha256("\n".join(sorted(paths)).encode() + after.encode())
        rests = {"assignment": assigned.assignment_id, "files": len(paths), "tree": digest, "paths": paths[:SHOWN]}
        with here.transaction("drive settle") as tx:
            _tick(here, tx, ticket, task.key, rests)
            ledger.ended(tx, here, assigned, "completed", said, taken, "done")
        words = task.text if len(task.text) <= 60 else task.text[:59] + "…"
        self.crew.ward.look(here.git)
        commit.of_item(here, ticket.item, f"{ticket.id}: {words}", ticket.id, paths)

    def _refuse(self, findings: Sequence[Finding], made: Sequence[Change], undo: bool = False) -> None:
        errors = [f for f in findings if f.severity == "error"]
        if errors:
            words = "; ".join(f"{f.code} {f.path}: {f.message}" for f in errors[:SHOWN])
            raise _Failed("gate_refused" if made else "no_change", words, undo)

    def _findings(self) -> set[Finding]:
        """What the gate finds now that is not simply still to be done."""
        now = case.of_ticket(self.here, self.ticket, moving=False)
        records = fold.recorded(self.here.train.log.of_ticket(self.ticket.id)).values()
        recorded = {str(e.data.get("path")) for e in records}
        every = (*gate.judge(now).findings, *gate.integrity(now))
        found = (f for f in every if f.code not in UNDERWAY)
        return {f for f in found if not f.code.startswith("VT2") or f.path in recorded}

    def _close(self, assigned: Assignment, status: AssignmentStatus, said: Usage, taken: int, outcome: str) -> None:
        with self.here.transaction("drive end") as tx:
            ledger.ended(tx, self.here, assigned, status, said, taken, outcome)

    def _undo(self, assigned: Assignment, before: str, head: str) -> None:
        """Put everything aside that a run left which did not end well."""
        aftermath.undo(self.here, self.ticket, assigned.assignment_id, before, head)


def told(error: Exception) -> str:
    """Say in one line what is wrong, and where."""
    if isinstance(error, TrainError):
        return f"{error.message} ({error.place})" if error.place else error.message
    return " ".join(str(error).split())


def _tick(here: Workspace, tx: Any, ticket: Ticket, key: str, rests: dict[str, object]) -> None:
    text = here.train.checklist_text(ticket) or ""
    bullet = next((b for b in checklists.parse(text).bullets if b.key == key), None)
    if bullet is None:
        return  # the repair of a gate has none
    if not bullet.checked:
        tx.write(ticket.checklist_path, checklists.tick(text, [key]))
        data = {**checklist.bullet_data(bullet), **rests}
        tx.append(Draft("bullet_ticked", f"ticket/{ticket.id}", ticket.id, ticket.item, data))


def _blocker(here: Workspace) -> str:
    """What the agent wrote down as holding it."""
    here = Workspace(here.root, here.clock)
    blockers = here.train.session(f"tickets/{here.phase_ticket}/ACTIVE_SESSION.md")
    return "; ".join(blockers.blockers) if blockers is not None else ""


def refuse_untrusted(main: Workspace, here: Workspace, settings: Settings) -> None:
    """Refuse a program that the repository names for an agent, when nobody trusted it here. Raises TrainError.

    What is judged is what would run: the words of the drive's settings, over the files of the desk.
    """
    for name in providers(settings):
        if name in settings.providers:
            trust.vouch(main, executables.provider_command(name, settings.providers[name]), here.tree)
