"""Opening the forge: which repository, by which settings, and by whom it is being synced just now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from agenticops.core.sync import settings as configured
from agenticops.core.sync.settings import Settings
from agenticops.errors import TrainError
from agenticops.ports import githubauth
from agenticops.ports.forge import Forge
from agenticops.store.forgesnapshot import Snapshot
from agenticops.store.lock import Lock
from agenticops.workspace import Workspace


def settings(workspace: Workspace) -> Settings:
    """Read what the train says of its forge."""
    return configured.read(workspace.tree.read(configured.PATH))


def folder(workspace: Workspace) -> str:
    """Where this clone keeps what it read of the forge."""
    return os.path.join(workspace.git.common_dir, "agenticops", "forge")


def snapshot(workspace: Workspace) -> Snapshot:
    """What was last read of the forge."""
    return Snapshot(folder(workspace))


@contextmanager
def opened(workspace: Workspace) -> Iterator[Forge]:
    """Open the forge of this repository. Raises RemoteError when nobody is logged in; nothing is asked yet."""
    workspace.refuse_links()
    said = settings(workspace)
    place = githubauth.place(workspace.git, os.environ, said.repository)
    login = githubauth.login(workspace.git, os.environ, place.host)
    answers = os.path.join(folder(workspace), "answers")
    forge = githubauth.connect(place, login, answers, said.board, said.status_field)
    try:
        yield forge
    finally:
        forge.close()


@contextmanager
def leased(workspace: Workspace, purpose: str) -> Iterator[None]:
    """Be the only one of this clone who syncs, on the default branch. Raises ConflictError while another does."""
    default = workspace.train.pipeline.default_branch
    if workspace.branch != default:
        message = f"both sides are brought together on {default}, not on {workspace.branch or 'a detached HEAD'}"
        raise TrainError(message, hint=f"git switch {default}")
    workspace.refuse_links()
    with Lock(os.path.join(folder(workspace), "lease"), purpose):
        yield
