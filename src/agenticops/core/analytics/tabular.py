"""Rows as a table for programs: one column a field, CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from types import NoneType
from typing import Any, NamedTuple, get_args, get_type_hints

from msgspec import Struct

from agenticops.errors import TrainError

# Digits after the point that mean something: a day's millionth is a tenth of a second.
DIGITS = 6


class Column(NamedTuple):
    """A column: the way to its value in a row, and what a value is."""

    way: tuple[str, ...]
    kind: type


def columns(kind: type[Struct], way: tuple[str, ...] = ()) -> dict[str, Column]:
    """Name the columns of rows; a row within a row gives its columns under its name (`lead_median`).

    They are those of the fields, whatever the values: two exports of a report fit together.
    """
    found: dict[str, Column] = {}
    for name, hint in get_type_hints(kind).items():
        plain = next((one for one in get_args(hint) if one is not NoneType), hint)
        if issubclass(plain, Struct):
            found |= columns(plain, (*way, name))
        elif not (way and name == "of"):
            found["_".join((*way, name))] = Column((*way, name), plain)
    return found


def _value(row: Any, way: tuple[str, ...]) -> Any:
    for name in way:
        row = None if row is None else getattr(row, name)
    return rounded(row)


def rounded(value: Any) -> Any:
    """Round a number to what it means; leave all else."""
    return round(value, DIGITS) if isinstance(value, float) else value


def as_csv(rows: Sequence[Struct]) -> str:
    """Write comma-separated values; nothing stands for what nobody can say.

    A spreadsheet takes a text that begins with =, +, - or @ for a formula: it gets an apostrophe before it.
    """
    named = columns(type(rows[0])) if rows else {}
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(named)
    writer.writerows([_cell(_value(row, column.way)) for column in named.values()] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if "\r" in value:  # the writer leaves it bare, and readers begin a row there
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\n")) else value


def as_parquet(rows: Sequence[Struct]) -> bytes:
    """Write Parquet. Raises TrainError when the library is missing."""
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        hint = "pip install 'agenticops[parquet]'"
        raise TrainError("Parquet needs the library pyarrow, which is not installed", hint=hint) from None
    named = columns(type(rows[0])) if rows else {}
    kinds = {str: pyarrow.string(), int: pyarrow.int64(), float: pyarrow.float64()}
    arrays = {n: pyarrow.array([_value(row, c.way) for row in rows], kinds[c.kind]) for n, c in named.items()}
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(arrays), sink)
    return bytes(sink.getvalue().to_pybytes())
