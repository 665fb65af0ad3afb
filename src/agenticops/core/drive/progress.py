"""Where the auto-pilot stands, as the log says: folds of its events. What it does next follows from these."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from agenticops.core import fold
from agenticops.model.drive import Assignment, AssignmentStatus, Drive, Reason, Standing
from agenticops.model.event import Event

STANDINGS: dict[str, Standing] = {
    "drive_taken": "taken",
    "drive_blocked": "blocked",
    "drive_released": "",
    "drive_left": "left",
    "drive_delivered": "delivered",
}
# So many notes of operators are told to an agent.
NOTES = 3
ASSIGNED, ACTIVE, ENDED = "model_assigned", "model_active", "model_ended"


def drive(ticket: str, events: Iterable[Event]) -> Drive:
    """Say where a ticket stands with the auto-pilot; the last event counts."""
    last = next((e for e in reversed(fold.live(events)) if e.kind in STANDINGS and e.ticket == ticket), None)
    if last is None:
        return Drive(ticket)
    said = {name: str(last.data.get(name, "")) for name in ("reason", "words", "bullet")}
    return Drive(ticket, STANDINGS[last.kind], last.actor.operator, last.actor.host, **said, at=last.at)


def notes(ticket: str, events: Iterable[Event]) -> tuple[str, ...]:
    """Give what operators said to those who work a ticket when they let it go on: the last notes, since it began."""
    said: list[str] = []
    for event in fold.live(events):
        if event.kind == "drive_delivered" and event.ticket == ticket:
            said.clear()
        elif event.kind == "drive_released" and event.ticket == ticket and event.data.get("note"):
            said.append(str(event.data["note"]))
    return tuple(said[-NOTES:])


def assignments(events: Iterable[Event]) -> list[Assignment]:
    """Give the runs that the log tells of, each as it stands now, in the order in which they were assigned."""
    found: dict[str, dict[str, object]] = {}
    for event in fold.live(events):
        if event.kind in (ASSIGNED, ACTIVE, ENDED):
            name = event.subject.partition("/")[2]
            found.setdefault(name, {}).update(event.data)
    runs = []
    for fields in found.values():
        try:
            runs.append(msgspec.convert(fields, Assignment, strict=False))
        except msgspec.ValidationError:
            continue  # a branch where only the end arrived, or another version's
    return runs


def attempts(events: Sequence[Event], bullet: str, *statuses: AssignmentStatus) -> list[Assignment]:
    """Give the failed runs of a bullet, or those of other statuses, since its ticket was let go, or taken up anew."""
    counting = fold.live(events)
    since = max((n for n, e in enumerate(counting) if e.kind in ("ticket_unblocked", "drive_released")), default=-1)
    fresh = {e.subject.partition("/")[2] for e in counting[since + 1 :] if e.kind == ASSIGNED}
    return [
        a
        for a in assignments(counting)
        if a.bullet == bullet and a.assignment_status in (statuses or ("failed",)) and a.assignment_id in fresh
    ]


def blocked_for(reason: Reason, failures: Sequence[str]) -> Reason:
    """Say why a bullet blocks its ticket: a gate's refusal or an error that came again and again in the same words."""
    same = len(failures) > 1 and len(set(failures[-2:])) == 1
    return "same_failure" if same and reason in ("gate_refused", "agent_error") else reason
