"""Rows as a table for programs: one column a field, CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from agenticops.errors import TrainError

# Digits after the point that mean something: a day's millionth is a tenth of a second.
DIGITS = 6


def flat(rows: Sequence[Struct]) -> list[dict[str, Any]]:
    """Give each row as columns; a row within a row gives its columns under its name (`lead_median`)."""
    return [_flat(row) for row in rows]


def _flat(row: Struct, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(row).items():
        if isinstance(value, Struct):
            inner = _flat(value, f"{prefix}{name}_")
            found |= {n: v for n, v in inner.items() if n != f"{prefix}{name}_of"}
        else:
            found[prefix + name] = rounded(value)
    return found


def rounded(value: Any) -> Any:
    """Round a number to what it means; leave all else."""
    return round(value, DIGITS) if isinstance(value, float) else value


def columns(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Name the columns of all rows, in the order in which they come up."""
    return list(dict.fromkeys(name for row in rows for name in row))


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Write comma-separated values; nothing stands for what nobody can say.

    A spreadsheet takes a text that begins with =, +, - or @ for a formula: it gets an apostrophe before it.
    """
    names = columns(rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def as_parquet(rows: Sequence[dict[str, Any]]) -> bytes:
    """Write Parquet. Raises TrainError when the library is missing."""
    try:
        import pyarrow  # type: ignore[import-untyped]
        from pyarrow import parquet
    except ImportError:
        hint = "pip install 'agenticops[parquet]'"
        raise TrainError("Parquet needs the library pyarrow, which is not installed", hint=hint) from None
    names = columns(rows)
    table = pyarrow.table({name: [row.get(name) for row in rows] for name in names})
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(table, sink)
    return bytes(sink.getvalue().to_pybytes())
