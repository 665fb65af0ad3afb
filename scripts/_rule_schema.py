"""The JSON Schema of a rule file, `config/rules/*.yml`: as people write it, not as it is kept."""

from __future__ import annotations

from typing import Any

import msgspec

from agenticops.core import condition
from agenticops.core.rules import actions, file
from agenticops.model.kinds import KINDS

Schema = dict[str, Any]
_CODE = {"type": "string", "pattern": "^[a-z][a-z0-9-]{0,63}$"}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer"}


def rules(dialect: str) -> Schema:
    """Make the schema: one rule, or a list of them under `rules`."""
    rule = {"$ref": "#/$defs/Rule"}
    several = {"type": "array", "items": rule}
    return {
        "$schema": dialect,
        "title": "Rules",
        "description": "When something happens to an entity and conditions hold, then actions are done, in order.",
        "anyOf": [
            {
                "type": "object",
                "properties": {"schema": {"const": file.SCHEMA}, "rules": several},
                "required": ["rules"],
                "additionalProperties": False,
            },
            rule,
            several,
        ],
        "$defs": {
            "Rule": _rule(),
            "When": _when(),
            "Condition": _condition(),
            "Action": {"anyOf": [_action(kind) for kind in actions.TYPES]},
        },
    }


def _rule() -> Schema:
    own: Schema = {
        "schema": {"const": file.SCHEMA},
        "code": _CODE,
        "name": _TEXT,
        "description": _TEXT,
        "when": {"$ref": "#/$defs/When"},
        "conditions": {"$ref": "#/$defs/Condition"},
        "actions": {"type": "array", "items": {"$ref": "#/$defs/Action"}, "minItems": 1},
        "scope": {"enum": ["all", "specific"]},
        "ids": {"type": ["array", "string"], "items": _TEXT},
        "order": _COUNT,
        "max": {"type": "integer", "minimum": -1},
        "active": {"type": "boolean"},
    }
    others = {seed: _seed(name, own) for seed, name in file.SEED.items()}
    others |= {name: {} for name in ("action_entity_type", *sorted(file.DERIVED))}
    needed = [{"required": ["when"]}, {"required": ["trigger_entity_type", "trigger_action_type"]}]
    return {
        "type": "object",
        "properties": {**own, **others},
        "required": ["actions"],
        "anyOf": needed,
        "additionalProperties": False,
    }


def _seed(name: str, own: Schema) -> Schema:
    if name == "action":
        return {"enum": list(file.TRIGGERS)}
    # What of the seed's conditions says when, is taken out of them: they are looser than ours.
    return {"type": ["object", "array", "null"]} if name == "conditions" else own.get(name, _TEXT)


def _when() -> Schema:
    properties: Schema = {
        "entity": _TEXT,
        "action": {"enum": list(file.TRIGGERS)},
        "field": _TEXT,
        "from": {},
        "to": {},
        "event": {"enum": sorted(KINDS)},
        "cron": {"type": "string", "description": "minute, hour, day, month, weekday"},
        "timezone": _TEXT,
    }
    return {"type": "object", "properties": properties, "minProperties": 1, "additionalProperties": False}


def _condition() -> Schema:
    """A comparison, a join of others, or fields with the values that they must have."""
    one = {"$ref": "#/$defs/Condition"}
    operators = {name: {} for name in sorted(condition.OPERATORS)}
    comparison = {
        "type": "object",
        "properties": {"field": _TEXT, **operators},
        "required": ["field"],
        "minProperties": 2,
        "maxProperties": 2,
        "additionalProperties": False,
    }
    joined = {
        "type": "object",
        "properties": {
            "field": False,
            "all": {"type": "array", "items": one},
            "any": {"type": "array", "items": one},
            "not": one,
        },
    }
    return {"anyOf": [comparison, joined, {"type": "array", "items": one}]}


def _action(kind: str) -> Schema:
    """An action: its type and target, and its parameters beside them or under `parameters`."""
    (schema,), parts = msgspec.json.schema_components([actions.PARAMETERS[kind]], ref_template="{name}")
    told = parts[schema["$ref"]]
    loose = {name: _filled(field) for name, field in told["properties"].items()}
    loose |= {old: loose[new] for old, new in actions.OTHER_NAMES.items() if new in loose}
    if kind == "send_notification":
        loose["recipients"] = {"type": ["array", "string"], "items": _TEXT}
    own = {"type": {"const": kind}, "target": {"type": "string"}, "parameters": {"type": "object", "properties": loose}}
    return {
        "type": "object",
        "description": " ".join(told.get("description", "").split()),
        "properties": {**own, **loose},
        "required": ["type"],
        "additionalProperties": False,
    }


def _filled(field: Schema) -> Schema:
    """A look-up may stand where a value of another type will be."""
    field = {key: value for key, value in field.items() if key != "default"}
    lookup = {"type": "string", "pattern": r"\{\{"}
    return field if not field or field.get("type") == "string" else {"anyOf": [field, lookup]}
