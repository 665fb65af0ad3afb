"""Repositories with rules: writing a rule file, letting things happen to records, and letting rules react."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from agenticops.flows.rules import react
from agenticops.flows.rules.react import Firing
from agenticops.flows.workflow import records
from agenticops.model.event import Event
from agenticops.model.workflow import Entity
from agenticops.workspace import Workspace
from tests.support import TINY, workspace, write

RULES = "config/rules/rules.yml"
ROLES = """
roles:
  project_manager:
    members: [Ada Lovelace <ada@example.org>]
"""


def ruled(repo: Path, rules: str, settings: str = "") -> Workspace:
    """Give a repository these rules, switched on."""
    write(repo, "config/pipeline.yml", TINY + ROLES)
    write(repo, RULES, rules)
    if settings:
        write(repo, "config/automation.yml", settings)
    here = workspace(repo)
    assert react.react(here) == []
    return here


def make(here: Workspace, kind: str, name: str = "", status: str = "", **fields: Any) -> Entity:
    """Make a record, as a person does."""
    links = {key: fields.pop(key) for key in ("parent", "instance") if key in fields}
    with here.transaction("entity new") as tx:
        return records.create(tx, here, kind, name, status, fields, **links)


def change(here: Workspace, name: str, **fields: Any) -> Event:
    """Change a record, as a person does; give the event."""
    with here.transaction("entity set") as tx:
        records.update(tx, here, records.entity(here, name, tx), fields)
    return here.log.of_subject(f"entity/{name}")[-1]


def entity(here: Workspace, name: str) -> Entity:
    """Give a record as it is."""
    return records.entity(here, name)


def kinds(done: list[Firing]) -> list[tuple[str, str]]:
    """Say which rules fired, and with what outcome."""
    return [(one.rule, one.outcome) for one in done]


def of_kind(here: Workspace, kind: str) -> list[Event]:
    """Give the events of a kind."""
    return here.log.of_kinds(kind)
