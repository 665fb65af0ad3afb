"""The hand-off packet: one page within its budget, the same for the same content, and read back as it was written."""

from __future__ import annotations

import random

import pytest

from agenticops.core import packet
from agenticops.core.packet import LIMIT, Packet, Section
from tests.tokenizer import counted

TITLES = (
    *("Next steps", "Blockers", "Notes", "Open to-dos", "Gate findings", "Open required bullets", "Artifacts"),
    *("Evidence", "Decisions", "Done in this session", "Open risks"),
)
WORST = {
    "english": "Write down what the nurses of ward seven said about refills that arrive late, and why it matters ",
    "chinese": "護士們說第七病房的補充藥物總是太晚送達，請在下一次會議之前把原因寫下來 ",
    "emoji": "🧪🚀👩‍⚕️🏥 ",
    "symbols": "⟦⟧∮∯⨌⫷⫸𝔄𝔅ℵ☃︎ ",
    "digests": "3f9c0d8ea7712b64e5d0c1ff98ab76d2 ",
    "controls": "\x1b[31m\u202eabc\x07 ",
}


def full(words: str, number: int = 200) -> Packet:
    """A packet with as many lines everywhere as a long session may have."""
    lines = tuple(f"{n} {words * 4}" for n in range(number))
    sections = tuple(Section(t, lines, "agenticops checklist show implementation_t01234567-12") for t in TITLES)
    head = ("s-01m7yj54fkh7kst04jh5vtb5az", "implementation_t01234567-12", words * 9, "implementation", "build")
    return Packet(*head, agent="onboarder", to="evaluator", sections=sections)


@pytest.mark.parametrize("words", WORST.values(), ids=WORST)
def test_the_page_keeps_its_budget(words: str) -> None:
    page = packet.page(packet.fit(full(words)))
    assert counted(page) <= LIMIT == 1200
    assert all(f"## {title}\n" in page for title in TITLES), "no section vanishes without a word"
    assert "more: `agenticops checklist show" in page
    assert all(c.isprintable() or c == "\n" for c in page)


@pytest.mark.parametrize("seed", range(20))
def test_random_packets_keep_it_too(seed: int) -> None:
    dice = random.Random(seed)
    sections = tuple(
        Section(
            t, tuple(dice.choice(list(WORST.values())) * dice.randrange(6) for _ in range(dice.randrange(30))), "x y"
        )
        for t in TITLES
    )
    found = packet.fit(Packet("s-1", "shape_1", "Refills", "shape", "plan", "planner", sections=sections))
    assert counted(packet.page(found)) <= LIMIT


def test_a_short_one_is_not_cut_and_empty_sections_are_left_out() -> None:
    sections = (Section("Notes", ("leak in age",), "agenticops session show"), Section("Blockers", (), "x"))
    found = packet.fit(Packet("s-1", "shape_1", "Refills", "shape", "plan", "planner", "maker", sections))
    assert packet.page(found) == (
        "# shape_1: Refills\n\nplanner → maker · phase shape · mode plan\n\n## Notes\n\n- leak in age\n\n"
        "`agenticops session show`\n"
    )
    assert found.lines("Notes") == ("leak in age",) and found.lines("Blockers") == ()


def test_what_is_kept_reads_back_and_a_change_is_seen() -> None:
    found = packet.fit(full(WORST["english"]))
    kept = packet.kept(found)
    assert packet.read(kept) == found and kept["sha256"] == packet.digest(found)
    assert packet.read({**kept, "title": "Another"}) is None
    assert packet.read({"sha256": "x"}) is None and packet.read("no packet") is None
