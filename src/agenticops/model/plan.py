"""Plans: what is about to be created, updated or left alone, printed before it is applied."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Verb = Literal["create", "update", "keep", "delete"]


class Change(Struct, frozen=True):
    """One file and what happens to it; `why` explains a keep."""

    verb: Verb
    path: str
    content: bytes = b""
    why: str = ""


class Plan(Struct, frozen=True):
    """A sorted list of changes."""

    changes: tuple[Change, ...]

    def of(self, verb: Verb) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(c for c in self.changes if c.verb == verb)
