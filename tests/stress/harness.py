"""What every harness gives: a row of the table, and a mutant that it must catch."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Row(NamedTuple):
    """One line: the goal in words, what was measured, what is wanted, whether it holds."""

    goal: str
    measured: str
    wanted: str
    holds: bool
    note: str = ""


class Harness(NamedTuple):
    """A proof that anyone can run: `scale` 1.0 reaches the figure; `mutant` has no protection, and must not hold."""

    name: str
    run: Callable[[float, int], list[Row]]
    mutant: Callable[[float, int], list[Row]]
