"""Every required bullet is checked; a checklist that marks none requires them all (value train, rule 2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agenticops.core import evidence, fold
from agenticops.core.case import Case
from agenticops.core.checks import ticks
from agenticops.model.checklist import Bullet
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
        if bullet.proof:
            hint = f"let its check prove it: agenticops gate run {case.ticket.id} --check {bullet.proof}"
        yield Finding("VT101", f"required and not checked: {bullet.text}", path, bullet.line, hint=hint)
    yield from ticks.check(case)
    yield from _unproven(case, [b for b in bullets.bullets if b.proof and b.checked])


def _unproven(case: Case, checked: Sequence[Bullet]) -> Iterator[Finding]:
    """Find bullets that name their check and were ticked by a hand, not by its evidence (ADR 0019)."""
    log = case.after.log.of_ticket(case.ticket.id) if checked else []
    ticked = fold.ticked(log)
    for bullet in checked:
        if not evidence.carries(ticked.get(bullet.key), bullet.proof, log):
            hint = f"agenticops gate run {case.ticket.id} --check {bullet.proof} ticks it, when it passes"
            message = f"ticked without evidence of {bullet.proof}: {bullet.text}"
            yield Finding("VT411", message, case.ticket.checklist_path, bullet.line, hint=hint)
