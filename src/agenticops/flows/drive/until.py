"""Until: when a drive is to end by itself: at a time, or once an item or a ticket has ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

from agenticops.core import work_state
from agenticops.errors import UsageError
from agenticops.flows.drive.work import Outcome
from agenticops.model import ids
from agenticops.workspace import Workspace

Until = Callable[[Outcome | None], bool]
_HOUR = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
# How a ticket may end for a drive; what was stopped goes on.
ENDS = ("delivered", "blocked", "left", "lost")


def until(workspace: Workspace, words: str) -> Until:
    """Read HH:MM (local, the next one), a time in ISO form, an item or a ticket.

    Raises UsageError for others, and for what is over: a drive would wait for it in vain.
    """
    at = _time(words, workspace.clock.milliseconds())
    if at is not None:
        due = at
        return lambda outcome: workspace.clock.milliseconds() >= due
    items, tickets = workspace.train.item_ids(), workspace.train.ticket_ids()
    if ids.ITEM.fullmatch(words) or words in items:
        item = ids.resolve(words, items, "item")
        _refuse_ended(item, bool(work_state.ends(workspace.log, item)))
        return lambda outcome: outcome is not None and _item_ended(outcome, item)
    try:
        # One that a drive will open is not there yet.
        ticket = words if ids.TICKET.fullmatch(words) else ids.resolve(words, [*tickets, *items], "ticket")
    except UsageError:
        hint = "say 18:00, 2026-11-01T18:00, an item or a ticket"
        raise UsageError(f"{words!r} is neither a time nor an item nor a ticket", hint=hint) from None
    if ticket in items:
        _refuse_ended(ticket, bool(work_state.ends(workspace.log, ticket)))
        return lambda outcome: outcome is not None and _item_ended(outcome, ticket)
    _refuse_ended(ticket, ticket in tickets and workspace.train.ticket(ticket).closed)
    return lambda outcome: outcome is not None and outcome.ticket == ticket and outcome.state in ENDS


def _refuse_ended(name: str, ended: bool) -> None:
    if ended:
        raise UsageError(f"{name} has ended already", hint="name a ticket or an item that is still to be worked")


def _item_ended(outcome: Outcome, item: str) -> bool:
    return ids.split_ticket(outcome.ticket)[1] == item and outcome.state in ENDS and not outcome.successor


def _time(words: str, now: int) -> int | None:
    """Give a time in milliseconds; None when the words are no time."""
    here = datetime.fromtimestamp(now / 1000).astimezone()
    if match := _HOUR.fullmatch(words):
        at = here.replace(hour=int(match[1]), minute=int(match[2]), second=0, microsecond=0)
        at = at if at > here else at + timedelta(days=1)
    elif "-" in words and words[:4].isdecimal():
        try:
            at = datetime.fromisoformat(words).astimezone()
        except ValueError:
            return None
        if at <= here:
            raise UsageError(f"{words} is over", hint="name a time that is to come")
    else:
        return None
    return int(at.timestamp() * 1000)
