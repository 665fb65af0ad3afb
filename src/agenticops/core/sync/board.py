"""The board's columns and the priority say one thing: Backlog=future, Ready=next, In progress and In review=now."""

from __future__ import annotations

PRIORITY_OF = {"Backlog": "future", "Ready": "next", "In progress": "now", "In review": "now"}
DONE = "Done"
_KNOWN = {name.casefold(): name for name in (*PRIORITY_OF, DONE)}


def column(name: str) -> str:
    """Give a column as we spell it; one that is not ours stays as it is."""
    return _KNOWN.get(name.strip().casefold(), name)


def priority(name: str) -> str:
    """Tell which priority a column stands for; "" for Done, for none, and for a column that is not ours."""
    return PRIORITY_OF.get(column(name), "")


def stand(priority: str, ended: bool, review: bool) -> str:
    """Tell in which column an item belongs; `review` is one whose ticket waits for its merge."""
    if ended:
        return DONE
    if priority == "now":
        return "In review" if review else "In progress"
    return "Ready" if priority == "next" else "Backlog"


def wanted(own: str, there: str, base: str, stood: str) -> str:
    """Choose the column of an item that belongs into `own`: `there` is where it is, `base` where it was agreed to be.

    `stood` is where it belonged then. A column that means the same, or that is not ours, is left to the people at the
    board, unless only this side has moved on.
    """
    if there and there not in _KNOWN.values():
        return there
    if there and PRIORITY_OF.get(there) == PRIORITY_OF.get(own):
        return own if stood not in ("", own) and there == base else there
    return own
