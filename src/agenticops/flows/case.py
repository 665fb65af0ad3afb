"""Cases: what a gate is judged by here. Where it asks for people's word, the base's roles and signers come along."""

from __future__ import annotations

from agenticops.core.case import Case
from agenticops.model.pipeline import Pipeline
from agenticops.model.ticket import Ticket
from agenticops.workspace import Workspace


def of_ticket(workspace: Workspace, ticket: Ticket, moving: bool = True, gate: str = "") -> Case:
    """Make the case of a ticket, for the gates of its phase and one more.

    HEAD is read only where something in it is asked for: most gates ask for nothing.
    """
    train = workspace.train
    if not _asks_people(train.pipeline, ticket, gate):
        return Case(train, ticket, now=workspace.now, moving=moving)
    from functools import partial

    from agenticops.flows import role
    from agenticops.ports import signature

    verify = partial(signature.verify, root=workspace.root)
    return Case(train, ticket, judge=role.base(workspace), now=workspace.now, moving=moving, verify=verify)


def _asks_people(pipeline: Pipeline, ticket: Ticket, gate: str) -> bool:
    phase = pipeline.phases.get(ticket.phase)
    names = (gate, phase.gate, phase.entry_gate, phase.done_gate) if phase else (gate,)
    gates = (pipeline.gates[n] for n in names if n in pipeline.gates)
    return any(c.check == "approval" or "attested" in (c.level, g.level) for g in gates for c in g.checks)
