"""Records: instances and entities as folds of their events, whatever order and however often these come."""

from __future__ import annotations

import random
from typing import Any

from agenticops.core.workflow import record
from agenticops.model.event import Draft, Event
from tests.support import event

W, E = "instance/w1", "entity/e1"


def said(kind: str, number: int, prev: Event | str = "", **data: Any) -> Event:
    """Make a state event of the instance."""
    return event(kind, W, number, prev=prev.id if isinstance(prev, Event) else prev, data=data)


def started(number: int = 1, **data: Any) -> Event:
    head = {"template": "HS", "version": "1", "digest": "d", "name": "Roof", "client": "c1"}
    return said("workflow_started", number, to="lead", **{**head, "entities": {"cust": "e1"}, **data})


def told(kind: str, number: int, **data: Any) -> Event:
    """Make an event of the entity."""
    return event(kind, E, number, data={"entity": "quote", **data})


def test_an_instance_travels() -> None:
    begin = started(data={"amount": 3}, item="142")
    quote = said(
        "state_transition", 2, begin, **{"from": "lead"}, to="quote", entities={"quote": "e2"}, data={"odd": 1}
    )
    sent = said("state_transition", 3, quote, **{"from": "quote"}, to="sent", entities={"quote": "e2"})
    found = record.instance([begin, quote, sent])
    assert (found.id, found.template, found.version, found.digest) == ("w1", "HS", "1", "d")
    assert (found.state, found.status, found.last, found.item, found.client) == ("sent", "active", sent.id, "142", "c1")
    assert [(s.source, s.to) for s in found.history] == [("", "lead"), ("lead", "quote"), ("quote", "sent")]
    assert found.data == {"amount": 3, "odd": 1} and found.entities == {"cust": "e1", "quote": "e2"}
    assert found.created == (("lead", "cust", "e1"), ("quote", "quote", "e2")) and found.lost == ()
    done = said("state_transition", 4, sent, **{"from": "sent"}, to="paid", end="success")
    over = record.instance([begin, quote, sent, done])
    assert (over.status, over.ended, over.entities) == ("completed", done.at, found.entities)


def test_what_comes_along_was_not_created_on_the_way() -> None:
    found = record.instance([started(linked={"cust": "e1"})])
    assert found.entities == {"cust": "e1"} and found.created == ()


def test_an_instance_is_held_and_given_up() -> None:
    begin = started()
    held = said("workflow_paused", 2, begin, to="lead", reason="permit")
    on = said("workflow_resumed", 3, held, to="lead")
    off = said("workflow_cancelled", 4, on, to="lead", reason="moved away")
    stages = [record.instance([begin, held, on, off][:n]) for n in (2, 3, 4)]
    assert [i.status for i in stages] == ["paused", "active", "cancelled"]
    assert [i.reason for i in stages] == ["permit", "", "moved away"]
    assert all(len(i.history) == 1 and i.entered == begin.at for i in stages) and stages[2].ended == off.at


def test_a_migration_goes_on_by_another_version() -> None:
    begin = started()
    moved = said("workflow_migrated", 2, begin, **{"from": "lead"}, to="call", version="2", digest="f")
    found = record.instance([begin, moved])
    assert (found.state, found.version, found.digest, found.template) == ("call", "2", "f", "HS")


def test_of_two_ways_the_first_counts_and_the_rest_is_lost() -> None:
    begin = started()
    mine = said("state_transition", 2, begin, to="quote", entities={"quote": "e2"})
    theirs = said("state_transition", 3, begin, to="onboard", entities={"cust": "e9"})
    after = said("state_transition", 4, theirs, to="sent")
    on = said("state_transition", 5, mine, to="sent")
    events = [begin, mine, theirs, after, on]
    found = record.instance(events)
    assert found.state == "sent" and [s.event for s in found.history] == [begin.id, mine.id, on.id]
    assert found.lost == (theirs.id, after.id) and found.entities == {"cust": "e1", "quote": "e2"}
    for seed in range(8):
        random.Random(seed).shuffle(events)
        assert record.instance(events) == found


def test_the_same_step_on_two_clones_is_one() -> None:
    begin = started()
    one = said("state_transition", 2, begin, to="quote", entities={"quote": "e2"}, data={"a": 1, "both": 1})
    same = said("state_transition", 3, begin, to="quote", entities={"quote": "e2"}, data={"b": 2, "both": 2})
    on = said("state_transition", 4, same, to="sent")
    found = record.instance([begin, one, same, on])
    assert found.state == "sent" and found.lost == () and [s.to for s in found.history] == ["lead", "quote", "sent"]
    assert found.data == {"a": 1, "b": 2, "both": 2} and len(found.created) == 2


def test_who_gave_up_is_not_brought_back_by_another_branch() -> None:
    begin = started()
    held = said("workflow_paused", 2, begin, to="lead")
    off = said("workflow_cancelled", 3, begin, to="lead", reason="gone")
    on = said("workflow_resumed", 4, held, to="lead")
    moved = said("state_transition", 5, on, to="quote")
    found = record.instance([begin, held, off, on, moved])
    assert (found.status, found.state, found.lost) == ("cancelled", "lead", (on.id, moved.id))


def test_a_voided_step_gives_back_the_former_state() -> None:
    begin = started()
    step = said("state_transition", 2, begin, to="paid", end="success", data={"a": 1})
    gone = event("voided", W, 3, data={"events": [step.id]})
    assert record.instance([begin, step]).status == "completed"
    assert record.instance([begin, step, gone]) == record.instance([begin])
    assert not record.instance([begin, event("voided", W, 2, data={"events": [begin.id]})]).template


def test_an_entity_has_what_was_written_last() -> None:
    made = told("entity_created", 1, name="Roof", status="Draft", fields={"amount": 3}, instance="w1", parent="e0")
    sent = told("entity_updated", 2, fields={"status": "Sent", "amount": 4}, was={"status": "Draft", "amount": 3})
    named = told("entity_updated", 3, fields={"name": "New roof", "odd": None})
    found = record.entity([named, sent, made])
    assert (found.id, found.kind, found.name, found.status) == ("e1", "quote", "New roof", "Sent")
    assert found.fields == {"amount": 4, "odd": None} and (found.instance, found.parent) == ("w1", "e0")
    gone = told("entity_deleted", 4, reason="twice")
    assert record.entity([made, sent, named, gone]).deleted and not found.deleted
    assert record.entity([sent]).kind == ""


def test_an_entity_that_two_clones_created_keeps_what_changed_since() -> None:
    made = told("entity_created", 1, status="Draft", fields={"a": 1})
    sent = told("entity_updated", 2, fields={"status": "Sent", "a": 2})
    again = told("entity_created", 3, status="Draft", fields={"a": 1})
    found = record.entity([made, sent, again])
    assert (found.status, found.fields) == ("Sent", {"a": 2})


def test_what_is_pending_goes_on_as_the_log_will_have_it() -> None:
    made = told("entity_created", 1, name="Roof", status="Draft", fields={"a": 1}, instance="w1")
    after = [
        told("entity_updated", 2, fields={"status": "Sent", "a": 2, "b": None, "parent": "e2"}),
        told("entity_updated", 3, fields={"name": "New", "a": 3}),
        told("entity_deleted", 4, reason="x"),
    ]
    drafts = [Draft(e.kind, e.subject, data=e.data) for e in after]
    for n in range(4):
        now = after[n - 1].at if n else made.at
        assert record.onward(record.entity([made]), drafts[:n], now) == record.entity([made, *after[:n]])
