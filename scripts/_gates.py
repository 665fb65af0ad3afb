"""The reference page of gates: what each check asks, and what it takes, from the checks themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, get_args

import msgspec
from msgspec import inspect

from agenticops.core.checks import CHECKS, NoParameters
from agenticops.model.pipeline import LEVELS, GateType

NOTE = "<!-- Written by `make docs`, from the checks themselves. -->"
Table = Callable[[tuple[str, ...], list[tuple[str, ...]]], str]
TYPES = ", ".join(f"`{t}`" for t in get_args(GateType))
SHOWN = ", ".join(f"`{level}`" for level in LEVELS)
INTRO = (
    "A gate is a named list of checks in `config/pipeline.yml`. A phase names the gate of its way out (`gate`), and "
    "may name one for the way in (`entry_gate`) and one for the end of the journey from there (`done_gate`).",
    """```yaml
gates:

  shaped:
    type: technical_review
    level: verified
    description: Proven, and approved by a colleague.
    checks:
      - checklist
      - artifacts
      - {check: command, name: unit-tests, command: [python3, -m, pytest], covers: [src, tests]}
      - {check: metric, file: "docs/{item}/metrics.json", says: "accuracy >= 0.9"}
      - {check: approval, role: reviewer, min_score: 7}
```""",
    f"`type` is one of {TYPES}. `level` is the evidence that its checks want: {SHOWN}; `verified` unless told. A call "
    "is the name of a check, or a mapping with `check`, a `name` that tells two calls apart, a `level` of its own, and "
    "the parameters below. In paths `{item}` stands for the work item. What a check does not take fails the gate "
    "(VT404).",
)
NAMES: dict[type[Any], str] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "true or false",
    inspect.NoneType: "nothing",
}


def blocks(table: Table) -> Iterator[str]:
    """Give the blocks of the page."""
    yield "# Gates and checks"
    yield NOTE
    yield from INTRO
    for name, path in CHECKS.items():
        module = import_module(path)
        yield f"## {name}"
        yield (module.__doc__ or "").strip()
        kind = getattr(module, "Parameters", NoParameters)
        rows = [_row(field) for field in inspect.type_info(kind).fields]  # type: ignore[attr-defined]
        yield table(("parameter", "takes", "unless told"), rows)
        if kind is not NoParameters:
            yield kind.__doc__ or ""


def _row(field: inspect.Field) -> tuple[str, str, str]:
    usual = "required" if field.required else _value(field)
    return f"`{field.name}`", _named(field.type), usual


def _value(field: inspect.Field) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return "none"
    return "none" if field.default in (None, "", ()) else f"`{msgspec.json.encode(field.default).decode()}`"


def _named(kind: Any) -> str:
    if isinstance(kind, inspect.Metadata):
        return _named(kind.type)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_named(t) for t in kind.types if not isinstance(t, inspect.NoneType))
    if isinstance(kind, inspect.LiteralType):
        return ", ".join(f"`{v}`" for v in kind.values)
    if isinstance(kind, inspect.VarTupleType | inspect.ListType):
        return f"list of {_named(kind.item_type)}"
    if isinstance(kind, inspect.DictType):
        return f"mapping of {_named(kind.key_type)} to {_named(kind.value_type)}"
    return NAMES[type(kind)]
