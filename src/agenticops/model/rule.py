"""Rules: when something happens to an entity and conditions hold, then actions, in their order. ADR 0038.

Source of the words: the automation domain (workflow automation: trigger, scope, conditions, actions, execution order).
"""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct, field

from agenticops.model.condition import Condition

TriggerAction = Literal["create", "update", "delete", "status_change", "field_change", "scheduled", "event"]
ActionType = Literal[
    "update_field",
    "create_entity",
    "send_notification",
    "send_email",
    "call_webhook",
    "run_script",
    "create_ticket",
    "advance",
    "transition",
    "open_risk",
    "start_workflow",
    "run_agent",
]
# What leaves the repository, or takes time: it is put into the outbox, and the worker delivers it.
OUTSIDE: frozenset[str] = frozenset(("send_email", "call_webhook", "run_script", "run_agent"))


class When(Struct, frozen=True, omit_defaults=True):
    """What a rule waits for: something done to an entity of a kind, an event of the log by its kind, or a time."""

    entity: str = ""
    action: TriggerAction = "create"
    # Of a field_change, and of a status_change (there it is `status`).
    field: str = ""
    before: Any = None
    to: Any = None
    event: str = ""
    cron: str = ""
    timezone: str = "UTC"


class Action(Struct, frozen=True, omit_defaults=True):
    """One thing to do; `parameters` are those of its type, in which `{{dotted.look.ups}}` are filled in once."""

    type: ActionType
    # Whom it is done to: self, parent, linked, or a kind of the instance's entities.
    target: str = "self"
    parameters: dict[str, Any] = field(default_factory=dict)


class Rule(Struct, frozen=True, omit_defaults=True):
    """A rule as its file says it; how often it ran and when, the log says. `max` −1 is without limit.

    `digest` is of what the rule says, not of where it stands and whether it is active.
    """

    code: str
    name: str
    when: When
    actions: tuple[Action, ...]
    description: str = ""
    scope: Literal["all", "specific"] = "all"
    ids: tuple[str, ...] = ()
    conditions: Condition | None = None
    order: int = 0
    max: int = -1
    active: bool = True
    path: str = ""
    digest: str = ""
