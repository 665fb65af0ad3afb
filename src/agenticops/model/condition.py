"""Conditions: what must hold of plain data, as data; there is no code in them. ADR 0037."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import Struct

Operator = Literal[
    "eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "matches", "exists", "changed", "changed_from", "changed_to"
]


class Condition(Struct, frozen=True, omit_defaults=True):
    """A tree: `all`, `any` or `no` of other conditions, or a comparison of the field at a dotted place.

    A comparison names `field`, an operator and a value. The first part of a field may be `entity`, `old`, `new`, `data`
    or `event`; another one is a field of the entity itself.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    no: Condition | None = None
    field: str = ""
    op: Operator = "eq"
    value: Any = None
