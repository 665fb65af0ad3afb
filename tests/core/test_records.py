"""The folds of firings, deliveries, notices and meetings: the same whatever the order in which events are met."""

from __future__ import annotations

import random
from typing import Any

import pytest

from agenticops.core import records
from agenticops.model.event import Event
from agenticops.model.record import Delivery
from tests.support import event

ADDED = ("outbox_added", {"channel": "email", "payload": {"to": "a"}, "key": "o1", "firing": "f1", "action": 0})
TRIED = ("outbox_tried", {"attempt": 1, "error": "no answer", "next_at": "2030"})
SENT = ("outbox_delivered", {"attempt": 2, "answer": {"id": 7}})
DEAD = ("outbox_dead", {"attempts": 5, "error": "gone"})
AGAIN = ("outbox_retried", {})


def made(subject: str, *steps: tuple[str, dict[str, Any]]) -> list[Event]:
    return [event(kind, subject, number=n, lamport=n, data=data) for n, (kind, data) in enumerate(steps, 1)]


def delivery(*steps: tuple[str, dict[str, Any]]) -> Delivery:
    events = made("outbox/o1", *steps)
    found = records.delivery(events)
    assert found is not None
    shuffled = events * 2
    random.Random(1).shuffle(shuffled)
    assert records.delivery(list({e.id: e for e in shuffled}.values())) == found
    return found


@pytest.mark.parametrize(
    ("steps", "status", "attempts"),
    [
        ((ADDED,), "queued", 0),
        ((ADDED, TRIED), "trying", 1),
        ((ADDED, TRIED, TRIED), "trying", 2),
        ((ADDED, TRIED, SENT), "delivered", 1),
        ((ADDED, TRIED, DEAD), "dead", 1),
        ((ADDED, DEAD, TRIED), "dead", 0),
        ((ADDED, DEAD, AGAIN), "queued", 0),
        ((ADDED, TRIED, AGAIN), "trying", 1),
        ((ADDED, SENT, DEAD), "delivered", 0),
        ((ADDED, SENT, TRIED), "delivered", 0),
        ((ADDED, SENT, AGAIN), "delivered", 0),
        ((ADDED, DEAD, SENT), "delivered", 0),
    ],
)
def test_how_a_delivery_stands(steps: Any, status: str, attempts: int) -> None:
    found = delivery(*steps)
    assert (found.status, found.attempts) == (status, attempts)
    assert bool(found.due) == (status in ("queued", "trying"))


def test_a_delivery_keeps_what_it_is_and_what_was_answered() -> None:
    found = delivery(ADDED, TRIED, SENT)
    assert (found.channel, found.payload, found.key, found.firing, found.action) == (
        "email",
        {"to": "a"},
        "o1",
        "f1",
        "0",
    )
    assert (found.answer, found.error) == ({"id": 7}, "")
    assert delivery(ADDED, TRIED).due == "2030"
    assert delivery(ADDED, DEAD).error == "gone"


def test_without_its_beginning_there_is_no_record() -> None:
    assert records.delivery(made("outbox/o1", TRIED)) is None
    assert records.meeting(made("meeting/m1", ("meeting_held", {}))) is None
    assert records.firing(made("firing/f1", ("noted", {}))) is None


def test_what_was_voided_does_not_count() -> None:
    events = made("outbox/o1", ADDED, SENT)
    void = event("voided", "outbox/o1", number=9, lamport=9, data={"events": [events[1].id]})
    found = records.delivery([*events, void])
    assert found is not None and found.status == "queued"


def test_the_first_firing_counts() -> None:
    fired = ("rule_fired", {"rule": "pm", "event": "E1", "depth": 1})
    cut = ("rule_cut", {"rule": "pm", "event": "E1", "why": "max"})
    first = records.firing(made("firing/f1", fired, cut))
    assert first is not None and (first.rule, first.event, first.depth, first.cut) == ("pm", "E1", 1, "")
    second = records.firing(made("firing/f1", cut, fired))
    assert second is not None and second.cut == "max"


def test_notices_are_read_by_name_or_all_that_came_before() -> None:
    told = ("notified", {"text": "look"})
    events = made("inbox/ada", told, told, ("notice_read", {}), told)
    assert [bool(n.read) for n in records.notices(events)] == [True, True, False]
    named = [*events, event("notice_read", "inbox/ada", number=9, lamport=9, data={"notices": [events[3].id]})]
    found = records.notices(named)
    assert all(n.read for n in found)
    assert [n.who for n in found] == ["ada"] * 3


def test_a_meeting_is_moved_called_off_called_again_and_held() -> None:
    called = ("meeting_called", {"purpose": "kick-off", "starts": "1", "agenda": ["a"]})
    moved, off = ("meeting_moved", {"starts": "2"}), ("meeting_moved", {"off": True, "reason": "rain"})
    held = ("meeting_held", {"outcome": "go"})
    for steps, status, starts in (
        ((called,), "called", "1"),
        ((called, moved), "called", "2"),
        ((called, off), "off", "1"),
        ((called, off, moved), "called", "2"),
        ((called, moved, held), "held", "2"),
        ((called, held, off), "held", "1"),
    ):
        found = records.meeting(made("meeting/m1", *steps))
        assert found is not None and (found.status, found.starts) == (status, starts), steps
        assert found.data["agenda"] == ["a"]
