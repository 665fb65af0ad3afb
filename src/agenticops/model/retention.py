"""Retention: how long events and papers are kept, and what becomes of them then. A policy is a project's choice."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Fate = Literal["keep", "drop", "archive"]


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """Events of some kinds (`error_*` names all that begin so), and what becomes of them after some days."""

    kinds: tuple[str, ...]
    days: int
    then: Fate = "drop"
    critical: Fate = "archive"


class Papers(Struct, frozen=True, forbid_unknown_fields=True):
    """Dated documents of one folder (`YYYY-MM-DD-slug.md`), and after how many days they move to its archive."""

    folder: str
    days: int


class Policy(Struct, frozen=True, forbid_unknown_fields=True):
    """Rules by name: for the committed log, for this clone's local log, for documents."""

    schema: int = 1
    log: dict[str, Rule] = field(default_factory=dict)
    local: dict[str, Rule] = field(default_factory=dict)
    documents: dict[str, Papers] = field(default_factory=dict)
