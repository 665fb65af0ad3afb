"""The numbers of the reports, straight from the truth: plain loops over what happened, without log, index or SQL.

Nothing of what is proved is used here, neither its periods nor its quantiles. Durations are in days.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from tests.flows.analysis.truth import DAY, NOW, Item, Truth

Key = tuple[str, ...]
Numbers = dict[Key, tuple[Any, ...]]
WEEK = 7 * DAY
RECENT = 4 * WEEK
PACE = 12 * WEEK
WHOLE = ("", "")
NONE = (0, None, None, None)


class Question(Struct, frozen=True):
    """What is asked: of workflows or tickets, by which group, of one template perhaps, in a stretch of time."""

    of: str
    by: str
    template: str = ""
    since: str = ""
    until: str = ""


class Trip(Struct):
    """A traveller from its creation to its end; `begun` is when work on it began."""

    id: str
    template: str
    client: str
    agent: str
    start: int
    begun: int | None
    end: str
    ended: int | None
    worth: float
    needs: list[str]


class Visit(Struct):
    """A stay of a traveller at a place; `waits` are the times of it in which nobody worked."""

    trip: Trip
    place: str
    agent: str
    entered: int
    begun: int | None
    left: int | None
    waits: list[tuple[int, int | None]]


class Oracle:
    """Knows the answer to one question."""

    def __init__(self, truth: Truth, question: Question) -> None:
        self.truth, self.question = truth, question
        of, by, template = question.of, question.by, question.template
        self.tickets = of == "tickets"
        self.by = by
        self.place = by in ("state", "phase") or (by == "agent" and self.tickets)
        self.since = None if not question.since else _moment(question.since)
        self.until = None if not question.until else _moment(question.until) + (DAY if len(question.until) == 10 else 0)
        self.now = NOW if self.until is None else min(NOW, self.until)
        self.all = _items(truth) if self.tickets else _instances(truth)
        visits = _stops(truth, self.all, by) if self.tickets else _states(truth, self.all)
        self.trips = [trip for trip in self.all if template in ("", trip.template)]
        self.visits = [visit for visit in visits if template in ("", visit.trip.template)]

    def within(self, at: int | None) -> TypeGuard[int]:
        """Tell whether a time lies in the window that is asked for."""
        return at is not None and (self.since is None or at >= self.since) and (self.until is None or at < self.until)

    def key(self, trip: Trip, visit: Visit | None = None) -> Key:
        """Give the template and the group that a trip or a visit counts in."""
        if visit and self.place:
            if self.by == "agent":
                return "", visit.agent
            return "" if self.tickets else trip.template, visit.place
        return "", str(getattr(trip, self.by)) if self.by not in ("", "state", "phase") else ""

    def cycle(self) -> Numbers:
        """Say how long it took from the first start of work to the end."""
        return self._took(True)

    def lead(self) -> Numbers:
        """Say how long it took from the creation to the end."""
        return self._took(False)

    def _took(self, cycle: bool) -> Numbers:
        days: dict[Key, list[float]] = {}
        if self.place:
            for visit in self.visits:
                earlier = visit.begun if cycle else visit.entered
                if self.within(visit.left) and earlier is not None:
                    days.setdefault(self.key(visit.trip, visit), []).append(_days(earlier, visit.left))
            days = {key: found for key, found in days.items() if max(found) > 0}
        else:
            for trip in self.trips:
                earlier = trip.begun if cycle else trip.start
                if self.within(trip.ended) and trip.end != "cancelled" and earlier is not None:
                    days.setdefault(self.key(trip), []).append(_days(earlier, trip.ended))
        return {key: (len(found), *_middle_and_late(found), max(found)) for key, found in days.items()}

    def success(self) -> Numbers:
        """Say how many ended well, and were cancelled, of those that ended; by place, of those that came by there."""
        ends: dict[Key, list[str]] = {}
        for trip in self.trips:
            if not self.within(trip.ended):
                continue
            came_by = {self.key(trip, visit) for visit in self.visits if visit.trip.id == trip.id}
            for key in came_by if self.place else {self.key(trip)}:
                ends.setdefault(key, []).append(trip.end)
        return {
            key: (len(found), found.count("success"), found.count("cancelled"), found.count("success") / len(found))
            for key, found in ends.items()
        }

    def throughput(self, per: str) -> Numbers:
        """Say what ended in each period from the first one until now, how much of it well, its value and its needs."""
        found: dict[Key, tuple[int, int | None, float, int]] = {}
        if self.place:
            for visit in self.visits:
                if self.within(visit.left):
                    key = (*self.key(visit.trip, visit), _period(visit.left, per))
                    found[key] = (found.get(key, (0,))[0] + 1, None, 0.0, 0)
        else:
            fresh = self._first_needs()
            for trip in self.trips:
                if self.within(trip.ended):
                    key = (*self.key(trip), _period(trip.ended, per))
                    ended, well, worth, needs = found.get(key, (0, 0, 0.0, 0))
                    good = trip.end == "success"
                    more = (trip.worth, fresh[trip.id]) if good else (0.0, 0)
                    found[key] = (ended + 1, (well or 0) + good, worth + more[0], needs + more[1])
        nothing = (0, None if self.place else 0, 0.0, 0)
        periods = self._periods([period for *_, period in found], per)
        groups = {key[:2] for key in found}
        return {(*group, period): found.get((*group, period), nothing) for group in groups for period in periods}

    def _first_needs(self) -> dict[str, int]:
        """Count for each that ended well the needs that none before it had answered."""
        answered: set[str] = set()
        fresh = {}
        for trip in sorted((t for t in self.all if t.end == "success"), key=lambda t: (t.ended or 0, t.id)):
            fresh[trip.id] = len(set(trip.needs) - answered)
            answered |= set(trip.needs)
        return fresh

    def _periods(self, known: list[str], per: str) -> set[str]:
        """Name the periods from the first known one until now, day by day."""
        found = set(known)
        if known:
            day, last = date.fromisoformat(min(known)), _date(self.now - 1)
            while day <= last:
                found.add(_beginning(day, per))
                day += timedelta(days=1)
        return found

    def _finished(self) -> dict[Key, list[float]]:
        """Give the days of the visits that ended."""
        found: dict[Key, list[float]] = {}
        for visit in self.visits:
            if self.within(visit.left):
                found.setdefault(self.key(visit.trip, visit), []).append(_days(visit.entered, visit.left))
        return found

    def _standing(self) -> list[Visit]:
        """Give the visits that last."""
        return [v for v in self.visits if v.entered < self.now and (v.left is None or v.left >= self.now)]

    def _ages(self) -> dict[Key, list[float]]:
        found: dict[Key, list[float]] = {}
        for visit in self._standing():
            found.setdefault(self.key(visit.trip, visit), []).append(_days(visit.entered, self.now))
        return found

    def wip(self) -> Numbers:
        """Say what stands there now, its ages, and how many are older than 85 of 100 visits came to be."""
        finished, rows = self._finished(), {}
        for key, ages in self._ages().items():
            _, usual = _middle_and_late(finished.get(key, []))
            late = 0 if usual is None else sum(age > usual + 1e-9 for age in ages)
            rows[key] = (len(ages), _middle_and_late(ages)[0], max(ages), usual, late)
        return rows

    def bottlenecks(self) -> Numbers:
        """Say how long it waited there, which share of all waiting that is, and the evidence: visits and traffic."""
        finished, ages, waited = self._finished(), self._ages(), self._waited()
        total = sum(waited.values())
        rows = {}
        for key in {*finished, *ages}:
            visits, standing = finished.get(key, []), len(ages.get(key, []))
            if standing or max(visits) > 0:  # not an end, where nothing ever stands
                days = waited[key]
                share = days / total if total else 0.0
                rows[key] = (days, share, len(visits), *_middle_and_late(visits), standing, *self._traffic(key))
        return rows

    def _waited(self) -> dict[Key, float]:
        found: dict[Key, float] = {}
        standing = [id(visit) for visit in self._standing()]
        for visit in self.visits:
            if id(visit) in standing or self.within(visit.left):
                key = self.key(visit.trip, visit)
                for start, end in visit.waits:
                    found[key] = found.get(key, 0.0) + _days(start, self.now if end is None else min(end, self.now))
                found.setdefault(key, 0.0)
        return found

    def _traffic(self, key: Key) -> tuple[float, float]:
        """Count what came and what left a week, in the last four weeks or since the first trip."""
        since = max(self.now - RECENT, min(trip.start for trip in self.all))
        weeks = max((self.now - since) / WEEK, 1.0)
        here = [visit for visit in self.visits if self.key(visit.trip, visit) == key]
        came = sum(since <= visit.entered < self.now for visit in here)
        left = sum(visit.left is not None and since <= visit.left < self.now for visit in here)
        return came / weeks, left / weeks

    def page(self) -> Numbers:
        """Sum up the flow in one row: what ended and its pace, what is under way, times, success, the worst place."""
        if not self.all:
            return {}
        since = max(self.now - PACE, min(trip.start for trip in self.all), self.since or 0)
        ended = self.throughput("day")
        recent = sum(row[0] for (*_, day), row in ended.items() if day >= _date(since).isoformat())
        _, _, value, needs = (sum(numbers) for numbers in zip((0, 0, 0.0, 0), *ended.values(), strict=True))
        standing, _, oldest, *_ = self.wip().get(WHOLE, (0, None, None))
        times = [*self.cycle().get(WHOLE, NONE), *self.lead().get(WHOLE, NONE)]
        judged = self.success().get(WHOLE, (0, 0, 0, None))
        places = Oracle(self.truth, replace(self.question, by="phase")).bottlenecks()
        worst = max((waited for waited, *_ in places.values()), default=None)
        pace = recent / max((self.now - since) / WEEK, 1.0)
        return {WHOLE: (judged[0], pace, value, needs, standing, oldest, *times, *judged, worst)}

    def edges(self) -> Numbers:
        """Count the ways that were taken from a place to the next, with the median time before."""
        ways: dict[Key, list[float]] = {}
        for trip in self.trips:
            visits = [visit for visit in self.visits if visit.trip is trip]
            for visit, following in pairwise(visits):
                if self.within(visit.left):
                    key = ("" if self.tickets else trip.template, visit.place, following.place)
                    ways.setdefault(key, []).append(_days(visit.entered, visit.left))
        return {key: (len(days), statistics.median(days)) for key, days in ways.items()}

    def weeks(self) -> Numbers:
        """Count what had begun and what had ended by the end of each week, before the window too."""
        limit = NOW if self.until is None else self.until
        began = [_period(trip.start, "week") for trip in self.trips if trip.start < limit]
        ended = [_period(trip.ended, "week") for trip in self.trips if trip.ended is not None and trip.ended < limit]
        return {
            (week,): (sum(other <= week for other in began), sum(other <= week for other in ended))
            for week in self._periods([*began, *ended], "week")
            if self.since is None or week >= _period(self.since, "week")
        }


def _instances(truth: Truth) -> list[Trip]:
    found = []
    for made in truth.instances:
        times = [at for _, at in made.moves]
        begun = times[1] if len(times) > 1 else made.ended  # work begins when the first state is left
        head = (made.id, made.template, made.client, made.agent)
        found.append(Trip(*head, times[0], begun, made.end, made.ended, made.worth or 0.0, []))
    return found


def _states(truth: Truth, trips: list[Trip]) -> list[Visit]:
    found = []
    for made, trip in zip(truth.instances, trips, strict=True):
        ends = [*(at for _, at in made.moves[1:]), made.ended]
        for (state, at), left in zip(made.moves, ends, strict=True):
            found.append(Visit(trip, state, made.agent, at, at, left, [(at, left)]))
    return found


def _travelling(truth: Truth) -> list[Item]:
    """Give the items that have a ticket: the others are on no way yet."""
    return [made for made in truth.items if made.stops]


def _items(truth: Truth) -> list[Trip]:
    found = []
    for made in _travelling(truth):
        starts = [begun for stop in made.stops if (begun := _begun(stop.spans)) is not None]
        head = (made.id, made.kind, made.client, "", made.created, min(starts, default=None))
        found.append(Trip(*head, made.end, made.ended, made.worth or 0.0, made.needs))
    return found


def _stops(truth: Truth, trips: list[Trip], by: str) -> list[Visit]:
    """Give the visits of items: to a status of a ticket, or to a phase."""
    found = []
    for made, trip in zip(_travelling(truth), trips, strict=True):
        for stop in made.stops:
            ends = [*(at for _, at in stop.spans[1:]), stop.left]
            spans = [(status, at, end) for (status, at), end in zip(stop.spans, ends, strict=True)]
            waits = [(at, end) for status, at, end in spans if status != "in_progress"]
            if by == "state":
                for status, at, end in spans:
                    idle = [(at, end)] if status != "in_progress" else []
                    found.append(Visit(trip, status, stop.agent, at, at, end, idle))
            else:
                entered = stop.spans[0][1]
                found.append(Visit(trip, stop.phase, stop.agent, entered, _begun(stop.spans), stop.left, waits))
    return found


def _begun(spans: Iterable[tuple[str, int]]) -> int | None:
    """Say when work on a ticket began first."""
    return next((at for status, at in spans if status == "in_progress"), None)


def _days(earlier: int, later: int) -> float:
    """Count the days between; clocks may disagree, and less than nothing is nothing."""
    return max((later - earlier) / DAY, 0.0)


def _middle_and_late(days: list[float]) -> tuple[float | None, float | None]:
    """Give the median and the 85th percentile."""
    if len(days) < 2:
        return (days[0], days[0]) if days else (None, None)
    cuts = statistics.quantiles(days, n=20, method="inclusive")
    return statistics.median(days), cuts[16]


def _moment(words: str) -> int:
    return round(datetime.fromisoformat(words).replace(tzinfo=UTC).timestamp() * 1000)


def _date(at: int) -> date:
    return datetime.fromtimestamp(at // 1000, UTC).date()


def _period(at: int, per: str) -> str:
    return _beginning(_date(at), per)


def _beginning(day: date, per: str) -> str:
    """Name a period by its first day: a week begins on Monday."""
    if per == "week":
        day -= timedelta(days=day.weekday())
    return (day.replace(day=1) if per == "month" else day).isoformat()
