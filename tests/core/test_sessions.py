"""Sessions as the log tells them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import sessions
from agenticops.model.event import Event
from agenticops.model.kinds import KINDS
from tests.support import event

BEGAN = {"agent": "planner", "mode": "plan", "phase": "shape", "path": "p.md", "next_steps": ["ask"]}


def log(*told: tuple[str, dict[str, Any]]) -> list[Event]:
    return [event(kind, "session/s-1", n, ticket="shape_1", data=data) for n, (kind, data) in enumerate(told, 1)]


def test_each_event_makes_the_next_state() -> None:
    found = sessions.told(
        log(
            ("session_noted", {"text": "before it began"}),
            ("session_began", BEGAN),
            ("session_noted", {"text": "a"}),
            ("session_blocked", {"text": "b; c"}),
            ("session_unblocked", {"text": "b; c", "blockers": ["b; c"]}),
            ("todos_noted", {"todos": [{"id": "m1", "content": "draw"}]}),
            ("session_saved", {}),
            ("session_paused", {}),
        )
    )
    assert [s.status for s in found] == ["active"] * 5 + ["paused"]
    assert found[2].blockers == ("b; c",) and found[3].blockers == ()
    assert [len(s.todos) for s in found] == [0, 0, 0, 0, 1, 1]
    assert found[-1].next_steps == ("ask",) and found[-1].notes == ("a",)


def test_a_file_is_current_stale_or_edited() -> None:
    history = sessions.told(log(("session_began", BEGAN), ("session_noted", {"text": "a"})))
    assert sessions.standing(history[1], history) == "current"
    assert sessions.standing(history[0], history) == "stale"
    by_hand = sessions.told(log(("session_began", {**BEGAN, "next_steps": ["else"]})))[0]
    assert sessions.standing(by_hand, history) == "edited"
    assert sessions.differing(by_hand, history[1]) == ["next_steps", "notes"]
    assert sessions.standing(by_hand, []) == "current", "without a log the file is all there is"


def test_voided_events_do_not_count() -> None:
    events = log(("session_began", BEGAN), ("session_noted", {"text": "a"}))
    gone = event("voided", "session/s-1", 9, data={"events": [events[1].id]})
    assert sessions.told([*events, gone])[-1].notes == ()


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda c: st.lists(c, max_size=3) | st.dictionaries(st.text(max_size=3), c, max_size=3),
    max_leaves=5,
)
_keys = ("text", "todo", "todos", "agent", "mode", "parents", "next_steps", "blockers", "priority", "branch", "to")


@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.dictionaries(st.sampled_from(_keys), _json)), max_size=8))
def test_no_event_of_whatever_shape_breaks_the_fold(told: list[tuple[str, dict[str, Any]]]) -> None:
    found = sessions.told(log(("session_began", BEGAN), *told))
    assert found[0].agent == "planner" and len(found) <= len(told) + 1
