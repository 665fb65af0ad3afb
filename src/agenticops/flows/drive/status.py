"""Status: who drives here, what is held and how to go on, what may still be spent. It reads only."""

from __future__ import annotations

import os
from typing import Any

from msgspec import Struct

from agenticops.core.drive import budget, progress
from agenticops.core.drive.budget import Standing
from agenticops.core.drive.progress import STANDINGS
from agenticops.flows.drive import claim as claims
from agenticops.flows.drive import desk, ledger, presence
from agenticops.flows.drive.driver import read_settings
from agenticops.flows.drive.marks import Mark, Marks
from agenticops.flows.drive.presence import Presence
from agenticops.model.drive import REASONS, Drive
from agenticops.model.layout import LOCAL, PHASE_BRANCH
from agenticops.workspace import Workspace

LAST = 5
# Of the local log, so many of the newest files are looked at.
NEWEST = 2
WHY: dict[str, str] = {
    **{str(name): words for name, words in REASONS.items()},
    "takeover": "it was taken over",
    "abort": "it was aborted",
}
# What a note to the agent would not change: somebody has to see to it first.
BY_HAND = {
    "budget": "give more in config/drive.yml",
    "needs_person": "do what it asks for",
    "merge_conflict": "git -C {desk} merge {branch}, resolve, commit",
    "ci_red": "look at the checks of the forge",
}
OUTCOMES = ("drive_delivered", "drive_blocked", "drive_left", "drive_released")


class Held(Struct, frozen=True):
    """A ticket that waits for a person: why, where its work is, what is to be done first, and how it goes on then."""

    ticket: str
    standing: str
    reason: str
    words: str
    bullet: str
    at: str
    by: str
    desk: str
    branch: str
    go_on: str
    first: str = ""


class Happened(Struct, frozen=True):
    """What became of a ticket last."""

    ticket: str
    what: str
    at: str
    reason: str = ""


class Status(Struct, frozen=True):
    """Where the auto-pilot of a clone stands. `waiting` tickets were begun and nobody works them now."""

    drivers: tuple[Presence, ...]
    halted: str
    marks: tuple[Mark, ...]
    held: tuple[Held, ...]
    waiting: tuple[str, ...]
    budgets: tuple[Standing, ...]
    last: tuple[Happened, ...]
    notices: tuple[dict[str, Any], ...]


def status(workspace: Workspace) -> Status:
    """Look at the drivers of this clone, at the log of this branch, at the marks and the budgets."""
    _ = workspace.train.pipeline
    settings, marks, drivers = read_settings(workspace), Marks(workspace), presence.drivers(workspace)
    events = workspace.log.of_kinds(*STANDINGS)
    stands = [progress.drive(t, [e for e in events if e.ticket == t]) for t in sorted({e.ticket for e in events})]
    worked = {row.ticket for driver in drivers for row in driver.rows}
    folder, notes = desk.folder(workspace, settings), claims.noted(workspace)
    desks = {str(note.get("ticket", "")): str(note.get("desk", "")) for note in notes.values()}
    main = workspace.train.pipeline.default_branch
    held = [
        _held(s, desks.get(s.ticket) or f"{folder}/{s.ticket}", main)
        for s in stands
        if s.standing in ("blocked", "left")
    ]
    waiting = [s.ticket for s in stands if s.standing == "taken" and s.ticket not in worked]
    standings = budget.standings(settings.budgets, ledger.known(workspace), workspace.now)
    ends = [e for e in events if e.kind in OUTCOMES][-LAST:]
    return Status(
        tuple(drivers),
        marks.halted,
        tuple(marks.all()),
        tuple(held),
        tuple(waiting),
        tuple(sorted(standings, key=lambda s: -s.share)),
        tuple(Happened(e.ticket, e.kind.partition("_")[2], e.at, str(e.data.get("reason", ""))) for e in ends),
        tuple(_notices(workspace)),
    )


def _held(stands: Drive, place: str, main: str) -> Held:
    name, reason, who = stands.ticket, stands.reason, stands.owner.partition(" <")[0]
    told = stands.standing == "blocked" and reason not in BY_HAND
    go_on = f'agenticops drive {"fix" if told else "resume"} {name} --{"note" if told else "reason"} "…"'
    words = stands.words or WHY.get(reason, reason)
    branch = f"{PHASE_BRANCH}{name}"
    first = BY_HAND.get(reason, "").format(desk=place, branch=main)
    return Held(name, stands.standing, reason, words, stands.bullet, stands.at, who, place, branch, go_on, first)


def _notices(workspace: Workspace) -> list[dict[str, Any]]:
    """Give what an operator was told last, newest last."""
    if not os.path.isdir(os.path.join(workspace.git.common_dir, "agenticops", LOCAL)):
        return []
    local = workspace.local
    found = [e for path in local.shards()[-NEWEST:] for e, _ in local.lines(path) if e.kind == "drive_noticed"]
    return [{"at": e.at, "ticket": e.ticket, **e.data} for e in found[-LAST:]]
