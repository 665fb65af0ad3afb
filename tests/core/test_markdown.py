from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import markdown

PIECES = [*"-*+[]xX #`~<!>\\_1.)\t \n\r\u2028aé", "```", "<!--", "-->", "---\n", "- [ ] ", "\r\n", "\ufeff"]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)


def kinds(text: str) -> list[str]:
    return [line.kind for line in markdown.lines(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---\n# a: 1\n---\n# T", ["front", "front", "front", "heading"]),
        ("---\n# never closed", ["rule", "heading"]),
        ("# T\n---\n# not front\n---", ["heading", "rule", "heading", "rule"]),
        ("```\n# code\n```\n# T", ["code", "code", "code", "heading"]),
        ("~~~~\n~~~\n# code\n~~~~~\n# T", ["code", "code", "code", "code", "heading"]),
        ("``` a`b\n# T", ["text", "heading"]),
        ("- a\n  ```\n  # code\n# T", ["item", "code", "code", "heading"]),
        ("<!-- a\n# hidden\n--> rest\n# T", ["comment", "comment", "comment", "heading"]),
        ("<!-- a -->\n# T", ["comment", "heading"]),
        ("    # code\n# T", ["code", "heading"]),
        ("words\n    # continued", ["text", "text"]),
        ("> # quoted\n#NoHeading\n####### seven", ["quote", "text", "text"]),
        ("* * *\n- - -\n***", ["rule", "rule", "rule"]),
        ("1. a\n2) b\n+ c\n-no", ["item", "item", "item", "text"]),
        ("\ufeff# T\r\n\r\nx\ry", ["heading", "blank", "text", "text"]),
    ],
)
def test_lines_by_kind(text: str, expected: list[str]) -> None:
    assert kinds(text) == expected


def test_depth_follows_the_content_column() -> None:
    text = "- a\n    - b\n        - c\n- d\n10. e\n    - f\n\nout\n"
    assert [line.depth for line in markdown.lines(text)] == [1, 2, 3, 1, 1, 2, 2, 0, 0]


def test_a_paragraph_joins_its_lines_even_when_they_are_not_indented() -> None:
    text = "- a\nlazy\n  more\n\n  new"
    assert [line.joins for line in markdown.lines(text)] == [False, True, True, False, False]


@given(TEXTS)
def test_lines_and_line_ends_make_up_the_text(text: str) -> None:
    found = list(markdown.lines(text))
    for line in found:
        assert text[line.start : line.end] == line.text
        assert 0 <= line.at <= len(line.text)
    gaps = [text[a.end : b.start] for a, b in pairwise(found)]
    assert set(gaps) <= {"\n", "\r", "\r\n"}


def test_sections_reach_to_the_next_heading_of_their_rank() -> None:
    text = "intro\n# One\na\n## Two ##\nb\n### Three\nc\n## Four <!-- id: x -->\r\nd\n# Five"
    assert [(s.level, s.title, s.line, s.body) for s in markdown.sections(text)] == [
        (1, "One", 2, "a\n## Two ##\nb\n### Three\nc\n## Four <!-- id: x -->\r\nd\n"),
        (2, "Two", 4, "b\n### Three\nc\n"),
        (3, "Three", 6, "c\n"),
        (2, "Four", 8, "d\n"),
        (1, "Five", 10, ""),
    ]


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# C#", "C#"),
        ("## a ###  ", "a"),
        ("##", ""),
        ("# # ", ""),
        ("#\tTab", "Tab"),
        ("# \u4f60\u597d", "\u4f60\u597d"),
    ],
)
def test_heading_titles(line: str, title: str) -> None:
    assert [s.title for s in markdown.sections(line)] == [title]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("**Bold** and *em*  _it_", "Bold and em it"),
        ("snake_case stays", "snake_case stays"),
        ("~~gone~~ `a*b` \\*", "gone `a*b` \\*"),
        ("a<!-- x -->b `<!-- y -->`", "ab `<!-- y -->`"),
        ("open <!-- end", "open <!-- end"),
        ("e\u0301\u00a0x", "\u00e9 x"),
    ],
)
def test_plain_words(text: str, words: str) -> None:
    assert markdown.plain(text) == words


@pytest.mark.parametrize("piece", ["<!--", "`a", "``` `` ` ", "*", "\\`", "- ", "-\t", "> ", "#\n", "- x\ny\n"])
def test_hostile_repetition_stays_linear(piece: str) -> None:
    text = piece * 30_000 + "[ ] x"
    start = time.process_time()
    markdown.plain(text)
    assert sum(1 for _ in markdown.lines(text)) >= 1
    assert time.process_time() - start < 3  # a quadratic scan takes ten seconds and more


def test_a_section_ends_at_the_next_heading_of_its_rank_or_above() -> None:
    text = "# a\nA\n### b\nB\n## c\nC\n### d\nD\n# e\nE"
    found = [(s.level, s.title, s.body) for s in markdown.sections(text)]
    assert found == [
        (1, "a", "A\n### b\nB\n## c\nC\n### d\nD\n"),
        (3, "b", "B\n"),
        (2, "c", "C\n### d\nD\n"),
        (3, "d", "D\n"),
        (1, "e", "E"),
    ]


def test_many_headings_stay_linear() -> None:
    begun = time.process_time()
    assert len(markdown.sections("#\n" * 30_000)) == 30_000
    assert time.process_time() - begun < 2  # each against all that follow takes ten seconds and more
