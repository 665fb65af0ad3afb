"""Plain text: what a user wrote, made harmless to read. Loads nothing."""

from __future__ import annotations


def clean(text: object) -> str:
    """Make user text safe to print: control and direction characters become visible escapes."""
    words = str(text)
    if words.isprintable():
        return words
    return "".join(c if c.isprintable() else ("\\n" if c == "\n" else f"\\u{ord(c):04x}") for c in words)
