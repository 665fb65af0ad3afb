"""What the step touched agrees with the log afterwards, and what any tree before had checked is checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.core.checks import frozen, ticket, ticks
from agenticops.core.span import Span
from agenticops.core.train import Train
from agenticops.errors import StateError
from agenticops.model.finding import Finding
from agenticops.model.ticket import Ticket

# A fork is mended by a later commit, a block by unblocking: both are judged where the history ends.
PASSING = ("VT107", "VT306", "VT307")


def check(span: Span) -> Iterator[Finding]:
    """Judge each touched ticket that is there, against every tree before."""
    for name in span.tickets:
        if span.after.has_ticket(name):
            try:
                found = _judged(span, span.after.ticket(name))
            except StateError as e:
                found = [_broken(e)]
            yield from found


def _judged(span: Span, found: Ticket) -> list[Finding]:
    case = Case(span.after, found)
    findings = [*_standing(case), *frozen.check(case)]
    known: list[Train | None] = [s.train for s in span.sides if _readable(s.train, found.id)]
    for before in known or [None]:
        findings += ticks.check(Case(span.after, found, before=before))
    session = found.session_path
    try:
        span.after.session(session)
    except StateError as e:
        findings.append(Finding("VT501", e.message, session, hint=e.hint))
    return [f for f in findings if f.code not in PASSING]


def _standing(case: Case) -> Iterable[Finding]:
    """In a fork, the file may say what either way says, until somebody resolves it."""
    subject = f"ticket/{case.ticket.id}"
    for finding in ticket.check(case):
        if finding.code == "VT305" and case.after.status_chain(case.ticket.id).forks:
            events = [e for e in case.after.log.of_subject(subject) if e.prev is not None]
            followed = {e.prev for e in events}
            if case.ticket.status in {fold.target(e) for e in events if e.id not in followed}:
                continue
        yield finding


def _readable(train: Train, name: str) -> bool:
    """What could not be read before was refused there; nothing can be compared with it."""
    try:
        return train.has_ticket(name) and train.checklist(train.ticket(name)) is not None
    except StateError:
        return False


def _broken(error: StateError) -> Finding:
    path, _, line = error.place.rpartition(":")
    if not line.isdecimal():
        path, line = error.place, "0"
    return Finding("VT304", error.message, path, int(line), hint=error.hint)
