"""Priming texts keep their budget, whatever they are made of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.prime import Section, fit, shorten
from agenticops.core.tokens import estimate

LINES = st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=80).map(shorten), max_size=30)
SECTIONS = st.lists(
    st.builds(
        Section,
        st.sampled_from(["", "Session", "Next"]),
        LINES,
        st.just("agenticops status"),
        st.integers(0, 9),
        st.integers(0, 400),
    ),
    max_size=8,
)


def section(title: str, number: int, rank: int, share: int = 50) -> Section:
    return Section(title, [f"- {title} {n}" for n in range(number)], f"agenticops {title}", rank, share)


def test_what_fits_is_all_there_in_its_order() -> None:
    assert fit([section("one", 2, 9), section("none", 0, 0), section("two", 1, 0)], 200) == (
        "## one\n- one 0\n- one 1\n\n## two\n- two 0\n"
    )


def test_a_long_section_does_not_push_a_later_one_out() -> None:
    found = fit([section("long", 500, 0), section("last", 2, 5)], 200)
    assert "- last 1\n" in found and "- long 0\n" in found
    shown = found.count("- long")
    assert f"… {500 - shown} more lines: agenticops long\n" in found


def test_what_is_left_over_goes_to_the_first_in_rank() -> None:
    low, high = section("low", 40, 2, 30), section("high", 40, 1, 30)
    found = fit([low, high], 300)
    assert found.count("- high") > found.count("- low") > 0


def test_a_section_without_room_is_left_out() -> None:
    assert fit([section("one", 2, 0), section("two", 2, 1)], 25) == "## one\n- one 0\n- one 1\n"


@given(sections=SECTIONS, budget=st.integers(0, 600))
def test_the_budget_holds(sections: list[Section], budget: int) -> None:
    assert estimate(fit(sections, budget)) <= budget + 1


@given(text=st.text(), most=st.integers(4, 60))
def test_a_shortened_line_is_one_harmless_line(text: str, most: int) -> None:
    found = shorten(text, most)
    assert estimate(found) <= most and (found.isprintable() or not found)


def test_a_short_text_stays_as_it_is() -> None:
    assert shorten("Ask the\n nurses") == "Ask the nurses"
    assert shorten("many words " * 100, 10).endswith("…")
