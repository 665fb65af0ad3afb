"""Events: immutable facts in the log. This schema cannot be retrofitted; ADR 0002 says why each field is there."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from agenticops.model.kinds import STATES

SCHEMA = 1

STATE_KINDS = frozenset(STATES)


class Actor(Struct, frozen=True, omit_defaults=True):
    """Who did it: the git identity, the agent role that was at work, the host."""

    operator: str
    agent: str = ""
    host: str = ""


class Event(Struct, frozen=True, omit_defaults=True):
    """One fact. `subject` is `item/<id>`, `ticket/<id>`, `session/<id>` or `train`.

    A *state event* (`STATE_KINDS`) has `prev`, the id of the subject's last state event ("" for the first), and
    `data["to"]`, the state it leads to: so histories are chains, and two that disagree are a fork that can be seen.
    Order is (`lamport`, `id`).
    """

    id: str
    lamport: int
    at: str
    actor: Actor
    kind: str
    subject: str
    ticket: str = ""
    item: str = ""
    prev: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    schema: int = SCHEMA

    @property
    def order(self) -> tuple[int, str]:
        """The place in the log's total order."""
        return (self.lamport, self.id)


class Draft(Struct, frozen=True):
    """An event before the transaction gives it id, time, Lamport number, actor and `prev`."""

    kind: str
    subject: str
    ticket: str = ""
    item: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    actor: Actor | None = None
