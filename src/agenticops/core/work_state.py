"""Work items as a whole: which have ended, and what is wrong with their tree, their order and who works what."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from agenticops.core import flowrules, fold, triage, work_tree
from agenticops.core.flowrules import Worked
from agenticops.core.sync import items, settings
from agenticops.core.train import Log, Train
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.forge import State
from agenticops.model.ids import split_ticket
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

RESOLVED = "fork_resolved"


def ends(log: Log, item: str = "") -> dict[str, State]:
    """Say of each item that has ended how, or of one only. Where histories disagreed, the one that was kept counts."""
    found = items.ends(log.of_item(item) if item else log.of_kinds(items.FINISHED))
    for name in {e.item for e in log.of_kinds(RESOLVED) if e.subject == f"item/{e.item}"} & found.keys():
        del found[name]
        found |= items.ends(fold.chain(log.of_subject(f"item/{name}")).events)
    return found


def findings(train: Train, now: str) -> Iterator[Finding]:
    """Judge the tree of items, what waits for what, the flow rules, and what config says of items."""
    yield from _triage(train)
    let_off: tuple[str, ...] = ()
    try:
        let_off = settings.read(train.tree.read(settings.PATH)).exceptions
    except StateError as e:
        yield _broken(e, settings.PATH)
    known = train.items()
    broken = list(_unreadable(train, {item.id for item in known}))
    yield from broken
    if not known:
        return
    over = ends(train.log)
    if not broken:  # else what cannot be read would be missed as if it were gone
        yield from work_tree.judge(items.local(item, None, over.get(item.id, "open")) for item in known)
    urgent = [item for item in known if item.priority == "now" and item.id not in over]
    if len(urgent) > 1:
        allowed = exceptions(train.log, now) | {(item.id, code) for item in urgent for code in let_off}
        yield from flowrules.judge(_at_work(train, urgent), allowed)


def exceptions(log: Log, now: str) -> frozenset[tuple[str, str]]:
    """List the items that operators let off a flow rule, and the rules' codes."""
    return flowrules.exceptions(log.of_kinds(flowrules.EXCEPTED), now)


def _at_work(train: Train, urgent: list[WorkItem]) -> Iterator[Worked]:
    """Say who works some items; of a large train only their tickets are read."""
    names = {item: list(found) for item, found in groupby(sorted(train.ticket_ids(), key=_item), _item)}
    mine = [name for item in urgent for name in names.get(item.id, ())]
    tickets = items.open_tickets(t for name in mine if (t := _ticket(train, name)))
    for item in urgent:
        ticket = tickets.get(item.id)
        yield items.worked(item, items.local(item, ticket), ticket)


def _item(ticket: str) -> str:
    return split_ticket(ticket)[1]


def _ticket(train: Train, name: str) -> Ticket | None:
    """Give a ticket, or None for a broken one: that is reported where it is judged."""
    try:
        return train.ticket(name)
    except StateError:
        return None


def _unreadable(train: Train, readable: set[str]) -> Iterator[Finding]:
    for name in train.item_ids():
        if name not in readable:
            try:
                train.item(name)
            except StateError as e:
                yield _broken(e, f"docs/work/{name}.md")


def _triage(train: Train) -> Iterator[Finding]:
    data = train.tree.read(triage.PATH)
    if data is not None:
        try:
            yield from triage.lint(triage.read(data), train.pipeline)
        except StateError as e:
            yield _broken(e, triage.PATH)


def _broken(error: StateError, path: str) -> Finding:
    head, _, line = error.place.rpartition(":")
    placed = bool(head) and line.isdecimal()
    where = head if placed else error.place or path
    return Finding("VT304", error.message, where, int(line) if placed else 0, hint=error.hint)
