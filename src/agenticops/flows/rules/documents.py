"""Rules and documents: tickets, risks, fields of documents, by the flows that people use, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from agenticops.core.rules import actions
from agenticops.core.workflow import moves
from agenticops.errors import StateError
from agenticops.flows import conduct, papers, work
from agenticops.flows import ticket as tickets
from agenticops.flows.rules.acting import Act
from agenticops.model.paper import SHELVES
from agenticops.model.ticket import CLOSED
from agenticops.model.work import WorkItem

# Ids of documents have eight letters behind the first.
_LETTERS = 9


def update(act: Act, field: str, value: Any) -> list[str]:
    """Set a field of the document that the rule met."""
    noun, name = act.found.entity, act.found.id
    if noun == "item":
        item = act.workspace.train.item(name)
        work.change(act.workspace, act.tx, item, {field: value})
    elif noun in SHELVES:
        papers.change(act.workspace, act.tx, noun, name, {field: value})
    else:
        raise StateError(f"no rule sets fields of a {noun or 'mere event'}", place=act.place)
    return [name]


def _create_ticket(act: Act, told: actions.CreateTicket) -> list[str]:
    train = act.workspace.train
    if told.item:
        item = train.item(told.item)
    else:
        name = moves.derived("t", act.firing, str(act.number))[:_LETTERS]
        if name in train.item_ids():
            return [name]
        draft = WorkItem(name, told.kind, told.title, body=told.body)  # type: ignore[arg-type]
        item = work.add(act.workspace, act.tx, draft)
    ticket = tickets.start(act.workspace, act.tx, item, told.phase)
    return [item.id, ticket.id]


def _open_risk(act: Act, told: actions.OpenRisk) -> list[str]:
    fields = {key: value for key, value in msgspec.to_builtins(told).items() if value}
    fields["id"] = moves.derived("r", act.firing, str(act.number))[:_LETTERS]
    if act.found.event.item and "items" not in fields:
        fields["items"] = [act.found.event.item]
    if act.found.event.ticket:
        fields["ticket"] = act.found.event.ticket
    return [papers.add(act.workspace, act.tx, "risk", fields, act.found.event.ticket).id]


def _advance(act: Act, told: actions.Advance) -> list[str]:
    train = act.workspace.train
    name = told.ticket or (act.found.id if act.found.entity == "ticket" else "") or _open_ticket(act)
    ticket = train.ticket(name)
    outcome = conduct.step(act.workspace, act.tx, ticket, conduct.Call(to=told.to))
    if outcome.state == "refused":
        codes = ", ".join(dict.fromkeys(finding.code for finding in outcome.verdict.findings))
        raise StateError(f"the gate of {name} did not hold: {codes}", place=act.place)
    return [name, outcome.state]


def _open_ticket(act: Act) -> str:
    item = act.found.id if act.found.entity == "item" else act.found.event.item
    train = act.workspace.train
    names = [name for name in train.ticket_ids() if name.partition("_")[2].partition("-")[0] == item]
    found = [name for name in names if train.ticket(name).status not in CLOSED] if item else []
    if len(found) != 1:
        raise StateError("advance which ticket? the event names no open one", place=act.place)
    return found[0]


DOERS: dict[str, Callable[[Act, Any], list[str]]] = {
    "create_ticket": _create_ticket,
    "open_risk": _open_risk,
    "advance": _advance,
}
