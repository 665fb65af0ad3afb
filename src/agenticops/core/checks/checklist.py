"""Every required bullet is checked; a checklist that marks none requires them all (value train, rule 2)."""

from __future__ import annotations

from collections.abc import Iterator

from agenticops.core.case import Case
from agenticops.core.checks import ticks
from agenticops.model.finding import Finding


def check(case: Case) -> Iterator[Finding]:
    """Find open required bullets, and everything that `ticks` finds."""
    path = case.ticket.checklist_path
    bullets = case.after.checklist(case.ticket)
    if not bullets.bullets:
        yield Finding(
            "VT102",
            "the ticket has no checklist with bullets",
            path,
            hint="restore it from git, or agenticops checklist add",
        )
        return
    for bullet in bullets.open:
        hint = f"do it, then: agenticops checklist tick {bullet.key} --ticket {case.ticket.id}"
        yield Finding("VT101", f"required and not checked: {bullet.text}", path, bullet.line, hint=hint)
    yield from ticks.check(case)
