"""Notebooks (nbformat 4): whether one is well formed, was run, and ended without errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_SHOWN = 5
_CELL_TYPES = ("code", "markdown", "raw")


def faults(notebook: Any) -> Iterator[str]:
    """Say what is wrong with a parsed notebook; the first structural fault ends the judgment."""
    broken = _broken(notebook)
    if broken:
        yield broken
        return
    cells = list(enumerate(notebook["cells"], 1))
    code = [(number, cell) for number, cell in cells if cell["cell_type"] == "code" and _source(cell).strip()]
    idle = [number for number, cell in code if cell.get("execution_count") is None and not cell["outputs"]]
    if not code:
        yield "no code cell has content"
    elif len(idle) == len(code):
        yield f"not run: none of {len(code)} code cells was executed"
    elif idle:
        numbers = ", ".join(map(str, idle[:_SHOWN])) + (" …" if len(idle) > _SHOWN else "")
        yield f"{len(idle)} of {len(code)} code cells were not executed (cell {numbers})"
    for number, cell in cells:
        outputs = cell["outputs"] if cell["cell_type"] == "code" else ()
        error = next((out for out in outputs if out["output_type"] == "error"), None)
        if error:
            value = " ".join(str(error.get("evalue", "")).split())[:120]
            yield f"cell {number} ended with {error.get('ename', 'an error')}" + (f": {value}" if value else "")


def _broken(notebook: Any) -> str:
    """Name the first structural fault, or ""."""
    if not isinstance(notebook, dict) or "cells" not in notebook:
        return "not a notebook: an object with cells is wanted"
    if notebook.get("nbformat") != 4 or not isinstance(notebook.get("nbformat_minor"), int):
        return f"nbformat {notebook.get('nbformat')!r}.{notebook.get('nbformat_minor')!r}; 4 is wanted"
    if not isinstance(notebook.get("metadata"), dict) or not isinstance(notebook["cells"], list):
        return "not a notebook: metadata must be an object and cells a list"
    return next(
        (fault for number, cell in enumerate(notebook["cells"], 1) if (fault := _broken_cell(number, cell))), ""
    )


def _broken_cell(number: int, cell: Any) -> str:
    if not isinstance(cell, dict) or cell.get("cell_type") not in _CELL_TYPES:
        return f"cell {number} is no code, markdown or raw cell"
    source = cell.get("source")
    if not isinstance(source, str) and not (isinstance(source, list) and all(isinstance(line, str) for line in source)):
        return f"cell {number} has no source text"
    if not isinstance(cell.get("metadata"), dict):
        return f"cell {number} has no metadata object"
    if cell["cell_type"] != "code":
        return ""
    outputs, count = cell.get("outputs"), cell.get("execution_count")
    if not isinstance(outputs, list) or not all(
        isinstance(out, dict) and isinstance(out.get("output_type"), str) for out in outputs
    ):
        return f"cell {number} has no list of outputs"
    if count is not None and (isinstance(count, bool) or not isinstance(count, int)):
        return f"cell {number} has an execution_count that is no number"
    return ""


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)
