"""Forecasts: what was drawn from a known process is foretold as it is, and the back-test tells good from bad."""

from __future__ import annotations

import random

import pytest

from agenticops.core.analytics import forecast
from agenticops.core.analytics.forecast import FAILURE, SUCCESS, Past, Trip, Visit


def trips(n: int, seed: int, slow: float = 1.0, first: float = 0.0) -> list[Trip]:
    """Draw trips: a takes 2 days on average, then 70 % go on to b (5 days) and end well, the others fail at once.

    Ten begin a day.
    """
    dice = random.Random(seed)
    found = []
    for number in range(n):
        well = dice.random() < 0.7
        a = Visit("a", dice.expovariate(1 / 2) * slow, "b" if well else FAILURE)
        b = Visit("b", dice.expovariate(1 / 5) * slow, SUCCESS)
        visits = (a, b) if well else (a,)
        found.append(Trip(visits, well, first + number / 10 + sum(visit.days for visit in visits)))
    return sorted(found, key=lambda trip: trip.ended)


def test_what_is_known_is_foretold() -> None:
    found = Past(trips(3000, 1)).foretell("b", 0, random.Random(2))
    assert found.success == 1.0
    assert found.median == pytest.approx(5 * 0.693, rel=0.1)
    assert found.p85 == pytest.approx(5 * 1.897, rel=0.1)
    start = Past(trips(3000, 1)).foretell("a", 0, random.Random(2))
    assert start.success == pytest.approx(0.7, abs=0.04)


def test_who_stands_for_long_already_is_not_taken_for_a_beginner() -> None:
    past = Past(
        [Trip((Visit("a", 1.0 if n % 2 else 9.0, SUCCESS if n % 2 else FAILURE),), bool(n % 2), 9.0) for n in range(40)]
    )
    fresh, old = (past.foretell("a", age, random.Random(3)) for age in (0, 4))
    assert fresh.success == pytest.approx(0.5, abs=0.05)
    assert (old.success, old.median) == (0.0, 5.0)
    beyond = past.foretell("a", 20, random.Random(3))
    assert beyond.median == 0.0


def test_of_little_nothing_is_foretold() -> None:
    assert Past(trips(5, 1)).foretell("a", 0, random.Random(1)) == forecast.Forecast()
    assert Past(trips(50, 1)).foretell("z", 0, random.Random(1)) == forecast.Forecast()
    assert forecast.backtest(trips(9, 1)).asked == 0


def test_a_seed_gives_the_same_again() -> None:
    assert forecast.backtest(trips(300, 1), seed=4) == forecast.backtest(trips(300, 1), seed=4)


def test_forecasts_of_a_steady_process_are_calibrated() -> None:
    found = forecast.backtest(trips(2000, 5), seed=1)
    assert found.asked == forecast.ASKED
    assert found.within_median == pytest.approx(0.5, abs=0.12)
    assert found.within_p85 == pytest.approx(0.85, abs=0.08)
    assert found.brier is not None and found.base is not None and found.brier < found.base


def test_a_process_that_became_slower_is_told_by_the_back_test() -> None:
    found = forecast.backtest([*trips(600, 5), *trips(300, 6, slow=4, first=100)], seed=1)
    assert found.within_p85 is not None and found.within_p85 < 0.6


def test_the_back_test_asks_nothing_that_nobody_could_know() -> None:
    # All begin on one day and take 1 to 30 days: when the last of the past ended, the later ones had stood there longer
    # than any before.
    race = [Trip((Visit("a", float(n), SUCCESS),), True, float(n)) for n in range(1, 31)]
    assert forecast.backtest(race).asked == 0
    # These are on their way when the past becomes known, on day 10: they are asked where they stand then.
    past = [Trip((Visit("a", 4.0 if n % 2 else 8.0, SUCCESS),), True, 10.0) for n in range(20)]
    found = forecast.backtest([*past, *(Trip((Visit("a", 8.0, SUCCESS),), True, 13.0) for _ in range(10))])
    assert (found.asked, found.learnt, found.error, found.within_median) == (10, 20, pytest.approx(0), 1.0)
