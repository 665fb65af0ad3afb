"""The work item's issue on the forge is closed, as the log last observed it; what nobody observed is not proven."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.case import Case
from agenticops.model.finding import Finding

OBSERVED = "issue_observed"


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The state that the issue must be in."""

    state: Literal["open", "closed"] = "closed"


def check(case: Case) -> Iterator[Finding]:
    """Judge what was observed last. A forge closes an issue at the merge: before it, nothing is asked."""
    wanted = (case.asked or Parameters()).state
    if not case.moving or not case.after.has_item(case.ticket.item):
        return  # a missing work item is the check `ticket`'s to report
    item = case.after.item(case.ticket.item)
    if item.issue is None:
        hint = f"agenticops work edit {item.id} --issue NUMBER, or take the check out of the gate"
        yield Finding("VT425", f"work item {item.id} names no issue that could be {wanted}", item.path, hint=hint)
        return
    seen = [e for e in fold.live(case.after.log.of_item(item.id)) if e.kind == OBSERVED]
    last = next((e for e in reversed(seen) if str(e.data.get("issue")) == str(item.issue)), None)
    if last is None:
        message = f"nobody has observed whether issue #{item.issue} is {wanted}"
        hint = "a sync with the forge observes it; without one an operator may advance --override --reason"
        yield Finding("VT425", message, item.path, hint=hint)
    elif last.data.get("state") != wanted:
        state = last.data.get("state") or "in no known state"
        message = f"issue #{item.issue} was {state} when it was last observed, at {last.at[:16]}; {wanted} is wanted"
        yield Finding("VT425", message, item.path, hint="see to the issue on the forge, then observe it again")
