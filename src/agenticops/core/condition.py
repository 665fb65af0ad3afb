"""Conditions: read from plain data and asked of it. No code is run, and every answer takes linear time. ADR 0037."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, get_args

from agenticops.errors import StateError
from agenticops.model.condition import Condition, Operator

OPERATORS: frozenset[str] = frozenset(get_args(Operator))
# Deeper than this nobody reads; it also bounds the recursion below.
DEEPEST = 16
# In a shorthand `field: any` the field must have some value.
ANY = "any"
MISSING: Any = object()
_JOINS = {"all": "all", "any": "any", "not": "no", "no": "no"}


def read(data: Any, place: str = "", depth: int = 0) -> Condition:
    """Take a condition from YAML or JSON. Raises StateError, which names the place of what is wrong.

    A mapping is `{field, OPERATOR: value}`, `{all|any: [...]}`, `{not: …}`, or short `{field: value, …}`, whose
    fields must all be equal to their values; the value `any` stands for any value at all.
    """
    if depth > DEEPEST:
        raise StateError(f"a condition nests deeper than {DEEPEST}", place=place)
    if isinstance(data, Condition):
        return data
    if not isinstance(data, Mapping) or not all(isinstance(key, str) for key in data):
        raise StateError("a condition is a mapping", place=place, hint="for example {field: amount, gt: 100}")
    if isinstance(data.get("field"), str):
        return _comparison(data, place)
    found = tuple(_part(key, value, f"{place}.{key}", depth) for key, value in data.items())
    return found[0] if len(found) == 1 else Condition(all=found)


def _part(key: str, value: Any, place: str, depth: int) -> Condition:
    join = _JOINS.get(key)
    if join == "no":
        return Condition(no=read(value, place, depth + 1))
    if join and isinstance(value, list):
        parts = tuple(read(one, f"{place}[{n}]", depth + 1) for n, one in enumerate(value))
        return Condition(all=parts) if join == "all" else Condition(any=parts)
    if join:
        raise StateError(f"`{key}` wants a list of conditions", place=place)
    return Condition(field=key, op="exists", value=True) if value == ANY else Condition(field=key, value=value)


def _comparison(data: Mapping[str, Any], place: str) -> Condition:
    found = [key for key in data if key != "field"]
    if len(found) != 1 or found[0] not in OPERATORS:
        known = ", ".join(sorted(OPERATORS))
        raise StateError(f"a comparison wants one operator, not {', '.join(found) or 'none'}", place=place, hint=known)
    op, value = found[0], data[found[0]]
    if op in ("in", "not_in") and not isinstance(value, list):
        raise StateError(f"`{op}` wants a list", place=place)
    if op == "matches":
        _pattern(value, place)
    # A default is left out of JSON where it is that very object, and templates are named by a digest of theirs.
    return Condition(field=data["field"], op=sys.intern(op), value=value)  # type: ignore[arg-type]


def holds(condition: Condition | None, scope: Mapping[str, Any]) -> bool:
    """Tell whether a condition holds of a scope: `entity`, `old`, `new`, `data`, `event`, each plain data."""
    if condition is None:
        return True
    if condition.all is not None:
        return all(holds(one, scope) for one in condition.all)
    if condition.any is not None:
        return any(holds(one, scope) for one in condition.any)
    if condition.no is not None:
        return not holds(condition.no, scope)
    return _compare(condition, scope)


def answers(condition: Condition | None, scope: Mapping[str, Any]) -> Iterator[tuple[str, bool, Any]]:
    """Say of each comparison in words whether it holds, and what was found there; MISSING where nothing is."""
    if condition is None:
        return
    for part in (*(condition.all or ()), *(condition.any or ())):
        yield from answers(part, scope)
    if condition.no is not None:
        yield from ((f"not {words}", not held, found) for words, held, found in answers(condition.no, scope))
    if condition.field:
        yield say(condition), _compare(condition, scope), place(scope, condition.field)


def fields(condition: Condition | None) -> Iterator[str]:
    """List the places that a condition asks for."""
    if condition is None:
        return
    for part in (*(condition.all or ()), *(condition.any or ()), *((condition.no,) if condition.no else ())):
        yield from fields(part)
    if condition.field:
        yield condition.field


def say(condition: Condition) -> str:
    """Write a condition for people."""
    if condition.all is not None:
        return " and ".join(_bracketed(one) for one in condition.all) or "always"
    if condition.any is not None:
        return " or ".join(_bracketed(one) for one in condition.any) or "never"
    if condition.no is not None:
        return f"not {_bracketed(condition.no)}"
    words = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "not_in": "not in"}
    plain = condition.op.replace("_", " ")
    if condition.op in ("exists", "changed"):
        return f"{condition.field} {plain}" if condition.value else f"{condition.field} not {plain}"
    return f"{condition.field} {words.get(condition.op, plain)} {condition.value!r}"


def _bracketed(condition: Condition) -> str:
    return f"({say(condition)})" if condition.all or condition.any else say(condition)


def place(scope: Mapping[str, Any], dotted: str) -> Any:
    """Give what stands at a dotted place, or MISSING; what is not one of the scope's names is a field of `entity`."""
    first, _, rest = dotted.partition(".")
    if first not in scope:
        return _within(scope.get("entity", {}), dotted)
    return _within(scope[first], rest) if rest else scope[first]


def _within(data: Any, dotted: str) -> Any:
    for name in dotted.split("."):
        if not isinstance(data, Mapping) or name not in data:
            return MISSING
        data = data[name]
    return data


def _compare(condition: Condition, scope: Mapping[str, Any]) -> bool:
    op, value = condition.op, condition.value
    if op.startswith("changed"):
        return _changed(condition, scope)
    found = place(scope, condition.field)
    if op == "exists":
        return (found is not MISSING and found not in (None, "")) == bool(value)
    if op in ("ne", "not_in"):
        return found is MISSING or not (_equal(found, value) if op == "ne" else any(_equal(found, v) for v in value))
    if found is MISSING:
        return False
    if op == "eq":
        return _equal(found, value)
    if op == "in":
        return any(_equal(found, v) for v in value)
    if op == "matches":
        return isinstance(found, str) and _pattern(value, condition.field).search(found) is not None
    return _ordered(op, found, value)


def _changed(condition: Condition, scope: Mapping[str, Any]) -> bool:
    was, now = (place({"entity": scope.get(side, {})}, condition.field) for side in ("old", "new"))
    moved = (was is MISSING) != (now is MISSING) or not _equal(was, now)
    if condition.op == "changed":
        return moved == bool(condition.value)
    side = was if condition.op == "changed_from" else now
    return moved and side is not MISSING and _equal(side, condition.value)


def _equal(one: Any, other: Any) -> bool:
    # True is no 1 here, as it is none in JSON.
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _ordered(op: str, found: Any, value: Any) -> bool:
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (found, value))
    if not numbers and not (isinstance(found, str) and isinstance(value, str)):
        return False
    if op == "lt":
        return bool(found < value)
    if op == "le":
        return bool(found <= value)
    return bool(found > value) if op == "gt" else bool(found >= value)


_patterns: dict[str, Any] = {}


def _pattern(value: Any, place: str) -> Any:
    """Compile a user's pattern by an engine whose time is linear. Raises StateError for what is none."""
    if not isinstance(value, str):
        raise StateError("`matches` wants a pattern", place=place)
    found = _patterns.get(value)
    if found is None:
        import re2  # type: ignore[import-untyped]

        options = re2.Options()
        options.log_errors = False
        try:
            found = _patterns[value] = re2.compile(value, options)
        except re2.error as e:
            said = e.args[0] if e.args else ""
            words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
            raise StateError(f"no pattern: {words}", place=place, hint="RE2 patterns have no back-references") from None
    return found
