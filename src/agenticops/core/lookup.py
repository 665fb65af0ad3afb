"""Look-ups: `{{customer.email}}` in a text is what stands there. One pass, no expressions. ADR 0038."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from agenticops.core.condition import MISSING, place
from agenticops.errors import StateError

_LOOKUP = re.compile(r"\{\{ ?([A-Za-z_][A-Za-z0-9_-]{0,63}(?:\.[A-Za-z0-9_-]{1,64}){0,8}) ?\}\}")


def fill(data: Any, scope: Mapping[str, Any], where: str = "") -> Any:
    """Fill in the look-ups of plain data; what is filled in is not looked at again.

    A text that is one look-up and nothing else becomes the value itself. Raises StateError for what is not there.
    """
    if isinstance(data, str):
        return _filled(data, scope, where)
    if isinstance(data, Mapping):
        return {key: fill(value, scope, f"{where}.{key}" if where else str(key)) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [fill(value, scope, f"{where}[{n}]") for n, value in enumerate(data)]
    return data


def names(data: Any) -> Iterator[str]:
    """List the places that plain data looks up."""
    if isinstance(data, str):
        yield from (match[1] for match in _LOOKUP.finditer(data))
    elif isinstance(data, Mapping):
        for value in data.values():
            yield from names(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from names(value)


def could_be(text: str, template: str) -> bool:
    """Tell whether a text could be a template with its look-ups filled in."""
    first, *parts = _LOOKUP.split(template)[::2]
    if not parts:
        return text == first
    *between, last = parts
    at, end = len(first), len(text) - len(last)
    if not text.startswith(first) or not text.endswith(last):
        return False
    for part in between:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return at <= end


def _filled(text: str, scope: Mapping[str, Any], where: str) -> Any:
    whole = _LOOKUP.fullmatch(text)
    if whole:
        return _value(whole[1], scope, where)
    return _LOOKUP.sub(lambda match: _text(_value(match[1], scope, where)), text)


def _value(dotted: str, scope: Mapping[str, Any], where: str) -> Any:
    found = place(scope, dotted)
    if found is MISSING:
        raise StateError(f"{{{{{dotted}}}}} names nothing that is there", place=where)
    return found


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
