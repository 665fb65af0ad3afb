"""Folds: chains and their forks do not depend on the order in which events arrive."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import fold
from agenticops.core.fold import Chain, chain
from agenticops.model.event import Event
from tests.support import event, state

SUBJECT = "ticket/shape_t00000001"
OPENED = state(SUBJECT, "todo", 1, kind="ticket_opened")
STARTED = state(SUBJECT, "in_progress", 2, OPENED)
DONE = state(SUBJECT, "done", 3, STARTED, kind="ticket_done")


def test_nothing_happened() -> None:
    assert chain([]) == Chain("", "", (), ())


def test_a_chain_leads_from_the_first_to_the_last() -> None:
    assert chain([OPENED, STARTED, DONE]) == Chain("done", DONE.id, (OPENED, STARTED, DONE), ())


def test_other_events_are_no_links() -> None:
    noise = event("bullet_ticked", SUBJECT, 9, data={"to": "nowhere"})
    unchained = event("ticket_done", SUBJECT, 10, data={"to": "done"})
    assert chain([OPENED, noise, unchained]).state == "todo"


def test_two_clones_that_take_the_same_step_took_one() -> None:
    mine, theirs = (state(SUBJECT, "in_progress", n, OPENED) for n in (2, 3))
    found = chain([OPENED, mine, theirs])
    assert (found.state, found.forks, found.events) == ("in_progress", (), (OPENED, mine))


def test_the_chain_goes_on_behind_either_of_two_equal_steps() -> None:
    mine, theirs = (state(SUBJECT, "in_progress", n, OPENED) for n in (2, 3))
    for before in (mine, theirs):
        after = state(SUBJECT, "done", 4, before)
        assert chain([OPENED, mine, theirs, after]) == Chain("done", after.id, (OPENED, mine, after), ())


def test_different_targets_are_a_fork_and_the_lowest_leads() -> None:
    other = state(SUBJECT, "cancelled", 3, OPENED, kind="ticket_cancelled")
    found = chain([OPENED, other, STARTED])
    assert found.forks == ((STARTED, other),)
    assert (found.state, found.last) == ("in_progress", STARTED.id)


def test_a_tie_of_numbers_is_broken_by_id() -> None:
    one = state(SUBJECT, "blocked", 2, OPENED, id="01B")
    two = state(SUBJECT, "cancelled", 2, OPENED, id="01A")
    assert chain([OPENED, one, two]).state == "cancelled"


def test_a_resolution_drops_the_other_way_and_all_behind_it() -> None:
    other = state(SUBJECT, "cancelled", 2, OPENED, id="01A", kind="ticket_cancelled")
    behind = state(SUBJECT, "todo", 3, other)
    data = {"to": "in_progress", "keep": STARTED.id, "drop": [other.id]}
    resolved = event("fork_resolved", SUBJECT, 5, prev=STARTED.id, data=data)
    found = chain([OPENED, STARTED, other, behind, resolved])
    assert (found.state, found.forks, found.last) == ("in_progress", (), resolved.id)


def test_a_resolution_without_a_list_drops_nothing() -> None:
    other = state(SUBJECT, "cancelled", 3, OPENED)
    resolved = event("fork_resolved", SUBJECT, 5, prev=STARTED.id, data={"to": "x", "drop": "cancelled"})
    assert len(chain([OPENED, STARTED, other, resolved]).forks) == 1


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    """Any history: each event follows an earlier one, or starts; equal steps, forks and resolutions come of it."""
    found: list[Event] = []
    for number in range(draw(st.integers(1, 12))):
        prev = draw(st.sampled_from(["", *(e.id for e in found)]))
        kind = draw(st.sampled_from(["ticket_started", "ticket_done", "fork_resolved", "bullet_ticked"]))
        data = {"to": draw(st.sampled_from(["a", "b"]))}
        if kind == "fork_resolved" and found:
            data["drop"] = [draw(st.sampled_from(found)).id]  # type: ignore[assignment]
        lamport = draw(st.integers(1, 6))
        found.append(event(kind, SUBJECT, number, lamport=lamport, prev=prev, data=data))
    return found


@given(histories(), st.data())
def test_the_order_of_arrival_does_not_matter(events: list[Event], data: st.DataObject) -> None:
    assert chain(data.draw(st.permutations(events))) == chain(events)


@given(histories())
def test_a_chain_is_linked_and_ends_in_its_state(events: list[Event]) -> None:
    found = chain(events)
    if found.events:
        assert found.events[0].prev == ""
        assert found.last == found.events[-1].id
        assert found.state == fold.target(found.events[-1])
    for fork in found.forks:
        assert len({fold.target(e) for e in fork}) > 1


@pytest.mark.parametrize("kind", ["bullet_ticked", "bullet_observed"])
def test_a_tick_is_remembered_by_its_last_event(kind: str) -> None:
    first = event(kind, SUBJECT, 1, data={"bullet": "k1", "text": "x"})
    again = event("bullet_ticked", SUBJECT, 2, data={"bullet": "k1"})
    assert fold.ticked([first]) == {"k1": first}
    assert fold.ticked([first, again]) == {"k1": again}


def test_rewording_carries_a_tick_over_and_an_open_bullet_gets_none() -> None:
    tick = event("bullet_ticked", SUBJECT, 1, data={"bullet": "k1"})
    reworded = event("bullet_reworded", SUBJECT, 2, data={"bullet": "k1", "now": "k2"})
    assert fold.ticked([tick, reworded]) == {"k2": reworded}
    assert fold.ticked([reworded]) == {}


def test_the_last_record_of_an_artifact_counts() -> None:
    events = [
        event("artifact_recorded", SUBJECT, 1, data={"artifact": "brief"}),
        event("artifact_recorded", SUBJECT, 2, data={"artifact": "plan"}),
        event("artifact_kept", SUBJECT, 3, data={"artifact": "brief"}),
        event("gate_passed", SUBJECT, 4, data={"artifact": "brief"}),
    ]
    assert fold.recorded(events) == {"brief": events[2], "plan": events[1]}
    assert fold.last(events, "artifact_recorded") is events[1]
    assert fold.last(events, "gate_refused") is None


def test_what_is_voided_does_not_count_and_a_void_can_be_voided() -> None:
    void = event("voided", SUBJECT, 4, data={"events": [DONE.id, STARTED.id]})
    again = event("voided", SUBJECT, 5, data={"events": [void.id]})
    assert chain([OPENED, STARTED, DONE, void]).state == "todo"
    assert chain([again, void, OPENED, STARTED, DONE]).state == "done"
    third = event("voided", SUBJECT, 6, data={"events": [again.id]})
    assert fold.live([OPENED, STARTED, DONE, void, again, third]) == [OPENED, void, third]
    tick = event("bullet_ticked", SUBJECT, 7, data={"bullet": "a"})
    gone = event("voided", SUBJECT, 8, data={"events": [tick.id]})
    assert fold.ticked([tick]) and not fold.ticked([tick, gone])
    assert fold.last([tick, gone], "bullet_ticked") is None
