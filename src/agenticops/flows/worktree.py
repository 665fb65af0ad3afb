"""The tree of work items: how it stands, what is ready, and splitting, moving and linking items."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import documents, work_state, work_tree, yamltext
from agenticops.core.sync import items
from agenticops.errors import ConflictError, TrainError, UsageError
from agenticops.flows import aim, papers, work
from agenticops.model import ids
from agenticops.model.forge import Local
from agenticops.model.ticket import Ticket
from agenticops.model.work import TICKETS, Kind, Priority, WorkItem
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace


class Row(Struct, frozen=True):
    """An item as it stands in the tree. `waits` says why it cannot be worked, "" when nothing holds it up."""

    id: str
    kind: Kind
    title: str
    priority: Priority
    stands: str
    parent: str = ""
    depth: int = 0
    waits: str = ""
    assignees: tuple[str, ...] = ()


class Links(Struct, frozen=True):
    """What an item is linked to, as it was typed: beginnings of ids are enough."""

    needs: tuple[str, ...] = ()
    depends: tuple[str, ...] = ()
    tickets: tuple[str, ...] = ()
    client: str = ""


def locals(workspace: Workspace) -> list[Local]:
    """Give every item that can be read, with its open ticket and its end."""
    ended = work_state.ends(workspace.log)
    rows = workspace.index.rows("SELECT json FROM ticket WHERE closed = 0")
    tickets = items.open_tickets(msgspec.json.decode(row[0], type=Ticket) for row in rows)
    found = workspace.train.items()
    if not found:
        _ = workspace.train.pipeline  # tell "none" from "no train here"
    return [items.local(item, tickets.get(item.id), ended.get(item.id, "open")) for item in found]


def tree(workspace: Workspace, wanted: str = "", everything: bool = False) -> list[Row]:
    """Give the tree, or what is below one item. What has ended is left out unless something open is below it."""
    known = locals(workspace)
    found = work_tree.tree(known)
    if wanted:
        found = _below(found, aim.item_id(workspace, wanted))
    held = work_tree.held(known)
    return [_row(item, held, depth) for depth, item in (found if everything or wanted else _living(found))]


def _below(found: list[tuple[int, Local]], name: str) -> list[tuple[int, Local]]:
    at = next((n for n, (_, item) in enumerate(found) if item.id == name), None)
    if at is None:
        raise TrainError(f"work item {name} cannot be read", place=f"docs/work/{name}.md", hint="agenticops check")
    top = found[at][0]
    end = next((n for n in range(at + 1, len(found)) if found[n][0] <= top), len(found))
    return [(depth - top, item) for depth, item in found[at:end]]


def _living(found: list[tuple[int, Local]]) -> list[tuple[int, Local]]:
    """Keep what is open, and what is above it."""
    kept, above = [], 0
    for depth, item in reversed(found):
        if item.state == "open" or depth < above:
            kept.append((depth, item))
            above = depth
    return kept[::-1]


def ready(workspace: Workspace, kind: str = "") -> tuple[list[Row], list[Row]]:
    """Give the items that nothing holds up, most urgent first, and the open ones that wait, with the reason."""
    known = locals(workspace)
    held = work_tree.held(known)
    meant = [item for item in sorted(known, key=work_tree.rank) if item.state == "open" and kind in ("", item.kind)]
    free = [item for item in meant if item.id not in held]
    waiting = [item for item in meant if item.id in held]
    return [_row(item, held) for item in free], [_row(item, held) for item in waiting]


def _row(item: Local, held: dict[str, str], depth: int = 0) -> Row:
    over = {"completed": "done", "not_planned": "cancelled", "open": ""}[item.state]
    waits = "" if over else held.get(item.id, "")
    stands = over or item.phase or "waiting"
    return Row(item.id, item.kind, item.title, item.priority, stands, item.parent, depth, waits, item.assignees)


def split(
    workspace: Workspace, wanted: str, titles: Sequence[str], kind: Kind | None = None, priority: Priority | None = None
) -> tuple[WorkItem, list[WorkItem]]:
    """Write items below one, a title each. They are for the same client, and not more urgent than `next`."""
    with workspace.transaction("work split") as tx:
        item = workspace.train.item(aim.item_id(workspace, wanted))
        if item.id in work_state.ends(workspace.log):
            raise TrainError(f"work item {item.id} has ended", hint="open a new work item for more work")
        kind = kind or _child(item)
        names = _fresh(workspace, item, titles)
        draft = WorkItem(
            "",
            kind,
            "",
            priority or ("future" if item.priority == "future" else "next"),
            item.id,
            milestone=item.milestone,
            client=item.client,
            project=item.project,
            team=item.team,
        )
        return item, [work.add(workspace, tx, msgspec.structs.replace(draft, title=name)) for name in names]


def _child(item: WorkItem) -> Kind:
    """Say what an item is split into: what may stand right below it."""
    if item.kind == "Task":
        hint = f"agenticops work edit {item.id} --title …; or make more Tasks below its parent"
        raise UsageError("nothing stands below a Task", hint=hint)
    return "CRD" if item.kind == "PRD" else "Task"


def _fresh(workspace: Workspace, item: WorkItem, titles: Sequence[str]) -> list[str]:
    """Write titles on one line. Raises ConflictError for one that is below the item already: a step done twice."""
    there = {other.title: other for other in workspace.train.items() if other.parent == item.id}
    names: list[str] = []
    for title in (" ".join(t.split()) for t in titles):
        if title in there:
            other = there[title]
            message = f"{other.id} below {item.id} has the title {title!r} already"
            raise ConflictError(message, place=other.path, hint=f"agenticops work show {other.id}")
        if title in names:
            raise UsageError(f"the title {title!r} is given twice", hint="each child has its own")
        names.append(title)
    return names


def move(workspace: Workspace, wanted: str, under: str) -> WorkItem:
    """Put an item below another one, or with `under` empty at the top."""
    with workspace.transaction("work move") as tx:
        item = workspace.train.item(aim.item_id(workspace, wanted))
        parent = aim.item_id(workspace, under) if under else ""
        if parent == item.parent:
            where = f"stands below {parent}" if parent else "stands at the top"
            raise TrainError(f"{item.id} {where} already", place=item.path, hint="agenticops work tree")
        work.change(workspace, tx, item, {"parent": parent})
    return workspace.train.item(item.id)


def link(workspace: Workspace, wanted: str, links: Links, remove: bool = False) -> tuple[WorkItem, list[str]]:
    """Link an item with needs, the items that block it, tickets and its client; or take links away.

    Gives the item and the fields that changed.
    """
    if links == Links():
        raise UsageError("nothing to link", hint="--needs NEED, --blocked-by ITEM, --client CLIENT or --ticket TICKET")
    with workspace.transaction("work link") as tx:
        item = workspace.train.item(aim.item_id(workspace, wanted))
        changes = _unlinked(tx, item, links) if remove else _linked(workspace, tx, item, links)
        if not changes:
            raise TrainError(f"{item.id} is linked so already", place=item.path, hint=f"agenticops work show {item.id}")
        work.change(workspace, tx, item, changes)
    return workspace.train.item(item.id), sorted(changes)


def _linked(workspace: Workspace, tx: Transaction, item: WorkItem, links: Links) -> dict[str, Any]:
    others, tickets = _others(tx, item)

    def found(names: Sequence[str], find: Callable[[str], str]) -> list[str]:
        return [find(name) for name in names]

    wanted: dict[str, tuple[Sequence[str], list[str]]] = {
        "needs": (item.needs, found(links.needs, lambda n: papers.named(workspace, "need", n))),
        "depends": (item.depends, found(links.depends, lambda n: aim.item_id(workspace, n))),
        TICKETS: (tickets, found(links.tickets, lambda n: ids.resolve(n, workspace.train.ticket_ids(), "ticket"))),
    }
    fresh = {f: list(dict.fromkeys([*held, *new])) for f, (held, new) in wanted.items() if set(new) - set(held)}
    changes = _folded(fresh, others)
    if links.client and (client := papers.named(workspace, "client", links.client)) != item.client:
        changes["client"] = client
    return changes


def _unlinked(tx: Transaction, item: WorkItem, links: Links) -> dict[str, Any]:
    """Take links away; what they name need not be there any more."""
    others, tickets = _others(tx, item)
    fresh: dict[str, list[str]] = {}
    for field, held, names in (
        ("needs", item.needs, links.needs),
        ("depends", item.depends, links.depends),
        (TICKETS, tickets, links.tickets),
    ):
        gone = {_held(item, name, held) for name in names}
        if gone:
            fresh[field] = [name for name in held if name not in gone]
    changes = _folded(fresh, others)
    if links.client:
        changes |= {"client": ""} if _held(item, links.client, [item.client]) else {}
    return changes


def _held(item: WorkItem, wanted: str, held: Sequence[str]) -> str:
    """Find a link of an item by a unique prefix."""
    try:
        return ids.resolve(wanted, [name for name in held if name], "link")
    except UsageError as e:
        hint = e.hint if "write more" in e.hint else f"agenticops work show {item.id}"
        raise UsageError(e.message.replace("there is no link", f"{item.id} has no link to"), hint=hint) from None


def _others(tx: Transaction, item: WorkItem) -> tuple[dict[str, Any], list[str]]:
    """Give the document's `links` as they are typed there, and the tickets among them."""
    front, _, _ = yamltext.split(yamltext.decode(tx.read(item.path) or b"", item.path))
    links = yamltext.typed(documents.front_fields(front, item.path).get("links")) or {}
    tickets = links.get(TICKETS) or []
    return links, [str(name) for name in tickets] if isinstance(tickets, list) else []


def _folded(fresh: dict[str, list[str]], others: dict[str, Any]) -> dict[str, Any]:
    """Put linked tickets where the document keeps them: under `links`."""
    changes: dict[str, Any] = {field: names for field, names in fresh.items() if field != TICKETS}
    if TICKETS in fresh:
        changes["links"] = {**others, TICKETS: fresh[TICKETS]}
    return changes
