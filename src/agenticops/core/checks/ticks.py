"""A checked bullet never becomes unchecked, and never disappears (value train, rule 1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.model.checklist import Bullet
from agenticops.model.event import Event
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
    if case.before is not None and case.before.has_ticket(case.ticket.id):
        was |= {b.key: b.text for b in case.before.checklist(case.ticket).bullets if b.checked}
    yield from _owed(case, now, was)
    renamed = _renamed(case)
    for key, text in was.items():
        key = _carried(key, now, renamed)  # the side that ticked it may not have known its new words
        if key not in now:
            yield Finding(
                "VT104",
                f"checked, and vanished: {text}",
                path,
                hint="restore the bullet; reword with agenticops checklist reword",
            )
        elif not now[key].checked:
            yield Finding("VT103", f"was checked, and is not any more: {text}", path, now[key].line, hint=RESTORE)


def _owed(case: Case, now: dict[str, Bullet], ticked: Container[str]) -> Iterator[Finding]:
    """What the ticket owed when it was opened, it owes until it is done; other words are shown, and stay owed."""
    path = case.ticket.checklist_path
    log = fold.live(case.after.log.of_ticket(case.ticket.id))
    opened = fold.last(log, "ticket_opened")
    owed = opened.data.get("owed") if opened else None
    renamed = _renamed(case)
    for first in map(str, owed if isinstance(owed, list) else []):
        key = _carried(first, now, renamed)
        if key not in now and key in ticked:
            continue  # that it vanished is said where ticks are compared
        if key not in now:
            hint = "restore the line; other words are given by agenticops checklist reword"
            yield Finding("VT106", f"a required bullet is gone ({first})", path, hint=hint)
        elif not now[key].required:
            hint = "put the * back at its end"
            yield Finding("VT106", f"not marked as required any more: {now[key].text}", path, now[key].line, hint=hint)
        elif key != first:
            was = renamed[first].data.get("text", first)
            yield Finding("VT107", f"reworded: {was} → {now[key].text}", path, now[key].line, severity="info")


def _renamed(case: Case) -> dict[str, Event]:
    log = fold.live(case.after.log.of_ticket(case.ticket.id))
    return {str(e.data.get("bullet")): e for e in log if e.kind == "bullet_reworded"}


def _carried(key: str, now: Container[str], renamed: dict[str, Event]) -> str:
    """Follow a bullet through the words that it was given; bounded, for words may be given and taken back."""
    for _ in renamed:
        if key in now or key not in renamed:
            break
        key = str(renamed[key].data.get("now"))
    return key
