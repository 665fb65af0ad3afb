"""Merging: a branch comes into the default branch, is judged there, and is closed, or does not come in. ADR 0036."""

from __future__ import annotations

from agenticops.core.drive import progress
from agenticops.flows import commit, conduct, judge, replay
from agenticops.flows.conduct import Call
from agenticops.flows.drive import trunk
from agenticops.flows.drive.trunk import Push, Trunk
from agenticops.model.event import Draft
from agenticops.model.finding import Verdict
from agenticops.model.layout import PHASE_BRANCH
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace


class _Refused(Exception):
    """The gate did not hold on the default branch: the merge is thrown away."""

    def __init__(self, outcome: conduct.Outcome) -> None:
        super().__init__(outcome.state)
        self.outcome = outcome


def bring_in(line: Trunk, name: str, push: Push | None = None) -> conduct.Outcome:
    """Merge a ticket's branch on the trunk, judge it there, and close the ticket: what does not hold does not come in.

    `push` sends it to a remote together with the ticket's lease. A refusal is an outcome. Raises trunk.Conflict when
    the branch conflicts with the default branch.
    """
    try:
        return line.change(lambda there: _merged(there, name), push)
    except _Refused as e:
        return e.outcome


def _merged(there: Workspace, name: str) -> conduct.Outcome:
    train = there.train
    ticket = train.ticket(name)
    if ticket.closed:
        # A person, or a workflow of the forge, has merged and advanced it.
        if progress.drive(name, there.log.of_subject(f"drive/{name}")).standing == "taken":
            _tell(there, ticket)
            commit.of_item(there, ticket.item, f"{name}: delivered", name)
        return conduct.Outcome("finished", ticket, Verdict("", "", (), 0))
    tip = there.git.head()
    trunk.merge(there, name, train.item(ticket.item).title)
    there = Workspace(there.root, there.clock, there.standing_for)
    _tell(there, ticket)
    outcome = conduct.advance(there, name, Call(commit=True))
    if outcome.state != "refused":
        outcome = _judged(Workspace(there.root, there.clock, there.standing_for), tip, outcome)
    if outcome.state == "refused":
        raise _Refused(outcome)
    return outcome


def _tell(there: Workspace, ticket: Ticket) -> None:
    with there.transaction("drive delivered") as tx:
        data = {"branch": f"{PHASE_BRANCH}{ticket.id}"}
        tx.append(Draft("drive_delivered", f"drive/{ticket.id}", ticket.id, ticket.item, data))


def _judged(there: Workspace, tip: str, outcome: conduct.Outcome) -> conduct.Outcome:
    """Refuse what holds for the ticket and breaks the rest of the train; what was broken before counts for nobody."""
    found = [f for f in replay.compare(there, replay.Call(tip)).findings if f.severity == "error"]
    if found:
        before = {(f.code, f.path, f.message) for f in judge.tree(there, tip).findings}
        found = [f for f in found if (f.code, f.path, f.message) not in before]
    if not found:
        return outcome
    verdict = Verdict("train", outcome.ticket.id, tuple(found), outcome.verdict.checks)
    return conduct.Outcome("refused", outcome.ticket, verdict)
