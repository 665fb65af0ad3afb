"""Pictures: the same rows give the same bytes; what they say can be read without seeing them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import pytest

from agenticops.core.analytics import plot
from agenticops.core.analytics.rows import Ended, Expected, Flowed, Lost, Outcome, Took, UnderWay
from agenticops.errors import TrainError

EACH: list[Sequence[Any]] = [
    [Took("workflows", "HS", "a $x$", 3, 1.0, 2.0, 3.0), Took("workflows", "", "b", 1)],
    [Ended("workflows", "", "", "2026-01-05", 4, 3), Ended("workflows", "", "", "2026-01-12", 0, 0)],
    [Flowed("workflows", "2026-01-05", 4, 3), Flowed("workflows", "2026-01-12", 4, 4)],
    [Outcome("workflows", "", "a", 4, 3, 0, 0.75, 0.3, 0.95)],
    [UnderWay("workflows", "", "a", 4, 1.0, 2.0, None, 1)],
    [Lost("workflows", "", "a", 0.0, 0.0, 1, 1.0, 1.0, 0, 0.0, 0.0)],
    [Expected("workflows", "X", "a", "w1", "Roof", 1.0, 2.0, 3.0, "2026-01-03", "2026-01-04", 0.5, "")],
]


@pytest.mark.parametrize("rows", EACH, ids=lambda rows: type(rows[0]).__name__)
def test_a_picture_is_the_same_again_and_says_what_it_is(rows: Sequence[Any]) -> None:
    first = plot.draw("A <title>", [("workflows", rows), ("tickets", [])], "svg")
    assert first == plot.draw("A <title>", [("workflows", rows), ("tickets", [])], "svg")
    root = ElementTree.fromstring(first)
    assert (root.get("role"), root.get("aria-label")) == ("img", "A <title>")
    words = " ".join(root.itertext())
    assert "A <title>: workflows" in words and "tickets" not in words


def test_names_are_no_formulas_and_too_many_rows_are_said() -> None:
    rows = [Took("workflows", "", f"$g{n}$", 1, 1.0, 1.0, 1.0) for n in range(30)]
    words = " ".join(ElementTree.fromstring(plot.draw("T", [("workflows", rows)], "svg")).itertext())
    assert "$g19$" in words and "$g20$" not in words and "20 of 30" in words
    few = " ".join(ElementTree.fromstring(plot.draw("T", [("workflows", rows)], "svg", 5)).itertext())
    assert "$g4$" in few and "$g5$" not in few and "5 of 30" in few


def test_any_words_can_be_drawn() -> None:
    rows = [Took("workflows", "", "屋根\x1b[31m<b>\u202e", 1, 1.0, 1.0, 1.0)]
    words = " ".join(ElementTree.fromstring(plot.draw("T", [("workflows", rows)], "svg")).itertext())
    assert "屋根" in words and "<b>" in words and "\x1b" not in words
    assert plot.draw("T", [("workflows", rows)], "png").startswith(b"\x89PNG")


def test_png_and_nothing() -> None:
    assert plot.draw("T", [("", EACH[0])], "png").startswith(b"\x89PNG")
    with pytest.raises(TrainError, match="nothing to draw"):
        plot.draw("T", [("workflows", [])], "png")


def test_a_missing_library_is_named_with_the_way_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(TrainError, match="matplotlib") as error:
        plot.draw("T", [("workflows", EACH[0])], "svg")
    assert error.value.hint == "pip install 'agenticops[plots]'"
