"""The pipeline: a value stream (funnel) of phases, stages and steps, with its modes, agents and contracts.

Source of the words: the domain architecture (funnel › phase › stage › step with roles, inputs, outputs, events,
handlers and hooks) and the value train's own document (modes, agents, artifacts, gates). ADR 0003.
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

ArtifactType = Literal["markdown", "notebook", "csv", "json", "yaml", "python", "text"]
GateType = Literal["content_validation", "technical_review", "security_check", "performance_test", "final_approval"]
# How far evidence is to be believed: somebody ran it; it was run out of the agent's reach; a key vouches for it.
Level = Literal["recorded", "verified", "attested"]
LEVELS: tuple[Level, ...] = ("recorded", "verified", "attested")
KINDS = ("PRD", "CRD", "Task")


class Defined(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all that a pipeline defines: a misspelt key is an error, because nothing unknown may pass a gate."""


class Notification(Defined, frozen=True):
    """Who is told what, over which channel."""

    name: str
    to: tuple[str, ...] = ()
    channel: str = "log"
    message: str = ""


class Meeting(Defined, frozen=True):
    """A session in which people align: purpose, agenda, attendees by role."""

    name: str
    purpose: str = ""
    agenda: tuple[str, ...] = ()
    attendees: tuple[str, ...] = ()


class Trigger(Defined, frozen=True):
    """An event that a step can meet."""

    name: str
    description: str = ""


class Handler(Defined, frozen=True):
    """What answers an event."""

    event: str
    action: str


class Hook(Defined, frozen=True):
    """A place where an outside system takes part; declared here, run only by a trusted step."""

    name: str
    system: str = ""
    description: str = ""


class WorkflowStep(Defined, frozen=True):
    """The atom of work: who does what with what, and what comes out."""

    name: str
    description: str = ""
    roles: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    activities: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    notifications: tuple[Notification, ...] = ()
    meetings: tuple[Meeting, ...] = ()
    events: tuple[Trigger, ...] = ()
    handlers: tuple[Handler, ...] = ()
    hooks: tuple[Hook, ...] = ()


class Stage(Defined, frozen=True):
    """A set of steps with a purpose and goals."""

    name: str
    purpose: str = ""
    goals: tuple[str, ...] = ()
    steps: tuple[WorkflowStep, ...] = ()


class Phase(Defined, frozen=True):
    """A step of the value stream: where an item may stand, who works it, what it owes, where it may go."""

    name: str = ""
    title: str = ""
    description: str = ""
    stretch: str = ""
    mode: str = ""
    owner: str = ""
    helpers: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    done: bool = False
    gate: str = "default"
    entry_gate: str = ""
    done_gate: str = ""
    stages: tuple[Stage, ...] = ()


class Mode(Defined, frozen=True):
    """A bounded working context: agents, tools, writable paths, criteria, allowed transitions."""

    name: str = ""
    title: str = ""
    purpose: str = ""
    agents: tuple[str, ...] = ()
    allowed_tools: tuple[str, ...] = ()
    restricted_tools: tuple[str, ...] = ()
    writable: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    entry: tuple[str, ...] = ()
    exit: tuple[str, ...] = ()
    transitions: tuple[str, ...] = ()
    checklist: str = ""


class Agent(Defined, frozen=True):
    """A role that a person or a program fills; `requires` is what a hand-off to it must bring."""

    name: str = ""
    title: str = ""
    purpose: str = ""
    dependencies: tuple[str, ...] = ()
    responsibilities: tuple[str, ...] = ()
    requires: tuple[str, ...] = ("next_steps",)


class Role(Defined, frozen=True):
    """A responsibility that steps, meetings and notifications name, and what its members may do.

    `members` are git identities (`Ada <ada@example.org>`, or the address alone), keys (`key:SHA256:…`) and agents
    (`agent:lab`). `may` are actions (`core.roles`); `phases` and `steps`, when given, bound where. ADR 0020.
    """

    name: str = ""
    description: str = ""
    may: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


class Contract(Defined, frozen=True):
    """What an artifact must be: its path (`{item}` stands for the work item), and what its content owes."""

    name: str = ""
    path: str = ""
    title: str = ""
    description: str = ""
    type: ArtifactType | None = None
    template: str = ""
    headings: tuple[str, ...] = ()
    front_matter: dict[str, Any] | None = None
    columns: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None
    max_bytes: int = 5_000_000


class CheckCall(Defined, frozen=True):
    """One check of a gate, by its registered name, with parameters.

    `name` tells two calls of one check apart, and is what a bullet names (`<!-- check: unit-tests -->`); `level` is the
    evidence it wants when it is not the gate's.
    """

    check: str
    name: str = ""
    level: Level | None = None
    parameters: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What the call is known by: its name, else the check's."""
        return self.name or self.check


class Gate(Defined, frozen=True):
    """A named list of checks that guards a transition. `type` and the levels are the data model's (ADR 0018, 0019)."""

    name: str = ""
    description: str = ""
    type: GateType = "content_validation"
    level: Level = "verified"
    checks: tuple[CheckCall, ...] = ()


# The gate of a phase that names none, when the pipeline does not define its own `default`.
DEFAULT_GATE = Gate(
    name="default",
    description="Checklist, artifacts, ticket and session hold.",
    checks=tuple(CheckCall(name) for name in ("checklist", "artifacts", "ticket", "session")),
)


class Pipeline(Defined, frozen=True, omit_defaults=False):
    """The whole definition in `config/pipeline.yml`; mappings keep the order of the file."""

    name: str
    title: str = ""
    description: str = ""
    version: str = "1"
    default_branch: str = "main"
    kinds: tuple[str, ...] = ("PRD", "CRD")
    start: str = ""
    stretches: tuple[str, ...] = ()
    phases: dict[str, Phase] = field(default_factory=dict)
    modes: dict[str, Mode] = field(default_factory=dict)
    agents: dict[str, Agent] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    artifacts: dict[str, Contract] = field(default_factory=dict)
    gates: dict[str, Gate] = field(default_factory=dict)
