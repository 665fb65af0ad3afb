from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.plainschema import breaches

NAMES = st.sampled_from(["a", "b", "owner"])
WORDS = st.sampled_from(["", "go", "no", "late"])
TYPES = st.sampled_from(["object", "array", "string", "number", "integer", "boolean", "null"])
NUMBERS = st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 1.5])
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def _rules(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    optional: dict[str, st.SearchStrategy[Any]] = {
        "type": TYPES | st.lists(TYPES, min_size=1, max_size=2, unique=True),
        "required": st.lists(NAMES, max_size=2, unique=True),
        "properties": st.dictionaries(NAMES, inner, max_size=3),
        "items": inner,
        "enum": st.lists(WORDS, min_size=1, max_size=3, unique=True),
        "const": WORDS,
        "minLength": st.integers(0, 3),
        "minItems": st.integers(0, 3),
        "minimum": NUMBERS,
        "maximum": NUMBERS,
        "title": WORDS,
    }
    return st.fixed_dictionaries({}, optional=optional)


SCHEMAS = st.recursive(st.just({}), _rules, max_leaves=5)


@given(VALUES, SCHEMAS)
def test_finds_what_the_validator_finds(value: Any, schema: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    found = breaches(value, schema)
    wanted = jsonschema.Draft202012Validator(schema).iter_errors(value)
    assert found is not None
    assert [tuple(b) for b in found] == [
        (tuple(e.absolute_path), e.validator, e.validator_value, e.instance, e.message) for e in wanted
    ]


@pytest.mark.parametrize(
    "schema",
    [
        True,
        {"pattern": "^a"},
        {"properties": {"a": {"$ref": "#"}}},
        {"items": [{}]},
        {"type": "nonsense"},
        {"type": []},
        {"required": ["a", "a"]},
        {"minLength": -1},
        {"minimum": True},
        {"enum": []},
        {"enum": ["a", 1]},
        {"const": 1},
    ],
)
def test_leaves_all_else_to_the_validator(schema: Any) -> None:
    assert breaches("a", schema) is None
