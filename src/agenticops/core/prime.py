"""Priming: sections of lines become a text that keeps a budget of tokens; what was left out is said, with the command.

A section is given its share first, the most important one before the others; what is left over then goes round in the
same order. So two hundred to-dos do not push the next command out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agenticops.core.tokens import estimate
from agenticops.model.plain import clean

# What one line may cost before it is shortened.
LINE = 48
_MARK = "…"


class Section(NamedTuple):
    """Lines under a title; `more` is the command that shows them all, `rank` 0 is served first with `share` tokens."""

    title: str
    lines: Sequence[str]
    more: str
    rank: int
    share: int


def fit(sections: Sequence[Section], budget: int) -> str:
    """Write the sections in their order, within a budget of tokens."""
    wanted = [s for s in sections if s.lines]
    order = sorted(range(len(wanted)), key=lambda n: wanted[n].rank)
    costs = [[estimate(line + "\n") for line in s.lines] for s in wanted]
    taken, spent = [0] * len(wanted), [0] * len(wanted)
    left = budget
    for most in (False, True):
        for n in order:
            limit = spent[n] + (left if most else min(wanted[n].share, left))
            left += spent[n]
            taken[n], spent[n] = _take(wanted[n], costs[n], limit)
            left -= spent[n]
    return "\n".join(_shown(wanted[n], taken[n]) for n in range(len(wanted)) if spent[n])


def shorten(text: str, most: int = LINE) -> str:
    """Make a user's words one harmless line of at most so many tokens."""
    words = clean(" ".join(text[: most * 40].split()))
    if estimate(words) <= most:
        return words if len(text) <= most * 40 else words + _MARK
    low, high = 0, len(words)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if estimate(words[:middle] + _MARK) <= most else (low, middle - 1)
    return words[:low].rstrip() + _MARK


def _take(section: Section, costs: list[int], limit: int) -> tuple[int, int]:
    """Count the lines that a limit allows, and what they cost; nothing costs nothing."""
    head = estimate(_head(section) + "\n\n")
    if head + sum(costs) <= limit:
        return len(costs), head + sum(costs)
    total, number = head + estimate(_rest(section, len(costs)) + "\n"), 0
    if total > limit:
        return 0, 0
    for cost in costs:
        if total + cost > limit:
            break
        total, number = total + cost, number + 1
    return number, total


def _shown(section: Section, taken: int) -> str:
    rows = [_head(section)] if section.title else []
    rows += section.lines[:taken]
    if taken < len(section.lines):
        rows.append(_rest(section, len(section.lines) - taken))
    return "".join(row + "\n" for row in rows)


def _head(section: Section) -> str:
    return f"## {section.title}" if section.title else ""


def _rest(section: Section, number: int) -> str:
    return f"{_MARK} {number} more lines: {section.more}"
