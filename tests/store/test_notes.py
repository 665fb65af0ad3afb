"""Full-text search: what is found, in which order, and that no sign is an operator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.errors import UsageError
from agenticops.store.notes import MOST, search

TEXTS = [
    "The scanner rounds up; compare with the raw log",
    "Ask the nurses on Mondays",
    "数据质量 is judged on ward 7",
    "scanner scanner scanner",
    "Überprüfe die Größe der Geräte (NOT the weight)",
    "see docs/how-to/read-the-log.md",
]


@pytest.mark.parametrize(
    ("words", "hits"),
    [
        (["nurses"], [1]),
        (["NURS"], [1]),
        (["the", "log"], [0, 5]),
        (["scanner"], [3, 0]),
        (["质量"], [2]),
        (["量"], [2]),
        (["质数"], []),
        (["uberprufe", "GRÖßE"], [4]),
        (["read-the-log"], [5]),
        (["NOT"], [4]),
        (["OR", "nurses"], []),
        (["nowhere"], []),
        (["!!!"], []),
        (["!!!", "nurses"], [1]),
        ([], []),
    ],
)
def test_words_are_found(words: list[str], hits: list[int]) -> None:
    found = search(TEXTS, words)
    assert sorted(found) == sorted(hits)
    if words == ["scanner"]:
        assert found == hits


def test_of_equal_hits_the_later_comes_first() -> None:
    assert search(["one log", "two log", "six log"], ["log"]) == [2, 1, 0]


@pytest.mark.parametrize(
    "word", ['"', '""', 'a"b', "a*", "*", "^a", "text:a", "a AND", "NEAR(a, 2)", "(", ")", "{a b}:", "-a", "+", "a\0b"]
)
def test_no_sign_is_an_operator(word: str) -> None:
    assert search(["nothing of it"], [word]) == []
    assert search([f"x {word} y"], [word, "y"]) in ([0], [])


@given(st.lists(st.text(max_size=12), max_size=8), st.lists(st.text(max_size=12), max_size=5))
def test_whatever_is_asked_is_an_answer(texts: list[str], words: list[str]) -> None:
    found = search(texts, words)
    assert len(found) == len(set(found)) and set(found) <= set(range(len(texts)))


def test_too_many_words() -> None:
    with pytest.raises(UsageError, match="too many"):
        search(TEXTS, ["a"] * (MOST + 1))
