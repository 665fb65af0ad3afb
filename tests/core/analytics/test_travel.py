"""The journeys of work items, by hand."""

from __future__ import annotations

from agenticops.core.analytics import travel
from agenticops.model.event import Event
from tests.support import ITEM, event, state

SHAPE, BUILD = f"ticket/shape_{ITEM}", f"ticket/build_{ITEM}"


def at(day: int) -> str:
    return f"2026-01-{day:02d}T10:00:00.000Z"


def history() -> dict[str, list[Event]]:
    made = event("item_created", f"item/{ITEM}", 1, prev="", at=at(1), data={"to": "waiting"})
    opened = state(SHAPE, "todo", 2, kind="ticket_opened", at=at(2))
    begun = state(SHAPE, "in_progress", 3, opened, at=at(4))
    held = state(SHAPE, "blocked", 4, begun, kind="ticket_blocked", at=at(5))
    again = state(SHAPE, "in_progress", 5, held, at=at(8))
    done = state(SHAPE, "done", 6, again, kind="ticket_done", at=at(9))
    build = state(BUILD, "todo", 7, kind="ticket_opened", at=at(9))
    gone = event(
        "item_finished", f"item/{ITEM}", 8, prev=made.id, at=at(12), data={"to": "done", "result": "delivered"}
    )
    return {f"item/{ITEM}": [made, gone], SHAPE: [opened, begun, held, again, done], BUILD: [build]}


def test_a_journey_tells_when_it_was_where() -> None:
    (found,) = travel.journeys(history())
    assert (found.item, found.created, found.begun, found.ended) == (ITEM, at(1), at(4), at(12))
    assert found.success is True
    shape, build = found.stops
    assert (shape.phase, shape.entered, shape.begun, shape.left) == ("shape", at(2), at(4), at(9))
    assert [(s.status, s.entered, s.left) for s in shape.spans] == [
        ("todo", at(2), at(4)),
        ("in_progress", at(4), at(5)),
        ("blocked", at(5), at(8)),
        ("in_progress", at(8), at(9)),
    ]
    assert shape.waited(at(20)) == 2 + 3
    assert (build.begun, build.left, build.waited(at(12))) == ("", "", 3)


def test_what_was_cancelled_and_what_is_under_way() -> None:
    events = history()
    cancelled = event(
        "item_finished", f"item/{ITEM}", 8, prev=events[f"item/{ITEM}"][0].id, data={"result": "cancelled"}
    )
    (found,) = travel.journeys({**events, f"item/{ITEM}": [events[f"item/{ITEM}"][0], cancelled]})
    assert found.success is False
    (found,) = travel.journeys({SHAPE: events[SHAPE]})
    assert (found.success, found.ended, found.created) == (None, "", at(2))
    assert travel.journeys({}) == []


def test_of_two_branches_that_did_the_same_one_counts() -> None:
    events = history()
    twin = state(SHAPE, "done", 9, events[SHAPE][3], kind="ticket_done", at=at(11))
    (found,) = travel.journeys({SHAPE: [*events[SHAPE], twin]})
    assert found.stops[0].left == at(9)


def test_a_status_that_is_said_again_goes_on() -> None:
    opened = state(SHAPE, "todo", 1, kind="ticket_opened", at=at(1))
    begun = state(SHAPE, "in_progress", 2, opened, at=at(2))
    other = state(SHAPE, "blocked", 3, opened, kind="ticket_blocked", at=at(3))
    kept = event("fork_resolved", SHAPE, 4, prev=begun.id, at=at(4), data={"to": "in_progress", "drop": [other.id]})
    done = state(SHAPE, "done", 5, kept, kind="ticket_done", at=at(6))
    (found,) = travel.journeys({SHAPE: [opened, begun, other, kept, done]})
    assert [(s.status, s.entered, s.left) for s in found.stops[0].spans] == [
        ("todo", at(1), at(2)),
        ("in_progress", at(2), at(6)),
    ]


def test_phases_follow_each_other_as_the_log_has_them() -> None:
    """The clock of who opened the second was behind."""
    shape = state(SHAPE, "todo", 1, kind="ticket_opened", at=at(2))
    build = state(BUILD, "todo", 2, kind="ticket_opened", at=at(1))
    (found,) = travel.journeys({BUILD: [build], SHAPE: [shape]})
    assert [stop.phase for stop in found.stops] == ["shape", "build"]


def test_as_of_a_time_nothing_is_waited_that_came_later() -> None:
    (found,) = travel.journeys({SHAPE: history()[SHAPE]})
    assert found.stops[0].waited(at(6)) == 2 + 1
    assert found.stops[0].waited(at(3)) == 1
