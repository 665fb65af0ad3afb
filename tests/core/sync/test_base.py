"""The base: a fold of what was agreed and of what was about to be written."""

from __future__ import annotations

import msgspec

from agenticops.core.sync import base
from agenticops.model.event import Draft, Event
from agenticops.model.forge import Agreed, Resolution
from tests.core.sync.world import event

ONE = "t00000001"


def log(*drafts: Draft) -> list[Event]:
    return [event(draft, at) for at, draft in enumerate(drafts, 1)]


def test_an_event_carries_only_what_changed() -> None:
    first = Agreed(ONE, 7, "2026", {"title": "A", "flags": ("auto",), "body": "long"})
    second = msgspec.structs.replace(first, fields={**first.fields, "title": "B", "flags": ()})
    drafts = [base.agreed_draft(None, first), base.agreed_draft(first, second)]
    assert drafts[1].data["fields"] == {"title": "B", "flags": ()}
    assert base.bases(log(*drafts)) == {ONE: second}


def test_another_issue_is_another_story() -> None:
    first, other = Agreed(ONE, 7, "", {"title": "A"}), Agreed(ONE, 8, "", {"milestone": "M"})
    assert base.bases(log(base.agreed_draft(None, first), base.agreed_draft(first, other)))[ONE] == other


def test_voided_and_broken_events_do_not_count() -> None:
    events = log(base.agreed_draft(None, Agreed(ONE, 7, "", {"title": "A"})))
    void = Draft("voided", "train", data={"events": [events[0].id]})
    assert base.bases([*events, event(void, 9)]) == {}
    odd = Draft(base.AGREED, f"item/{ONE}", item=ONE, data={"issue": "x", "fields": {"a": 1, "b": [2], "title": "T"}})
    assert base.bases(log(odd)) == {ONE: Agreed(ONE, None, "", {"title": "T"})}


def test_intents_gather_until_something_is_agreed() -> None:
    drafts = [
        base.intended_draft(ONE, "", {"title": ("A",), "flags": ("+auto",)}),
        base.intended_draft(ONE, "", {"title": ("B",), "flags": ("-auto",)}),
    ]
    found = base.bases(log(*drafts))[ONE]
    assert found.intended == {"title": ("A", "B"), "flags": ("+auto", "-auto")}
    for said in ("A", "B"):
        assert base.effective({"title": "0"}, found.intended, {"title": said}) == {"title": said}
    assert base.effective({"title": "0"}, found.intended, {"title": "C"}) == {"title": "0"}
    agreed = base.agreed_draft(None, Agreed(ONE, 7, "", {"title": "B"}))
    assert base.bases(log(*drafts, agreed))[ONE].intended == {}


def test_what_we_make_ourselves_has_a_base_from_its_birth() -> None:
    draft = base.intended_draft(ONE, "<!-- -->", {"title": ("A",), "flags": ("+auto",), "parent": ("2",)})
    born = base.bases(log(draft))[ONE].fields
    assert (born["title"], born["flags"], born["parent"], born["milestone"]) == ("A", ("auto",), "", "")


def test_of_two_decisions_the_later_counts() -> None:
    said = [Resolution(ONE, "title", "local", "d1"), Resolution(ONE, "title", "remote", "d2")]
    assert base.resolutions(log(*map(base.resolved_draft, said))) == [said[1]]
