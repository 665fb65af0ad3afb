"""Rule files, `config/rules/*.yml`: one rule, or a list of them under `rules`; the seed's field names are read too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from agenticops.core import condition, yamltext
from agenticops.core.rules import actions, cron
from agenticops.errors import StateError
from agenticops.model.ids import NAME
from agenticops.model.kinds import KINDS
from agenticops.model.layout import RULES
from agenticops.model.rule import Rule, TriggerAction, When

FOLDER = RULES
ENDINGS = (".yml", ".yaml", ".json")
SCHEMA = 1
TRIGGERS: tuple[str, ...] = get_args(TriggerAction)
# The seed's names of a rule's fields, and ours.
SEED = {
    "workflow_name": "name",
    "trigger_entity_type": "entity",
    "trigger_action_type": "action",
    "trigger_scope": "scope",
    "trigger_entity_id": "ids",
    "trigger_conditions": "conditions",
    "execution_order": "order",
    "max_executions": "max",
    "active_flag": "active",
}
_WHEN = {"entity", "action", "field", "from", "to", "event", "cron", "timezone"}
_FIELDS = {"code", "name", "description", "when", "conditions", "actions", "scope", "ids", "order", "max", "active"}
# What the seed keeps, and the log says here.
DERIVED = {"id", "execution_count", "last_executed_ts"}
Keys = tuple[str, ...]


class _Fault(Exception):
    """What is wrong with a rule, and the way to it."""

    def __init__(self, keys: Keys, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.keys, self.message, self.hint = keys, message, hint


def read(data: bytes, path: str) -> tuple[Rule, ...]:
    """Read a rule file. Raises StateError with the line of what is wrong."""
    text = yamltext.decode(data, path, yamltext.PIPELINE_LIMIT)
    raw = yamltext.typed(yamltext.load(text, path, limit=yamltext.PIPELINE_LIMIT))
    try:
        return tuple(_rule(entry, keys, path) for keys, entry in _entries(raw))
    except _Fault as e:
        place = f"{path}:{yamltext.locate(text, e.keys)}"
        hint = e.hint or "agenticops rule new --help; docs/how-to/rules.md"
        raise StateError(e.message, place=place, hint=hint) from None


def digest(rule: Rule) -> str:
    """Name what a rule says, wherever it stands and whether or not it is switched on."""
    said = _said(replace(rule, path="", digest="", active=True))
    return sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:16]


def _said(value: Any) -> Any:
    """Give a rule as plain data without what is as by default: a field that a later version adds changes no digest."""
    if isinstance(value, msgspec.Struct):
        known = ((field.name, field.default) for field in msgspec.structs.fields(value))
        return {name: _said(getattr(value, name)) for name, default in known if getattr(value, name) != default}
    if isinstance(value, dict):
        return {key: _said(one) for key, one in value.items()}
    return [_said(one) for one in value] if isinstance(value, list | tuple) else value


def write(fields: Mapping[str, Any]) -> str:
    """Write a new file of one rule."""
    return yamltext.dump({"schema": SCHEMA, **fields})


def twice(rules: Iterable[Rule]) -> None:
    """Refuse two rules of one code. Raises StateError."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        other = seen.setdefault(rule.code, rule)
        if other is not rule:
            message = f"the code {rule.code} is that of two rules; the other stands in {other.path}"
            raise StateError(message, place=rule.path, hint="give one of them another code")


def _entries(raw: Any) -> list[tuple[Keys, Any]]:
    if isinstance(raw, list):
        return [((str(number),), entry) for number, entry in enumerate(raw)]
    if not isinstance(raw, dict):
        raise _Fault((), "a rule file is a mapping: one rule, or a list under `rules`")
    if str(raw.get("schema", SCHEMA)) != str(SCHEMA):
        raise _Fault(("schema",), f"schema {raw['schema']} is not known; this version reads {SCHEMA}")
    if "rules" not in raw:
        return [((), {key: value for key, value in raw.items() if key != "schema"})]
    if not isinstance(raw["rules"], list):
        raise _Fault(("rules",), "`rules` is a list")
    for key in raw:
        if key not in ("rules", "schema"):
            raise _Fault((key,), f"unknown field {key!r} beside `rules`")
    return [(("rules", str(number)), entry) for number, entry in enumerate(raw["rules"])]


def _rule(raw: Any, keys: Keys, path: str) -> Rule:
    if not isinstance(raw, dict):
        raise _Fault(keys, "a rule is a mapping of fields")
    said = _ours(raw, keys)
    name = str(said.get("name") or said.get("code") or "").strip()
    code = str(said.get("code") or _slug(name))
    if not NAME.fullmatch(code):
        raise _Fault((*keys, "code"), f"{code!r} is no code: small letters, digits and dashes")
    when = _when(said, keys)
    default = str(said.get("action_entity_type") or "")
    rule = Rule(
        code=code,
        name=name,
        when=when,
        actions=_actions(said, keys, when, default),
        description=str(said.get("description") or ""),
        scope=said.get("scope") or ("specific" if said.get("ids") else "all"),
        ids=_names(said.get("ids")),
        conditions=_conditions(said, keys),
        order=_number(said, keys, "order", 0),
        max=_number(said, keys, "max", -1),
        active=_flag(said, keys),
        path=path,
    )
    _whole(rule, keys)
    return replace(rule, digest=digest(rule))


def _ours(raw: dict[str, Any], keys: Keys) -> dict[str, Any]:
    """Give a rule's fields by our names. Those of the seed that say when it runs are taken into `when`."""
    said: dict[str, Any] = {}
    when: dict[str, Any] = {}
    for key, value in raw.items():
        name = SEED.get(key, key)
        if name in ("entity", "action") and key != name:
            when[name] = value
        elif name in _FIELDS or key == "action_entity_type":
            said[name] = value
        elif key not in DERIVED:
            hint = f"known: {', '.join(sorted(_FIELDS))}; and the names of the seed"
            raise _Fault((*keys, key), f"unknown field {key!r}", hint)
    if when:
        said["when"] = {**when, **_taken(said, str(when.get("action")))}
    return said


def _taken(said: dict[str, Any], action: str) -> dict[str, Any]:
    """Take out of the seed's conditions what says when: the field, from and to of a change, the times of a schedule."""
    wanted = {
        "scheduled": ("cron", "timezone"),
        "status_change": ("from", "to"),
        "field_change": ("field", "from", "to"),
    }.get(action, ())
    conditions = said.get("conditions")
    if not wanted or not isinstance(conditions, dict):
        return {}
    said["conditions"] = {key: value for key, value in conditions.items() if key not in wanted}
    return {key: conditions[key] for key in wanted if key in conditions}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:64]


def _names(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),) if value else ()


def _number(said: dict[str, Any], keys: Keys, name: str, default: int) -> int:
    value = said.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool):
        raise _Fault((*keys, name), f"{name}: a whole number is wanted")
    if name == "max" and value < 1 and value != -1:
        raise _Fault((*keys, name), "max: 1 or more, or -1 for without limit")
    return value


def _flag(said: dict[str, Any], keys: Keys) -> bool:
    value = said.get("active", True)
    if not isinstance(value, bool):
        raise _Fault((*keys, "active"), "active: true or false")
    return value


def _when(said: dict[str, Any], keys: Keys) -> When:
    raw, keys = said.get("when"), (*keys, "when")
    if not isinstance(raw, dict):
        raise _Fault(keys, "a rule says `when`: {entity: KIND, action: create}, {event: KIND} or {cron: …}")
    for key in raw:
        if key not in _WHEN:
            raise _Fault((*keys, key), f"when: unknown field {key!r}", f"known: {', '.join(sorted(_WHEN))}")
    action = raw.get("action") or _meant(raw)
    if action not in TRIGGERS:
        raise _Fault((*keys, "action"), f"unknown trigger {action!r}", f"known: {', '.join(TRIGGERS)}")
    when = When(
        entity=str(raw.get("entity") or ""),
        action=action,  # type: ignore[arg-type]
        field=str(raw.get("field") or ("status" if action == "status_change" else "")),
        before=_was(raw.get("from"), action),
        to=_was(raw.get("to"), action),
        event=str(raw.get("event") or ""),
        cron=str(raw.get("cron") or ""),
        timezone=str(raw.get("timezone") or "UTC"),
    )
    for key, message in _unmet(when):
        raise _Fault((*keys, key), message)
    return when


def _was(value: Any, action: str) -> Any:
    """A status is text, also that of an instance, which is the number of a state in the numbered form."""
    return str(value) if action == "status_change" and type(value) is int else value


def _meant(raw: dict[str, Any]) -> str:
    if raw.get("event"):
        return "event"
    if raw.get("cron"):
        return "scheduled"
    if raw.get("field"):
        return "field_change"
    return "status_change" if {"from", "to"} & set(raw) else "create"


def _unmet(when: When) -> Iterable[tuple[str, str]]:
    if when.action == "event":
        if when.event not in KINDS:
            yield "event", f"the log has no events of the kind {when.event!r}"
    elif when.action == "scheduled":
        yield from (("cron", words) for words in cron.faults(when.cron, when.timezone))
    elif not when.entity:
        yield "entity", f"{when.action} of what? `entity` names the kind"
    if when.action == "field_change" and not when.field:
        yield "field", "field_change of which `field`?"
    if when.action not in ("field_change", "status_change") and (when.before is not None or when.to is not None):
        yield "action", "`from` and `to` are of a status_change or a field_change"
    if when.action != "event" and when.event:
        yield "event", "`event` stands alone: leave `action` out"
    if when.action != "scheduled" and when.cron:
        yield "cron", "`cron` is of action scheduled"


def _conditions(said: dict[str, Any], keys: Keys) -> Any:
    raw = said.get("conditions")
    if raw is None or raw == {}:
        return None
    if isinstance(raw, list):
        raw = {"all": raw}
    try:
        return condition.read(raw, "conditions")
    except StateError as e:
        steps = re.findall(r"[^.\[\]]+", e.place) or ["conditions"]
        raise _Fault((*keys, *steps), f"{e.place}: {e.message}", e.hint) from None


def _actions(said: dict[str, Any], keys: Keys, when: When, default: str) -> tuple[Any, ...]:
    raw, keys = said.get("actions"), (*keys, "actions")
    if not isinstance(raw, list) or not raw:
        raise _Fault(keys, "a rule has a list of `actions`, with one or more")
    return tuple(_action(entry, (*keys, str(number)), when, default) for number, entry in enumerate(raw))


def _action(raw: Any, keys: Keys, when: When, default: str) -> Any:
    from agenticops.model.rule import Action

    if not isinstance(raw, dict):
        raise _Fault(keys, "an action is a mapping with a `type`")
    kind = str(raw.get("type") or "")
    if kind not in actions.TYPES:
        words = f"unknown action {kind!r}" if kind else "an action without a `type`"
        raise _Fault((*keys, "type"), words, f"known: {', '.join(actions.TYPES)}")
    flat = {key: value for key, value in raw.items() if key not in ("type", "target", "parameters")}
    given = raw.get("parameters") or {}
    if not isinstance(given, dict):
        raise _Fault((*keys, "parameters"), "parameters are a mapping")
    parameters = {actions.OTHER_NAMES.get(key, key): value for key, value in {**given, **flat}.items()}
    target = str(raw.get("target") or "")
    if kind == "update_field":
        target = _aimed(parameters, target or (default if default and default != when.entity else ""))
    elif kind == "create_entity" and default:
        parameters.setdefault("entity", default)
    if kind == "send_notification" and isinstance(parameters.get("recipients"), str):
        parameters["recipients"] = [parameters["recipients"]]
    for words in actions.faults(kind, parameters):
        raise _Fault(keys, words)
    if target and not NAME.fullmatch(target.replace("_", "-")):
        known = ", ".join((actions.SELF, actions.PARENT, actions.LINKED))
        raise _Fault((*keys, "target"), f"unknown target {target!r}", f"{known}, or a kind of entity")
    return Action(type=kind, target=target or actions.SELF, parameters=parameters)  # type: ignore[arg-type]


def _aimed(parameters: dict[str, Any], target: str) -> str:
    """Take `quote.status` for the field `status` of the quote."""
    kind, dot, field = str(parameters.get("field") or "").partition(".")
    if not dot or not kind or not field:
        return target
    parameters["field"] = field
    return kind


def _whole(rule: Rule, keys: Keys) -> None:
    """Look at what the parts of a rule must be to each other."""
    if rule.scope not in ("all", "specific"):
        raise _Fault((*keys, "scope"), f"unknown scope {rule.scope!r}", "known: all, specific")
    if rule.scope == "specific" and not rule.ids:
        raise _Fault((*keys, "scope"), "a specific rule names the `ids` that it is for")
    if rule.scope == "all" and rule.ids:
        raise _Fault((*keys, "ids"), "`ids` are of the scope specific")
    whole = not rule.when.entity and rule.when.action == "scheduled"
    for number, action in enumerate(rule.actions):
        if whole and action.type == "update_field":
            place = (*keys, "actions", str(number))
            raise _Fault(place, "a schedule without an `entity` meets none: there is no field to set")


def undeclared(rule: Rule, scripts: Iterable[str], templates: Iterable[str]) -> Iterable[str]:
    """Name what a rule uses that `config/automation.yml` does not declare."""
    known_scripts, known_templates = set(scripts), set(templates)
    for number, action in enumerate(rule.actions, 1):
        script = action.parameters.get("script")
        if action.type == "run_script" and script not in known_scripts:
            yield f"action {number}: there is no script {script!r} in config/automation.yml"
        template = action.parameters.get("template")
        if action.type == "send_email" and template and template not in known_templates:
            yield f"action {number}: there is no template {template!r} in config/automation.yml"
