"""Tenancy: one worker at a time, in this clone always, and among all clones where the settings ask for it. ADR 0039."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from agenticops.core.automation import PATH, Automation
from agenticops.errors import ConflictError, TrainError
from agenticops.flows import tenure
from agenticops.ports.lease import Held, Leases
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace

FOLDER = NAME = "worker"
REMOTE = "origin"


@contextmanager
def only(here: Workspace, settings: Automation) -> Iterator[tuple[Hold, Callable[[], None]]]:
    """Be the worker. Gives the hold, and what is called before each delivery: it raises ConflictError when it was lost.

    Raises ConflictError while another works, TrainError on another branch than the default one.
    """
    on_default(here)
    hold = tenure.hold(here, FOLDER, NAME)
    if not hold.take():
        raise ConflictError(f"{said(hold.read())} delivers here already", hint="agenticops worker status")
    try:
        hold.write({**hold.read(), "pid": os.getpid(), "host": here.host, "since": here.now})
        held = _leased(here, settings, hold)
        try:
            yield hold, _keeping(here, held)
        finally:
            with suppress(TrainError):  # a lease ends by itself
                if held is not None:
                    held.release()
                    hold.write(tenure.without(hold.read()))
            hold.write({key: value for key, value in hold.read().items() if key not in ("pid", "host", "since")})
    finally:
        hold.release()


def on_default(here: Workspace) -> None:
    """Raise TrainError on any branch but the default one: what is delivered is what all agreed on."""
    default = here.train.pipeline.default_branch
    if here.branch != default:
        message = f"deliveries are made from {default}, not from {here.branch or 'a detached HEAD'}"
        raise TrainError(message, hint=f"git switch {default}")


def standing(here: Workspace) -> dict[str, Any]:
    """Say who delivers in this clone now: nothing when nobody does."""
    hold = tenure.hold(here, FOLDER, NAME)
    if hold.take():
        hold.release()
        return {}
    return {key: value for key, value in hold.read().items() if key in ("pid", "host", "since")}


def said(note: dict[str, Any]) -> str:
    """Name a worker by its note."""
    return f"worker {note['pid']} on {note.get('host', '?')}" if "pid" in note else "another worker"


def _leased(here: Workspace, settings: Automation, hold: Hold) -> Held | None:
    if settings.lease == "local":
        return None
    if here.git.run("remote", "get-url", REMOTE, check=False).returncode:
        message = f"the lease is to be held at the remote {REMOTE}, and there is none"
        raise TrainError(message, place=PATH, hint=f"git remote add {REMOTE} URL, or lease: local")
    return tenure.lease(here, Leases(here.git, here.clock, REMOTE), hold, "deliveries")


def _keeping(here: Workspace, held: Held | None) -> Callable[[], None]:
    turn = threading.Lock()
    # Read here, not in each thread: the index belongs to the thread that opened it.
    default = here.train.pipeline.default_branch

    def keep() -> None:
        branch = here.branch
        if branch != default:
            raise ConflictError(f"the worktree left {default} for {branch or 'a detached HEAD'}: nothing is delivered")
        if held is not None:
            with turn:
                held.keep()

    return keep
