"""Work items as travellers: where they were when, told by their own and their tickets' events. ADR 0041."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from agenticops.core import fold
from agenticops.core.analytics.periods import days
from agenticops.model.event import Event
from agenticops.model.ids import TICKET
from agenticops.model.ticket import CLOSED

WORKING = "in_progress"


class Span(Struct, frozen=True):
    """A time in one status; `left` is "" while it lasts."""

    status: str
    entered: str
    left: str

    def waited(self, now: str) -> float:
        """The days of it in which nobody worked, as of a time."""
        return 0.0 if self.status == WORKING else days(self.entered, min(self.left or now, now))


class Stop(Struct, frozen=True):
    """A visit to a phase, which is a ticket. `begun` is when work on it began, "" before.

    `order` is the place of its first event in the log.
    """

    ticket: str
    phase: str
    entered: str
    begun: str
    left: str
    spans: tuple[Span, ...]
    order: tuple[int, str]

    def waited(self, now: str) -> float:
        """The days in which nobody worked it, as of a time."""
        return sum(span.waited(now) for span in self.spans)


class Journey(Struct, frozen=True):
    """A work item on its way: `success` is None while it is under way, False where it was cancelled."""

    item: str
    created: str
    begun: str
    ended: str
    success: bool | None
    stops: tuple[Stop, ...]


def journeys(subjects: Mapping[str, Sequence[Event]]) -> list[Journey]:
    """Tell the journeys of all items from the state events of items and tickets, by subject."""
    stops: dict[str, list[Stop]] = {}
    ways: dict[str, tuple[Event, ...]] = {}
    for subject, events in subjects.items():
        noun, _, name = subject.partition("/")
        way = fold.chain(events).events
        if noun == "item":
            ways[name] = way
        elif (match := TICKET.fullmatch(name)) and way:
            stops.setdefault(match["item"], []).append(_stop(name, match["phase"], way))
    return [_journey(name, ways.get(name, ()), stops.get(name, [])) for name in sorted({*ways, *stops})]


def _stop(ticket: str, phase: str, way: Sequence[Event]) -> Stop:
    moves: list[tuple[str, str]] = []
    begun = left = ""
    for event in way:
        status = fold.target(event)
        if status in CLOSED:
            left = event.at
            break
        if status == WORKING and not begun:
            begun = event.at
        if not moves or moves[-1][0] != status:  # a fork that was resolved says again what holds
            moves.append((status, event.at))
    ends = [at for _, at in moves[1:]] + [left]
    spans = [Span(status, at, end) for (status, at), end in zip(moves, ends, strict=False)]
    return Stop(ticket, phase, way[0].at, begun, left, tuple(spans), way[0].order)


def _journey(item: str, way: Sequence[Event], stops: list[Stop]) -> Journey:
    stops.sort(key=lambda stop: stop.order)  # not by their times: two clocks may disagree about which came first
    end = next((event for event in way if event.kind == "item_finished"), None)
    created = way[0].at if way else stops[0].entered
    begun = min((stop.begun for stop in stops if stop.begun), default="")
    success = None if end is None else end.data.get("result") != "cancelled"
    return Journey(item, created, begun, end.at if end else "", success, tuple(stops))
