"""The labels of the work item say what its fields, its ticket and the pipeline say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agenticops.core.case import Case
from agenticops.model.finding import Finding
from agenticops.model.pipeline import KINDS
from agenticops.model.work import PRIORITIES, WorkItem


def check(case: Case) -> Iterator[Finding]:
    """Find a kind or priority label that is missing, doubled or wrong, and phases and agents that are not so."""
    train, ticket = case.after, case.ticket
    if not train.has_item(ticket.item):
        return  # the check `ticket` reports it
    item = train.item(ticket.item)
    yield from _one_of(item, "kind", KINDS, item.kind)
    yield from _one_of(item, "priority", PRIORITIES, item.priority)
    pipeline = train.pipeline
    for noun, table, here in (("phase", pipeline.phases, ticket.phase), ("agent", pipeline.agents, ticket.agent)):
        yield from _named(item, noun, table, here)


def _one_of(item: WorkItem, noun: str, known: Iterable[str], wanted: str) -> Iterator[Finding]:
    there = [label for label in item.labels if label in known]
    if not there:
        yield _finding(item, f"no {noun} label; {wanted!r} is wanted", wanted)
    elif there != [wanted]:
        yield _finding(item, f"{noun} label {', '.join(there)}; the document says {wanted!r}", wanted)


def _named(item: WorkItem, noun: str, table: Iterable[str], here: str) -> Iterator[Finding]:
    for label in item.labels:
        prefix, colon, name = label.partition(":")
        if prefix != noun or not colon:
            continue
        if name not in table:
            yield _finding(item, f"label {label!r}: unknown {noun}; the pipeline knows: {', '.join(table)}", "")
        elif name != here:
            yield _finding(item, f"label {label!r}: the ticket's {noun} is {here}", f"{noun}:{here}")


def _finding(item: WorkItem, message: str, wanted: str) -> Finding:
    add = f" --label {wanted}" if wanted else ""
    hint = f"give all labels anew: agenticops work edit {item.id}{add} …"
    return Finding("VT426", message, item.path, hint=hint)
