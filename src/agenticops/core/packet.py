"""The hand-off packet: one page for whoever goes on with a ticket. What is cut says so, and where the rest is.

The page is made once and kept as its lines, so that what was handed can be shown again word by word.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from agenticops.core.tokens import BUDGET, estimate
from agenticops.model.digest import sha256
from agenticops.model.plain import clean

LIMIT = BUDGET["hand-off packet"]
# So many lines of a section, so many characters of a line: from all to what always fits.
_CUTS = ((40, 300), (20, 240), (12, 180), (8, 140), (6, 110), (4, 80), (3, 60), (2, 45), (1, 30), (1, 12))


class Section(Struct, frozen=True):
    """Lines under a title; `left` more are not here, `more` is the command that shows them."""

    title: str
    lines: tuple[str, ...]
    more: str
    left: int = 0


class Packet(Struct, frozen=True):
    """What is handed on: who, what, and the sections of the page in the order of their weight for the reader."""

    session: str
    ticket: str
    title: str
    phase: str
    mode: str
    agent: str
    to: str = ""
    sections: tuple[Section, ...] = ()

    def lines(self, title: str) -> tuple[str, ...]:
        """Give the lines of a section, or none."""
        return next((s.lines for s in self.sections if s.title == title), ())


def fit(packet: Packet) -> Packet:
    """Cut a packet so that its page keeps the budget; sections without lines are left out."""
    sections = [s for s in packet.sections if s.lines]
    found = packet
    for most, width in _CUTS:
        cut = tuple(_cut(s, most, width) for s in sections)
        found = msgspec.structs.replace(packet, title=_words(packet.title, min(width, 120)), sections=cut)
        if estimate(page(found)) <= LIMIT:
            break
    return found


def page(packet: Packet) -> str:
    """Write the packet as Markdown."""
    whose = f"{packet.agent or 'nobody'} → {packet.to}" if packet.to else packet.agent or "nobody"
    head = [f"# {packet.ticket}: {packet.title}", f"{whose} · phase {packet.phase} · mode {packet.mode}"]
    return "\n\n".join([*head, *(_shown(s) for s in packet.sections)]) + "\n"


def digest(packet: Packet) -> str:
    """Give the digest of the page: it names what was handed."""
    return sha256(page(packet).encode())


def kept(packet: Packet) -> dict[str, object]:
    """Give what the event of the hand-off holds: the digest and the fields."""
    return {"sha256": digest(packet), **msgspec.to_builtins(packet)}


def read(value: object) -> Packet | None:
    """Read what an event holds; None when it is no packet, or another one than its digest says."""
    try:
        packet = msgspec.convert(value, Packet)
    except msgspec.ValidationError:
        return None
    said = value.get("sha256") if isinstance(value, dict) else ""
    return packet if said == digest(packet) else None


def _cut(section: Section, most: int, width: int) -> Section:
    kept_lines = tuple(_words(line, width) for line in section.lines[:most])
    return msgspec.structs.replace(section, lines=kept_lines, left=len(section.lines) - len(kept_lines))


def _words(text: str, width: int) -> str:
    words = clean(" ".join(text.split()))
    return words if len(words) <= width else words[: width - 1].rstrip() + "…"


def _shown(section: Section) -> str:
    rows: Sequence[str] = [f"- {line}" for line in section.lines]
    more = f"… {section.left} more: `{section.more}`" if section.left else f"`{section.more}`"
    return "\n".join([f"## {section.title}", "", *rows, "", more])
