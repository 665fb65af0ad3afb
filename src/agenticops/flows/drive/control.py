"""Control: what an operator does about the auto-pilot: hold it, let it go on, take a ticket from it, bring one in.

Whoever is at work is asked by a mark and does it; where nobody is, it is done right here, under the same hold.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from agenticops.core.drive import progress
from agenticops.errors import ConflictError, TrainError, UsageError
from agenticops.flows import aim, conduct, desks
from agenticops.flows.drive import aftermath, deliver, desk, merging
from agenticops.flows.drive import claim as claims
from agenticops.flows.drive.claim import Claim
from agenticops.flows.drive.driver import read_settings
from agenticops.flows.drive.marks import Mark, Marks, Wish
from agenticops.flows.drive.standing import leave, note, standing
from agenticops.model import ids
from agenticops.model.drive import Drive
from agenticops.model.layout import PHASE_BRANCH
from agenticops.workspace import Workspace

PAUSE = 0.1
T = TypeVar("T")
HELD = ("blocked", "left")


class Left(Struct, frozen=True):
    """A ticket that a person has now: its desk, its branch, and where it stood with the auto-pilot before."""

    ticket: str
    desk: str
    branch: str
    before: Drive


class Released(Struct, frozen=True):
    """What may go on: a ticket ("": the whole drive), the mark that was taken away, and the hold that was lifted."""

    ticket: str = ""
    mark: Mark | None = None
    before: Drive | None = None


class Control:
    """An operator at the auto-pilot of a clone; with a remote, what is written and held reaches there too."""

    def __init__(self, workspace: Workspace, remote: str = "") -> None:
        self.main, self.remote = workspace, remote
        self.settings = read_settings(workspace)
        self.side = deliver.side(workspace, self.settings, remote)
        self.line = self.side.trunk(workspace, self.settings)
        self.marks = Marks(workspace)

    def pause(self, wanted: str = "", reason: str = "") -> Mark:
        """Hold a ticket, or the whole drive, once the present bullet has ended. Raises TrainError for a closed one."""
        name = self._ticket(wanted) if wanted else ""
        train = self.main.train
        if name in train.ticket_ids() and train.ticket(name).closed:
            raise TrainError(f"{name} is {train.ticket(name).status}", hint=f"agenticops ticket show {name}")
        return self._mark("pause", name, reason)

    def resume(self, wanted: str = "", reason: str = "", note: str = "") -> Released:
        """Let the whole drive, or a ticket, go on. A ticket that is held, or with a person, needs the reason.

        A `note` is told to the agents that work the ticket from now on. Raises TrainError when nothing is held.
        """
        self._refuse_agent("let the auto-pilot go on")
        if not wanted:
            mark = self.marks.of()
            if not self.marks.drop():
                raise TrainError("the drive is not paused", hint="agenticops drive status")
            return Released("", mark)
        name = self._ticket(wanted)
        before, mark = self._standing(name), self.marks.of(name)
        if before.standing in HELD:
            data = {"reason": aim.reason(reason or note), **({"note": note} if note else {})}
            self._alone(name, lambda claim: self.line.change(lambda there: _release(there, name, data), claim.push))
        elif mark is None or note:
            raise TrainError(f"{name} is not held by the auto-pilot", hint="agenticops drive status")
        self.marks.drop(name)
        return Released(name, mark, before if before.standing in HELD else None)

    def fix(self, wanted: str, note: str) -> Released:
        """Let a held ticket go on, with a note to whoever works it next."""
        if not note.strip():
            raise UsageError("the note is empty", hint='--note "what the agent should know"')
        return self.resume(wanted, note=aim.reason(note))

    def leave(
        self, wanted: str, wish: Wish, reason: str = "", wait: Callable[[], None] = lambda: time.sleep(PAUSE)
    ) -> Left:
        """Take a ticket from the auto-pilot: to work it oneself, or to have its agent ended at once (`abort`).

        Waits until a running driver has let go of it; `wait` is called meanwhile, and the mark stays when it raises.
        """
        self._refuse_agent("abort a ticket" if wish == "abort" else "take over a ticket")
        name = self._ticket(wanted)
        before = self._standing(name)
        if not before.at or before.standing == "delivered":
            raise TrainError(f"the auto-pilot does not have {name}", hint=f"agenticops ticket show {name}")
        if before.standing != "left":
            self._mark(wish, name, reason)
        while self.marks.of(name) is not None:
            taken = claims.claim(self.main, name, f"drive {wish}", self.remote)
            if isinstance(taken, Claim):
                try:
                    self._left(name, taken)
                finally:
                    taken.release(done=False)
            else:
                wait()
        return Left(name, self._place(name), f"{PHASE_BRANCH}{name}", before)

    def merge(self, wanted: str) -> conduct.Outcome:
        """Bring a ticket that is in review into the default branch, as a drive would; a refusal is an outcome.

        Raises TrainError when its branch is not in review, trunk.Conflict when it cannot be merged.
        """
        self._refuse_agent("merge a ticket")
        name = self._ticket(wanted)
        return self._alone(name, lambda claim: self._merged(name, claim))

    def _merged(self, name: str, claim: Claim) -> conduct.Outcome:
        self.side.bring(name)
        place = _reviewed(self.main, name)
        outcome = merging.bring_in(self.line, name, claim.push)
        if outcome.state != "refused":
            self.marks.drop(name)
            if place and os.path.realpath(place) == os.path.realpath(self._place(name)):
                desk.close_desk(self.main, place, name)
        return outcome

    def _left(self, name: str, claim: Claim) -> None:
        """Do what a mark asks where no driver works the ticket; what one left that was killed is settled first."""
        mark = self.marks.of(name)
        if mark is not None:
            here = desk.open_desk(self.main, self.settings, name, f"refs/heads/{self.line.branch}")
            aftermath.recover(here, name, claim.left)
            leave(self.main, Workspace(here.root, self.main.clock), self.line, name, mark.wish, claim.push)

    def _alone(self, name: str, do: Callable[[Claim], T]) -> T:
        """Do something while nobody else works the ticket. Raises ConflictError when somebody does."""
        taken = claims.claim(self.main, name, "drive control", self.remote)
        if not isinstance(taken, Claim):
            raise ConflictError(f"{name}: {taken}", hint=f"agenticops drive pause {name}, then try again")
        try:
            return do(taken)
        finally:
            taken.release(done=False)

    def _standing(self, name: str) -> Drive:
        return self.line.change(lambda there: standing(there, name))

    def _mark(self, wish: Wish, name: str, reason: str) -> Mark:
        mark = Mark(wish, name, " ".join(reason.split())[:400], self.main.operator, self.main.now)
        self.marks.put(mark)
        return mark

    def _place(self, name: str) -> str:
        return os.path.join(desk.folder(self.main, self.settings), name)

    def _refuse_agent(self, what: str) -> None:
        if self.main.by_agent:
            hint = "ask the operator to run it in a terminal of their own"
            raise TrainError(f"an agent ({self.main.by_agent}) cannot {what}", hint=hint)

    def _ticket(self, wanted: str) -> str:
        """Find a ticket, also where this branch does not have it yet."""
        events = self.main.log.of_kinds(*progress.STANDINGS)
        noted = (str(note.get("ticket", "")) for note in claims.noted(self.main).values())
        known = {*self.main.train.ticket_ids(), *(e.ticket for e in events), *filter(ids.TICKET.fullmatch, noted)}
        return ids.resolve(wanted, sorted(known), "ticket")


def _reviewed(workspace: Workspace, name: str) -> str:
    """Give the worktree of a ticket's branch, or "". Raises TrainError when the branch cannot be merged as it is."""
    branch = f"{PHASE_BRANCH}{name}"
    if workspace.git.run("rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", check=False).returncode:
        raise TrainError(f"there is no branch {branch}", hint=f"agenticops ticket show {name}")
    place = next((d.path for d in desks.desks(workspace) if d.branch == branch), "")
    status = workspace.train_at(f"refs/heads/{branch}").ticket(name).status
    if status not in ("in_review", "done"):
        hint = f"agenticops -C {place or '.'} advance {name} --commit"
        raise TrainError(f"{name} is {status} on {branch}; what is merged is in review", place=place, hint=hint)
    if place and Workspace(place).git.run("status", "--porcelain").stdout:
        hint = f"commit it: git -C {place} add --all && git -C {place} commit"
        raise TrainError(f"{branch} has changes that are not committed", place=place, hint=hint)
    return place


def _release(there: Workspace, name: str, data: dict[str, str]) -> None:
    if standing(there, name).standing in HELD:
        note(there, "drive_released", there.train.ticket(name), data)
