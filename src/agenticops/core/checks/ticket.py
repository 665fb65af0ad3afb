"""The ticket agrees with the pipeline, with its work item and with the log."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ids import split_ticket


def check(case: Case) -> Iterator[Finding]:
    """Find unknown names, a status that the log does not explain, a block, and histories that fork."""
    ticket, train, path = case.ticket, case.after, case.ticket.path
    pipeline = train.pipeline
    for code, noun, name, table in (
        ("VT301", "phase", ticket.phase, pipeline.phases),
        ("VT302", "mode", ticket.mode, pipeline.modes),
        ("VT303", "agent", ticket.agent, pipeline.agents),
    ):
        if name not in table:
            yield Finding(code, f"unknown {noun} {name!r}", path, hint=f"the pipeline knows: {', '.join(table)}")
    phase, item, _ = split_ticket(ticket.id)
    if (phase, item) != (ticket.phase, ticket.item):
        yield Finding(
            "VT308",
            f"the id {ticket.id} disagrees with phase {ticket.phase} and item {ticket.item}",
            path,
            hint="restore it from git",
        )
    if not train.has_item(ticket.item):
        yield Finding(
            "VT309", f"work item {ticket.item} is missing", path, hint=f"restore docs/work/{ticket.item}.md from git"
        )
    yield from _history(case)
    if ticket.status == "blocked":
        hint = f"agenticops ticket unblock {ticket.id}"
        yield Finding("VT306", f"blocked: {ticket.blocked_by or 'no reason given'}", path, hint=hint)


def _history(case: Case) -> Iterator[Finding]:
    ticket, path = case.ticket, case.ticket.path
    chain = case.after.status_chain(ticket.id)
    if not chain.events:
        yield Finding("VT311", "no event opened this ticket", path, hint="stage the log with it: git add .agenticops")
        return
    if chain.state != ticket.status:
        hint = f"set it back to {chain.state}; statuses move by begin, ticket block|unblock|cancel and advance"
        yield Finding(
            "VT305", f"status {ticket.status} was edited by hand: the log says {chain.state}", path, hint=hint
        )
    owed = chain.events[0].data.get("artifacts")
    for name in owed if isinstance(owed, list) else ():
        if name not in ticket.artifacts:
            hint = f"put it back under artifacts: in {path}; git diff -- {path} shows what changed"
            yield Finding("VT314", f"{ticket.id} owed the artifact {name} when it was opened", path, hint=hint)
    for fork in (*chain.forks, *case.after.item_chain(ticket.item).forks):
        yield fork_finding(ticket.item, fork, path)


def fork_finding(item: str, fork: tuple[Event, ...], path: str) -> Finding:
    """Say which two ways a history went."""
    ways = " and ".join(sorted({fold.target(e) for e in fork}))
    keep = " or ".join(sorted({fold.target(e) for e in fork})) if fork[0].subject.startswith("item/") else "TICKET"
    hint = f"agenticops work resolve {item} --keep {keep}"
    return Finding("VT307", f"histories fork: {fork[0].subject} went to {ways}", path, hint=hint)
