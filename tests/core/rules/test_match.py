"""Matching: which rules an event concerns, in which order, and how long that takes."""

from __future__ import annotations

import time
from typing import Any

import pytest

from agenticops.core.rules import file, match
from agenticops.core.rules.trigger import Happening, happening
from agenticops.model.rule import Rule
from tests.support import event

ACTIONS = "actions: [{type: open_risk, title: x}]"


def rules(*texts: str) -> list[Rule]:
    return [file.read(f"{{{text}, {ACTIONS}}}".encode(), "a.yml")[0] for text in texts]


def updated(new: dict[str, Any], was: dict[str, Any], name: str = "e1", kind: str = "task", n: int = 1) -> Happening:
    return happening(event("entity_updated", f"entity/{name}", n, data={"entity": kind, "fields": new, "was": was}))


def created(kind: str = "task", **fields: Any) -> Happening:
    return happening(event("entity_created", "entity/e1", data={"entity": kind, "fields": fields}))


DONE = updated({"status": "Done"}, {"status": "Doing"})


@pytest.mark.parametrize(
    ("when", "found", "fires"),
    [
        ("when: {entity: task}", created(), True),
        ("when: {entity: task}", DONE, False),
        ("when: {entity: quote}", created(), False),
        ("when: {entity: task, action: update}", DONE, True),
        ("when: {entity: task, action: status_change}", DONE, True),
        ("when: {entity: task, to: Done}", DONE, True),
        ("when: {entity: task, to: done}", DONE, False),
        ("when: {entity: task, from: Doing, to: Done}", DONE, True),
        ("when: {entity: task, from: New, to: Done}", DONE, False),
        ("when: {entity: task, from: Doing}", DONE, True),
        ("when: {entity: task, to: Done}", created(status="Done"), False),
        ("when: {entity: task, field: size}", updated({"size": 3}, {"size": 2}), True),
        ("when: {entity: task, field: size}", updated({"size": 2}, {"size": 2}), False),
        ("when: {entity: task, field: size, to: 1}", updated({"size": True}, {}), False),
        ("when: {entity: task, field: size, to: 1}", updated({"size": 1}, {}), True),
        ("when: {entity: task, field: tags, to: [a]}", updated({"tags": ["a"]}, {}), True),
        (
            "when: {entity: task, action: delete}",
            happening(event("entity_deleted", "entity/e1", data={"entity": "task"})),
            True,
        ),
        ("ids: [e1], when: {entity: task, to: Done}", DONE, True),
        ("ids: [e2], when: {entity: task, to: Done}", DONE, False),
        ("when: {event: entity_updated}", DONE, True),
        ("when: {event: gate_passed}", happening(event("gate_passed", "ticket/a_t1")), True),
        ("when: {cron: '* * * * *', entity: task}", DONE, False),
        (
            "when: {entity: ticket, to: done}",
            happening(event("ticket_done", "ticket/a_t1", data={"from": "x", "to": "done"})),
            True,
        ),
    ],
)
def test_what_a_rule_waits_for(when: str, found: Happening, fires: bool) -> None:
    (rule,) = rules(f"code: a, {when}")
    book = match.Book([rule])
    assert match.matches(book, found, lambda rule: {}) == ([rule] if fires else [])
    assert (match.unmet(rule, found) == "") is fires
    assert not fires or found.event.kind in book.kinds()


def test_order_then_code_and_conditions() -> None:
    found = rules(
        "code: b, when: {entity: task}",
        "code: c, order: -1, when: {entity: task}",
        "code: a, when: {entity: task}, conditions: {size: 3}",
        "code: d, when: {entity: task}, conditions: {field: size, gt: 3}",
    )
    asked: list[str] = []

    def scope(rule: Rule) -> dict[str, Any]:
        asked.append(rule.code)
        return match.scope_of(created(size=3), {"size": 3})

    fired = match.matches(match.Book(found), created(size=3), scope)
    assert [rule.code for rule in fired] == ["c", "a", "b"]
    assert asked == ["a", "d"], "only conditions need the entity's state"


def test_the_scope_has_the_entity_the_change_and_the_event() -> None:
    scope = match.scope_of(DONE, {"status": "Done"}, {"urgent": True})
    assert (scope["old"], scope["new"], scope["data"]) == ({"status": "Doing"}, {"status": "Done"}, {"urgent": True})
    assert scope["event"]["kind"] == "entity_updated" and scope["event"]["operator"]


@pytest.mark.parametrize("spread", [True, False])
def test_500_rules_meet_10_000_events_within_a_second(spread: bool) -> None:
    """Spread over kinds and fields, or all waiting for a status of one kind."""
    texts = []
    for n in range(500):
        kind, field = (f"kind{n % 50}", f"f{n % 7}") if spread else ("task", "status")
        texts.append(f"code: r{n}, when: {{entity: {kind}, field: {field}, to: v{n}}}, conditions: {{amount: {n}}}")
    book = match.Book(rules(*texts))
    events = []
    for n in range(10_000):
        kind, field = (f"kind{n % 50}", f"f{n % 7}") if spread else ("task", "status")
        data = {"entity": kind, "fields": {field: f"v{n % 500}"}, "was": {field: ""}}
        events.append(event("entity_updated", f"entity/e{n}", n + 1, data=data))
    begun = time.process_time()
    fired = 0
    for n, one in enumerate(events):
        found = happening(one)
        fired += len(match.matches(book, found, lambda rule, n=n: {"entity": {"amount": n % 500}}))  # type: ignore[misc]
    spent = time.process_time() - begun
    assert fired > 1000
    assert spent < 1.0, f"{spent:.2f} s"
