"""Markers: a block of ours in a user's Markdown. What stands before and after it is theirs."""

from __future__ import annotations

from agenticops.core.insertions import Insertions, Span
from agenticops.errors import StateError

OPENING = "<!-- agenticops: begin"
BEGIN = f"{OPENING}; `agenticops agents uninstall` takes these lines out -->"
END = "<!-- agenticops: end -->"


def find(text: str, place: str) -> Span | None:
    """Find the block, its markers and their line end included. Raises StateError when a marker is missing or double."""
    begins, ends, at = [], [], 0
    for row in text.splitlines(keepends=True):
        bare = row.strip()
        if bare.startswith(OPENING):
            begins.append(at)
        elif bare == END:
            ends.append(at + len(row))
        at += len(row)
    if not begins and not ends:
        return None
    if len(begins) != 1 or len(ends) != 1 or begins[0] >= ends[0]:
        raise StateError("the markers are damaged", place=place, hint=f"keep one begin and one `{END}`, or none")
    return begins[0], ends[0] - begins[0]


def block(body: str, text: str = "") -> str:
    """Write the block, with the line ends of the text that it is for."""
    newline = "\r\n" if "\r\n" in text else "\n"
    return f"{BEGIN}\n{body.strip()}\n{END}\n".replace("\n", newline)


def add(text: str, body: str) -> Insertions:
    """Put the block behind a text, with an empty line between."""
    found, newline = Insertions(text), "\r\n" if "\r\n" in text else "\n"
    gap = "" if not text else newline if text.endswith("\n") else newline * 2
    found.insert(len(text), gap + block(body, text))
    return found


def cut(text: str, span: Span) -> str:
    """Take the block out, and the empty line that stood before it where it ended the text."""
    start, length = span
    before, behind = text[:start], text[start + length :]
    for newline in ("\r\n", "\n"):
        if not behind.strip() and before.endswith(newline * 2):
            return before[: -len(newline)] + behind
    return before + behind
