"""Work items as a whole: how they ended, over histories that disagreed; and what is wrong, in any tree."""

from __future__ import annotations

import pytest

from agenticops.core import documents, work_state
from agenticops.model.event import Event
from tests.support import ITEM, EventLog, event, item, state, ticket, tiny_train

SUBJECT = f"item/{ITEM}"
FORGE = "schema: 1\n\nexceptions: [VT480]\n"


def finished(number: int, prev: str | Event = "", result: str = "") -> Event:
    before = prev.id if isinstance(prev, Event) else prev
    return event(
        "item_finished", SUBJECT, number, prev=before, data={"to": "done", **({"result": result} if result else {})}
    )


def test_an_item_ends_completed_or_cancelled() -> None:
    assert work_state.ends(EventLog([finished(1)])) == {ITEM: "completed"}
    assert work_state.ends(EventLog([finished(1, result="cancelled")])) == {ITEM: "not_planned"}
    voided = event("voided", number=2, data={"events": [finished(1).id]})
    assert work_state.ends(EventLog([finished(1), voided])) == {}


def test_of_two_histories_the_one_that_was_kept_tells_the_end() -> None:
    made = state(SUBJECT, "created", 1, kind="item_created")
    ended, moved = finished(2, made), state(SUBJECT, "build_x", 3, made)
    fork = {"to": "build_x", "keep": moved.id, "drop": [ended.id]}
    mended = event("fork_resolved", SUBJECT, 4, prev=moved.id, data=fork)
    log = [made, ended, moved]
    assert work_state.ends(EventLog(log)) == {ITEM: "completed"}, "a fork is open until it is mended"
    assert work_state.ends(EventLog([*log, mended])) == {}
    again = finished(5, mended, "cancelled")
    assert work_state.ends(EventLog([*log, mended, again])) == {ITEM: "not_planned"}
    assert work_state.ends(EventLog(log), ITEM) == {ITEM: "completed"}
    assert work_state.ends(EventLog([*log, mended]), ITEM) == {} == work_state.ends(EventLog(log), "another")


def codes(*more: str, events: tuple[Event, ...] = (), **files: str) -> list[str]:
    items = {ITEM: item(priority="now"), **{n: item(n, priority="now") for n in more}}
    written = {i.path: documents.write_item(i) for i in items.values()}
    train = tiny_train(ticket(), events=events, files={**written, **files})
    return [f.code for f in work_state.findings(train, "2026-01-01T10:00:00.000Z")]


def test_a_flow_rule_holds_but_where_it_was_let_off() -> None:
    assert codes() == [] and codes("7") == ["VT480"]
    allowed = event("flow_excepted", "item/7", data={"code": "VT480", "until": "2026-01-02T00:00:00.000Z"})
    assert codes("7", events=(allowed,)) == [] and codes("7", "8", events=(allowed,)) == ["VT480"]
    late = event("flow_excepted", "item/7", data={"code": "VT480", "until": "2025-12-31T00:00:00.000Z"})
    assert codes("7", events=(late,)) == ["VT480"]
    assert codes("7", events=(finished(1),)) == [], "what has ended is worked no more"
    assert codes("7", **{"config/forge.yml": FORGE}) == [], "a train that does without the rule"


@pytest.mark.parametrize("path", ["config/forge.yml", "config/triage.yml", "docs/work/7.md"])
def test_what_cannot_be_read_is_one_finding(path: str) -> None:
    assert codes(**{path: "---\n[\n---\n"}) == ["VT304"]


def test_a_ticket_that_cannot_be_read_is_reported_elsewhere() -> None:
    assert codes("7", **{ticket().path: "id: ["}) == ["VT480"]
