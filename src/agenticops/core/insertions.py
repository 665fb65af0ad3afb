"""Insertions: what was put into a user's text and where, so that exactly that can be taken out again."""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]


class Insertions:
    """A text that only grows; `spans` say where (start, length), in order, in the text as it is now."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.spans: list[Span] = []

    def insert(self, at: int, words: str) -> None:
        """Put words in before the character `at`."""
        self.text = self.text[:at] + words + self.text[at:]
        size, moved, own = len(words), [], False
        for start, length in self.spans:
            if start <= at <= start + length:  # within, or next to what is ours already
                moved.append((start, length + size))
                own = True
            else:
                moved.append((start + size if start > at else start, length))
        self.spans = sorted(moved if own else [*moved, (at, size)])


def without(text: str, spans: Iterable[Span]) -> str:
    """Take the insertions out."""
    for start, length in sorted(spans, reverse=True):
        text = text[:start] + text[start + length :]
    return text
