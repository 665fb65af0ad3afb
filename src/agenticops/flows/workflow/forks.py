"""Forks of instances: two branches took different steps; the first one counts, and the other is told, not dropped."""

from __future__ import annotations

import msgspec

from agenticops.flows.workflow import listing
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.layout import EVENTS
from agenticops.model.workflow import Instance
from agenticops.workspace import Workspace

# What a user wrote may hold these words too: they only say which rows are worth reading.
LOST = """SELECT json FROM instance WHERE status IN ('active', 'paused') AND json LIKE '%"lost":%' ORDER BY id"""


def findings(workspace: Workspace) -> list[Finding]:
    """Warn of the steps that lost, for instances that are still under way: somebody believes that they were taken."""
    found = [msgspec.json.decode(row[0], type=Instance) for row in workspace.index.rows(LOST)]
    return [_finding(workspace, instance) for instance in found if instance.lost]


def _finding(workspace: Workspace, instance: Instance) -> Finding:
    text = listing.template(workspace, instance)
    here = listing.state_name(text, instance.state)
    lost = listing.lost(workspace, instance)
    steps = [_said(event, listing.state_name(text, str(event.data.get("to", "")))) for event in lost]
    message = f"histories fork: {instance.id} stands in {here}; lost against an earlier step: {', '.join(steps)}"
    hint = f"agenticops workflow show {instance.id}, and take the step anew where it is still wanted"
    return Finding("VT520", message, EVENTS, severity="warning", hint=hint)


def _said(event: Event, state: str) -> str:
    entities = event.data.get("entities")
    stays = ", ".join(f"{kind} {name}" for kind, name in entities.items()) if isinstance(entities, dict) else ""
    return f"{event.kind} to {state}{f' ({stays} stays)' if stays else ''}"
