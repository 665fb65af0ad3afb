"""Bodies: one text on both sides. The forge's has a hidden marker that names the item, the document a heading."""

from __future__ import annotations

import re
from collections.abc import Callable

from agenticops.model.ids import ITEM

# Merges three texts: the base, this side's, the forge's. Gives the text, and whether no place was disputed.
Merge = Callable[[str, str, str], tuple[str, bool]]

# What `work new` writes into a document that says nothing yet.
PLACEHOLDER = "Say here what is wanted, for whom, and how you will know."
_MARKER = re.compile(r"^[ \t]*<!--[ \t]*agenticops:item=(" + ITEM.pattern + r")[ \t]*-->[ \t]*$", re.MULTILINE)
_HEADING = re.compile(r"# [^\n]*(?:\n+|$)")


def marker(item: str) -> str:
    """Give the hidden line that finds an item's issue again."""
    return f"<!-- agenticops:item={item} -->"


def marked(body: str) -> str:
    """Tell whose marker stands in a body, on a line of its own: the last, since we write it at the end; "" if none."""
    found = _MARKER.findall(_plain(body))
    return str(found[-1]) if found else ""


def text(body: str) -> str:
    """Give what a body says: without markers, with plain line ends, without blank lines around it."""
    return _MARKER.sub("", _plain(body)).strip()


def _plain(body: str) -> str:
    return body.replace("\r\n", "\n").replace("\r", "\n")


def outgoing(said: str, item: str) -> str:
    """Give the body to write at the forge: the text and the marker below it."""
    return f"{said}\n\n{marker(item)}\n".lstrip()


def of_document(body: str) -> str:
    """Give what a work item's document says, without its heading; nothing when it was never filled in."""
    plain = body.replace("\r\n", "\n").strip()
    said = plain[match.end() :].strip() if (match := _HEADING.match(plain)) else plain
    return "" if said == PLACEHOLDER else said


def to_document(said: str, old: str, title: str) -> str:
    """Give the document's body for a text: with the heading that it has, or the title as one."""
    match = _HEADING.match(old.replace("\r\n", "\n").strip())
    heading = match[0].strip() if match else f"# {title}"
    return f"{heading}\n\n{said or PLACEHOLDER}"
