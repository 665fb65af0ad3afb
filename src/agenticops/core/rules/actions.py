"""What each type of action is told: its parameters, as types. What a rule's file leaves out or misspells is a fault."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import msgspec
from msgspec import Struct, field

from agenticops.model.paper import Degree, RiskType
from agenticops.model.rule import ActionType

# Whom an action may be done to, beside an entity of a kind.
SELF, PARENT, LINKED = "self", "parent", "linked"


class Told(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of all parameters: a misspelt one is an error."""


class UpdateField(Told, frozen=True):
    """Set one field of the target."""

    field: str
    value: Any


class CreateEntity(Told, frozen=True):
    """Make a record of a kind; it hangs on the entity that the rule met unless `parent` names another."""

    entity: str
    name: str = ""
    status: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    parent: str = ""


class SendNotification(Told, frozen=True):
    """Tell people or roles something: by a template of `config/automation.yml`, or in these words."""

    recipients: tuple[str, ...]
    template: str = ""
    subject: str = ""
    text: str = ""
    channel: str = ""
    urgent: bool = False


class SendEmail(Told, frozen=True):
    """Send mail: to an address, a person or a role."""

    to: str
    template: str = ""
    subject: str = ""
    text: str = ""


class CallWebhook(Told, frozen=True):
    """Call a web address; `answer` are the fields of what it answers that are kept."""

    url: str
    method: str = "POST"
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    answer: tuple[str, ...] = ()


class RunScript(Told, frozen=True):
    """Run a script that `config/automation.yml` declares; `input` reaches it as JSON, of its own `answer` is kept."""

    script: str
    input: dict[str, Any] = field(default_factory=dict)
    answer: tuple[str, ...] = ()


class RunAgent(Told, frozen=True):
    """Give an agent something to do."""

    prompt: str
    agent: str = ""
    ticket: str = ""


class Advance(Told, frozen=True):
    """Let a ticket's gate judge, and move its item on."""

    ticket: str = ""
    to: str = ""


class CreateTicket(Told, frozen=True):
    """Open the first ticket of a work item, or of a new one that gets this title."""

    item: str = ""
    title: str = ""
    kind: str = "Task"
    phase: str = ""
    body: str = ""


class Transition(Told, frozen=True):
    """Take the instance of the target a step further; without `to`, where only one way leads."""

    to: str = ""
    instance: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


class OpenRisk(Told, frozen=True):
    """Write a risk down."""

    title: str
    type: str = ""
    cause: str = ""
    impact: str = ""
    signal: str = ""
    owner: str = ""
    likelihood: str = ""
    severity: str = ""
    description: str = ""


class StartWorkflow(Told, frozen=True):
    """Start an instance of a workflow template."""

    template: str
    name: str = ""
    data: dict[str, Any] = field(default_factory=dict)


PARAMETERS: dict[str, type[Told]] = {
    "update_field": UpdateField,
    "create_entity": CreateEntity,
    "send_notification": SendNotification,
    "send_email": SendEmail,
    "call_webhook": CallWebhook,
    "run_script": RunScript,
    "create_ticket": CreateTicket,
    "advance": Advance,
    "transition": Transition,
    "open_risk": OpenRisk,
    "start_workflow": StartWorkflow,
    "run_agent": RunAgent,
}
TYPES: tuple[str, ...] = get_args(ActionType)
# As the seed's JSON calls them → as they are called here.
OTHER_NAMES = {"entity_type": "entity", "script_id": "script"}
RISK = {"type": get_args(RiskType), "likelihood": get_args(Degree), "severity": get_args(Degree)}
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def faults(kind: str, parameters: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with an action's parameters; look-ups in them are not filled in yet."""
    try:
        found = told(kind, parameters)
    except msgspec.ValidationError as e:
        return [_said(kind, str(e))]
    return [words for words in _unmeant(found) if words]


def _said(kind: str, message: str) -> str:
    quoted = message.split("`")
    if "missing required field" in message:
        return f"{kind} wants `{quoted[1]}`"
    if "unknown field" in message:
        known = ", ".join(PARAMETERS[kind].__struct_fields__)
        return f"{kind} takes no `{quoted[1]}`: it takes {known}"
    return f"{kind}: {message[0].lower()}{message[1:]}"


def _unmeant(told: Told) -> list[str]:
    if isinstance(told, UpdateField):
        return ["" if told.field.strip() else "update_field wants the name of a `field`"]
    if isinstance(told, SendNotification):
        wanted = "" if told.template or told.text else "send_notification wants a `template` or a `text`"
        return [wanted, "" if told.recipients else "send_notification wants `recipients`"]
    if isinstance(told, SendEmail):
        return ["" if told.template or told.text else "send_email wants a `template` or a `text`"]
    if isinstance(told, CallWebhook):
        return ["" if told.method in METHODS else f"call_webhook: the method is one of {', '.join(METHODS)}"]
    if isinstance(told, CreateTicket):
        return ["" if told.item or told.title else "create_ticket wants an `item`, or the `title` of a new one"]
    if isinstance(told, OpenRisk):
        given = ((name, getattr(told, name), known) for name, known in RISK.items())
        wrong = ((name, known) for name, value, known in given if value and "{{" not in value and value not in known)
        return [f"open_risk: {name} is one of {', '.join(known)}" for name, known in wrong]
    return []


def told(kind: str, parameters: Mapping[str, Any]) -> Told:
    """Take an action's parameters; a number is taken for words where these are wanted: the id of a state is one.

    Raises msgspec.ValidationError.
    """
    words = {one.name for one in msgspec.structs.fields(PARAMETERS[kind]) if one.type is str}
    given = {key: str(value) if key in words and type(value) is int else value for key, value in parameters.items()}
    return msgspec.convert(given, PARAMETERS[kind], strict=False)
