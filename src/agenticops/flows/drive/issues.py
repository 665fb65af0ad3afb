"""Issues as the queue: what the forge marks for the auto-pilot becomes work items here, and gets a name there.

Nothing else of the forge is brought in: `github apply` keeps both sides in step. ADR 0032, 0036.
"""

from __future__ import annotations

from collections.abc import Collection

from agenticops.core.select import LABEL
from agenticops.errors import ConflictError
from agenticops.flows.forge import importing, opening
from agenticops.flows.forge.importing import Wanted
from agenticops.model.layout import EVENTS, WORK
from agenticops.workspace import Workspace


class Assigned(ConflictError):
    """Somebody else has the issue, or it is closed: it is not ours to work."""


def take_in(there: Workspace, kinds: Collection[str]) -> list[str]:
    """Write down, on the default branch, the open issues that have the label `auto` and a kind's; give their items."""
    found: list[str] = []
    for kind in kinds:
        made = importing.adopt(there, Wanted(labels=(LABEL, kind)))
        found += [name for name, _, _ in made.items]
    if found:
        with there.transaction("drive issues") as tx:
            tx.flush()
            there.commit([WORK, EVENTS], f"Take in {len(found)} issue{'s' * (len(found) > 1)} for the auto-pilot")
    return found


def assign(workspace: Workspace, item: str) -> str:
    """Put our name on an item's issue, so that everybody sees who has it; give the login, or "" without an issue.

    Raises Assigned when somebody else's name is there by now.
    """
    number = workspace.train.item(item).issue
    if number is None:
        return ""
    with opening.opened(workspace) as forge:
        me = forge.me()
        seen = forge.issues.get(number)
        others = [name for name in seen.assignees if name.casefold() != me.casefold()]
        if others or seen.state != "open":
            why = f"is assigned to {', '.join(others)}" if others else "is closed"
            raise Assigned(f"issue #{number} {why}", place=seen.url, hint="agenticops github apply takes that over")
        if not seen.assignees:
            forge.issues.assign(number, me)
        return me
