"""Measures: quantiles and shares, held against the standard library and known values."""

from __future__ import annotations

import random
from statistics import quantiles

import pytest

from agenticops.core.analytics import measure


def test_quantiles_are_those_of_the_standard_library() -> None:
    dice = random.Random(1)
    values = sorted(dice.expovariate(1) for _ in range(101))
    hundredths = quantiles(values, n=100, method="inclusive")
    assert measure.quantile(values, 0.85) == pytest.approx(hundredths[84])
    assert measure.quantile(values, 0.5) == pytest.approx(hundredths[49])


def test_of_nothing_nothing_is_said() -> None:
    assert measure.quantile([], 0.5) is None
    assert measure.share(0, 0).share is None


def test_a_share_of_few_is_believed_less() -> None:
    few, many = measure.share(3, 3), measure.share(300, 300)
    assert (few.share, many.share) == (1.0, 1.0)
    assert few.low == pytest.approx(0.4385, abs=1e-3) and many.low > 0.98
    assert measure.share(5, 10).low == pytest.approx(0.2366, abs=1e-3)
