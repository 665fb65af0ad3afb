"""JSON Schemas (draft 2020-12) that users define: violations as short sentences with the place of each."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

from msgspec import Struct

from agenticops.core import plainschema

_LIMIT = 20
_LENGTH = 160
# More are not looked for: each holds the value that it is about.
_MOST = 1000


class Violation(Struct, frozen=True):
    """One value that a schema does not allow; `keys` is the way to it."""

    keys: tuple[str | int, ...]
    message: str

    @property
    def place(self) -> str:
        """The JSON path of the value."""
        return "$" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in self.keys)


def violations(value: Any, schema: dict[str, Any]) -> list[Violation]:
    """List what is wrong with a value, in the order of the places; a broken schema allows nothing."""
    errors: list[Any] | None = plainschema.breaches(value, schema)
    if errors is None:
        try:
            errors = _validated(value, schema)
        except _Refusal as e:
            return [Violation((), _short(str(e)))]
    errors.sort(key=lambda e: [str(key) for key in e.absolute_path])
    found = [Violation(_keys(e), _short(_message(e))) for e in errors[:_LIMIT]]
    if len(errors) > _LIMIT:
        more = f"{len(errors) - _LIMIT}" if len(errors) < _MOST else "many"
        found.append(Violation((), f"and {more} more violations"))
    return found


class _Refusal(Exception):
    """A schema that cannot be applied."""


def _validated(value: Any, schema: dict[str, Any]) -> list[Any]:
    import jsonschema
    import referencing
    from referencing.exceptions import Unresolvable

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        # An empty registry: the default one would fetch what a cloned repository's `$ref` names.
        validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
        return list(islice(validator.iter_errors(value), _MOST))
    except jsonschema.SchemaError as e:
        raise _Refusal(f"the schema of the contract is itself wrong: {e.message}") from None
    except Unresolvable as e:
        raise _Refusal(f"the schema of the contract refers to what is not in it: {e.ref}") from None
    except RecursionError:
        raise _Refusal("the schema of the contract, or the value, is nested without end") from None


def _keys(error: Any) -> tuple[str | int, ...]:
    return tuple(error.absolute_path)


def _message(error: Any) -> str:
    """Say what is there and what is wanted; the library's own words where it has no common form."""
    rule, wanted, there = error.validator, error.validator_value, error.instance
    if rule == "required":
        return f"lacks {error.message.removesuffix(' is a required property')}"
    if rule == "type":
        names = " or ".join(wanted) if isinstance(wanted, list) else wanted
        return f"is {_shown(there)}; {names} is wanted"
    if rule == "enum":
        return f"is {_shown(there)}; one of {', '.join(map(_shown, wanted))} is wanted"
    if rule == "const":
        return f"is {_shown(there)}; {_shown(wanted)} is wanted"
    if rule == "minLength":
        return f"is {_shown(there)}; {wanted} character{'s' if wanted != 1 else ''} or more are wanted"
    return str(error.message)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LENGTH // 4 else f"{text[: _LENGTH // 4]}…"


def _short(text: str) -> str:
    return text if len(text) <= _LENGTH else f"{text[:_LENGTH]}…"
