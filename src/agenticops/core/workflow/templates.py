"""Templates: reading their two written forms, writing one of them, and the digest by which an instance knows its own.

Source of the forms: the automation domain (`seedform`), and the pipeline's own schema (`namedform`). ADR 0037.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from agenticops.core.workflow import namedform, seedform
from agenticops.core.workflow.source import Source, sources
from agenticops.model.digest import sha256
from agenticops.model.workflow import Template

SUFFIXES = (".yml", ".yaml", ".json")
# How the head's fields are called in the numbered form.
SEED_NAMES = {"sector": "industry_sector", "default": "default_workflow_flag", "version": "workflow_version"}


def read(data: bytes, path: str, head: Mapping[str, Any] | None = None) -> tuple[Template, ...]:
    """Read the templates of a file, in either form; `head` gives or replaces fields of the head, by our names.

    Raises StateError with the line of what is wrong.
    """
    return tuple(_one(source, head or {}) for source in sources(data, path))


def _one(source: Source, head: Mapping[str, Any]) -> Template:
    if not isinstance(source.data, dict):
        raise source.wrong("a workflow template is a mapping of fields", hint="agenticops workflow template new CODE")
    if seedform.fits(source.data):
        if not {"code", "name", "industry_sector"} <= {*source.data, *(SEED_NAMES.get(key, key) for key in head)}:
            hint = 'agenticops workflow template import FILE --code CODE --name "…" --sector "…"'
            raise source.wrong("a graph without code, name and industry_sector", hint=hint)
        return seedform.read(source, {SEED_NAMES.get(key, key): value for key, value in head.items()})
    if "phases" in source.data:
        return namedform.read(source, head)
    raise source.wrong("neither phases nor states are given", hint="agenticops workflow template new CODE")


def digest(template: Template) -> str:
    """Name what an instance travels by: code, version, the states with their edges, guards and entities.

    Words, durations and flags may be edited without a new version.
    """
    states = [
        (s.id, s.name, s.entity, s.status, s.terminal, s.success, s.next, s.template) for s in template.states.values()
    ]
    graph = (template.code, template.version, template.start, states)
    return sha256(msgspec.json.encode(graph, order="sorted"))


def write(template: Template) -> str:
    """Write a template in the named form."""
    return namedform.write(template)


def repaired(template: Template) -> Template:
    """Give a template whose parents are those that its edges say: they are not written at all."""
    states = {name: msgspec.structs.replace(state, parents=None) for name, state in template.states.items()}
    return msgspec.structs.replace(template, states=states)
