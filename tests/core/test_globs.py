"""Globs: the matcher that imports nothing says what regular expressions say."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agenticops.core import globs

PIECES = st.sampled_from(["a", "b", "ab", ".a", "a.b", "*", "?", "**", "a*", "*b", "?b", "a*b*", "[a]", "a+", "Ä"])
NAMES = st.sampled_from(["a", "b", "ab", ".a", "a.b", "aab", "abb", "bb", "[a]", "a+", "a\nb", "*", "Ä"])


def expression(pattern: str) -> str:
    """The pattern as a regular expression, made another way: each part is turned by itself."""
    found = ""
    for part in pattern.split("/"):
        if part == "**":
            found += r"(?:[^/]+/)*"
        else:
            name = "".join({"*": "[^/]*", "?": "[^/]"}.get(c, re.escape(c)) for c in part)
            found += f"(?:{name})/"
    whole = r"(?:[^/]+/)+" if pattern.split("/")[-1] == "**" else r"(?:[^/]+/)*"
    return f"{found.removesuffix('(?:[^/]+/)*') if whole.endswith('+') else found}{whole}"


@given(st.lists(NAMES, min_size=1, max_size=5), st.lists(PIECES, min_size=1, max_size=5))
@example(["a"], ["a", "**"])
@example(["a", "b"], ["**", "**"])
@example(["b", "a", "b"], ["**", "a"])
def test_it_says_what_a_regular_expression_says(path: list[str], pattern: list[str]) -> None:
    wanted = re.fullmatch(expression("/".join(pattern)), "/".join(path) + "/", re.S) is not None
    assert globs.fits("/".join(path), "/".join(pattern)) is wanted


@given(st.text("ab*?", max_size=12), st.text("ab", max_size=12))
def test_a_name_is_like_its_pattern(pattern: str, text: str) -> None:
    wanted = "".join({"*": ".*", "?": "."}.get(c, c) for c in pattern)
    assert globs.like(text, pattern) is (re.fullmatch(wanted, text) is not None)


@pytest.mark.parametrize(
    ("path", "pattern", "wanted"),
    [
        ("src/a/b.py", "src", True),
        ("src", "src/**", False),
        ("srcs/a", "src", False),
        ("src/a.py", "./src/", True),
        ("a/b", "/a/b", False),
        ("/tmp/x", "/tmp/**", True),
        ("tmp/x", "/tmp/**", False),
        ("", "**", False),
        ("a/.git", "**/.git", True),
        (".git/hooks/x", "**/.git", True),
    ],
)
def test_folders_and_roots(path: str, pattern: str, wanted: bool) -> None:
    assert globs.fits(path, pattern) is wanted


def test_a_pattern_that_is_made_to_be_slow_is_not() -> None:
    assert not globs.fits("/".join(["a" * 60] * 60), "/".join(["**", "*a*a*a*a*a*b"] * 20))
