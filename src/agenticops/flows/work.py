"""Work items: what is to be delivered, one Markdown document each; and the mending of forked histories."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from agenticops.core import documents, fold, yamltext
from agenticops.core.train import Train
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows import aim, role
from agenticops.flows import ticket as tickets
from agenticops.model import ids
from agenticops.model.event import Draft, Event
from agenticops.model.ticket import Ticket
from agenticops.model.work import TICKETS, WorkItem
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

LISTED = ("id", "kind", "title", "priority", "parent", "issue", "labels")


def new(workspace: Workspace, item: WorkItem, start: bool = False, phase: str = "") -> tuple[WorkItem, Ticket | None]:
    """Write a work item and, when asked, open its first ticket. It gets the issue's number as id, or a new one."""
    if phase and not start:
        raise UsageError("--phase says where its first ticket opens", hint=f"--start --phase {phase}, or neither")
    with workspace.transaction("work new") as tx:
        _ = workspace.train.pipeline
        item = add(workspace, tx, item)
        ticket = tickets.start(workspace, tx, item, phase) if start else None
    return item, ticket


def add(workspace: Workspace, tx: Transaction, item: WorkItem) -> WorkItem:
    """Write a work item in a transaction that does more; gives it as it was written."""
    import msgspec

    title = " ".join(item.title.split())
    if not title:
        raise UsageError("a work item needs a title", hint='--title "…"')
    train = workspace.train
    name = item.id or (str(item.issue) if item.issue else ids.new_item_id())
    if name in train.item_ids():
        raise ConflictError(
            f"work item {name} exists already", place=f"docs/work/{name}.md", hint=f"agenticops work show {name}"
        )
    # Named first: what is there may name the item already, by hand or from another branch.
    item = msgspec.structs.replace(item, id=name, title=title)
    item = msgspec.structs.replace(item, **_named(workspace, item))
    text = documents.write_item(item)
    documents.read_item(text.encode(), item.path)  # what cannot be read back stops every command after
    tx.write(item.path, text)
    data = {"to": "created", "kind": item.kind, "title": item.title}
    tx.append(Draft("item_created", f"item/{name}", item=name, data=data))
    return item


def _named(workspace: Workspace, item: WorkItem) -> dict[str, Any]:
    """Find what a new item names: beginnings of ids are enough. Raises UsageError for what is not there."""
    found: dict[str, Any] = {"parent": _parent(workspace, item, item.parent)} if item.parent else {}
    if item.depends:
        found["depends"] = tuple(_depends(workspace, item, item.depends))
    if item.needs:
        from agenticops.flows import papers

        found["needs"] = tuple(dict.fromkeys(papers.named(workspace, "need", name) for name in item.needs))
    if item.tickets:
        known = workspace.train.ticket_ids()
        tickets = list(dict.fromkeys(ids.resolve(name, known, "ticket") for name in item.tickets))
        found["links"] = {**item.links, TICKETS: tickets}
    return found


def _parent(workspace: Workspace, item: WorkItem, wanted: str) -> str:
    """Find the item to stand below. Raises UsageError for one of the wrong kind, and for a circle."""
    train = workspace.train
    parent = train.item(aim.item_id(workspace, wanted))
    from agenticops.core import work_tree

    if parent.kind not in work_tree.PARENTS[item.kind]:
        above = " or ".join(f"a {kind}" for kind in work_tree.PARENTS[item.kind]) or "nothing"
        raise UsageError(f"a {item.kind} belongs below {above}, not below a {parent.kind}", hint="agenticops work list")
    _refuse_circle(train, item, [parent.id], "parent")
    return parent.id


def _depends(workspace: Workspace, item: WorkItem, wanted: Iterable[str]) -> list[str]:
    """Find the items to wait for. Raises UsageError for a circle."""
    found = list(dict.fromkeys(aim.item_id(workspace, name) for name in wanted))
    _refuse_circle(workspace.train, item, found, "depends")
    return found


def _refuse_circle(train: Train, item: WorkItem, targets: list[str], field: str) -> None:
    """Refuse what would lead back to the item; its own links of before are left aside, since they are replaced."""
    if not targets or not item.id:
        return
    from agenticops.core import work_tree
    from agenticops.core.sync import items

    others = [items.local(other, None) for other in train.items() if other.id != item.id]
    for target in targets:
        ring = work_tree.circle(others, item.id, target, field)
        if ring:
            words = "stands below" if field == "parent" else "waits for"
            around = f" {words} ".join((*ring, ring[0]))
            raise UsageError(f"that would close a circle: {around}", hint=f"agenticops work show {target}")


def show(workspace: Workspace, wanted: str) -> tuple[WorkItem, fold.Chain, list[dict[str, Any]]]:
    """Give a work item, its way through the pipeline, and the items below it."""
    name = aim.item_id(workspace, wanted)
    below = [row for row in listing(workspace) if row["parent"] == name]
    return workspace.train.item(name), workspace.train.item_chain(name), below


def listing(workspace: Workspace, kind: str = "", phase: str = "") -> list[dict[str, Any]]:
    """List the work items with where they stand."""
    rows = workspace.index.rows(
        """SELECT i.json,
           (SELECT phase FROM ticket t WHERE t.item = i.id AND t.closed = 0 ORDER BY t.id LIMIT 1),
           (SELECT json_extract(e.json, '$.data.result') FROM event e
            WHERE e.subject = 'item/' || i.id AND e.kind = 'item_finished' ORDER BY e.lamport DESC, e.id DESC LIMIT 1)
           FROM item i ORDER BY CASE i.priority WHEN 'now' THEN 0 WHEN 'next' THEN 1 ELSE 2 END, i.id"""
    )
    found = []
    for text, its_phase, finished in rows:
        item = json.loads(text)
        stands = its_phase or {None: "waiting", "cancelled": "cancelled"}.get(finished, "done")
        if kind in ("", item["kind"]) and phase in ("", stands):
            found.append({**{name: item[name] for name in LISTED}, "stands": stands})
    if not found:
        _ = workspace.train.pipeline  # tell "none" from "no train here"
    return found


def edit(workspace: Workspace, wanted: str, changes: dict[str, Any], body: str | None = None) -> WorkItem:
    """Change a work item's fields or text and keep every other byte of its document."""
    if not changes and body is None:
        raise UsageError("nothing to change", hint="agenticops work edit --help")
    with workspace.transaction("work edit") as tx:
        item = workspace.train.item(aim.item_id(workspace, wanted))
        change(workspace, tx, item, changes, body)
    return workspace.train.item(item.id)


def change(
    workspace: Workspace,
    tx: Transaction,
    item: WorkItem,
    changes: dict[str, Any],
    body: str | None = None,
    more: dict[str, Any] | None = None,
) -> None:
    """Change a work item in a transaction that does more; its event says `more` besides the fields."""
    changes = dict(changes)
    if changes.get("parent"):
        changes["parent"] = _parent(workspace, item, changes["parent"])
    if changes.get("depends"):
        changes["depends"] = _depends(workspace, item, changes["depends"])
    text = yamltext.decode(tx.read(item.path) or b"", item.path)
    if changes:
        text = documents.edit_front(text, changes, item.path)
    if body is not None:
        _, old, _ = yamltext.split(text)
        text = text[: len(text) - len(old)] + f"\n{body.strip()}\n"
    documents.read_item(text.encode(), item.path)
    tx.write(item.path, text)
    fields = sorted([*changes, *(["body"] if body is not None else [])])
    tx.append(Draft("item_edited", f"item/{item.id}", item=item.id, data={"fields": fields, **(more or {})}))


def resolve(workspace: Workspace, wanted: str, keep: str) -> list[str]:
    """Mend a fork: the ticket that is kept leads on; the other ways' open tickets are cancelled."""
    with workspace.transaction("work resolve") as tx:
        train = workspace.train
        item = aim.item_id(workspace, wanted)
        kept = ids.resolve(keep, train.ticket_ids(), "ticket")
        if train.ticket(kept).item != item:
            raise UsageError(f"{kept} is no ticket of {item}", hint=f"agenticops ticket list --item {item}")
        role.require(workspace, "resolve", train.ticket(kept).phase)
        cancelled = _resolve_way(tx, train, item, kept)
        mended = bool(cancelled) or _resolve_statuses(tx, train, item)
        if not mended:
            raise TrainError(f"the history of {item} does not fork", hint=f"agenticops work show {item}")
    return cancelled


def _resolve_way(tx: Transaction, train: Train, item: str, kept: str) -> list[str]:
    forks = train.item_chain(item).forks
    if not forks:
        return []
    events = [e for fork in forks for e in fork]
    winner = next((e for e in events if fold.target(e) == kept), None)
    if winner is None:
        ways = ", ".join(sorted({fold.target(e) for e in events}))
        raise UsageError(f"the fork went to {ways}, not to {kept}", hint="keep one of these")
    losers = [e for e in events if fold.target(e) != kept]
    cancelled = []
    for name in sorted({fold.target(e) for e in losers} & set(train.ticket_ids())):
        ticket = train.ticket(name)
        if not ticket.closed:
            tickets.close(tx, train, ticket, "cancelled", {"reason": f"fork resolved: {kept} is kept"})
        cancelled.append(name)
    _append(tx, f"item/{item}", kept, item, winner, losers)
    return cancelled or [fold.target(e) for e in losers]


def _resolve_statuses(tx: Transaction, train: Train, item: str) -> bool:
    """Let each forked status history end in what the ticket's file says."""
    mended = False
    for name in train.ticket_ids():
        if ids.split_ticket(name)[1] != item:
            continue
        for fork in train.status_chain(name).forks:
            status = train.ticket(name).status
            winner = next((e for e in fork if fold.target(e) == status), None)
            if winner is None:
                ways = ", ".join(sorted({fold.target(e) for e in fork}))
                raise StateError(
                    f"the log went to {ways}, the file says {status}",
                    place=f"tickets/{name}/ticket.yml",
                    hint="set it to one of these",
                )
            _append(tx, f"ticket/{name}", name, item, winner, [e for e in fork if fold.target(e) != status])
            mended = True
    return mended


def _append(tx: Transaction, subject: str, ticket: str, item: str, winner: Event, losers: list[Event]) -> None:
    data = {"to": fold.target(winner), "keep": winner.id, "drop": [e.id for e in losers]}
    tx.append(Draft("fork_resolved", subject, ticket, item, data))
