"""Markers: a block of ours in a user's Markdown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import markers
from agenticops.core.insertions import without
from agenticops.errors import StateError


@given(st.text(st.sampled_from("ab \n\r#"), max_size=30))
def test_the_block_goes_in_and_comes_out(text: str) -> None:
    found = markers.add(text, "ours\nand more")
    assert found.text.startswith(text) and without(found.text, found.spans) == text
    span = markers.find(found.text, "p")
    assert span and found.text[span[0] : sum(span)] == markers.block("ours\nand more", text)


def test_line_ends_are_those_of_the_file() -> None:
    found = markers.add("mine\r\n", "a\nb").text
    assert found.count("\r\n") == found.count("\n") == 6


def test_a_block_that_was_moved_is_cut_where_it_stands() -> None:
    block = markers.block("ours")
    for before, behind in (("# mine\n\n", ""), ("# mine\n\n", "\n# more\n"), ("", "# mine\n")):
        text = before + block + behind
        span = markers.find(text, "p")
        assert span
        wanted = before + behind if behind else before.removesuffix("\n")
        assert markers.cut(text, span) == wanted


@pytest.mark.parametrize(
    "text",
    [
        f"{markers.BEGIN}\nours\n",
        f"ours\n{markers.END}\n",
        f"{markers.END}\n{markers.BEGIN}\n",
        markers.block("a") + markers.block("b"),
    ],
)
def test_damaged_markers_are_refused(text: str) -> None:
    with pytest.raises(StateError, match="damaged"):
        markers.find(text, "AGENTS.md")


def test_no_block() -> None:
    assert markers.find("", "p") is None and markers.find("# mine\n", "p") is None
