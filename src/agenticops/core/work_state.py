"""Work items as a whole: which have ended, and what is wrong with their tree, their order and who works what."""

from __future__ import annotations

from collections.abc import Iterator, Set
from itertools import groupby

from agenticops.core import flowrules, fold, triage, work_tree
from agenticops.core.drive import lint as drivelint
from agenticops.core.drive import settings as drive
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
    """Judge what config says of items, their tree, what waits for what, and the flow rules."""
    yield from declared(train)
    yield from standing(train, now)


def declared(train: Train) -> Iterator[Finding]:
    """Judge what config says of items: the rules of triage, the settings of the forge and of the auto-pilot."""
    yield from _triage(train)
    try:
        settings.read(train.tree.read(settings.PATH))
    except StateError as e:
        yield _broken(e, settings.PATH)
    yield from _drive(train)


def standing(train: Train, now: str, of: Set[str] | None = None) -> Iterator[Finding]:
    """Judge the tree of items, what waits for what, and the flow rules; of some items, only what concerns them."""
    known = train.items()
    broken = dict(_unreadable(train, {item.id for item in known}))
    yield from (finding for name, finding in broken.items() if of is None or name in of)
    if not known:
        return
    over = ends(train.log)
    if not broken:  # else what cannot be read would be missed as if it were gone
        yield from work_tree.judge((items.local(item, None, over.get(item.id, "open")) for item in known), of)
    urgent = [item for item in known if item.priority == "now" and item.id not in over]
    if len(urgent) > 1 and (of is None or any(item.id in of for item in urgent)):
        let_off = {(item.id, code) for item in urgent for code in _let_off(train)}
        yield from flowrules.judge(_at_work(train, urgent), exceptions(train.log, now) | let_off, of)


def _let_off(train: Train) -> tuple[str, ...]:
    """Give the flow rules that the train does without; settings that cannot be read let nothing off."""
    try:
        return settings.read(train.tree.read(settings.PATH)).exceptions
    except StateError:
        return ()


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


def _unreadable(train: Train, readable: set[str]) -> Iterator[tuple[str, Finding]]:
    for name in train.item_ids():
        if name not in readable:
            try:
                train.item(name)
            except StateError as e:
                yield name, _broken(e, f"docs/work/{name}.md")


def _triage(train: Train) -> Iterator[Finding]:
    data = train.tree.read(triage.PATH)
    if data is not None:
        try:
            yield from triage.lint(data, train.pipeline)
        except StateError as e:
            yield _broken(e, triage.PATH)


def _drive(train: Train) -> Iterator[Finding]:
    data = train.tree.read(drive.PATH)
    if data is not None:
        try:
            yield from drivelint.lint(data, train.pipeline)
        except StateError as e:
            yield _broken(e, drive.PATH)


def _broken(error: StateError, path: str) -> Finding:
    head, _, line = error.place.rpartition(":")
    placed = bool(head) and line.isdecimal()
    where = head if placed else error.place or path
    return Finding("VT304", error.message, where, int(line) if placed else 0, hint=error.hint)
