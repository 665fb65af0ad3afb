"""Comparing pipelines in words, and what a newer one makes of tickets in flight."""

from __future__ import annotations

import pytest

from agenticops.core import documents, simulate
from agenticops.core.train import Train
from agenticops.model.finding import Finding
from agenticops.model.ticket import Ticket
from tests.support import BRIEF, ITEM, TINY, ticket, tiny_train

NOW = "2026-01-01T10:00:00.000Z"
GATES = "\ngates:\n  default:\n    checks: [{}]\n"
PLAIN = "checklist, artifacts, ticket, session"


def pipeline(*swaps: tuple[str, str], more: str = "") -> str:
    text = TINY
    for old, new in swaps:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text + more


def told(*swaps: tuple[str, str], more: str = "") -> list[tuple[str, str, str, str]]:
    new = documents.read_pipeline(pipeline(*swaps, more=more).encode())
    old = documents.read_pipeline(TINY.encode())
    return [(c.noun, c.name, c.change, c.words) for c in simulate.changes(old, new)]


def train(text: str = TINY, *tickets: Ticket, **files: str) -> Train:
    return tiny_train(*tickets, files={"config/pipeline.yml": text, **files})


def hurt(ticket: Ticket, text: str, files: dict[str, str] | None = None) -> list[Finding]:
    """What a changed pipeline makes of a ticket; both trains hold the same files."""
    before, after = (train(t, ticket, **(files or {})) for t in (TINY, text))
    return simulate.hurt(simulate.Rails(before, after, NOW), ticket)


def test_equal_pipelines_differ_in_nothing() -> None:
    assert told() == []


@pytest.mark.parametrize(
    ("swap", "row"),
    [
        (("next: [shape, ship]", "next: [ship]"), ("edge", "build → shape", "removed", "")),
        (("next: [build]", "next: [build, ship]"), ("edge", "shape → ship", "added", "")),
        (("    done: true\n", "    next: [shape]\n"), ("edge", "ship → done", "removed", "")),
        (("title: Tiny train", "title: Small"), ("pipeline", "title", "changed", "Tiny train → Small")),
        (("artifacts: [plan]", "artifacts: [plan, brief]"), ("phase", "build", "changed", "artifacts: gains brief")),
        (("inputs: [brief]", "inputs: []"), ("phase", "build", "changed", "inputs: loses brief")),
        (("mode: plan", "mode: make"), ("phase", "shape", "changed", "mode: plan → make")),
        (("headings: [Goal]", "headings: [Cost, Goal]"), ("artifact", "brief", "changed", "headings: gains Cost")),
        (("next: [shape, ship]", "next: [ship, shape]"), ()),
    ],
)
def test_each_difference_is_said_in_words(swap: tuple[str, str], row: tuple[str, ...]) -> None:
    assert (row in told(swap)) if row else told(swap) == []


def test_definitions_come_and_go() -> None:
    rows = told(("  maker:\n    title: Maker\n", "  smith:\n    title: Smith\n"))
    assert ("agent", "maker", "removed", "") in rows and ("agent", "smith", "added", "") in rows


def test_the_default_gate_changes_also_where_it_was_not_written_down() -> None:
    (row,) = told(more=GATES.format(f"{PLAIN}, {{check: size, max_bytes: 9}}"))
    assert row[:3] == ("gate", "default", "changed") and "checks: gains size (max_bytes=9)" in row[3]


@pytest.mark.parametrize(
    ("swaps", "noun"),
    [
        ([("  plan:\n    title: Plan\n", ""), ("mode: plan", "mode: make")], "mode plan"),
        ([("  planner:\n    title: Planner\n", ""), ("owner: planner", "owner: maker")], "agent planner"),
        ([("  shape:\n    mode: plan", "  sketch:\n    mode: plan"), ("start: shape", "start: sketch")], "phase shape"),
    ],
)
def test_what_is_gone_makes_a_ticket_illegal(swaps: list[tuple[str, str]], noun: str) -> None:
    first = hurt(ticket(), pipeline(*swaps))[0]
    assert (first.code, first.severity) == ("VT812", "error") and noun in first.message


def test_an_edge_that_is_gone_is_a_warning_while_another_is_left() -> None:
    (one,) = hurt(ticket("build"), pipeline(("next: [shape, ship]", "next: [ship]")))
    assert (one.code, one.severity, one.hint) == ("VT812", "warning", "it may still go to ship")
    (one,) = hurt(ticket(), pipeline(("next: [build]", "next: [ship]")))
    assert (one.severity, one.hint) == ("error", "what is left is new: ship")


def test_what_only_the_newer_pipeline_misses_is_owed_anew() -> None:
    files = {f"docs/{ITEM}/brief.md": BRIEF}
    found = hurt(ticket(), pipeline(("headings: [Goal]", "headings: [Goal, Cost]")), files)
    assert [(f.code, f.severity) for f in found] == [("VT813", "warning")] and "Cost" in found[0].message
    assert hurt(ticket(), TINY, files) == []


def test_a_new_check_is_owed_or_holds_already() -> None:
    (owes,) = hurt(ticket("build"), TINY + GATES.format(f"{PLAIN}, inputs"))
    assert (owes.code, owes.severity) == ("VT813", "warning") and "VT213" in owes.message
    (holds,) = hurt(ticket(), TINY + GATES.format(f"{PLAIN}, inputs"))
    assert holds.severity == "info" and "asks for inputs, too; it holds today" in holds.message


def test_a_new_input_of_the_next_phase_is_owed_on_the_way_there() -> None:
    wants = ("    owner: maker\n    done", "    owner: maker\n    inputs: [plan]\n    done")
    found = hurt(ticket("build"), pipeline(wants))
    assert [f.severity for f in found] == ["warning"] and "ship needs plan" in found[0].message


def test_what_was_settled_at_the_opening_is_for_the_next_visit() -> None:
    old, new = "# Plan\n\n- [ ] Ask *\n", "# Plan\n\n- [ ] Ask *\n\n- [ ] Count *\n"
    path = "docs/rules/checklists/plan-checklist.md"
    before = train(TINY, ticket(), **{path: old})
    after = train(pipeline(("artifacts: [brief]", "artifacts: [brief, plan]")), ticket(), **{path: new})
    found = simulate.hurt(simulate.Rails(before, after, NOW), ticket())
    assert [f.severity for f in found] == ["info", "info"]
    assert "the artifact plan from the next visit on" in found[0].message and found[1].message.endswith(": Count")


def test_a_kind_that_no_longer_travels_ends_where_it_is() -> None:
    found = hurt(ticket(), pipeline(("name: tiny\n", "name: tiny\n\nkinds: [CRD]\n")))
    assert [(f.code, f.severity) for f in found if f.code == "VT812"] == [("VT812", "error")]


def test_in_flight_is_what_is_open_on_both_sides() -> None:
    before = train(TINY, ticket(), ticket("build"))
    after = train(TINY, ticket(status="done"), ticket("ship"))
    assert [t.id for t in simulate.in_flight(before, after)] == [f"build_{ITEM}", f"ship_{ITEM}"]
