"""Notes as a fold of their events."""

from __future__ import annotations

from typing import Any

from agenticops.core import memory
from agenticops.model.event import Event
from tests.support import event


def kept(number: int, text: str = "x", scope: str = "project", **data: Any) -> Event:
    data = {"note": f"n{number:08d}", "text": text, **data}
    return event("remembered", f"memory/{scope}", number, data=data)


def gone(number: int, note: str, scope: str = "project", **data: Any) -> Event:
    return event("forgotten", f"memory/{scope}", number, data={"note": note, "reason": "old", **data})


def test_notes_come_oldest_first_with_scope_and_tags() -> None:
    first, second = memory.notes([kept(1, "a", tags=["t"]), kept(2, "b", "ticket/build_142")])
    assert (first.id, first.text, first.scope, first.tags) == ("n00000001", "a", "project", ("t",))
    assert (second.scope, second.operator) == ("ticket/build_142", "Ada Lovelace <ada@example.org>")


def test_the_last_event_says_whether_a_note_counts() -> None:
    first, second = kept(1, note="n1"), kept(3, note="n1")
    assert [n.forgotten for n in memory.notes([first, gone(2, "n1")])] == ["old"]
    (note,) = memory.notes([first, gone(2, "n1"), second])
    assert (note.forgotten, note.at) == ("", second.at)
    assert memory.notes([gone(2, "n1")]) == []
    (nameless,) = memory.notes([first, gone(2, "n1", reason="")])
    assert nameless.forgotten == "no reason"


def test_the_same_words_in_one_scope_are_one_note() -> None:
    assert memory.identity("project", "x") == memory.identity("project", "x") != memory.identity("mode/plan", "x")
    (note,) = memory.notes([kept(1, note="n1", tags=["a"]), kept(2, note="n1", tags=["b", "a"])])
    assert (note.id, note.tags) == ("n1", ("a", "b"))
    assert len(memory.notes([kept(1, note="n1"), kept(2, note="n1", scope="mode/plan")])) == 2


def test_what_is_voided_or_no_note_is_left_out() -> None:
    void = event("voided", "memory/project", 9, data={"events": [kept(1).id]})
    assert memory.notes([kept(1), void]) == []
    wrong = [kept(1, note=7), kept(2, text=["x"]), event("remembered", "train", 3, data={"note": "n1", "text": "x"})]
    assert memory.notes(
        [*wrong, kept(4, tags="t"), event("forgotten", "memory/project", 5, data={"note": ["n4"]})]
    ) == memory.notes([kept(4)])


def test_choosing_by_scope_and_tags() -> None:
    found = memory.notes([kept(1, "a", tags=["Scan", "ward"]), kept(2, "b", "mode/plan", tags=["scan"])])
    assert [n.text for n in memory.among(found, tags=["scan"])] == ["a", "b"]
    assert [n.text for n in memory.among(found, tags=["scan", "ward"])] == ["a"]
    assert [n.text for n in memory.among(found, ["mode/plan"])] == ["b"]
