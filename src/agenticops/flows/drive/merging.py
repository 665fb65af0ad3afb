"""Merging: a branch comes into the default branch, is judged there, and is closed, or does not come in. ADR 0036."""

from __future__ import annotations

from agenticops.core.drive import progress
from agenticops.flows import commit, conduct, judge, replay
from agenticops.flows.conduct import Call
from agenticops.flows.drive import trunk
from agenticops.flows.drive.trunk import Push, Trunk
from agenticops.model.event import Draft
from agenticops.model.finding import Finding, Verdict
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
    tip, branch = there.git.head(), f"{PHASE_BRANCH}{name}"
    # It is judged and merged as one commit: whoever still writes there moves the branch in vain.
    head = there.git.run("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}").stdout.strip()
    _refuse(ticket, _of_branch(there, tip, head, branch))
    trunk.merge(there, name, train.item(ticket.item).title, head)
    _refuse(ticket, _configured(there, tip, branch))
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


def _refuse(ticket: Ticket, found: tuple[Finding, ...]) -> None:
    if found:
        raise _Refused(conduct.Outcome("refused", ticket, Verdict("train", ticket.id, found, len(found))))


def _of_branch(there: Workspace, tip: str, head: str, branch: str) -> tuple[Finding, ...]:
    """Give what `check --base` says of a branch by the limits of its base; what either had before counts for nobody."""
    found = _errors(replay.compare(there, replay.Call(tip, head, branch=branch)))
    if found:
        fork = there.git.run("merge-base", tip, head, check=False).stdout.strip()
        found = _fresh(there, found, *dict.fromkeys(base for base in (tip, fork) if base))
    return found


def _configured(there: Workspace, tip: str, branch: str) -> tuple[Finding, ...]:
    """Give what a merge brought into config/, however it came there: by the base's pipeline it is judged next."""
    paths = there.git.run("diff-tree", "-r", "-z", "--name-only", tip, "HEAD", "--", "config").stdout.split("\0")[:-1]
    hint = "do it on the default branch"
    return tuple(Finding("VT806", f"branch {branch} does not touch {path}", path, hint=hint) for path in paths)


def _judged(there: Workspace, tip: str, outcome: conduct.Outcome) -> conduct.Outcome:
    """Refuse what holds for the ticket and breaks the rest of the train; what was broken before counts for nobody."""
    found = _errors(replay.compare(there, replay.Call(tip)))
    if found:
        found = _fresh(there, found, tip)
    if not found:
        return outcome
    verdict = Verdict("train", outcome.ticket.id, found, outcome.verdict.checks)
    return conduct.Outcome("refused", outcome.ticket, verdict)


def _errors(verdict: Verdict) -> tuple[Finding, ...]:
    return tuple(f for f in verdict.findings if f.severity == "error")


def _fresh(there: Workspace, found: tuple[Finding, ...], *bases: str) -> tuple[Finding, ...]:
    """Leave out what was there before."""
    before = {(f.code, f.path, f.message) for base in bases for f in judge.tree(there, base).findings}
    return tuple(f for f in found if (f.code, f.path, f.message) not in before)
