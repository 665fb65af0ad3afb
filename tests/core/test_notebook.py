from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.notebook import faults


def code(source: Any = "1", count: Any = 1, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs), "execution_count": count}


def book(*cells: Any, **fields: Any) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells), **fields}


WORDS = {"cell_type": "markdown", "source": ["# T"], "metadata": {}}
STREAM = {"output_type": "stream", "name": "stdout", "text": "x"}
ERROR = {"output_type": "error", "ename": "NameError", "evalue": "name 'x'\nis not defined", "traceback": []}


@pytest.mark.parametrize(
    "notebook",
    [
        book(WORDS, code()),
        book(code(["a\n", "b"], None, STREAM)),
        book(code(), code("  \n", None)),
        book(code(), {**WORDS, "outputs": 1}),
    ],
)
def test_sound(notebook: Any) -> None:
    assert list(faults(notebook)) == []


@pytest.mark.parametrize(
    ("notebook", "fault"),
    [
        ([], "not a notebook: an object with cells is wanted"),
        ({"worksheets": []}, "not a notebook: an object with cells is wanted"),
        (book(nbformat=3), "nbformat 3.5; 4 is wanted"),
        (book(nbformat_minor=None), "nbformat 4.None; 4 is wanted"),
        (book(metadata=None), "metadata must be an object"),
        (book(cells={}), "cells a list"),
        (book(1), "cell 1 is no code, markdown or raw cell"),
        (book(WORDS, {"cell_type": "heading"}), "cell 2 is no code"),
        (book({"cell_type": "raw", "metadata": {}}), "cell 1 has no source text"),
        (book(code([1])), "cell 1 has no source text"),
        (book({"cell_type": "raw", "source": ""}), "cell 1 has no metadata object"),
        (book({**code(), "outputs": None}), "cell 1 has no list of outputs"),
        (book(code("1", 1, {})), "cell 1 has no list of outputs"),
        (book(code("1", "1")), "cell 1 has an execution_count that is no number"),
        (book(), "no code cell has content"),
        (book(WORDS, code(" ", None)), "no code cell has content"),
        (book(code("1", None), code("2", None)), "not run: none of 2 code cells was executed"),
        (book(code(), WORDS, code("2", None)), "1 of 2 code cells were not executed (cell 3)"),
        (book(WORDS, code("x", 1, STREAM, ERROR)), "cell 2 ended with NameError: name 'x' is not defined"),
        (book(code("x", 1, {"output_type": "error"})), "cell 1 ended with an error"),
    ],
)
def test_faults(notebook: Any, fault: str) -> None:
    (said,) = faults(notebook)
    assert fault in said
