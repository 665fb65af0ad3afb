"""The span: what happened between trees. A commit after its parents, or one tree after another, as a squash is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.case import Verifier, unable
from agenticops.core.train import Log, Train
from agenticops.model.event import Event
from agenticops.model.history import Changes
from agenticops.model.ids import TICKET
from agenticops.model.pipeline import Pipeline

Events = Mapping[str, Event]


class Side(Struct, frozen=True):
    """One tree before, as the span sees it: how each path differs from it, and which events came, went or changed."""

    train: Train
    name: str
    changes: Changes
    came: Events
    gone: Events
    rewritten: Events = {}


class Until:
    """A log as it was when an event was written: what came later, nobody could have known."""

    def __init__(self, log: Log, last: Event) -> None:
        self.log = log
        self.last = last

    def of_ticket(self, ticket: str) -> list[Event]:
        """Events that name a ticket, in order."""
        return self._past(self.log.of_ticket(ticket))

    def of_item(self, item: str) -> list[Event]:
        """Events that name a work item, in order."""
        return self._past(self.log.of_item(item))

    def of_subject(self, subject: str) -> list[Event]:
        """Events of one subject, in order."""
        return self._past(self.log.of_subject(subject))

    def of_kinds(self, *kinds: str) -> list[Event]:
        """Events of some kinds, in order."""
        return self._past(self.log.of_kinds(*kinds))

    def _past(self, events: list[Event]) -> list[Event]:
        return [e for e in events if e.order <= self.last.order]


class Span:
    """The trees before and the tree after. `judge` is the pipeline of the base, which judges what was changed."""

    def __init__(
        self,
        after: Train,
        sides: Sequence[Side],
        judge: Pipeline,
        *,
        branch: str = "",
        sizes: Mapping[str, int] | None = None,
        writers: Callable[[str], bool] = lambda path: False,
        base: Train | None = None,
        verify: Verifier = unable,
    ) -> None:
        self.after = after
        self.sides = sides
        self.judge = judge
        self.branch = branch
        self.sizes = sizes or {}
        # Tells whether a path was changed on two sides that did not know of each other.
        self.writers = writers
        # The train of the base, whose roles and signers count.
        self.base = base or after
        self.verify = verify

    @cached_property
    def changes(self) -> Changes:
        """What the step itself changed: the paths that are as in none of the trees before."""
        first, *others = [s.changes for s in self.sides] or [{}]
        return {p: c for p, c in first.items() if all(p in o for o in others)}

    @cached_property
    def paths(self) -> dict[str, str]:
        """The paths that differ from any of the trees before, with their blob now ("": it is gone)."""
        return {p: c.new for s in self.sides for p, c in s.changes.items()}

    @cached_property
    def fresh(self) -> list[Event]:
        """The events that none of the trees before had, in order."""
        first, *others = [s.came for s in self.sides] or [{}]
        return _ordered(e for i, e in first.items() if all(i in o for o in others))

    @cached_property
    def arrived(self) -> list[Event]:
        """The events that any of the trees before had not, in order."""
        return _ordered({i: e for s in self.sides for i, e in s.came.items()}.values())

    @cached_property
    def tickets(self) -> list[str]:
        """The tickets that the step is about: a file of theirs changed, or an event names them."""
        found = {t for p in self.paths if (t := ticket_of(p))}
        for side in self.sides:
            for events in (side.came, side.gone, side.rewritten):
                found |= {e.ticket for e in events.values() if e.ticket}
        return sorted(found)

    def before(self, event: Event) -> Event | None:
        """Give the state event that another one follows, or None."""
        return next((e for e in self.after.log.of_subject(event.subject) if e.id == event.prev), None)

    def state_before(self, event: Event) -> str:
        """Give the state that a state event leaves; "" when it is the first, or when what it follows is unknown."""
        earlier = self.before(event)
        return fold.target(earlier) if earlier else ""


def ticket_of(path: str) -> str:
    """Name the ticket in whose folder a path lies, or ""."""
    parts = path.split("/", 2)
    return parts[1] if len(parts) == 3 and parts[0] == "tickets" and TICKET.fullmatch(parts[1]) else ""


def _ordered(events: Iterable[Event]) -> list[Event]:
    return sorted(events, key=lambda e: e.order)
