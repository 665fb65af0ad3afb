"""Migration: instances of one version of a template go on by another one. A plan first, then one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from msgspec import Struct

from agenticops.core.workflow import diff, templates
from agenticops.errors import StateError, UsageError
from agenticops.flows.workflow import templates as library
from agenticops.model.event import Draft
from agenticops.model.workflow import Instance, Template
from agenticops.workspace import Workspace

OPEN = "SELECT json FROM instance WHERE template=? AND version=? AND status IN ('active', 'paused') ORDER BY id"


class Migration(Struct, frozen=True):
    """Where each instance goes on, or why it does not; `applied` when that was written."""

    old: Template
    new: Template
    ways: tuple[diff.Way, ...]
    applied: bool

    @property
    def going(self) -> tuple[diff.Way, ...]:
        """Those that go on by the new version."""
        return tuple(way for way in self.ways if way.to)


def migrate(
    workspace: Workspace,
    code: str,
    source: str,
    target: str,
    words: Sequence[str],
    instances: Collection[str] = (),
    apply: bool = False,
) -> Migration:
    """Plan the migration of a version's open instances, or of those that are named, and carry it out with `apply`.

    `words` are OLD=NEW for states that have another name now. Raises UsageError for unknown versions, states, ids.
    """
    old, new = library.of(workspace, code, source), library.of(workspace, code, target)
    standing = {way.source for _, way in _ways(workspace, old, new, {}, instances)} if words else ()
    mapping = diff.state_map(words, old, new, standing)
    if not apply:
        return Migration(old, new, tuple(way for _, way in _ways(workspace, old, new, mapping, instances)), False)
    with workspace.transaction("workflow template migrate") as tx:
        found = _ways(workspace, old, new, mapping, instances)
        digest = templates.digest(new)
        for instance, way in found:
            if way.to:
                data = {"to": way.to, "from": instance.state, "version": new.version, "digest": digest}
                tx.append(Draft("workflow_migrated", f"instance/{instance.id}", item=instance.item, data=data))
    return Migration(old, new, tuple(way for _, way in found), True)


def _ways(
    workspace: Workspace, old: Template, new: Template, mapping: dict[str, str], wanted: Collection[str]
) -> list[tuple[Instance, diff.Way]]:
    rows = workspace.index.rows(OPEN, old.code, old.version)
    found = [msgspec.json.decode(row[0], type=Instance) for row in rows]
    if wanted:
        unknown = sorted(set(wanted) - {instance.id for instance in found})
        if unknown:
            message = f"{unknown[0]} is no open instance of {old.code} {old.version}"
            raise UsageError(message, hint=f"agenticops workflow list --template {old.code}")
        found = [instance for instance in found if instance.id in wanted]
    texts: dict[str, Template | None] = {templates.digest(old): old}
    for instance in found:
        if instance.digest not in texts:
            texts[instance.digest] = _text(workspace, instance)
    return [(i, diff.migrate(i, texts[i.digest], new, mapping)) for i in found]


def _text(workspace: Workspace, instance: Instance) -> Template | None:
    """The text that an instance travels by, where its file was edited since without a new version."""
    try:
        return library.of(workspace, instance.template, instance.version, instance.digest)
    except StateError:
        return None
