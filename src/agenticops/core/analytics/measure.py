"""Measures of durations and outcomes: quantiles, and how far a share is to be believed. Durations are in days."""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

# Two sides of 95 %, in standard deviations.
Z = 1.959964


class Share(Struct, frozen=True):
    """So many of so many, and between what the true share lies with 95 % (Wilson's interval)."""

    hits: int
    n: int
    share: float | None
    low: float
    high: float


def quantile(ordered: Sequence[float], q: float) -> float | None:
    """Give a quantile of values in order, between two values by their distance; None of none."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * q
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def share(hits: int, n: int) -> Share:
    """Judge a share by the number of cases: of three that went well nobody knows much."""
    if not n:
        return Share(0, 0, None, 0.0, 1.0)
    p, z2 = hits / n, Z * Z
    middle, spread = p + z2 / (2 * n), Z * math.sqrt((p * (1 - p) + z2 / (4 * n)) / n)
    low, high = (middle - spread) / (1 + z2 / n), (middle + spread) / (1 + z2 / n)
    return Share(hits, n, p, max(0.0, low), min(1.0, high))
