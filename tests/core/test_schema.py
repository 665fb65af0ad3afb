from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.schema import violations


@pytest.mark.parametrize(
    ("value", "schema", "place", "message"),
    [
        ({}, {"required": ["a"]}, "$", "lacks 'a'"),
        (
            {"a": None},
            {"properties": {"a": {"type": ["number", "string"]}}},
            "$.a",
            "is null; number or string is wanted",
        ),
        ({"a": [1, "x"]}, {"properties": {"a": {"items": {"type": "number"}}}}, "$.a[1]", 'is "x"; number is wanted'),
        ("no", {"enum": ["go", 1]}, "$", 'is "no"; one of "go", 1 is wanted'),
        ("", {"minLength": 1}, "$", 'is ""; 1 character or more are wanted'),
        (2, {"const": 1}, "$", "is 2; 1 is wanted"),
        (2, {"maximum": 1}, "$", "2 is greater than the maximum of 1"),
        (1, {"type": "nonsense"}, "$", "the schema of the contract is itself wrong"),
        ("a", {"pattern": "("}, "$", "'(' is not a 'regex'"),
        (
            1,
            {"$ref": "https://schema.invalid/x.json"},
            "$",
            "refers to what is not in it: https://schema.invalid/x.json",
        ),
        (1, {"$ref": "#"}, "$", "nested without end"),
    ],
)
def test_violations(value: Any, schema: dict[str, Any], place: str, message: str) -> None:
    (found,) = violations(value, schema)
    assert found.place == place
    assert message in found.message


def test_none_when_all_is_well() -> None:
    assert violations({"a": 1}, {"type": "object", "properties": {"a": {"type": "integer"}}}) == []


def test_long_values_and_long_lists_are_cut() -> None:
    found = violations(["x" * 999] * 50, {"items": {"type": "number"}})
    assert found[-1].message == "and 30 more violations"
    assert max(len(v.message) for v in found) < 200
