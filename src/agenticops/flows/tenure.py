"""Tenure: a lease whose key is noted beside a hold: who follows a dead holder in its clone needs not wait for it.

Whoever has the hold knows that its last holder is dead, or done. The key is noted before it is pushed: it may stand at
the remote though the one who pushed it never learned so. ADR 0035.
"""

from __future__ import annotations

import os
from typing import Any

from agenticops.ports.lease import Held, Leases
from agenticops.store.hold import Hold
from agenticops.workspace import Workspace

# In the note: the key of the lease as it was last known to be held, and one that was perhaps pushed.
KEY, TRIED = "lease_key", "lease_tried"
EPOCH = "lease_epoch"
_OURS = (KEY, TRIED, EPOCH)


def hold(workspace: Workspace, folder: str, name: str) -> Hold:
    """Make a hold of this clone; it is not taken yet."""
    workspace.refuse_links()
    return Hold(os.path.join(workspace.git.common_dir, "agenticops", folder), name)


def lease(workspace: Workspace, leases: Leases, taken: Hold, purpose: str) -> Held:
    """Take the lease that has the name of a hold, which is ours. Raises ConflictError while another clone has it."""
    note = taken.read()
    # A key that was never confirmed was never used: it is tried again, so that no more than two are to be known.
    note[TRIED] = str(note.get(TRIED, "")) or leases.key()
    taken.write(note)
    known = str(note.get(KEY, ""))
    held = leases.acquire(taken.name, workspace.operator, workspace.host, purpose, known=known, key=note[TRIED])
    taken.write({**without(note), KEY: held.lease.key, EPOCH: held.lease.epoch})
    return held


def without(note: dict[str, Any]) -> dict[str, Any]:
    """Give a note without what it says of a lease: it was given back, or is another's."""
    return {key: value for key, value in note.items() if key not in _OURS}


def only(note: dict[str, Any]) -> dict[str, Any]:
    """Give what a note says of a lease that may still stand."""
    return {key: value for key, value in note.items() if key in _OURS}
