"""Three-way sequences: an order for keys, and what of a text is settled."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.threeway import pieces, weave

KEYS = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6)
LINES = st.lists(st.sampled_from(["a\n", "b\n", "\nc\n", "\nd\n", "\n\ne\n"]), max_size=8)


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "wanted"),
    [
        ("abc", "axbc", "abcy", "axbcy"),
        ("abc", "abcz", "abcy", "abcyz"),
        ("abc", "acb", "abcx", "acxb"),  # the side that moved gives the order
        ("abc", "ab", "axbc", "axbc"),
        ("", "ba", "b", "ba"),
        ("abc", "xabc", "xabc", "xabc"),
    ],
)
def test_keys_are_woven(base: str, ours: str, theirs: str, wanted: str) -> None:
    assert "".join(weave(base, ours, theirs)) == "".join(weave(base, theirs, ours)) == wanted


@given(KEYS, KEYS, KEYS)
def test_weaving_takes_no_side_and_loses_nothing(base: list[str], ours: list[str], theirs: list[str]) -> None:
    found = weave(base, ours, theirs)
    assert found == weave(base, theirs, ours)
    assert sorted(found) == sorted({*base, *ours, *theirs})
    assert [k for k in weave(base, ours, base) if k in ours] == ours


@given(LINES, LINES)
def test_what_one_side_changed_is_taken_as_it_is(base: list[str], ours: list[str]) -> None:
    for sides in ((ours, base), (base, ours), (ours, ours)):
        found = list(pieces(base, *sides))
        assert all(p.ours == p.theirs for p in found)
        assert [line for p in found for line in p.ours] == ours


@given(LINES, LINES, LINES)
def test_disputes_are_the_same_from_both_sides(base: list[str], ours: list[str], theirs: list[str]) -> None:
    there, back = list(pieces(base, ours, theirs)), list(pieces(base, theirs, ours))
    assert [(p.base, p.ours, p.theirs) for p in there] == [(p.base, p.theirs, p.ours) for p in back]


def texts(base: str, ours: str, theirs: str) -> list[tuple[str, str, str]]:
    cut = [[f"\n{c}\n" for c in side] for side in (base, ours, theirs)]
    return [("".join(p.base), "".join(p.ours), "".join(p.theirs)) for p in pieces(*cut) if p.ours != p.theirs]


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "disputes"),
    [
        ("abcd", "Xbcd", "abcY", 0),
        ("abcd", "aXcd", "abYd", 0),  # neighbours, parted by a blank line
        ("ab", "aX", "abN", 0),  # the last one is changed, another added behind it
        ("ab", "aX", "aY", 1),
        ("ab", "abX", "abY", 1),
        ("ab", "b", "Xb", 1),
    ],
)
def test_only_what_both_touched_is_disputed(base: str, ours: str, theirs: str, disputes: int) -> None:
    assert len(texts(base, ours, theirs)) == disputes
