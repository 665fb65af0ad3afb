"""Claiming: take the next work item, or the one that is named: assigned, urgent, and nobody else's. First at the forge.

The forge is where two clones meet. One claims at a time, of all who share a lease; whoever sees another name beside
theirs lets go. ADR 0034.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from agenticops.core import flowrules, work_state, yamltext
from agenticops.core.sync import fields, items, labels
from agenticops.errors import ConflictError, RemoteError, TrainError, UsageError
from agenticops.flows import aim, select, work
from agenticops.flows.forge import fence, opening
from agenticops.model.event import Draft
from agenticops.model.forge import Issue
from agenticops.model.ids import TICKET
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem
from agenticops.ports.forge import Edit, Forge
from agenticops.store.lock import Lock
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

URGENT = "now"
FASTER = "agenticops github apply takes that over; then agenticops next --claim"
BESIDE = "agenticops next --claim again; with lease: remote in config/forge.yml one of two clones gets it"
# How long to wait for another who claims, in seconds: a claim is some five requests, and writes go a second apart.
WAIT = 20.0


class Claim(Struct, frozen=True):
    """What was claimed, for whom, and its open ticket; without an item `reason` says why there was none."""

    item: WorkItem | None
    reason: str
    login: str = ""
    ticket: Ticket | None = None
    remote: bool = False
    passed: dict[str, str] = {}


def claim(workspace: Workspace, wanted: str = "", login: str = "", local: bool = False) -> Claim:
    """Claim an item. Raises ConflictError when somebody else has it; an empty queue is an outcome.

    Without an issue, or with `local`, the claim is kept here alone.
    """
    if workspace.phase_ticket:
        default = workspace.train.pipeline.default_branch
        raise TrainError("a phase branch claims nothing", hint=f"git switch {default}")
    item, reason, passed = _chosen(workspace, wanted)
    if item is None:
        return Claim(None, reason, passed=passed)
    remote = item.issue is not None and not local
    if item.issue is not None and not local:
        with opening.opened(workspace) as forge:
            login = login or forge.me()
            _refuse(workspace, item, login)
            _queue(workspace, forge, item.issue, login)
    else:
        _refuse(workspace, item, login)
    with workspace.transaction("next claim") as tx:
        before, item = item, workspace.train.item(item.id)
        _refuse(workspace, item, login)
        if _has(item.assignees, login) and not _has(before.assignees, login):
            raise ConflictError(f"{item.id} was claimed for {login} meanwhile", place=item.path, hint=FASTER)
        ticket = _note(workspace, tx, item, login)
    return Claim(workspace.train.item(item.id), reason, login, ticket, remote)


def _chosen(workspace: Workspace, wanted: str) -> tuple[WorkItem | None, str, dict[str, str]]:
    if not wanted:
        choice = select.choose(workspace)
        return choice.item, choice.reason, choice.passed
    match = TICKET.fullmatch(wanted)
    name = match["item"] if match else aim.item_id(workspace, wanted)
    if name in work_state.ends(workspace.log):
        raise TrainError(f"work item {name} has ended", hint=f"agenticops work show {name}")
    return workspace.train.item(name), f"{name} was named", {}


def _refuse(workspace: Workspace, item: WorkItem, login: str) -> None:
    """Refuse what is somebody else's here, and a second piece of work for one pair of hands."""
    others = [name for name in item.assignees if name.casefold() != login.casefold()]
    if others:
        message = f"{item.id} is assigned to {', '.join(others)}"
        raise ConflictError(message, place=item.path, hint=f"agenticops work edit {item.id} --assignee …")
    ticket = _ticket(workspace, item.id)
    if ticket is not None and ticket.operator not in ("", workspace.operator, login):
        raise ConflictError(f"{ticket.id} is worked by {ticket.operator}", place=ticket.path, hint="agenticops status")
    if login and item.kind == "Task":
        _refuse_second(workspace, item, login)


def _refuse_second(workspace: Workspace, item: WorkItem, login: str) -> None:
    code = flowrules.RULES[item.kind][0]
    if code in opening.settings(workspace).exceptions:
        return
    over = work_state.ends(workspace.log)
    others = [i for i in workspace.train.items() if i.id != item.id and i.id not in over and login in i.assignees]
    taken = msgspec.structs.replace(item, assignees=(login,), priority=URGENT)
    judged = [items.worked(i, items.local(i, None), None) for i in (*others, taken)]
    for finding in flowrules.judge(judged, work_state.exceptions(workspace.log, workspace.now)):
        if finding.code == code:
            raise TrainError(f"{code}: {finding.message}", place=finding.path, hint=finding.hint)


def _queue(workspace: Workspace, forge: Forge, number: int, login: str) -> None:
    """Claim an issue as the only one of this clone, and by the lease of all clones.

    One account may work in two clones: what changed while we looked, or waited, is the other's claim by our name.
    """
    purpose, ahead = f"claim of #{number}", list[ConflictError]()
    first = _free(forge, number, login)
    with (
        Lock(os.path.join(opening.folder(workspace), "claim"), purpose),
        fence.fenced(workspace, purpose, name="claim", wait=WAIT, told=ahead.append) as keep,
    ):
        seen = _free(forge, number, login)
        if _has(seen.assignees, login) and (ahead or fields.seen_issue(seen) != fields.seen_issue(first)):
            who = f": {ahead[-1].message}" if ahead else ""
            raise ConflictError(f"issue #{number} was claimed for {login} meanwhile{who}", place=seen.url, hint=FASTER)
        keep()
        _take(forge, seen, login, opening.settings(workspace).aliases)


def _free(forge: Forge, number: int, login: str) -> Issue:
    """Look at an issue. Raises ConflictError when it is closed, or somebody else's."""
    seen = forge.issues.get(number)
    if seen.state != "open":
        raise ConflictError(f"issue #{number} is closed by now", place=seen.url, hint=FASTER)
    _alone(seen, login)
    return seen


def _take(forge: Forge, seen: Issue, login: str, aliases: Mapping[str, str]) -> None:
    """Put a name and the urgency on an issue. Raises ConflictError when another name comes beside it."""
    number = seen.number
    if not seen.assignees:
        # By a request of its own: an edit sends all assignees, and would take away who claims at the same moment.
        forge.issues.assign(number, login)
    now = forge.issues.get(number)
    if not _has(now.assignees, login):
        hint = "an app cannot be assigned, nor who has no access: --as LOGIN names who can"
        raise RemoteError(f"GitHub does not assign #{number} to {login}", place=now.url, hint=hint)
    try:
        _alone(now, login, BESIDE)
    except ConflictError:
        forge.issues.unassign(number, login)
        raise
    add, remove = labels.edits(now.labels, {"priority": (URGENT,)}, aliases)
    forge.issues.edit(now, Edit(add_labels=add, remove_labels=remove))


def _has(names: Iterable[str], login: str) -> bool:
    """Tell whether a login is among names; the forge does not tell cases apart."""
    return login.casefold() in {name.casefold() for name in names}


def _alone(issue: Issue, login: str, hint: str = FASTER) -> None:
    others = [name for name in issue.assignees if name.casefold() != login.casefold()]
    if others:
        message = f"issue #{issue.number} is assigned to {', '.join(others)}"
        raise ConflictError(message, place=issue.url, hint=hint)


def _note(workspace: Workspace, tx: Transaction, item: WorkItem, login: str) -> Ticket | None:
    """Write the claim down: in the item, for who has a login, and in its open ticket."""
    ticket = _ticket(workspace, item.id)
    changes: dict[str, object] = {} if item.priority == URGENT else {"priority": URGENT}
    if login and not item.assignees:
        changes["assignees"] = [login]
    if not login and ticket is None:
        hint = f"agenticops next {item.id} --claim --as LOGIN, or open its ticket first"
        raise UsageError(f"nobody knows who claims {item.id}: it has no issue and no ticket", hint=hint)
    if changes:
        work.change(workspace, tx, item, changes, more={"claimed": login or workspace.operator})
    if ticket is not None and not ticket.operator:
        text = yamltext.decode(tx.read(ticket.path) or b"", ticket.path)
        tx.write(ticket.path, yamltext.splice(text, {"operator": workspace.operator}, ticket.path))
        data = {"fields": ["operator"]}
        tx.append(Draft("ticket_edited", f"ticket/{ticket.id}", ticket.id, item.id, data))
        ticket = msgspec.structs.replace(ticket, operator=workspace.operator)
    return ticket


def _ticket(workspace: Workspace, item: str) -> Ticket | None:
    """Give an item's open ticket."""
    name = workspace.index.value("SELECT id FROM ticket WHERE item = ? AND closed = 0 ORDER BY id", item)
    return workspace.train.ticket(str(name)) if name else None
