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


def folded(*drafts: Draft) -> Agreed:
    """Give the base of the one item; which event said it does not matter."""
    return msgspec.structs.replace(base.bases(log(*drafts))[ONE], heads=())


def test_an_event_carries_only_what_changed() -> None:
    first = Agreed(ONE, 7, "2026", {"title": "A", "flags": ("auto",), "body": "long"})
    second = msgspec.structs.replace(first, fields={**first.fields, "title": "B", "flags": ()})
    noted = base.bases(log(base.agreed_draft(None, first)))[ONE]
    drafts = [base.agreed_draft(None, first), base.agreed_draft(noted, second)]
    assert drafts[1].data["fields"] == {"title": "B", "flags": ()}
    assert folded(*drafts) == second


def test_another_issue_is_another_story() -> None:
    first, other = Agreed(ONE, 7, "", {"title": "A"}), Agreed(ONE, 8, "", {"milestone": "M"})
    assert folded(base.agreed_draft(None, first), base.agreed_draft(first, other)) == other


def test_voided_and_broken_events_do_not_count() -> None:
    events = log(base.agreed_draft(None, Agreed(ONE, 7, "", {"title": "A"})))
    void = Draft("voided", "train", data={"events": [events[0].id]})
    assert base.bases([*events, event(void, 9)]) == {}
    odd = Draft(base.AGREED, f"item/{ONE}", item=ONE, data={"issue": "x", "fields": {"a": 1, "b": [2], "title": "T"}})
    assert folded(odd) == Agreed(ONE, None, "", {"title": "T"})


def test_intents_gather_until_something_is_agreed() -> None:
    drafts = [
        base.intended_draft(None, ONE, "", {"title": ("A",), "flags": ("+auto",)}),
        base.intended_draft(None, ONE, "", {"title": ("B",), "flags": ("-auto",)}),
    ]
    found = base.bases(log(*drafts))[ONE]
    assert found.intended == {"title": ("A", "B"), "flags": ("+auto", "-auto")}
    for said in ("A", "B"):
        assert base.effective({"title": "0"}, found.intended, {"title": said}) == {"title": said}
    assert base.effective({"title": "0"}, found.intended, {"title": "C"}) == {"title": "0"}
    agreed = base.agreed_draft(None, Agreed(ONE, 7, "", {"title": "B"}))
    assert base.bases(log(*drafts, agreed))[ONE].intended == {}


def test_what_we_make_ourselves_has_a_base_from_its_birth() -> None:
    said = {"title": ("A",), "flags": ("+auto",), "parent": ("2",), "milestone": ("M",)}
    born = base.bases(log(base.intended_draft(None, ONE, "<!-- -->", said)))[ONE]
    assert (born.fields["title"], born.fields["parent"]) == ("A", "")
    kept = base.effective(born.fields, born.intended, {"flags": ("auto",), "milestone": "M"})
    assert (kept["flags"], kept["milestone"]) == (("auto",), "M")


def test_what_the_forge_dropped_at_birth_was_never_agreed() -> None:
    said = {"flags": ("+auto",), "labels": ("+bug",), "assignees": ("+ada",), "milestone": ("M",)}
    born = base.bases(log(base.intended_draft(None, ONE, "<!-- -->", said)))[ONE]
    kept = base.effective(born.fields, born.intended, {"flags": (), "labels": (), "assignees": (), "milestone": ""})
    assert (kept["flags"], kept["labels"], kept["assignees"], kept["milestone"]) == ((), (), (), "")


def test_of_two_decisions_the_later_counts() -> None:
    said = [Resolution(ONE, "title", "local", "d1"), Resolution(ONE, "title", "remote", "d2")]
    assert base.resolutions(log(*map(base.resolved_draft, said))) == [said[1]]
