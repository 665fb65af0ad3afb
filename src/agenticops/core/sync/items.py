"""Items: a work item with its ticket and its end as the merge sees it, and what was merged back in its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from agenticops.core import documents, fold, yamltext
from agenticops.core.flowrules import Worked
from agenticops.core.sync import body
from agenticops.model.event import Event
from agenticops.model.forge import Local, State, Value
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

FINISHED = "item_finished"
# Fields of a document that a merge may write; how an item ends, only a command may say.
WRITTEN = ("kind", "priority", "title", "parent", "labels", "assignees", "milestone", "depends", "issue", "url")


def local(item: WorkItem, ticket: Ticket | None, state: State = "open", comment: str = "") -> Local:
    """Give an item as this side of a merge; `ticket` is its open one, and `comment` tells how far that is."""
    return Local(
        id=item.id,
        kind=item.kind,
        title=item.title,
        priority=item.priority,
        body=body.of_document(item.body),
        phase=ticket.phase if ticket else "",
        agent=ticket.agent if ticket else "",
        labels=item.labels,
        held=ticket is not None and ticket.status == "blocked",
        review=ticket is not None and ticket.status == "in_review",
        state=state,
        assignees=item.assignees,
        milestone=item.milestone,
        parent=item.parent,
        depends=item.depends,
        issue=item.issue,
        url=item.url,
        comment=comment,
    )


def worked(item: WorkItem, merged: Local, ticket: Ticket | None, board: str = "") -> Worked:
    """Give an item with who works it and where. A session works one ticket, so the ticket in progress names it."""
    operator = (ticket.operator if ticket else "") or next(iter(item.assignees), "")
    session = ticket.id if ticket and ticket.status == "in_progress" else ""
    return Worked(merged, item.project, operator, session, board)


def ends(events: Iterable[Event]) -> dict[str, State]:
    """Tell by item how those ended that did; the first end counts, as nothing begins again."""
    found: dict[str, State] = {}
    for event in fold.live(events):
        if event.kind == FINISHED and event.item not in found:
            found[event.item] = "not_planned" if event.data.get("result") == "cancelled" else "completed"
    return found


def open_tickets(tickets: Iterable[Ticket]) -> dict[str, Ticket]:
    """Give the open ticket of each item that has one; of several, which only a fork has, the first by name."""
    found: dict[str, Ticket] = {}
    for ticket in sorted(tickets, key=lambda t: t.id):
        if not ticket.closed:
            found.setdefault(ticket.item, ticket)
    return found


def document(text: str, item: WorkItem, write: Mapping[str, Value]) -> str:
    """Write merged values into an item's document; every byte that is not meant stays.

    Raises StateError when the document could not be read any more: then it must not be written.
    """
    path = item.path
    changes: dict[str, object] = {name: _plain(name, write[name]) for name in WRITTEN if name in write}
    if changes:
        text = documents.edit_front(text, changes, path)
    if "body" in write:
        _, old, _ = yamltext.split(text)
        fresh = f"\n{body.to_document(str(write['body']), old, str(write.get('title', item.title)))}\n"
        newline = "\r\n" if text[: text.find("\n") + 1].endswith("\r\n") else "\n"
        text = text[: len(text) - len(old)] + fresh.replace("\n", newline)
    documents.read_item(text.encode(), path)
    return text


def adopted(item: str, write: Mapping[str, Value]) -> WorkItem:
    """Give the work item that an issue is written down as. Raises StateError when it could not be read back."""
    fields = {name: _plain(name, value) for name, value in write.items() if name in (*WRITTEN, "body")}
    made = msgspec.convert({"id": item, **fields}, WorkItem, strict=False)
    documents.read_item(documents.write_item(made).encode(), made.path)
    return made


def _plain(name: str, value: Value) -> object:
    if isinstance(value, tuple):
        return list(value)
    return int(value) if name == "issue" else value
