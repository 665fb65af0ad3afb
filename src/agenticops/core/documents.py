"""Documents: typed reading and first writing of the files that people edit."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec

from agenticops.core import yamltext
from agenticops.errors import StateError
from agenticops.model.layout import PIPELINE
from agenticops.model.pipeline import Agent, Contract, Gate, Mode, Phase, Pipeline, Role
from agenticops.model.session import Session
from agenticops.model.ticket import Ticket
from agenticops.model.tree import Tree
from agenticops.model.work import WorkItem

SCHEMA = 1
_SECTIONS: dict[str, Any] = {
    "phases": Phase,
    "modes": Mode,
    "agents": Agent,
    "roles": Role,
    "artifacts": Contract,
    "gates": Gate,
}


@lru_cache(maxsize=8)  # a driver and a server open the same train again and again; nobody changes what is read
def read_pipeline(data: bytes, path: str = PIPELINE) -> Pipeline:
    """Read a pipeline, the older layout too. Raises StateError with the line of what is wrong."""
    text = yamltext.decode(data, path, yamltext.PIPELINE_LIMIT)
    raw = yamltext.load(text, path, limit=yamltext.PIPELINE_LIMIT)
    if not isinstance(raw, dict):
        raise StateError("a pipeline is a mapping", place=f"{path}:1", hint="agenticops init writes one")
    if "schema" not in raw:
        from agenticops.core import oldpipeline

        raw, text = oldpipeline.translate(raw), ""
    elif str(raw["schema"]) != str(SCHEMA):
        place = f"{path}:{yamltext.locate(text, ('schema',))}"
        raise StateError(
            f"schema {raw['schema']} is not known; this version reads {SCHEMA}", place=place, hint="update agenticops"
        )
    head = {k: v for k, v in raw.items() if k not in _SECTIONS and k != "schema"}
    pipeline = yamltext.convert(head, Pipeline, path, text)
    sections = {name: _section(raw.get(name), kind, name, path, text) for name, kind in _SECTIONS.items()}
    start = pipeline.start or next(iter(sections["phases"]), "")
    return msgspec.structs.replace(pipeline, start=start, **sections)


def read_gates(data: bytes, path: str) -> dict[str, Gate]:
    """Read the `gates:` of a file that is written as a pipeline is, and may hold nothing else."""
    text = yamltext.decode(data, path, yamltext.PIPELINE_LIMIT)
    raw = yamltext.load(text, path, limit=yamltext.PIPELINE_LIMIT)
    if not isinstance(raw, dict):
        raise StateError("gates are a mapping", place=f"{path}:1", hint="gates: {name: {checks: […]}}")
    return _section(raw.get("gates"), Gate, "gates", path, text)


def _section(raw: Any, kind: Any, name: str, path: str, text: str) -> dict[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        line = yamltext.locate(text, (name,)) if text else 1
        raise StateError(f"{name} must map names to definitions", place=f"{path}:{line}")
    found = {}
    for key, value in raw.items():
        if value is None:
            value = {}
        if kind is Gate and isinstance(value, dict):
            value = _gate(value)
        if kind is Contract and isinstance(value, dict):
            value = {k: yamltext.typed(v) if k in ("front_matter", "schema") else v for k, v in value.items()}
        definition = yamltext.convert(value, kind, path, text, within=(name, key))
        found[key] = msgspec.structs.replace(definition, name=key)
    return found


def _gate(raw: dict[str, Any]) -> dict[str, Any]:
    """Take a check by its name alone, or as a mapping whose other keys are its parameters."""
    checks = []
    for call in raw.get("checks") or []:
        if isinstance(call, dict):
            own = {k: v for k, v in call.items() if k in ("check", "name", "level")}
            parameters = {k: yamltext.typed(v) for k, v in call.items() if k not in own}
            checks.append({"check": "", **own, "parameters": parameters})
        else:
            checks.append({"check": call})
    return {**raw, "checks": checks}


def read_assets(data: bytes, path: str) -> Any:
    """Read the registry of assets."""
    from agenticops.core import assets

    return assets.read(data, path)


def read_item(data: bytes, path: str) -> WorkItem:
    """Read a work item's document."""
    text = yamltext.decode(data, path)
    front, body, _ = yamltext.split(text)
    fields = front_fields(front, path)
    known = {k: v for k, v in fields.items() if k in WorkItem.__struct_fields__}
    item = yamltext.convert({**known, "body": body.strip("\n")}, WorkItem, path, front, 2)
    if path.startswith("docs/work/") and item.path != path:
        place = f"{path}:{yamltext.locate(front, ('id',), 2)}"
        message = f"the work item calls itself {item.id}, but its file is {path}"
        raise StateError(message, place=place, hint=f"git diff -- {path} shows what changed")
    return item


def write_item(item: WorkItem) -> str:
    """Write a new work item's document, with all its fields: two branches that fill in different ones merge."""
    fields: dict[str, Any] = {
        "id": item.id,
        "kind": item.kind,
        "title": item.title,
        "priority": item.priority,
        "parent": item.parent,
    }
    fields |= {name: getattr(item, name) for name in ("issue", "url", "client", "project", "team", "revenue_value")}
    fields["milestone"] = item.milestone
    for name in ("labels", "assignees", "depends", "needs"):
        fields[name] = list(getattr(item, name))
    if item.links:
        fields["links"] = item.links
    body = item.body.strip() or "Say here what is wanted, for whom, and how you will know."
    return f"---\n{yamltext.dump(fields)}---\n\n# {item.title}\n\n{body}\n"


def read_ticket(data: bytes, path: str) -> Ticket:
    """Read a `ticket.yml`."""
    text = yamltext.decode(data, path)
    raw = yamltext.load(text, path)
    if not isinstance(raw, dict):
        raise StateError("a ticket is a mapping of fields", place=f"{path}:1")
    known = {k: v for k, v in raw.items() if k in Ticket.__struct_fields__}
    return yamltext.convert(known, Ticket, path, text)


def ticket_in(tree: Tree, name: str) -> Ticket:
    """Read a ticket of a tree. Raises StateError when it is missing, broken, or calls itself by another name."""
    path = f"tickets/{name}/ticket.yml"
    data = tree.read(path)
    restore = f"git diff -- tickets/{name} shows what changed"
    if data is None:
        raise StateError(f"ticket {name} has no ticket.yml", place=path, hint=restore)
    ticket = read_ticket(data, path)
    if ticket.id != name:
        raise StateError(f"the ticket calls itself {ticket.id}, but its folder is {name}", place=path, hint=restore)
    return ticket


def write_ticket(ticket: Ticket) -> str:
    """Write a new `ticket.yml`; it holds no time, so that two clones that take the same step write the same file.

    Fields that are set later stand there empty: two branches that append different ones would conflict.
    """
    fields: dict[str, Any] = {
        "id": ticket.id,
        "item": ticket.item,
        "phase": ticket.phase,
        "mode": ticket.mode,
        "agent": ticket.agent,
        "operator": ticket.operator,
        "status": ticket.status,
        "blocked_by": ticket.blocked_by,
        "description": ticket.description,
        "duration_estimate_days": ticket.duration_estimate_days,
        "effort_estimate_hours": ticket.effort_estimate_hours,
        "artifacts": list(ticket.artifacts),
        "optional": list(ticket.optional),
        "entry": list(ticket.entry),
        "exit": list(ticket.exit),
    }
    head = "# One visit of a work item to a phase. `status` is written by agenticops only.\n\n"
    return head + yamltext.dump(fields)


def read_session(data: bytes, path: str) -> Session:
    """Read a session's front-matter. Raises StateError; an older layout is one that `migrate` reads."""
    text = yamltext.decode(data, path)
    front, _, _ = yamltext.split(text)
    if not front:
        raise StateError("the session has no front-matter", place=f"{path}:1", hint="agenticops migrate --dry-run")
    fields = front_fields(front, path)
    known = {k: v for k, v in fields.items() if k in Session.__struct_fields__}
    return yamltext.convert(known, Session, path, front, 2)


def edit_front(text: str, changes: dict[str, Any], path: str) -> str:
    """Set front-matter fields of a document and keep every other byte."""
    front, body, _ = yamltext.split(text)
    if body == text:
        return f"---\n{yamltext.dump(changes)}---\n\n{text}"
    start = text.index("\n") + 1
    fresh = yamltext.splice(front, changes, path)
    return text[:start] + fresh + text[start + len(front) :]


def render(template: str, values: dict[str, str]) -> str:
    """Fill `{{name}}` placeholders in one pass; unknown ones stay."""
    return re.sub(r"\{\{(\w+)\}\}", lambda m: values.get(m[1], m[0]), template)


def front_fields(front: str, path: str) -> dict[str, Any]:
    """Read front-matter as a mapping of fields. Raises StateError."""
    raw = yamltext.load(front, path, first_line=2)
    if not isinstance(raw, dict):
        raise StateError("the front-matter is no mapping of fields", place=f"{path}:2")
    return raw
