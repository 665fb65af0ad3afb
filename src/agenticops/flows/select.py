"""Selecting: which work item the auto-pilot would take next, out of what the train holds now."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from agenticops.core import select, work_state, work_tree
from agenticops.core.select import KIND, Choice
from agenticops.core.sync.items import local
from agenticops.flows.report import pipeline_of
from agenticops.model.ids import TICKET
from agenticops.model.work import WorkItem
from agenticops.workspace import Workspace

# A ticket that is only planned, or held, and that names no operator is nobody's yet.
TAKEN = """SELECT item FROM ticket WHERE closed = 0
  AND (status NOT IN ('todo', 'blocked') OR json_extract(json, '$.operator') <> '')"""
HELD = "SELECT item FROM ticket WHERE closed = 0 AND status = 'blocked'"
CREATED = "SELECT item, MIN(at) FROM event WHERE kind = 'item_created' GROUP BY item"
UNREADABLE = "its files cannot be read"


def choose(workspace: Workspace, skip: Mapping[str, str] | None = None, kinds: Collection[str] = (KIND,)) -> Choice:
    """Choose the next item and say of every other one why not. What cannot be read is never taken.

    `skip` names items that are passed over, and why.
    """
    pipeline_of(workspace)
    index = workspace.index

    def those(sql: str) -> set[str]:
        return {row[0] for row in index.rows(sql)}

    items = {row[0]: msgspec.json.decode(row[1], type=WorkItem) for row in index.rows("SELECT id, json FROM item")}
    broken, ended = _broken(workspace), work_state.ends(workspace.log)
    choice = select.select(
        [item for name, item in items.items() if name not in broken],
        items.keys() - ended.keys(),
        assigned=those(TAKEN),
        blocked=those(HELD),
        waiting={**work_tree.held(local(i, None, ended.get(n, "open")) for n, i in items.items()), **(skip or {})},
        kinds=kinds,
        created=dict(index.rows(CREATED)),
    )
    return msgspec.structs.replace(choice, passed={**choice.passed, **dict.fromkeys(sorted(broken), UNREADABLE)})


def _broken(workspace: Workspace) -> set[str]:
    """Name the items whose own document, or one of whose tickets, is broken."""
    found = set()
    for path, *_ in workspace.index.problems():
        folder, _, name = path.rpartition("/")
        if folder == "docs/work":
            found.add(name.removesuffix(".md"))
        elif ticket := TICKET.fullmatch(folder.removeprefix("tickets/")):
            found.add(ticket["item"])
    return found
