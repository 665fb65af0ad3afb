"""Notices: telling people something, over their channels, and what each of them has not read. ADR 0042."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from agenticops.core import automation, lookup, notices, outbox, roles
from agenticops.core.automation import Automation
from agenticops.core.notices import Notice
from agenticops.errors import StateError, UsageError
from agenticops.model import ids, record
from agenticops.model.event import Draft
from agenticops.model.pipeline import Notification
from agenticops.ports.clock import timestamp
from agenticops.store.transaction import Transaction
from agenticops.workspace import Workspace

# Characters of a subject, and of a name.
LONGEST = 200
_OF = "SELECT json FROM notice WHERE who IN ({}) {} ORDER BY at DESC, id DESC"
# What was held back does not count: else who is told more than the limit allows would hear nothing any more.
_TOLD = "SELECT at FROM notice WHERE who=? AND at>? AND json_extract(json, '$.data.held') IS NULL"


def settings(workspace: Workspace) -> Automation:
    """Read what the train says of its automation."""
    return automation.read(workspace.tree.read(automation.PATH))


def recipients(workspace: Workspace, said: Automation, name: str) -> list[str]:
    """Find who is meant: a person of the settings, the members of a role, or whoever has this name."""
    if name in said.people:
        return [name]
    role = workspace.train.pipeline.roles.get(name)
    members = [m for m in role.members if not m.startswith("key:")] if role else []
    return [roles.parse(member).principal for member in members] or [name]


def tell(
    workspace: Workspace,
    tx: Transaction,
    said: Automation,
    found: Sequence[Notice],
    origin: str,
    ticket: str = "",
    item: str = "",
) -> None:
    """Tell people something within a transaction: a notice each, and what leads further goes into the outbox.

    `origin` names what makes them (a firing and its action, a meeting): a delivery is one by that, on every clone.
    """
    now = workspace.clock.milliseconds()
    at = datetime.fromtimestamp(now / 1000, UTC)
    for notice in found:
        told = _told(workspace, said, notice, now)
        quiet = None if notice.urgent else notices.due(said.quiet, at)
        due = timestamp(int(quiet.timestamp() * 1000)) if quiet else ""
        data: dict[str, Any] = notice.data
        ways = notices.channels(said, notice)
        held = bool(ways) and not notice.urgent and notices.full(said.throttle, told, at)
        if held:
            data["held"] = "throttled"
        tx.append(Draft("notified", f"inbox/{notice.to}", ticket, item, data))
        for name, channel in () if held else ways:
            kind, payload = notices.payload(said, name, channel, notice)
            action = f"{notice.to} {name}"
            draft = outbox.add(kind, payload, origin, action, due)
            tx.append(Draft(draft.kind, draft.subject, ticket, item, draft.data))


def send(
    workspace: Workspace,
    names: Sequence[str],
    subject: str,
    text: str = "",
    *,
    template: str = "",
    fields: dict[str, str] | None = None,
    channel: str = "",
    urgent: bool = False,
    about: str = "",
) -> list[str]:
    """Tell people or roles something, by a template or in these words; give who was told. `about` is a ticket."""
    said = settings(workspace)
    if template:
        found = said.templates.get(template)
        if found is None:
            known = ", ".join(said.templates) or "none yet"
            raise UsageError(f"there is no template {template!r}", hint=f"in {automation.PATH}: {known}")
        subject, text = (_filled(words, fields or {}, template) for words in (found.subject or subject, found.text))
    if not subject.strip():
        raise UsageError("a notice says something", hint='agenticops notify ada "The scanner is back"')
    subject = " ".join(subject.split())
    if len(subject) > LONGEST:
        raise UsageError(f"what it is about has {len(subject)} characters; at most {LONGEST}", hint="--text takes more")
    if channel:
        said.channel(channel)
    with workspace.transaction("notify") as tx:
        who = list(dict.fromkeys(one for name in names for one in recipients(workspace, said, name) if one.strip()))
        wrong = next((one for one in who if not one.isprintable() or len(one) > LONGEST), "")
        if wrong or not who:
            message = f"{wrong[:80]!r} is nobody's name" if wrong else "nobody is to be told"
            raise UsageError(message, hint='agenticops notify ada "The scanner is back"')
        ticket = ids.resolve(about, workspace.train.ticket_ids(), "ticket") if about else ""
        item = ids.split_ticket(ticket)[1] if ticket else ""
        made = [
            Notice(one, subject, text, f"ticket/{ticket}" if ticket else "", template, channel, urgent) for one in who
        ]
        tell(workspace, tx, said, made, f"n{workspace.clock.entropy(8).hex()}", ticket, item)
    return who


def declared(workspace: Workspace, name: str) -> Notification:
    """Take what a step of the pipeline declares; its channel only where the settings know it. Raises UsageError."""
    phases = workspace.train.pipeline.phases.values()
    steps = [step for phase in phases for stage in phase.stages for step in stage.steps]
    found = {one.name: one for step in steps for one in step.notifications}
    if name not in found:
        known = ", ".join(found) or "none"
        raise UsageError(f"no step of the pipeline declares a notification {name!r}", hint=f"declared: {known}")
    one = found[name]
    known_here = one.channel in settings(workspace).channels
    return replace(one, message=one.message or one.name, channel=one.channel if known_here else "")


def unread(workspace: Workspace) -> int:
    """Count what one was told and has not read."""
    names = _names(workspace, "")
    sql = f"SELECT COUNT(*) FROM notice WHERE who IN ({','.join('?' * len(names))}) AND read=''"
    return int(workspace.index.value(sql, *names) or 0)


def waiting(workspace: Workspace) -> bool:
    """Tell whether something is to be delivered."""
    return bool(workspace.index.value("SELECT 1 FROM outbox WHERE status IN ('queued', 'trying') LIMIT 1"))


def inbox(workspace: Workspace, who: str = "", everything: bool = False) -> list[record.Notice]:
    """List what somebody was told and has not read, the newest first; `everything`: what was read, too."""
    import msgspec

    names = _names(workspace, who)
    unread = "" if everything else "AND read=''"
    rows = workspace.index.rows(_OF.format(",".join("?" * len(names)), unread), *names)
    return [msgspec.json.decode(row[0], type=record.Notice) for row in rows]


def read(workspace: Workspace, wanted: Sequence[str], who: str = "") -> list[record.Notice]:
    """Note that notices were read: those that are named by the start of their ids, or all."""
    with workspace.transaction("inbox") as tx:
        unread = inbox(workspace, who)
        found = unread if not wanted else [_one(unread, name) for name in wanted]
        by: dict[str, list[str]] = {}
        for notice in found:
            by.setdefault(notice.who, []).append(notice.id)
        for name, ids in by.items():
            tx.append(Draft("notice_read", f"inbox/{name}", data={"notices": ids}))
    return list(found)


def _names(workspace: Workspace, who: str) -> list[str]:
    """Name somebody as notices may: themselves by their address, and as a person of the settings."""
    if who:
        return recipients(workspace, settings(workspace), who)
    mail = roles.mail(workspace.operator)
    people = settings(workspace).people
    return [mail, *(name for name, person in people.items() if person.email.casefold() == mail)]


def _one(unread: Sequence[record.Notice], wanted: str) -> record.Notice:
    hits = [n for n in unread if (len(wanted) >= 4 and n.id.casefold().endswith(wanted.casefold())) or n.id == wanted]
    if len(hits) != 1:
        message = f"{wanted!r} ends {len(hits)} notices" if hits else f"there is no unread notice {wanted!r}"
        raise UsageError(message, hint="agenticops inbox shows them")
    return hits[0]


def _told(workspace: Workspace, said: Automation, notice: Notice, now: int) -> list[datetime]:
    if said.throttle is None:
        return []
    since = timestamp(now - 1000 * notices.SECONDS[said.throttle.per])
    rows = workspace.index.rows(_TOLD, notice.to, since)
    return [datetime.fromisoformat(str(row[0])) for row in rows]


def _filled(words: str, fields: dict[str, str], template: str) -> str:
    try:
        return str(lookup.fill(words, {"entity": fields}))
    except StateError as e:
        raise UsageError(f"template {template}: {e.message}", hint="--field NAME=VALUE") from None
