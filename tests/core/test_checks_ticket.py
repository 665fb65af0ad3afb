"""The check `ticket`: the file agrees with the pipeline, its item and the log."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.case import Case
from agenticops.core.checks import run
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.ticket import Ticket
from tests.support import ITEM, event, state, ticket, tiny_train

SUBJECT = f"ticket/{ticket().id}"
OPENED = state(SUBJECT, "todo", 1, kind="ticket_opened")
STARTED = state(SUBJECT, "in_progress", 2, OPENED)


def found(one: Ticket, *events: Event) -> list[Finding]:
    return run("ticket", Case(tiny_train(one, events=events), one))


def test_a_ticket_that_agrees() -> None:
    assert found(ticket(), OPENED) == []


@pytest.mark.parametrize(
    ("fields", "code", "words", "hint"),
    [
        ({"mode": "dream"}, "VT302", "unknown mode 'dream'", "plan, make"),
        ({"agent": "ghost"}, "VT303", "unknown agent 'ghost'", "planner, maker"),
        ({"phase": "limbo", "id": f"limbo_{ITEM}"}, "VT301", "unknown phase 'limbo'", "shape, build, ship"),
        ({"id": f"build_{ITEM}"}, "VT308", "disagrees", "restore"),
        ({"item": "7", "id": "shape_7"}, "VT309", "work item 7 is missing", "docs/work/7.md"),
    ],
)
def test_unknown_names_are_found(fields: dict[str, Any], code: str, words: str, hint: str) -> None:
    one = ticket(**fields)
    findings = found(one, state(f"ticket/{one.id}", "todo", 1, kind="ticket_opened"))
    assert [f.code for f in findings] == [code]
    assert words in findings[0].message
    assert hint in findings[0].hint
    assert findings[0].path == one.path


def test_a_ticket_that_nobody_opened() -> None:
    assert [f.code for f in found(ticket())] == ["VT311"]
    other = event("bullet_ticked", SUBJECT, 1)
    assert [f.code for f in found(ticket(), other)] == ["VT311"]


def test_a_status_that_was_edited_by_hand() -> None:
    (finding,) = found(ticket(status="done"), OPENED, STARTED)
    assert finding.code == "VT305"
    assert "set it back to in_progress" in finding.hint


def test_a_block_holds_with_its_reason() -> None:
    blocked = state(SUBJECT, "blocked", 3, STARTED, kind="ticket_blocked")
    (finding,) = found(ticket(status="blocked", blocked_by="the vendor"), OPENED, STARTED, blocked)
    assert (finding.code, finding.message) == ("VT306", "blocked: the vendor")
    assert f"agenticops ticket unblock {ticket().id}" in finding.hint


def test_a_fork_of_the_ticket_and_one_of_its_item_are_both_shown() -> None:
    cancelled = state(SUBJECT, "cancelled", 3, OPENED, kind="ticket_cancelled")
    moved = state(f"item/{ITEM}", ticket().id, 4)
    elsewhere = state(f"item/{ITEM}", f"build_{ITEM}", 5)
    findings = found(ticket(status="in_progress"), OPENED, STARTED, cancelled, moved, elsewhere)
    assert [f.code for f in findings] == ["VT307", "VT307"]
    assert "cancelled and in_progress" in findings[0].message
    assert f"item/{ITEM} went to build_{ITEM} and shape_{ITEM}" in findings[1].message
    assert f"agenticops work resolve {ITEM} --keep TICKET" in findings[0].hint


def test_equal_steps_of_two_clones_are_no_fork() -> None:
    assert found(ticket(status="in_progress"), OPENED, STARTED, state(SUBJECT, "in_progress", 3, OPENED)) == []
