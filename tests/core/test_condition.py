"""Conditions: what holds of plain data, and what is no condition."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agenticops.core import condition
from agenticops.errors import StateError

SCOPE = {
    "entity": {"status": "Sent", "amount": 120, "client": {"name": "Ada Ltd"}, "paid": True, "note": ""},
    "old": {"status": "Draft", "amount": 120},
    "new": {"status": "Sent", "amount": 120, "paid": True},
    "data": {"urgent": False},
    "event": {"kind": "entity_updated"},
}


@pytest.mark.parametrize(
    ("data", "holds"),
    [
        ({}, True),
        ({"status": "Sent"}, True),
        ({"status": "Sent", "amount": 1}, False),
        ({"note": "any"}, False),
        ({"amount": "any"}, True),
        ({"field": "amount", "gt": 100}, True),
        ({"field": "amount", "ge": "100"}, False),
        ({"field": "amount", "lt": 120}, False),
        ({"field": "amount", "le": 120.0}, True),
        ({"field": "status", "in": ["Sent", "Paid"]}, True),
        ({"field": "status", "not_in": ["Sent"]}, False),
        ({"field": "missing", "ne": 1}, True),
        ({"field": "missing", "eq": None}, False),
        ({"field": "missing", "exists": False}, True),
        ({"field": "client.name", "matches": "^Ada"}, True),
        ({"field": "paid", "eq": 1}, False),
        ({"field": "data.urgent", "eq": False}, True),
        ({"field": "event.kind", "eq": "entity_updated"}, True),
        ({"field": "status", "changed": True}, True),
        ({"field": "amount", "changed": True}, False),
        ({"field": "paid", "changed": True}, True),
        ({"field": "status", "changed_from": "Draft"}, True),
        ({"field": "status", "changed_to": "Paid"}, False),
        ({"any": [{"status": "Paid"}, {"field": "amount", "gt": 1}]}, True),
        ({"any": []}, False),
        ({"all": [{"status": "Sent"}, {"not": {"amount": 1}}]}, True),
    ],
)
def test_what_holds(data: Any, holds: bool) -> None:
    assert condition.holds(condition.read(data), SCOPE) is holds


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "a condition is a mapping"),
        ({"field": "a"}, "wants one operator, not none"),
        ({"field": "a", "eq": 1, "ne": 2}, "wants one operator, not eq, ne"),
        ({"field": "a", "about": 1}, "wants one operator, not about"),
        ({"field": "a", "in": 1}, "wants a list"),
        ({"all": {"a": 1}}, "wants a list of conditions"),
        ({"field": "a", "matches": "("}, "no pattern: missing"),
        ({"field": "a", "matches": 1}, "wants a pattern"),
    ],
)
def test_what_is_no_condition(data: Any, words: str) -> None:
    with pytest.raises(StateError, match=words):
        condition.read(data, "rule.yml conditions")


def test_depth_is_bounded() -> None:
    data: Any = {"a": 1}
    for _ in range(40):
        data = {"not": data}
    with pytest.raises(StateError, match="nests deeper"):
        condition.read(data)


def test_a_pattern_takes_linear_time() -> None:
    hard = condition.read({"field": "text", "matches": "(a+)+$"})
    begun = time.process_time()
    assert not condition.holds(hard, {"entity": {"text": "a" * 50_000 + "b"}})
    assert time.process_time() - begun < 3


def test_it_is_said_in_words() -> None:
    found = condition.read({"all": [{"field": "amount", "gt": 100}, {"any": [{"status": "Sent"}, {"note": "any"}]}]})
    assert condition.say(found) == "amount > 100 and (status = 'Sent' or note exists)"
    assert list(condition.fields(found)) == ["amount", "status", "note"]
