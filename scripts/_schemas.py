"""JSON Schemas of the files that people and programs write, made from the types that read them."""

from __future__ import annotations

import json
from typing import Any

import _rule_schema
import msgspec

from agenticops.core import assets, checks, documents, triage
from agenticops.core.drive import settings as drive
from agenticops.core.sync import settings
from agenticops.core.sync.settings import Settings
from agenticops.core.workflow import namedform, seedform, source
from agenticops.model.asset import Asset
from agenticops.model.event import SCHEMA, Event
from agenticops.model.paper import SHELVES
from agenticops.model.pipeline import Pipeline
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.model.work import WorkItem

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SECTIONS = ("phases", "modes", "agents", "roles", "artifacts", "gates")
# The file that each schema describes.
FILES = {
    "pipeline": "`config/pipeline.yml`",
    "assets": "`config/assets.yml`",
    "forge": "`config/forge.yml`",
    "triage": "`config/triage.yml`",
    "drive": "`config/drive.yml`",
    "rules": "a file of `config/rules/`",
    "workflow": "`config/workflows/<name>.yml`, `.yaml` or `.json`",
    "work-item": "the front-matter of `docs/work/<item>.md`",
    "ticket": "`tickets/<ticket>/ticket.yml`",
    "session": "the front-matter of an `ACTIVE_SESSION.md`",
    **{noun: f"the front-matter of `{shelf.path(f'<{noun}>')}`" for noun, shelf in SHELVES.items()},
    "event": "a line of `.agenticops/events/<year>/<month>/<shard>.jsonl`",
}

Schema = dict[str, Any]


def build() -> dict[str, Schema]:
    """Make all schemas, by name."""
    return {
        "pipeline": _pipeline(),
        "assets": _assets(),
        "forge": _named(_schema(Settings), settings.SCHEMA),
        "triage": _triage(),
        "drive": _named(_schema(drive.Settings), drive.SCHEMA),
        "rules": _rule_schema.rules(DIALECT),
        "workflow": _workflow(),
        "work-item": _without(_schema(WorkItem), "body"),
        "ticket": _schema(Ticket),
        "session": _schema(Session),
        **{noun: _without(_schema(shelf.type), "description") for noun, shelf in SHELVES.items()},
        "event": _event(),
    }


def text(schema: Schema) -> str:
    """Write a schema as a file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(kind: Any) -> Schema:
    """Give a type's schema with the type itself at the top and what it uses in `$defs`."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    parts = {name: _tidy(part) for name, part in parts.items()}
    top = parts.pop(schema["$ref"].rpartition("/")[2])
    return {"$schema": DIALECT, **top, **({"$defs": dict(sorted(parts.items()))} if parts else {})}


def _tidy(part: Schema) -> Schema:
    """Put a docstring on one line, and leave out what says nothing: empty defaults, empty `required`."""
    description = {"description": " ".join(part["description"].split())} if "description" in part else {}
    properties = {
        name: {k: v for k, v in field.items() if k != "default" or _says_something(v)}
        for name, field in part.get("properties", {}).items()
    }
    tidy = {**part, **description, **({"properties": properties} if properties else {})}
    return tidy if tidy.get("required") else {k: v for k, v in tidy.items() if k != "required"}


def _says_something(default: Any) -> bool:
    """Tell whether a default is worth showing: nothing, empty lists and whole definitions are not."""
    return default is not None and default not in ("", (), []) and not isinstance(default, dict)


def _without(schema: Schema, name: str) -> Schema:
    return {**schema, "properties": {k: v for k, v in schema["properties"].items() if k != name}}


def _pipeline() -> Schema:
    """The pipeline as its file is written: it names its schema, and each key of a section is a definition's name."""
    schema = _schema(Pipeline)
    parts = schema["$defs"]
    for section in SECTIONS:
        entry = schema["properties"][section]["additionalProperties"]
        name = entry["$ref"].rpartition("/")[2]
        parts[name] = _without(parts[name], "name")
        # A definition may be left empty: `planner:` alone is an agent.
        schema["properties"][section]["additionalProperties"] = {"anyOf": [entry, {"type": "null"}]}
    parts["CheckCall"] = _check_call(parts["CheckCall"])
    schema["properties"] = {"schema": {"const": documents.SCHEMA}, **schema["properties"]}
    schema["required"] = ["schema", *schema["required"]]
    return schema


def _assets() -> Schema:
    """The registry as its file is written: the key of an entry is the asset's name."""
    asset = _without(_schema(Asset), "name")
    entry = {key: value for key, value in asset.items() if key != "$schema"}
    return {
        "$schema": DIALECT,
        "title": "Assets",
        "description": "What agents have at hand: skills, tools, MCP servers, interfaces of other agents.",
        "type": "object",
        "properties": {
            "schema": {"const": int(assets.SCHEMA)},
            assets.SECTION: {"type": ["object", "null"], "additionalProperties": {"$ref": f"#/$defs/{Asset.__name__}"}},
        },
        "required": ["schema"],
        "additionalProperties": False,
        "$defs": {Asset.__name__: entry},
    }


def _workflow() -> Schema:
    """A workflow template in either of its forms, or a list of them; a bare graph is imported."""
    forms = {"named": _schema(namedform.NamedTemplate), "numbered": _schema(seedform.SeedTemplate)}
    forms["named"]["properties"]["schema"] = {"const": source.SCHEMA}
    parts = {name: part for form in forms.values() for name, part in form.pop("$defs").items()}
    parts["Role"] = _without(parts["Role"], "name")
    parts |= {name: {k: v for k, v in form.items() if k != "$schema"} for name, form in forms.items()}
    parts["named"]["required"] = [*parts["named"]["required"], "phases"]
    for section in ("phases", "roles"):
        entry = parts["named"]["properties"][section]["additionalProperties"]
        parts["named"]["properties"][section]["additionalProperties"] = {"anyOf": [entry, {"type": "null"}]}
    parts["numbered"]["properties"]["workflow_graph"] = {
        "type": "object",
        "properties": {name: parts["numbered"]["properties"][name] for name in ("workflow_version", "states")},
        "required": ["states"],
    }
    parts["numbered"]["anyOf"] = [{"required": ["states"]}, {"required": ["workflow_graph"]}]
    one = {"anyOf": [{"$ref": f"#/$defs/{name}"} for name in forms]}
    return {
        "$schema": DIALECT,
        "title": "Workflow templates",
        "description": "Workflow templates: named phases, or numbered states with child_ids; one, or a list of them.",
        "anyOf": [*one["anyOf"], {"type": "array", "items": one}],
        "$defs": dict(sorted(parts.items())),
    }


def _named(schema: Schema, version: int) -> Schema:
    """A file that says which schema it follows."""
    schema["properties"] = {**schema["properties"], "schema": {"const": version}}
    return {**schema, "required": ["schema"]}


def _triage() -> Schema:
    """The rules as their file is written: each has a name, looks for something, and proposes something."""
    schema = _named(_schema(triage.Rules), triage.SCHEMA)
    parts = schema["$defs"]
    parts["Rule"]["properties"]["name"]["minLength"] = 1
    proposed = [name for name in parts["Rule"]["properties"] if name not in parts["Rule"]["required"]]
    parts["Rule"]["anyOf"] = [{"required": [name]} for name in proposed]
    parts["When"]["minProperties"] = 1
    return schema


def _check_call(part: Schema) -> Schema:
    """A check is called by its name alone, or with its parameters beside the name."""
    known = {"enum": sorted(checks.CHECKS)}
    call = {"type": "object", "properties": {"check": known}, "required": ["check"]}
    return {"title": part["title"], "description": part["description"], "anyOf": [known, call]}


def _event() -> Schema:
    schema = _schema(Event)
    schema["properties"]["schema"] = {"const": SCHEMA, "default": SCHEMA}
    return schema
