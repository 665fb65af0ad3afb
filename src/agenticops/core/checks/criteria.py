"""Entry and exit criteria are met: a criterion is met when a checked bullet says it, in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from agenticops.core import markdown
from agenticops.core.case import Case
from agenticops.model.checklist import Bullet
from agenticops.model.finding import Finding


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Which criteria are asked for."""

    which: Literal["entry", "exit", "both"] = "both"


def check(case: Case) -> Iterator[Finding]:
    """Judge the ticket's own criteria, or those of its mode when it names none."""
    asked = case.asked or Parameters()
    ticket = case.ticket
    bullets = {_words(b.text): b for b in case.after.checklist(ticket).bullets}
    mode = case.after.pipeline.modes.get(ticket.mode)
    for which in ("entry", "exit"):
        if asked.which not in (which, "both"):
            continue
        own = getattr(ticket, which)
        for criterion in own or (getattr(mode, which) if mode else ()):
            yield from _unmet(case, which, criterion, bullets.get(_words(criterion)))


def _unmet(case: Case, which: str, criterion: str, bullet: Bullet | None) -> Iterator[Finding]:
    ticket = case.ticket
    if bullet is None:
        section = f"{which.capitalize()} criteria"
        words = criterion.replace('"', "'")
        hint = f'agenticops checklist add "{words}" --section "{section}" --required --ticket {ticket.id}'
        yield Finding("VT424", f"{which} criterion that no bullet says: {criterion}", ticket.checklist_path, hint=hint)
    elif not bullet.checked:
        hint = f"see to it, then: agenticops checklist tick {bullet.key} --ticket {ticket.id}"
        message = f"{which} criterion not met: {criterion}"
        yield Finding("VT424", message, ticket.checklist_path, bullet.line, hint=hint)


def _words(text: str) -> str:
    """Compare words alone: no emphasis, no full stop, no case, and either kind of quotation mark."""
    return markdown.plain(text).replace('"', "'").rstrip(" .*").casefold()
