"""Merging by the forge: a pull request is opened, its checks are waited for and mended, then the forge merges it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from agenticops.errors import ConflictError, RemoteError, TrainError
from agenticops.flows import pulls
from agenticops.flows.drive.work import Held
from agenticops.model.drive import FINAL
from agenticops.model.plain import clean
from agenticops.ports.forge import Check

if TYPE_CHECKING:
    from agenticops.flows.drive.work import Work

# Checks are asked for after a pause, longer each time. One that is not there after a while is not thought to come.
PAUSE, LONGEST, GRACE = 2.0, 60.0, 30.0
SUMMARY = 1000


def merge(work: Work, head: str, done: Callable[[], bool]) -> bool:
    """See a branch through its pull request; True when the forge merged it, False when it is to be looked at anew.

    `done` tells whether it is merged by now: people may be faster.
    Raises Held when its checks are red too often or not over in time, or when the forge wants a person.
    """
    opened = pulls.request(work.here, work.name)
    if not opened.verdict.holds:
        work.mend(opened.verdict.findings)
        return False
    shown, began, pause = f"pull request #{opened.number}", time.monotonic(), PAUSE
    while True:
        late = time.monotonic() - began >= work.settings.ci_seconds
        try:
            if done():
                return True
            found = _awaited(pulls.checks(work.here, head), work.settings.checks)
        except RemoteError:
            if late:
                raise  # the forge is away: that is no fault of the ticket
            found = []
        else:
            red = [c for c in found if c.conclusion == "failure"]
            pending = [c for c in found if c.conclusion == "pending"]
            if red and (late or not pending):
                _repair(work, red)
                return False
            if pending and late:
                names = ", ".join(c.name for c in pending[:5])
                raise Held("ci_red", f"not over within {work.settings.ci_seconds:g} s: {names}", "ci")
            if not pending and (found or late or time.monotonic() - began >= GRACE):
                merged = _merged(work, head, late)
                if merged is not None:
                    return merged
        work.tell(work.name, said=f"{shown}: {_standing(found)}")
        if work.pause(pause):
            return False
        pause = min(pause * 1.5, LONGEST)


def _awaited(found: list[Check], wanted: Sequence[str]) -> list[Check]:
    """Count checks that must be there, and are not yet, as not over."""
    there = {check.name for check in found}
    return [*found, *(Check(name, "pending") for name in wanted if name not in there)]


def _merged(work: Work, head: str, late: bool) -> bool | None:
    """Let the forge merge. None when it does not yet: a review, or a check that it wants, may still come."""
    try:
        found = pulls.merge(work.here, work.name, at=head)
    except pulls.Conflicting as e:
        raise Held("merge_conflict", e.message) from None
    except ConflictError:
        return False  # somebody pushed to the branch
    except TrainError as e:
        if late:
            raise Held("needs_person", f"the forge does not merge it: {e.message}") from None
        return None
    if found.state == "refused":
        work.mend(found.verdict.findings)
    return found.state == "merged"


def _repair(work: Work, red: Sequence[Check]) -> None:
    words = _words(red)
    try:
        work.repair("ci", "Mend what the checks of the forge found", words, "ci_red")
    except Held as e:
        if e.reason in FINAL:
            raise
        raise Held("ci_red", e.words if e.reason == "ci_red" else f"{words[0]}; {e.reason}: {e.words}", "ci") from None


def _words(checks: Sequence[Check]) -> tuple[str, ...]:
    """Tell an agent what failed, in the forge's words: a line each."""
    return tuple(
        f"{clean(c.name)}: {clean(row.strip())}" if row.strip() else f"{clean(c.name)} failed"
        for c in checks
        for row in ([r for r in (c.title, *c.summary[:SUMMARY].splitlines(), c.url) if r.strip()] or [""])
    )


def _standing(checks: Sequence[Check]) -> str:
    if not checks:
        return "waits for its checks"
    over = sum(c.conclusion != "pending" for c in checks)
    return f"{over} of {len(checks)} checks are over"
