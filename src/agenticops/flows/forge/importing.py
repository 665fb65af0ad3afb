"""Importing: the issues of a repository are written down as work items, and each agrees with its issue from then on.

The texts of issues pass through one by one, so that memory does not grow with them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice

import msgspec
from msgspec import Struct

from agenticops.core import documents, secrets, sticky, work_tree
from agenticops.core.sync import base, body, items, labels
from agenticops.core.sync import plan as plans
from agenticops.core.sync.fields import Links
from agenticops.errors import SecretError, StateError
from agenticops.flows.forge import applying, here, opening, planning
from agenticops.flows.forge.here import Here
from agenticops.flows.forge.there import There
from agenticops.model.event import Draft
from agenticops.model.finding import Finding
from agenticops.model.forge import Action, Agreed, Issue, Local, Remote
from agenticops.model.work import Kind, WorkItem
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# Items in one transaction: each of them whole, and not a lock for each.
BATCH = 100


class Imported(Struct, frozen=True):
    """What was written down, in the order of the issues, what was left out and why, and what is odd about the rest."""

    repository: str
    items: tuple[tuple[str, Kind, str], ...]
    left: dict[int, str] = {}
    findings: tuple[Finding, ...] = ()


class Wanted(Struct, frozen=True):
    """Which open issues to write down: those named, or those with all these labels; else all but tickets' own.

    `kind` is for those where no label says one.
    """

    issues: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    kind: Kind = "Task"

    def takes(self, issue: Issue) -> bool:
        """Tell whether an issue is meant."""
        if sticky.marked(issue.body):
            return False
        names = {name.casefold() for name in issue.labels}
        return (not self.issues or issue.number in self.issues) and names.issuperset(
            label.casefold() for label in self.labels
        )


def adopt(
    workspace: Workspace,
    wanted: Wanted,
    dry_run: bool = False,
    told: Callable[[int, int], None] = lambda at, count: None,
) -> Imported:
    """Write issues down as work items: not an item's or a ticket's own, no closed ones, no pull requests."""
    with opening.leased(workspace, "github import"), opening.opened(workspace) as forge:
        mine, agreed = here.read(workspace), planning.bases(workspace)
        reader = There(workspace, forge, agreed)
        remote = reader.read((), whole=True, orphans=planning.orphans(mine))
        # What was read has lost the texts; what is kept of it has them.
        chosen = [issue.number for issue in reader.snapshot.issues() if wanted.takes(issue)]
        new, findings = _chosen(workspace, mine, remote, agreed, chosen, wanted)
        locals = [*mine.locals.values(), *(_local(action) for action in new.values())]
        findings += tuple(work_tree.judge(locals))
        made = tuple((a.item, str(a.write["kind"]), str(a.write["title"])) for a in new.values())
        left: dict[int, str] = {}
        if not dry_run:
            links = Links.of(locals, opening.settings(workspace).rules)
            kept = (issue for issue in reader.snapshot.issues() if issue.number in new)
            done = 0
            while batch := list(islice(kept, BATCH)):
                told(done, len(new))
                left |= _written(workspace, batch, new, links)
                done += len(batch)
        found = tuple((n, msgspec.convert(kind, Kind), title) for n, kind, title in made if int(n) not in left)
        return Imported(forge.repository, found, left, findings)


def _chosen(
    workspace: Workspace,
    mine: Here,
    remote: Remote,
    agreed: dict[str, Agreed],
    chosen: Collection[int],
    wanted: Wanted,
) -> tuple[dict[int, Action], tuple[Finding, ...]]:
    """Say which issues become which items: without their texts, which were let go of."""
    rules = opening.settings(workspace).rules
    found = plans.plan(mine.locals.values(), remote, agreed, rules, lambda a, b, c: (b, False), (), chosen)
    issues = {issue.number: issue for issue in remote.issues}
    new = {}
    for action in found.actions:
        if action.side == "local" and action.verb == "create" and action.issue is not None:
            said = labels.read(issues[action.issue].labels, rules.aliases).kind
            write = action.write if said else {**action.write, "kind": wanted.kind}
            new[action.issue] = msgspec.structs.replace(action, write=write)
    return dict(sorted(new.items())), tuple(f for f in found.findings if f.code == "VT489")


def _local(action: Action) -> Local:
    """Give the item that an issue becomes, as a merge sees it."""
    return items.local(items.adopted(action.item, action.write), None)


def _written(workspace: Workspace, batch: Iterable[Issue], new: dict[int, Action], links: Links) -> dict[int, str]:
    """Write some issues down, in one transaction; say which could not be."""
    left = {}
    with workspace.transaction("github import") as tx:
        for issue in batch:
            try:
                _one(tx, issue, new[issue.number], links)
            except (StateError, SecretError) as e:
                left[issue.number] = e.message
    return left


def _one(tx: Transaction, issue: Issue, action: Action, links: Links) -> None:
    said = body.text(issue.body)
    item = items.adopted(action.item, {**action.write, **({"body": said} if said else {})})
    text = documents.write_item(item)
    # Looked for here as well, so that one such text holds up itself only, and not the whole batch.
    secrets.refuse(text, item.path, secrets.known_values(os.environ))
    agreed = base.agreement(Agreed(item.id), items.local(item, None), [issue], links)
    tx.write(item.path, text)
    for draft in _drafts(item, issue, agreed):
        tx.append(draft)


def _drafts(item: WorkItem, issue: Issue, agreed: Agreed) -> Iterator[Draft]:
    created = {"to": "created", "kind": item.kind, "title": item.title, "issue": issue.number}
    yield Draft("item_created", f"item/{item.id}", item=item.id, data=created)
    yield base.agreed_draft(None, agreed)
    yield applying.observation(item.id, issue)
