"""Forecasts by simulation over a train's own history, and what they were worth when asked of the past. ADR 0041.

A walk draws from what was seen: out of each state a visit of the past, with its time and where it led. What stands in a
state for a while already draws only from visits that lasted longer. Nothing is fitted, so nothing is assumed.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from statistics import median

from msgspec import Struct

from agenticops.core.analytics.measure import quantile

# Walks a forecast; its quantiles then move by about a hundredth.
WALKS = 2_000
# A walk that is longer goes round in a circle, which a history of a graph without cycles cannot do.
LONGEST = 200
# Of so few ended ones nothing is foretold.
FEW = 10
# How many of the past are foretold to see what forecasts are worth.
ASKED = 200
# What a number of days since long ago cannot tell from nothing.
MOMENT = 1e-6
SUCCESS, FAILURE = "+", "-"


class Visit(Struct, frozen=True):
    """A visit of the past: how many days it lasted, and where it led: a state, or an end (`+` success, `-` failure)."""

    state: str
    days: float
    to: str


class Trip(Struct, frozen=True):
    """An ended instance: its visits in order, whether it ended well, and when, as a number of days."""

    visits: tuple[Visit, ...]
    success: bool
    ended: float


class Forecast(Struct, frozen=True):
    """What is to be expected of something under way: days that are left, and the share of walks that end well.

    `walks` is 0 where the past says too little; then nothing else counts.
    """

    walks: int = 0
    median: float | None = None
    p85: float | None = None
    success: float | None = None


class Backtest(Struct, frozen=True):
    """What forecasts were worth: asked of later instances by what was known of earlier ones.

    `error` is the median of |foretold − true| in days, `relative` the same as a share of the true time. `within_median`
    and `within_p85` are the shares that took no longer than was said: 0.5 and 0.85 are right. `brier` is the mean
    squared error of the chance of success (0 is perfect, 0.25 is a coin), `base` that of always saying the usual share.
    """

    asked: int = 0
    learnt: int = 0
    error: float | None = None
    relative: float | None = None
    within_median: float | None = None
    within_p85: float | None = None
    brier: float | None = None
    base: float | None = None


class Past:
    """What visits of each state lasted and where they led, in the order of their time."""

    def __init__(self, trips: Iterable[Trip]) -> None:
        found: dict[str, list[Visit]] = {}
        self.trips = 0
        for trip in trips:
            self.trips += 1
            for visit in trip.visits:
                found.setdefault(visit.state, []).append(visit)
        self.visits: dict[str, list[Visit]] = {s: sorted(v, key=lambda one: one.days) for s, v in found.items()}
        self.days: Mapping[str, list[float]] = {s: [v.days for v in visits] for s, visits in self.visits.items()}

    def beyond(self, state: str, age: float) -> bool:
        """Tell whether it is in a state for longer than any before it: then the past says nothing of it."""
        days = self.days.get(state, ())
        return self.trips >= FEW and len(days) > 0 and age >= days[-1]

    def foretell(self, state: str, age: float, dice: random.Random, walks: int = WALKS) -> Forecast:
        """Foretell what stands in a state for so many days already."""
        if self.trips < FEW or state not in self.visits:
            return Forecast()
        left: list[float] = []
        well = 0
        for _ in range(walks):
            days, success = self._walk(state, age, dice)
            left.append(days)
            well += success
        left.sort()
        return Forecast(walks, quantile(left, 0.5), quantile(left, 0.85), well / walks)

    def _walk(self, state: str, age: float, dice: random.Random) -> tuple[float, bool]:
        days = 0.0
        for _ in range(LONGEST):
            visits = self.visits.get(state)
            if not visits:
                return days, False
            first = bisect_right(self.days[state], age) if age else 0
            if first >= len(visits):
                first = len(visits) - 1  # it stands longer than any before: the longest is the best that is known
            visit = visits[first + int(dice.random() * (len(visits) - first))]
            days += max(visit.days - age, 0.0)
            age = 0.0
            if visit.to in (SUCCESS, FAILURE):
                return days, visit.to == SUCCESS
            state = visit.to
        return days, False


def backtest(trips: Sequence[Trip], seed: int = 0, walks: int = 400) -> Backtest:
    """Ask forecasts of the last third of what ended, by the two thirds before it.

    `trips` are in the order of their end. Each is asked in one of its visits, drawn by the seed: at its beginning
    or, if the past was not known by then, where it stood when the last of the past had ended.
    """
    dice = random.Random(seed)
    split = len(trips) * 2 // 3
    past, later = Past(trips[:split]), list(trips[split:])
    if past.trips < FEW or not later:
        return Backtest(learnt=past.trips)
    known = trips[split - 1].ended
    usual = sum(trip.success for trip in trips[:split]) / split
    answers = (_asked(past, known, trip, dice, walks) for trip in dice.sample(later, len(later)))
    rows = list(islice((row for row in answers if row is not None), ASKED))
    if not rows:
        return Backtest(learnt=past.trips)
    n = len(rows)
    relative = [abs(middle - true) / true for true, middle, _, _, _ in rows if true > 0]
    return Backtest(
        asked=n,
        learnt=past.trips,
        error=median(abs(middle - true) for true, middle, _, _, _ in rows),
        relative=median(relative) if relative else None,
        within_median=sum(true <= middle for true, middle, _, _, _ in rows) / n,
        within_p85=sum(true <= late for true, _, late, _, _ in rows) / n,
        brier=sum((chance - well) ** 2 for _, _, _, chance, well in rows) / n,
        base=sum((usual - well) ** 2 for _, _, _, _, well in rows) / n,
    )


_Row = tuple[float, float, float, float, bool]


def _asked(past: Past, known: float, trip: Trip, dice: random.Random, walks: int) -> _Row | None:
    open_to: list[tuple[str, float, float]] = []
    left = 0.0
    for visit in reversed(trip.visits):
        left += visit.days
        age = max(known - (trip.ended - left), 0.0)
        if visit.days - age > MOMENT:  # else nothing stood there any more, or ever
            open_to.append((visit.state, age, left - age))
    if not open_to:
        return None
    state, age, true = open_to[int(dice.random() * len(open_to))]
    found = Forecast() if past.beyond(state, age) else past.foretell(state, age, dice, walks)
    if found.median is None or found.p85 is None or found.success is None:
        return None
    return true, found.median, found.p85, found.success, trip.success
