"""The fence: of all clones that share a remote one applies at a time; who lost the lease stops (ADR 0035)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from agenticops.core.sync import settings as configured
from agenticops.errors import TrainError
from agenticops.flows.forge import opening
from agenticops.ports.lease import Leases
from agenticops.workspace import Workspace

NAME = "sync"
REMOTE = "origin"


@contextmanager
def fenced(workspace: Workspace, purpose: str, dry_run: bool = False) -> Iterator[Callable[[], None]]:
    """Hold the lease of the sync where the settings ask for one; give what is to be called before each action.

    That call raises ConflictError when the lease was lost, and RemoteError when the remote does not answer.
    """
    if dry_run or opening.settings(workspace).lease == "local":
        yield lambda: None
        return
    if workspace.git.run("remote", "get-url", REMOTE, check=False).returncode:
        message = f"the lease is to be held at the remote {REMOTE}, and there is none"
        raise TrainError(message, place=configured.PATH, hint=f"git remote add {REMOTE} URL, or lease: local")
    who = workspace.actor()
    held = Leases(workspace.git, workspace.clock, REMOTE).acquire(NAME, who.operator, who.host, purpose)
    try:
        yield held.keep
    finally:
        try:
            held.release()
        except TrainError:
            pass  # what was to be done is done, or has failed already; the lease ends by itself
