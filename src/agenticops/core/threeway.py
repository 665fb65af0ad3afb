"""Merging sequences of three sides: an order for keys, hunks for lines. Swapped sides give the same, swapped."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple


class Piece(NamedTuple):
    """A stretch of lines: settled (`ours` is `theirs`), or changed by both sides in different ways."""

    base: list[str]
    ours: list[str]
    theirs: list[str]


class _Hunk(NamedTuple):
    """The lines `[low, high)` of the base, replaced by one side."""

    low: int
    high: int
    side: int
    fresh: list[str]


def weave(base: Sequence[str], ours: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """Order the union of three lists of keys: the base's order, or that of the side that moved keys.

    Where both moved some, the lesser order counts. A new key follows the key that it follows on its side; where both
    sides put some, the lesser group comes first.
    """
    known = set(base)
    orders = [[key for key in dict.fromkeys(side) if key in known] for side in (ours, theirs)]
    sets = [set(order) for order in orders]
    still = [order == [key for key in base if key in own] for order, own in zip(orders, sets, strict=True)]
    spine = list(dict.fromkeys(base))
    if not all(still):
        spine = _grafted(min(order for order, same in zip(orders, still, strict=True) if not same), spine)
    groups = [_groups(side, known) for side in (ours, theirs)]
    found: list[str] = []
    for anchor in (None, *spine):
        if anchor is not None:
            found.append(anchor)
        for group in sorted(g.get(anchor, []) for g in groups):
            found += group
    return list(dict.fromkeys(found))


def _grafted(order: list[str], spine: list[str]) -> list[str]:
    """Put the keys that an order lacks behind those that they follow in the spine."""
    groups = _groups(spine, set(order))
    return [key for anchor in (None, *order) for key in ([anchor] if anchor else []) + groups.get(anchor, [])]


def _groups(keys: Iterable[str], known: set[str]) -> dict[str | None, list[str]]:
    """Gather the keys that are not known by the known key that they follow."""
    groups: dict[str | None, list[str]] = {}
    anchor: str | None = None
    for key in keys:
        if key in known:
            anchor = key
        else:
            groups.setdefault(anchor, []).append(key)
    return groups


def pieces(base: list[str], ours: list[str], theirs: list[str]) -> Iterator[Piece]:
    """Cut three texts into settled stretches and disputed ones, in order.

    A line carries the blank lines above it. Changes that touch are apart when such a blank line stands between them.
    """
    sides = (ours, theirs)
    hunks = sorted((h for n, side in enumerate(sides) for h in _hunks(base, side, n)), key=lambda h: h[:3])
    at = 0
    for group in _overlapping(hunks, base):
        low, high = group[0].low, max(h.high for h in group)
        yield _settled(base[at:low])
        changed = [_applied(base, low, high, [h for h in group if h.side == n]) for n in (0, 1)]
        involved = {h.side for h in group}
        yield Piece(base[low:high], *changed) if len(involved) == 2 else _settled(changed[involved.pop()])
        at = high
    yield _settled(base[at:])


def _settled(lines: list[str]) -> Piece:
    return Piece(lines, lines, lines)


def _overlapping(hunks: list[_Hunk], base: list[str]) -> Iterator[list[_Hunk]]:
    group: list[_Hunk] = []
    high = 0
    for hunk in hunks:
        if group and (hunk.low > high or (hunk.low == high and _apart(group, hunk, base))):
            yield group
            group = []
        high = max(high, hunk.high) if group else hunk.high
        group.append(hunk)
    if group:
        yield group


def _apart(group: list[_Hunk], hunk: _Hunk, base: list[str]) -> bool:
    """Tell whether a hunk that starts where a group ends is parted from it by a blank line."""
    if hunk.low == hunk.high and any(h.low == h.high == hunk.low for h in group):
        return False  # both sides insert here
    words = {line.strip() for line in hunk.fresh}
    if any(line.strip() in words for h in group if h.side != hunk.side for line in h.fresh):
        return False  # both sides bring the same line
    first = [*base[hunk.low : min(hunk.low + 1, hunk.high)], *hunk.fresh[:1]]
    return all(line.startswith("\n") for line in first)


def _applied(base: list[str], low: int, high: int, hunks: list[_Hunk]) -> list[str]:
    lines: list[str] = []
    for hunk in hunks:
        lines += [*base[low : hunk.low], *hunk.fresh]
        low = hunk.high
    return lines + base[low:high]


def _hunks(base: list[str], side: list[str], number: int) -> Iterator[_Hunk]:
    low = start = 0
    for b, s in (*_matches(base, side), (len(base), len(side))):
        if (b, s) != (low, start):
            yield _Hunk(low, b, number, side[start:s])
        low, start = b + 1, s + 1


def _matches(a: list[str], b: list[str]) -> list[tuple[int, int]]:
    """Pair equal lines: what starts and ends alike, then lines that stand once on each side, then between those."""
    pairs: list[tuple[int, int]] = []
    todo = [(0, len(a), 0, len(b))]
    while todo:
        a_low, a_high, b_low, b_high = todo.pop()
        while a_low < a_high and b_low < b_high and a[a_low] == b[b_low]:
            pairs.append((a_low, b_low))
            a_low, b_low = a_low + 1, b_low + 1
        while a_low < a_high and b_low < b_high and a[a_high - 1] == b[b_high - 1]:
            a_high, b_high = a_high - 1, b_high - 1
            pairs.append((a_high, b_high))
        anchors = _anchors(a, a_low, a_high, b, b_low, b_high)
        for i, j in anchors:
            todo.append((a_low, i, b_low, j))
            pairs.append((i, j))
            a_low, b_low = i + 1, j + 1
        if anchors:
            todo.append((a_low, a_high, b_low, b_high))
    return sorted(pairs)


def _anchors(a: list[str], a_low: int, a_high: int, b: list[str], b_low: int, b_high: int) -> list[tuple[int, int]]:
    """Give the longest run of pairs in order among the lines that stand once in each stretch (patience diff)."""
    if a_low == a_high or b_low == b_high:
        return []
    counts = Counter(a[a_low:a_high]), Counter(b[b_low:b_high])
    places = {b[j]: j for j in range(b_low, b_high)}
    tails: list[int] = []
    ends: list[tuple[int, int]] = []
    back: dict[int, tuple[int, int] | None] = {}
    for i in range(a_low, a_high):
        if counts[0][a[i]] != 1 or counts[1][a[i]] != 1:
            continue
        j = places[a[i]]
        at = bisect_left(tails, j)
        back[j] = ends[at - 1] if at else None
        tails[at:] = [j, *tails[at + 1 :]]
        ends[at:] = [(i, j), *ends[at + 1 :]]
    chain, last = list[tuple[int, int]](), ends[-1] if ends else None
    while last is not None:
        chain.append(last)
        last = back[last[1]]
    return chain[::-1]
