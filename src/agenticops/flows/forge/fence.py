"""The fence: of all clones that share a remote one applies, or claims, at a time; who lost a lease stops (ADR 0035)."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agenticops.core.sync import settings as configured
from agenticops.errors import ConflictError, TrainError
from agenticops.flows import tenure
from agenticops.flows.forge import opening
from agenticops.ports.lease import Held, Leases
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace

NAME = "sync"
REMOTE = "origin"
FOLDER = "fence"
# Between two looks at a lease that somebody else has, in seconds.
PAUSE = 0.5


@contextmanager
def fenced(
    workspace: Workspace,
    purpose: str,
    dry_run: bool = False,
    name: str = NAME,
    wait: float = 0,
    told: Callable[[ConflictError], None] = lambda holder: None,
) -> Iterator[Callable[[], None]]:
    """Hold a lease where the settings ask for one; give what is to be called before each action.

    That call raises ConflictError when the lease was lost, and RemoteError when the remote does not answer. While
    another has the lease it is waited for, up to `wait` seconds; `told` hears who has it.
    """
    if dry_run or opening.settings(workspace).lease == "local":
        yield lambda: None
        return
    if workspace.git.run("remote", "get-url", REMOTE, check=False).returncode:
        message = f"the lease is to be held at the remote {REMOTE}, and there is none"
        raise TrainError(message, place=configured.PATH, hint=f"git remote add {REMOTE} URL, or lease: local")
    hold = tenure.hold(workspace, FOLDER, name)
    if not hold.take():
        raise ConflictError(f"another process of this clone has the lease {name}", hint="try again when it has ended")
    try:
        held = _acquired(workspace, hold, purpose, time.monotonic() + wait, told)
        try:
            yield held.keep
        finally:
            try:
                held.release()
                hold.write({})
            except TrainError:
                pass  # what was to be done is done, or has failed already; the lease ends by itself
    finally:
        hold.release()


def _acquired(
    workspace: Workspace, hold: Hold, purpose: str, until: float, told: Callable[[ConflictError], None]
) -> Held:
    leases = Leases(workspace.git, workspace.clock, REMOTE)
    while True:
        try:
            return tenure.lease(workspace, leases, hold, purpose)
        except ConflictError as held:
            told(held)
            if time.monotonic() >= until:
                raise
        time.sleep(PAUSE * random.uniform(0.5, 1))
