"""A command proves something: this check reads the evidence of its runs, and runs nothing (ADR 0019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agenticops.core import covers, evidence
from agenticops.core.case import Case
from agenticops.errors import StateError
from agenticops.model.event import Event
from agenticops.model.finding import Finding, Severity
from agenticops.model.pipeline import LEVELS

Parameters = evidence.Command


def check(case: Case) -> Iterator[Finding]:
    """Find out whether evidence of the wanted level is there for the content as it is now."""
    ticket, gate, title = case.ticket, case.gate.name, case.call.title
    again = f"agenticops gate run {ticket.id} --gate {gate} --check {title}"
    if not case.asked.command:
        again = f'agenticops evidence attest {title} --ticket {ticket.id} --reason "…"'
    known = evidence.of(case.after.log.of_ticket(ticket.id), gate, title)
    ahead = [e for e in known if evidence.from_the_future(e, case.now)]
    found = list(_present(case, [e for e in known if e not in ahead], again))
    if ahead:
        message = f"{title}: evidence is dated {ahead[-1].at}, which is ahead of now; it does not count"
        # Once there is other evidence, it is only odd: else one wrong clock would hold a gate for a year.
        severity: Severity = "error" if any(f.severity == "error" for f in found) else "info"
        yield Finding("VT409", message, ticket.path, severity=severity, hint=f"set the clock right, then: {again}")
    yield from found


def _present(case: Case, known: Sequence[Event], again: str) -> Iterator[Finding]:
    """Judge what is not from the future: is it about the content as it is now?"""
    ticket, title = case.ticket, case.call.title
    if not known:
        yield Finding("VT405", f"{title}: no evidence", ticket.path, hint=again)
        return
    try:
        files = evidence.covered(case.after, ticket.item, case.asked)
        tree = covers.digest(case.after.tree.ids(files))
    except StateError as e:
        yield Finding("VT406", f"{title}: what it covers cannot be read: {e.message}", e.place, hint=e.hint)
        return
    fresh = evidence.fresh(known, tree, case.asked.command) if files else []
    if not fresh:
        why = evidence.why_stale(known[-1], case.asked.command) if files else "it covers no file"
        yield Finding("VT406", f"{title}: evidence is stale: {why}", ticket.path, hint=again)
        return
    yield from _judged(case, fresh, again)


def _judged(case: Case, fresh: Sequence[Event], again: str) -> Iterator[Finding]:
    """Judge what is about the present content: the last one decides, and the best one since a failure counts."""
    title, path = case.call.title, case.ticket.path
    last = fresh[-1]
    how = evidence.outcome(last)
    if how in evidence.ENDED:
        yield Finding("VT410", f"{title}: the command {evidence.ENDED[how]}", path, hint=f"mend it, then: {again}")
        return
    if how != "passed":
        message = f"{title}: the command failed with exit code {last.data.get('code')}"
        yield Finding("VT407", message, path, hint=f"mend it, then: {again}")
        return
    have = -1
    for event in reversed(fresh):
        if evidence.outcome(event) != "passed":
            break
        if event.kind == evidence.RUN:
            have = max(have, evidence.rank(event))
            continue
        broken = evidence.forged(case, event)
        if broken:
            yield Finding("VT421", f"{title}: the attestation does not hold: {broken}", path, hint=again)
        else:
            have = LEVELS.index("attested")
    yield from _level(case, have, again)


def _level(case: Case, have: int, again: str) -> Iterator[Finding]:
    if have >= LEVELS.index(case.level):
        return
    title, ticket = case.call.title, case.ticket
    said = LEVELS[have] if have >= 0 else "not proven"
    if have >= 0 and not case.moving and case.level != "attested":
        message = f"{title}: {said} is enough for a review; to move on it must be {case.level}"
        yield Finding("VT408", message, ticket.path, severity="info")
        return
    how = f"{again} --verify, in CI or by an operator"
    if case.level == "attested":
        how = f'agenticops evidence attest {title} --ticket {ticket.id} --reason "…"'
    yield Finding("VT408", f"{title}: {said}, and {case.level} is wanted", ticket.path, hint=how)
