"""Plain schemas: the few JSON Schema rules that nearly all contracts keep to, judged without a validator.

Loading the validator costs as much as all else in a check. A schema with any other rule, or a rule that is itself
wrong, is left to it; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sized
from typing import Any, NamedTuple


class Breach(NamedTuple):
    """A rule that a value breaks, and the way to the value; named as the validator names them."""

    absolute_path: tuple[str | int, ...]
    validator: str
    validator_value: Any
    instance: Any
    message: str


def breaches(value: Any, schema: Any) -> list[Breach] | None:
    """List the rules that a value breaks, in the schema's order; None when the schema is not plain."""
    return list(_walk(value, schema, ())) if _plain(schema) else None


def _plain(schema: Any) -> bool:
    return isinstance(schema, dict) and all(rule in _FORMS and _FORMS[rule](wanted) for rule, wanted in schema.items())


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _words(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value) and len(set(value)) == len(value)


def _integer(value: Any) -> bool:
    return _number(value) and (isinstance(value, int) or value.is_integer())


_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "number": _number,
    "integer": _integer,
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
}
# How each rule must look to be plain.
_FORMS: dict[str, Callable[[Any], bool]] = {
    "type": lambda w: w in _TYPES if isinstance(w, str) else _words(w) and bool(w) and _TYPES.keys() >= set(w),
    "required": _words,
    "properties": lambda w: isinstance(w, dict) and all(isinstance(k, str) and _plain(s) for k, s in w.items()),
    "items": _plain,
    "enum": lambda w: _words(w) and bool(w),
    "const": lambda w: isinstance(w, str),
    "minLength": _count,
    "minItems": _count,
    "minimum": _number,
    "maximum": _number,
    "title": lambda w: isinstance(w, str),
    "description": lambda w: isinstance(w, str),
}


def _walk(value: Any, schema: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[Breach]:
    for rule, wanted in schema.items():
        if rule == "properties":
            for name, below in wanted.items() if isinstance(value, dict) else ():
                if name in value:
                    yield from _walk(value[name], below, (*path, name))
        elif rule == "items":
            for index, entry in enumerate(value if isinstance(value, list) else ()):
                yield from _walk(entry, wanted, (*path, index))
        else:
            for message in _RULES[rule](value, wanted) if rule in _RULES else ():
                yield Breach(path, rule, wanted, value, message)


def _type(value: Any, wanted: str | list[str]) -> Iterator[str]:
    names = [wanted] if isinstance(wanted, str) else wanted
    if not any(_TYPES[name](value) for name in names):
        yield f"{value!r} is not of type {', '.join(map(repr, names))}"


def _required(value: Any, wanted: list[str]) -> Iterator[str]:
    for name in wanted if isinstance(value, dict) else ():
        if name not in value:
            yield f"{name!r} is a required property"


def _enum(value: Any, wanted: list[str]) -> Iterator[str]:
    if not isinstance(value, str) or value not in wanted:
        yield f"{value!r} is not one of {wanted!r}"


def _const(value: Any, wanted: str) -> Iterator[str]:
    if value != wanted:
        yield f"{wanted!r} was expected"


def _long(kind: type[Sized]) -> Callable[[Any, int], Iterator[str]]:
    def rule(value: Any, wanted: int) -> Iterator[str]:
        if isinstance(value, kind) and len(value) < wanted:
            yield f"{value!r} {'should be non-empty' if wanted == 1 else 'is too short'}"

    return rule


def _minimum(value: Any, wanted: float) -> Iterator[str]:
    if _number(value) and value < wanted:
        yield f"{value!r} is less than the minimum of {wanted!r}"


def _maximum(value: Any, wanted: float) -> Iterator[str]:
    if _number(value) and value > wanted:
        yield f"{value!r} is greater than the maximum of {wanted!r}"


_RULES: dict[str, Callable[[Any, Any], Iterator[str]]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "const": _const,
    "minLength": _long(str),
    "minItems": _long(list),
    "minimum": _minimum,
    "maximum": _maximum,
}
