"""Taking: the next item is chosen on the newest default branch, claimed, and its ticket opened. ADR 0036."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from agenticops.core.drive import progress
from agenticops.core.drive.settings import Settings
from agenticops.flows import commit, select
from agenticops.flows import ticket as tickets
from agenticops.flows.drive import claim as claims
from agenticops.flows.drive import desk
from agenticops.flows.drive.claim import Claim
from agenticops.flows.drive.standing import held, standing
from agenticops.flows.drive.work import phase_of
from agenticops.model.event import Draft
from agenticops.model.layout import PHASE_BRANCH
from agenticops.workspace import Workspace

OPEN = "SELECT id FROM ticket WHERE item = ? AND closed = 0 ORDER BY id"


class Taken(Struct, frozen=True):
    """An item that was claimed, with its ticket, and what operators said to whoever works it."""

    claim: Claim
    ticket: str
    notes: tuple[str, ...] = ()


class Taking:
    """Takes the next item on the trunk. It is perhaps done more than once, and claims an item once only.

    `skip` names items that are not asked for at all, and why; what is refused is added to `refused`.
    """

    def __init__(
        self, main: Workspace, settings: Settings, remote: str, skip: Mapping[str, str], refused: Callable[..., None]
    ) -> None:
        self.main, self.settings, self.remote, self.skip, self.refused = main, settings, remote, skip, refused
        self.claims: dict[str, Claim] = {}
        self.passed: dict[str, str] = {}
        self.last: Claim | None = None

    def __call__(self, there: Workspace) -> Taken | None:
        """Claim the next item that nobody else has, and open its ticket where that is to be done."""
        _sweep(self.main, self.settings, there)
        skip = {**held(there), **self.skip}
        begun = (item for item in _begun(self.main, there) if item not in skip)
        while item := next(begun, "") or self._chosen(there, skip):
            claim = self.claims.get(item) or claims.claim(self.main, item, "drive", self.remote)
            if isinstance(claim, Claim):
                self.claims[item] = self.last = claim
                ticket = _opened(there, item)
                return Taken(claim, ticket, progress.notes(ticket, there.log.of_subject(f"drive/{ticket}")))
            skip[item] = claim
            self.refused(item, claim)
        return None

    def push(self, ref: str, new: str, old: str) -> str:
        """Push the opened ticket together with the lease of its item."""
        assert self.last is not None
        return self.last.push(ref, new, old)

    def let_go(self, kept: Taken | None) -> None:
        """Give back what was claimed and is not worked after all: another was ahead on the newer default branch."""
        for claim in self.claims.values():
            if kept is None or claim is not kept.claim:
                claim.release(done=not claim.left)

    def _chosen(self, there: Workspace, skip: dict[str, str]) -> str:
        choice = select.choose(there, skip, self.settings.kinds)
        self.passed = choice.passed
        return choice.item.id if choice.item is not None else ""


def _sweep(main: Workspace, settings: Settings, there: Workspace) -> None:
    """Take away the desks of what was delivered and merged, whose driver died before it could, or that were dirty."""
    folder = desk.folder(main, settings)
    noted = {str(note.get("ticket", "")): item for item, note in claims.noted(main).items()}
    known = {*filter(None, noted), *(os.listdir(folder) if os.path.isdir(folder) else ())}
    for ticket in sorted(known & {*there.train.ticket_ids()}):
        found = there.train.ticket(ticket)
        if not found.closed or standing(there, ticket).standing != "delivered":
            continue
        taken = claims.claim(main, noted.get(ticket, found.item), "drive sweep", "")
        if isinstance(taken, Claim):
            try:
                if _merged(there, ticket):
                    desk.close_desk(main, os.path.join(folder, ticket), ticket)
            finally:
                taken.release(done=ticket in noted or not taken.left)


def _merged(there: Workspace, ticket: str) -> bool:
    """Tell whether all of a ticket's branch is in the default branch; one that is gone is."""
    git, branch = there.git, f"refs/heads/{PHASE_BRANCH}{ticket}"
    if git.run("rev-parse", "--verify", "--quiet", branch, check=False).returncode:
        return True
    return git.run("merge-base", "--is-ancestor", branch, "HEAD", check=False).returncode == 0


def _begun(main: Workspace, there: Workspace) -> list[str]:
    """Name the items that a driver of this clone began and did not end: these come first."""
    found = []
    for item in sorted(claims.noted(main)):
        name = there.index.value(OPEN, item)
        if name and standing(there, str(name)).standing == "taken":
            found.append(item)
    return found


def _opened(there: Workspace, item: str) -> str:
    """Give an item's open ticket; without one it is opened, and either way the log says that the auto-pilot has it."""
    name = there.index.value(OPEN, item)
    if name and standing(there, str(name)).standing == "taken":
        return str(name)
    with there.transaction("drive take") as tx:
        train = there.train
        if name:
            ticket = train.ticket(str(name))
        else:
            wanted = train.item(item)
            phase = "" if wanted.kind in train.pipeline.kinds else phase_of(train, item)
            ticket = tickets.start(there, tx, wanted, phase)
        data: dict[str, Any] = {"branch": f"phase/{ticket.id}"}
        tx.append(Draft("drive_taken", f"drive/{ticket.id}", ticket.id, item, data))
    commit.of_item(there, item, f"{ticket.id}: taken by the auto-pilot", ticket.id)
    return ticket.id
