"""The log of a desk while an agent works there: nothing of it goes, and agents add what is theirs to tell. ADR 0036."""

from __future__ import annotations

from collections.abc import Sequence

from agenticops.core import globs
from agenticops.errors import StateError
from agenticops.flows.drive.desk import Change
from agenticops.model.event import Event
from agenticops.model.kinds import STATES
from agenticops.model.layout import EVENTS
from agenticops.store import log
from agenticops.workspace import Workspace

LOG = ".agenticops/**"
# What the tool tells of a drive, and what people decide.
STEERING = ("drive_", "model_", "approval_", "review_", "role_", "forge_", "log_", "override_", "evidence_attested")
DECIDED = ("gate_overridden", "config_vouched", "flow_excepted", "status_restored", "train_adopted")


def refusal(here: Workspace, made: Sequence[Change], before: str) -> tuple[str, list[str]]:
    """Say what is wrong with what a run did to the log, whose state was that of a tree; and which files it is about."""
    files = [c for c in made if globs.fits(c.path, LOG)]
    if not files:
        return "", []
    came: list[Event] = []
    for change in files:
        if not change.path.startswith(f"{EVENTS}/"):
            return f"{change.path}: only agenticops writes it", [c.path for c in files]
        try:
            came += log.decode(_tail(here, change, before), change.path)
        except StateError as e:
            return f"it wrote the log by hand: {e.message}", [c.path for c in files]
        except _Rewritten:
            return f"it rewrote the log: {change.path}", [c.path for c in files]
    fresh = {e.id for e in came}
    foreign = next((e.kind for e in came if _foreign(e, fresh)), "")
    return (f"it wrote {foreign} into the log", [c.path for c in files]) if foreign else ("", [])


class _Rewritten(Exception):
    """A line that was there is not there any more."""


def _tail(here: Workspace, change: Change, before: str) -> bytes:
    """Give what a shard has more than it had."""
    had = here.git.run("cat-file", "blob", f"{before}:{change.path}", check=False)
    was = had.stdout.encode("utf-8", "surrogateescape") if not had.returncode else b""
    now = here.tree.read(change.path) or b""
    if change.gone or not now.startswith(was):
        raise _Rewritten
    return now[len(was) :]


def _foreign(event: Event, fresh: set[str]) -> bool:
    """Tell whether an agent at work has no business to say that; voided may be only what is as new."""
    if event.kind == "voided":
        listed = event.data.get("events")
        return not isinstance(listed, list) or not fresh.issuperset(map(str, listed))
    return event.kind in STATES or event.kind in DECIDED or event.kind.startswith(STEERING)
