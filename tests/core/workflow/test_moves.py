"""Moves: what an instance may do, and what a step writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenticops.core import condition, fold
from agenticops.core.workflow import moves, record
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.model.event import STATE_KINDS, Draft, Event
from agenticops.model.workflow import Edge, Entity, Instance, State, Template
from tests.support import THOROUGH, event

SMALL = condition.read({"field": "data.amount", "lt": 100})
SENT = condition.read({"field": "status", "eq": "Ready"})


def template(**fields: Any) -> Template:
    states = [
        State("lead", "lead", entity="cust", status="Lead", next=(Edge("quote"), Edge("small", SMALL))),
        State("quote", "quote", entity="quote", status="Draft", next=(Edge("sent"), Edge("skip", SENT))),
        State("sent", "sent", entity="quote", status="Sent", next=(Edge("won"), Edge("lost"))),
        State("small", "small", next=(Edge("won"),)),
        State("skip", "skip", entity="order", status="Open", next=(Edge("won"),)),
        State("won", "won", entity="order", status="Confirmed", terminal=True, success=True),
        State("lost", "lost", entity="quote", status="Rejected", terminal=True, success=False),
    ]
    usual = {"code": "T", "name": "Trade", "sector": "S", "start": "lead", "states": {s.id: s for s in states}}
    return Template(**{**usual, **fields})


class Clone:
    """A log of its own, which writes drafts as a transaction does."""

    def __init__(self, letter: str = "a") -> None:
        self.letter = letter
        self.events: list[Event] = []
        self.count = 0

    def write(self, drafts: Iterable[Draft]) -> None:
        for draft in drafts:
            self.count += 1
            lamport = max((e.lamport for e in self.events), default=0) + 1
            state = draft.kind in STATE_KINDS
            prev = fold.chain(self.about(draft.subject)).last if state else None
            name = f"{lamport:020}{self.letter}{self.count:05}"
            self.events.append(event(draft.kind, draft.subject, lamport, id=name, prev=prev, data=draft.data))

    def about(self, subject: str) -> list[Event]:
        return [e for e in self.events if e.subject == subject]

    def instance(self) -> Instance:
        return record.instance(self.about("instance/w1"))

    def entities(self) -> dict[str, Entity]:
        found = {kind: record.entity(self.about(f"entity/{name}")) for kind, name in self.instance().entities.items()}
        return {kind: entity for kind, entity in found.items() if entity.kind}

    def begin(self, text: Template, *entities: Entity, **fields: Any) -> None:
        draft = Instance("w1", text.code, text.version, "", digest="d", name="Roof", **fields)
        met = {e.kind: e for e in entities}
        draft = msgspec.structs.replace(draft, entities={kind: e.id for kind, e in met.items()})
        self.write(moves.begin(text, draft, met))

    def scope(self, text: Template) -> dict[str, Any]:
        return moves.scope(text, self.instance(), self.entities())

    def step(self, text: Template, to: str, **data: Any) -> list[Draft]:
        now = self.instance()
        now = msgspec.structs.replace(now, data={**now.data, **data})
        drafts = moves.step(text, now, to, moves.scope(text, now, self.entities()), data)
        self.write(drafts)
        return drafts


@pytest.fixture
def clone() -> Clone:
    found = Clone()
    found.begin(template())
    return found


def test_a_start_creates_the_first_entity(clone: Clone) -> None:
    found, (cust,) = clone.instance(), clone.entities().values()
    assert (found.state, found.status, found.version) == ("lead", "active", "1")
    assert (cust.kind, cust.name, cust.status, cust.instance, cust.state, cust.parent) == (
        *("cust", "Roof", "Lead"),
        *("w1", "lead", ""),
    )
    assert found.created == (("lead", "cust", cust.id),) and cust.id == moves.derived("e", "w1", "lead", "cust")


def test_a_step_creates_updates_and_links(clone: Clone) -> None:
    text = template()
    made = clone.step(text, "quote", amount=200)
    assert [d.kind for d in made] == ["state_transition", "entity_created"]
    entities = clone.entities()
    assert entities["quote"].parent == entities["cust"].id and entities["quote"].status == "Draft"
    changed = clone.step(text, "sent")
    assert changed[1].data == {
        "entity": "quote",
        "fields": {"status": "Sent"},
        "was": {"status": "Draft"},
        "instance": "w1",
    }
    clone.step(text, "won")
    found = clone.instance()
    assert clone.entities()["order"].parent == entities["quote"].id
    assert (found.status, found.state, found.data) == ("completed", "won", {"amount": 200})
    assert [kind for _, kind, _ in found.created] == ["cust", "quote", "order"]


def test_an_end_without_success_is_a_failure(clone: Clone) -> None:
    text = template()
    for to in ("quote", "sent", "lost"):
        clone.step(text, to)
    assert clone.instance().status == "failed"
    with pytest.raises(TrainError, match="has ended: failed"):
        clone.step(text, "won")


def test_a_step_that_somebody_else_took_already_is_a_conflict(clone: Clone) -> None:
    text = template()
    clone.step(text, "quote")
    with pytest.raises(ConflictError, match="stands in quote already"):
        clone.step(text, "quote")


def test_guards_are_asked_of_data_and_entities(clone: Clone) -> None:
    text = template()
    assert [e.to for e in moves.possible(text, clone.instance(), clone.scope(text))] == ["quote"]
    with pytest.raises(TrainError, match=r"small wants data\.amount < 100"):
        clone.step(text, "small", amount=100)
    clone.step(text, "small", amount=99)
    assert clone.instance().state == "small" and clone.entities().keys() == {"cust"}
    other = Clone()
    other.begin(text)
    other.step(text, "quote")
    assert moves.chosen(text, other.instance(), other.scope(text)) == "sent"
    quote = other.entities()["quote"]
    other.write([Draft("entity_updated", f"entity/{quote.id}", data={"fields": {"status": "Ready"}})])
    assert [e.to for e in moves.possible(text, other.instance(), other.scope(text))] == ["sent", "skip"]
    with pytest.raises(UsageError, match="can go to sent, skip: say where"):
        moves.chosen(text, other.instance(), other.scope(text))


def test_a_field_is_one_of_the_entity_before_the_data(clone: Clone) -> None:
    clone.begin(template(), data={"status": "of the data", "amount": 7})
    scope = clone.scope(template())
    assert scope["entity"]["status"] == "Lead" and scope["cust"]["status"] == "Lead"
    assert condition.place(scope, "name") == "Roof"


@pytest.mark.parametrize(
    ("to", "error", "words"),
    [
        ("won", TrainError, "no way from lead to won"),
        ("nowhere", UsageError, "has no state 'nowhere'"),
    ],
)
def test_a_step_that_the_template_does_not_have(clone: Clone, to: str, error: type[TrainError], words: str) -> None:
    before = list(clone.events)
    with pytest.raises(error, match=words):
        clone.step(template(), to)
    assert clone.events == before


def test_who_is_held_goes_nowhere(clone: Clone) -> None:
    text = template()
    clone.write([moves.hold("workflow_paused", clone.instance(), "permit")])
    assert moves.possible(text, clone.instance(), clone.scope(text)) == []
    with pytest.raises(TrainError, match="is paused: permit"):
        clone.step(text, "quote")
    with pytest.raises(TrainError, match="is paused"):
        moves.chosen(text, clone.instance(), clone.scope(text))
    clone.write([moves.hold("workflow_resumed", clone.instance(), "")])
    clone.step(text, "quote")
    bare = template(states={"other": State("other", "other")})
    with pytest.raises(StateError, match="which T 1 does not have"):
        clone.step(bare, "other")


def test_an_entity_comes_along() -> None:
    clone, text = Clone(), template()
    created = Draft("entity_created", "entity/e9", data={"entity": "cust", "name": "Mrs Hart", "status": "Old"})
    clone.write([created])
    clone.begin(text, record.entity(clone.about("entity/e9")))
    found = clone.entities()["cust"]
    assert (found.id, found.status, found.instance, found.name) == ("e9", "Lead", "w1", "Mrs Hart")
    assert clone.instance().created == ()


def test_a_deleted_entity_is_not_brought_back(clone: Clone) -> None:
    text = template()
    clone.step(text, "quote")
    quote = clone.entities()["quote"]
    clone.write([Draft("entity_deleted", f"entity/{quote.id}", data={"entity": "quote", "reason": "twice"})])
    clone.step(text, "sent")
    fresh = clone.entities()["quote"]
    assert fresh.id != quote.id and (fresh.status, fresh.deleted) == ("Sent", False)


def test_an_instance_follows_its_entity_where_one_state_fits(clone: Clone) -> None:
    text = template()
    now, scope = clone.instance(), clone.scope(text)
    fits = Entity("e5", "quote", status="Draft", instance="w1")
    assert moves.follows(text, now, fits, scope) == "quote"
    assert moves.follows(text, now, msgspec.structs.replace(fits, status="Sent"), scope) == ""
    assert moves.follows(text, now, msgspec.structs.replace(fits, deleted=True), scope) == ""
    taken = msgspec.structs.replace(now, entities={"quote": "e6"})
    assert moves.follows(text, taken, fits, scope) == ""
    twice = {**text.states, "small": State("small", "small", entity="quote", status="Draft")}
    both = {**twice, "lead": State("lead", "lead", next=(Edge("quote"), Edge("small")))}
    assert moves.follows(template(states=both), now, fits, scope) == ""


def test_ids_are_the_same_on_every_clone() -> None:
    assert moves.derived("e", "w1", "lead", "cust") == "ewtt6t10tf5k5"
    assert moves.derived("e", "w1", "lead", "cus") != moves.derived("e", "w1", "lea", "dcus")
    assert len(moves.child_id("w1", "lead")) == 13 and moves.child_id("w1", "lead").startswith("w")


@st.composite
def graphs(draw: st.DrawFn) -> Template:
    """A random directed graph without circles, whose states share few kinds of entities."""
    size = draw(st.integers(2, 8))
    states = {}
    for number in range(size):
        later = draw(st.lists(st.integers(number + 1, size), unique=True, min_size=1, max_size=3))
        kind, status = draw(st.sampled_from(("", "a", "b"))), draw(st.sampled_from(("x", "y")))
        edges = tuple(Edge(f"s{to}") for to in later)
        states[f"s{number}"] = State(f"s{number}", f"s{number}", entity=kind, status=status, next=edges)
    states[f"s{size}"] = State(f"s{size}", f"s{size}", entity="a", status="z", terminal=True, success=True)
    return Template("G", "G", "S", start="s0", states=states)


@settings(max_examples=500 if THOROUGH else 40)
@given(graphs(), st.lists(st.tuples(st.sampled_from("abm"), st.integers(0, 9)), max_size=20), st.randoms())
def test_two_clones_walk_and_merge(text: Template, walk: list[tuple[str, int]], dice: Any) -> None:
    one, two = Clone("a"), Clone("b")
    one.begin(text)
    two.events = list(one.events)
    for who, choice in [*walk, ("m", 0)]:
        if who == "m":
            merged = {e.id: e for e in (*one.events, *two.events)}
            one.events, two.events = list(merged.values()), list(merged.values())
            dice.shuffle(two.events)
            assert one.instance() == two.instance() and one.entities() == two.entities()
            continue
        clone = one if who == "a" else two
        ways = moves.possible(text, clone.instance(), clone.scope(text))
        if ways:
            clone.step(text, ways[choice % len(ways)].to)
    found = one.instance()
    states = {e.id for e in one.about("instance/w1")}
    assert found.history[0].to == text.start and found.state == found.history[-1].to
    for step in found.history[1:]:
        assert text.graph.allows(step.source, step.to)
    assert set(found.lost) < states and not set(found.lost) & {s.event for s in found.history}
    assert (found.status == "completed") == text.states[found.state].terminal
    # Each entity that the path has met is there, with the status that the last state of its kind on the path gave it,
    # or one that a lost step set later.
    assert found.entities.keys() == {k for s in found.history if (k := text.states[s.to].entity)}
    for kind, entity in one.entities().items():
        assert entity.kind == kind and entity.instance == "w1"
    # The same events in any order, and twice, say the same.
    again = [*one.events, *dice.sample(one.events, len(one.events) // 2)]
    dice.shuffle(again)
    unique = list({e.id: e for e in again}.values())
    assert record.instance([e for e in unique if e.subject == "instance/w1"]) == found
