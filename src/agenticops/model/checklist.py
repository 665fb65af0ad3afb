"""Checklists: the task list of a ticket. A bullet marked `*` at its end is required."""

from __future__ import annotations

from msgspec import Struct


class Bullet(Struct, frozen=True):
    """One task-list item.

    `key` is its identity (a short digest of heading path, normalised text and ordinal among equals, or of its
    `<!-- id: … -->`); `line` counts from 1; `mark` is the byte offset of the character between the brackets.
    `proof` is the check of the gate that its `<!-- check: … -->` names: only that check's evidence ticks it.
    """

    key: str
    text: str
    section: str
    checked: bool
    required: bool
    line: int
    mark: int
    depth: int = 0
    anchor: str = ""
    proof: str = ""


class Checklist(Struct, frozen=True):
    """All bullets of one file, in order."""

    bullets: tuple[Bullet, ...]

    @property
    def owed(self) -> tuple[Bullet, ...]:
        """The bullets that must be checked: the required ones, or all when none is marked (value train, rule 2)."""
        marked = tuple(b for b in self.bullets if b.required)
        return marked or self.bullets

    @property
    def open(self) -> tuple[Bullet, ...]:
        """What is owed and not checked."""
        return tuple(b for b in self.owed if not b.checked)
