"""Lines: what a command shows, as styled segments; the same lines become plain text or colour. Loads nothing."""

from __future__ import annotations

from collections.abc import Iterable

from agenticops.model.plain import clean as clean

Line = list[tuple[str, str]]
GOOD, BAD, WARN, DIM, STRONG, NONE = "green", "red", "yellow", "dim", "bold", ""


def line(*segments: str | tuple[str, str]) -> Line:
    """Build a line from texts and (text, style) pairs."""
    return [s if isinstance(s, tuple) else (s, NONE) for s in segments]


def ok(text: str, rest: str = "") -> Line:
    """A line that says that something was done."""
    return line(("✓ ", GOOD), f"{text:<50}" if rest else text, (f" {rest}" if rest else "", DIM))


def bad(text: str) -> Line:
    """A line that says that something does not hold."""
    return line(("✗ ", BAD), text)


def following(command: str) -> Line:
    """A line that names the next command."""
    return line(("  next  ", DIM), (command, STRONG))


def text(lines: Iterable[Line]) -> str:
    """Join lines as plain text; whatever a segment holds, no control or direction character comes out."""
    return "".join(clean("".join(s for s, _ in row)).rstrip() + "\n" for row in lines)


def counted(number: int, noun: str) -> str:
    """Write a number with its noun: 1 file, 2 files."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def cut(words: object, width: int) -> str:
    """Shorten user text to a width."""
    shown = clean(words)
    return shown if len(shown) <= width else shown[: width - 1] + "…"


def bar(part: int, whole: int, width: int = 10) -> str:
    """Draw a progress bar."""
    filled = width if not whole else part * width // whole
    return "█" * filled + "░" * (width - filled)
