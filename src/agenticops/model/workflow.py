"""Workflows: templates are graphs of states, instances travel them, entities come to be on the way. ADR 0037.

Source of the words: the automation domain (industry workflow graph head, its data and events).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from agenticops.model.condition import Condition
from agenticops.model.graph import Graph
from agenticops.model.pipeline import Role, Stage

WorkflowStatus = Literal["active", "paused", "completed", "failed", "cancelled"]
# An instance in one of these goes nowhere any more.
ENDED: tuple[WorkflowStatus, ...] = ("completed", "failed", "cancelled")


class Edge(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A way to another state; with `when`, only for instances that it holds for."""

    to: str
    when: Condition | None = None


class State(Struct, frozen=True, omit_defaults=True):
    """Where an instance may stand: the entity that it has there, and how long that usually takes.

    `days` is a positive number unless the state is terminal. `template` names a workflow that is started there, whose
    end lets this one go on.
    """

    id: str
    name: str
    title: str = ""
    description: str = ""
    entity: str = ""
    status: str = ""
    terminal: bool = False
    success: bool | None = None
    days: float | None = None
    next: tuple[Edge, ...] = ()
    # As it was written, where it was: what disagrees with the edges is a finding.
    parents: tuple[str, ...] | None = None
    owner: str = ""
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    stages: tuple[Stage, ...] = ()
    template: str = ""


class Template(Struct, frozen=True, omit_defaults=True):
    """A workflow as a graph; an instance keeps the version that it was started with."""

    code: str
    name: str
    sector: str
    version: str = "1"
    description: str = ""
    active: bool = True
    default: bool = False
    start: str = ""
    states: dict[str, State] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    # Ids are numbers in the seed's form, and are shown so again.
    numbered: bool = False
    path: str = ""

    @property
    def graph(self) -> Graph:
        """The states and their edges, guards left aside."""
        edges = {name: tuple(edge.to for edge in state.next) for name, state in self.states.items()}
        return Graph.of(self.start, edges, tuple(name for name, state in self.states.items() if state.terminal))

    @property
    def parents(self) -> dict[str, tuple[str, ...]]:
        """The states before each state, as the edges say; an edge to a state that is not there counts for nothing."""
        found: dict[str, list[str]] = {name: [] for name in self.states}
        for name, state in self.states.items():
            for edge in state.next:
                if edge.to in found:
                    found[edge.to].append(name)
        return {name: tuple(dict.fromkeys(before)) for name, before in found.items()}

    def state(self, wanted: str) -> State | None:
        """Give a state by its id, else by its name."""
        found = self.states.get(wanted)
        return found or next((state for state in self.states.values() if state.name == wanted), None)


class Entity(Struct, frozen=True, omit_defaults=True):
    """A record that a workflow or a rule works on: customer, quote, order, task, invoice … `parent` is another's id."""

    id: str
    kind: str
    name: str = ""
    status: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    instance: str = ""
    state: str = ""
    parent: str = ""
    created: str = ""
    updated: str = ""
    deleted: bool = False


class Step(Struct, frozen=True, omit_defaults=True):
    """One step of an instance's history: from where to where, when, by whom. `source` is "" for the start."""

    source: str
    to: str
    at: str
    by: str = ""
    event: str = ""


class Instance(Struct, frozen=True, omit_defaults=True):
    """A workflow under way: the fold of its events. `last` is its last state event; `lost` are what lost a race."""

    id: str
    template: str
    version: str
    state: str
    digest: str = ""
    name: str = ""
    status: WorkflowStatus = "active"
    started: str = ""
    entered: str = ""
    ended: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    history: tuple[Step, ...] = ()
    # Entities by kind: the one of that kind that moves with the instance.
    entities: dict[str, str] = field(default_factory=dict)
    # What came to be in which state: (state, kind, entity id).
    created: tuple[tuple[str, str, str], ...] = ()
    item: str = ""
    client: str = ""
    agent: str = ""
    parent: str = ""
    reason: str = ""
    last: str = ""
    lost: tuple[str, ...] = ()
