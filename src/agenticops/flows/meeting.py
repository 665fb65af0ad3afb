"""Meetings: calling people together, and what came of it. Records of the log; who is called is told. ADR 0042."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.core import calendar
from agenticops.core.automation import Automation
from agenticops.core.calendar import Entry
from agenticops.core.notices import Notice
from agenticops.errors import StateError, UsageError
from agenticops.flows import notices
from agenticops.model import ids
from agenticops.model.event import Draft
from agenticops.model.record import Meeting
from agenticops.ports.clock import timestamp
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

MINUTES = 30
# A calendar takes no others, and most who write one mistyped it.
YEARS = (2000, 2199)
_WHEN = "2026-12-01 14:00, 2026-12-01T14:00+01:00"


class Call(Struct, frozen=True):
    """What a meeting is for, who is to come (people and roles), when (UTC unless it says otherwise), how long."""

    purpose: str
    starts: str
    attendees: tuple[str, ...] = ()
    agenda: tuple[str, ...] = ()
    minutes: int = MINUTES
    about: str = ""


def call(workspace: Workspace, wanted: Call) -> Meeting:
    """Call people together, and tell them. Raises UsageError for what is no time."""
    at = when(wanted.starts)
    if not wanted.purpose.strip():
        raise UsageError("a meeting has a purpose", hint='agenticops meeting call "Agree on the limits" --at …')
    name = "m" + ids.base32(int.from_bytes(workspace.clock.entropy(5), "big"), 8)
    said = notices.settings(workspace)
    with workspace.transaction("meeting call") as tx:
        _ = workspace.train.pipeline
        data = {key: value for key, value in msgspec.structs.asdict(wanted).items() if value}
        data |= {"starts": at, "roles": list(wanted.attendees), "attendees": _people(workspace, said, wanted.attendees)}
        tx.append(Draft("meeting_called", f"meeting/{name}", *_ticket(workspace, wanted.about), data))
        _tell(workspace, tx, said, f"{name} called", f"Meeting: {wanted.purpose}", data)
    return show(workspace, name)


def declared(workspace: Workspace, name: str) -> Call:
    """Take purpose, agenda and attendees of a meeting that a step of the pipeline declares."""
    phases = workspace.train.pipeline.phases.values()
    steps = [step for phase in phases for stage in phase.stages for step in stage.steps]
    found = {meeting.name: meeting for step in steps for meeting in step.meetings}
    if name not in found:
        known = ", ".join(found) or "none"
        raise UsageError(f"no step of the pipeline declares a meeting {name!r}", hint=f"declared: {known}")
    one = found[name]
    return Call(one.purpose or one.name, "", one.attendees, one.agenda)


def move(workspace: Workspace, wanted: str, starts: str = "", reason: str = "", off: bool = False) -> Meeting:
    """Give a meeting another time, or call it off; who was called is told. Raises UsageError once it was held."""
    at = "" if off else when(starts)
    said = notices.settings(workspace)
    with workspace.transaction("meeting") as tx:
        found = _open(workspace, wanted)
        data: dict[str, Any] = {"reason": reason} if reason else {}
        data |= {"off": True} if off else {"starts": at, "off": False}
        tx.append(Draft("meeting_moved", f"meeting/{found.id}", data=data))
        words = f"Called off: {found.purpose}" if off else f"Moved to {at[:16]}Z: {found.purpose}"
        _tell(workspace, tx, said, f"{found.id} {at or 'off'}", words, {**found.data, **data})
    return show(workspace, found.id)


def hold(workspace: Workspace, wanted: str, outcome: str, decisions: Sequence[str] = ()) -> Meeting:
    """Note what came of a meeting."""
    if not outcome.strip() and not decisions:
        raise UsageError("a meeting that was held has an outcome", hint='--outcome "…" --decision "…"')
    with workspace.transaction("meeting hold") as tx:
        found = _open(workspace, wanted)
        data = {"outcome": outcome, "decisions": list(decisions), "held_at": workspace.now}
        tx.append(Draft("meeting_held", f"meeting/{found.id}", data={k: v for k, v in data.items() if v}))
    return show(workspace, found.id)


def every(workspace: Workspace, everything: bool = False) -> list[Meeting]:
    """List the meetings by their time: those to come, or all."""
    where = "1" if everything else "status='called'"
    rows = workspace.index.rows(f"SELECT json FROM meeting WHERE {where} ORDER BY starts, id")
    return [msgspec.json.decode(row[0], type=Meeting) for row in rows]


def show(workspace: Workspace, wanted: str) -> Meeting:
    """Give a meeting by its id or the start of it. Raises UsageError."""
    rows = workspace.index.rows("SELECT json FROM meeting WHERE id >= ? AND id < ?", wanted, f"{wanted}~")
    if len(rows) != 1 or len(wanted) < ids.MIN_PREFIX:
        message = f"{wanted!r} is the start of {len(rows)} meetings" if rows else f"there is no meeting {wanted!r}"
        raise UsageError(message, hint="agenticops meeting list")
    found: Meeting = msgspec.json.decode(rows[0][0], type=Meeting)
    return found


def ics(workspace: Workspace, found: Sequence[Meeting]) -> bytes:
    """Write meetings as a calendar file."""
    said = notices.settings(workspace)
    return calendar.write([_entry(workspace, said, one) for one in found])


def when(text: str) -> str:
    """Read a time, UTC where it names no zone; give it as events write it. Raises UsageError."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise UsageError(f"{text!r} is no time", hint=f"for example {_WHEN}") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if not YEARS[0] <= found.year <= YEARS[1]:
        raise UsageError(f"{text!r} lies too far away", hint=f"for example {_WHEN}")
    return timestamp(int(found.timestamp() * 1000))


def _open(workspace: Workspace, wanted: str) -> Meeting:
    found = show(workspace, wanted)
    if found.status != "called":
        was = "was held already" if found.status == "held" else "was called off"
        raise UsageError(f"{found.id} {was}", hint=f"agenticops meeting show {found.id}")
    return found


def _people(workspace: Workspace, said: Automation, names: Sequence[str]) -> list[str]:
    found = (who for name in names for who in notices.recipients(workspace, said, name))
    return list(dict.fromkeys(who for who in found if who.strip()))


def _ticket(workspace: Workspace, about: str) -> tuple[str, str]:
    if not about:
        return "", ""
    name = ids.resolve(about, workspace.train.ticket_ids(), "ticket")
    return name, ids.split_ticket(name)[1]


def _tell(
    workspace: Workspace, tx: Transaction, said: Automation, origin: str, subject: str, data: dict[str, Any]
) -> None:
    lines = [f"{str(data.get('starts', ''))[:16].replace('T', ' ')} UTC, {data.get('minutes', MINUTES)} minutes"]
    lines += [f"- {point}" for point in data.get("agenda", ())]
    lines += [f"Reason: {data['reason']}"] if data.get("reason") else []
    meeting = f"meeting/{origin.partition(' ')[0]}"
    made = [Notice(who, subject, "\n".join(lines), meeting) for who in data.get("attendees", ())]
    notices.tell(workspace, tx, said, made, origin)


def _entry(workspace: Workspace, said: Automation, one: Meeting) -> Entry:
    data = one.data
    people = []
    for who in data.get("attendees", ()):
        person = said.people.get(who)
        address = person.email if person and person.email else who
        people += [(who, address)] if "@" in address else []
    text = "\n".join([*(f"- {point}" for point in data.get("agenda", ())), *_outcome(data)])
    try:
        begins, made = (datetime.fromisoformat(at) for at in (one.starts, one.called))
    except ValueError:
        hint = f"agenticops meeting move {one.id} --at …"
        raise StateError(f"the meeting {one.id} has no time that can be read", hint=hint) from None
    events = workspace.log.of_subject(f"meeting/{one.id}")
    caller = events[0].actor.operator if events else ""
    minutes = int(data.get("minutes", MINUTES))
    return Entry(one.id, one.purpose, text, begins, minutes, made, people, one.status == "off", len(events) - 1, caller)


def _outcome(data: dict[str, Any]) -> list[str]:
    rows = [f"Decided: {words}" for words in data.get("decisions", ())]
    return [*([f"Outcome: {data['outcome']}"] if data.get("outcome") else []), *rows]
