"""A checked bullet never becomes unchecked, and never disappears (value train, rule 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.model.finding import Finding

RESTORE = "check it again in the file; what was done stays done"


def check(case: Case) -> Iterator[Finding]:
    """Compare the checklist with the ticks in the log, and with the tree before when there is one."""
    path = case.ticket.checklist_path
    bullets = case.after.checklist(case.ticket).bullets
    now = {b.key: b for b in bullets}
    anchors = Counter(b.anchor for b in bullets if b.anchor)
    for anchor, count in anchors.items():
        if count > 1:
            line = [b.line for b in bullets if b.anchor == anchor][1]
            yield Finding("VT105", f"{count} bullets have the id {anchor}", path, line, hint="give each its own id")
    was = {k: str(e.data.get("text", k)) for k, e in fold.ticked(case.after.log.of_ticket(case.ticket.id)).items()}
    if case.before is not None and case.ticket.id in case.before.ticket_ids():
        was |= {b.key: b.text for b in case.before.checklist(case.ticket).bullets if b.checked}
    for key, text in was.items():
        if key not in now:
            yield Finding(
                "VT104",
                f"checked, and vanished: {text}",
                path,
                hint="restore the bullet; reword with agenticops checklist reword",
            )
        elif not now[key].checked:
            yield Finding("VT103", f"was checked, and is not any more: {text}", path, now[key].line, hint=RESTORE)
