"""Migrating: bring an older session file to today's form, and lose nothing."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from agenticops.core import documents, legacy, yamltext
from agenticops.errors import ConflictError, StateError
from agenticops.flows import rest
from agenticops.model.digest import sha256
from agenticops.model.event import Draft
from agenticops.model.layout import LEGACY, ROOT_SESSION
from agenticops.workspace import Workspace


class Migration(Struct, frozen=True):
    """What a migration does: the layout found, the new text, where the old file is kept."""

    source: str
    layout: str
    text: str
    kept: str
    notes: tuple[str, ...]


def migrate(workspace: Workspace, source: str, dry_run: bool) -> Migration | None:
    """Rewrite an older session as front-matter and Markdown; None when it is current already."""
    if dry_run:
        return _plan(workspace, source)
    with workspace.transaction("migrate") as tx:
        plan = _plan(workspace, source)
        if plan is None:
            return None
        tx.write(plan.kept, workspace.tree.read(plan.source) or b"")
        tx.write(ROOT_SESSION, plan.text)
        data = {"layout": plan.layout, "source": plan.source, "kept": plan.kept}
        tx.append(Draft("session_migrated", "train", data=data))
    return plan


def _plan(workspace: Workspace, source: str) -> Migration | None:
    path = source or ROOT_SESSION
    raw = workspace.tree.read(path)
    if raw is None:
        raise StateError("there is no session file to migrate", place=path, hint="--legacy-file FILE names another one")
    text = yamltext.decode(raw, path)
    if path == ROOT_SESSION and yamltext.split(text)[0].strip() == "status: init":
        return None  # no session is open; `legacy` would take the lone word for an older file
    found = legacy.read(text, path)
    if found.layout == "current" and path == ROOT_SESSION:
        return None
    present = workspace.tree.read(ROOT_SESSION)
    if path != ROOT_SESSION and present is not None and present != rest.EMPTY.encode():
        hint = "agenticops session archive, then migrate again"
        raise ConflictError(
            "a session stands where the migrated one would go; it is not overwritten", place=ROOT_SESSION, hint=hint
        )
    digest = sha256(raw)
    name, _, suffix = path.rsplit("/", 1)[-1].rpartition(".")
    kept = f"{LEGACY}/{name or suffix}-{digest[:8]}.{suffix if name else 'txt'}"
    session: dict[str, Any] = {"id": f"s-{digest[:12]}", "status": "paused", **found.session}
    fresh = f"---\n{yamltext.dump(session)}---\n\n{found.body.strip()}\n"
    documents.read_session(fresh.encode(), ROOT_SESSION)
    return Migration(path, found.layout, fresh, kept, found.notes)
