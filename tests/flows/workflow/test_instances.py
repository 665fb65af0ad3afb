"""Instances: started, moved, held, given up, and moved in bulk, on real repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agenticops.core.workflow.templates import write as written
from agenticops.errors import ConflictError, StateError, TrainError, UsageError
from agenticops.flows.workflow import bulk, instances, listing, reading, records
from agenticops.model.event import Draft
from agenticops.model.layout import WORKFLOWS
from agenticops.model.workflow import Edge, Instance, State, Template
from agenticops.workspace import Workspace
from tests.stations import Board
from tests.support import commit_all, workspace
from tests.support import write as put


def start(space: Workspace, code: str = "HS_STD", **fields: Any) -> Instance:
    return instances.start(space, code, Instance("", code, "", "", **fields))


def go(space: Workspace, name: str, *states: str) -> Instance:
    for state in states:
        instances.transition(space, name, state)
    return reading.instance(space, name)


def save(repo: Path, code: str, *states: State, version: str = "1", name: str = "", **fields: Any) -> None:
    """Write a template into the repository."""
    template = Template(code, code, "S", version, start=states[0].id, states={s.id: s for s in states}, **fields)
    put(repo, f"{WORKFLOWS}/{name or code.lower()}.yml", written(template))


def end(name: str, success: bool = True) -> State:
    return State(name, name, terminal=True, success=success)


def step(name: str, *ways: str, **fields: Any) -> State:
    return State(name, name, days=1.0, next=tuple(Edge(to) for to in ways), **fields)


def test_a_lead_becomes_a_payment(at: Board) -> None:
    space = workspace(at("tiny"))
    found = start(space, name="  Roof of\nMrs Hart ", client="c1", agent="estimator", data={"amount": 1200})
    assert found.id.startswith("w") and len(found.id) == 13 and found.name == "Roof of Mrs Hart"
    before, after = instances.transition(space, found.id[:6], "quote_generation", reason="asked")
    assert (before.state, after.state, after.reason) == ("0", "2", "asked")
    assert instances.transition(space, found.id, "3")[1].state == "3"
    path = ("quote_accepted", "work_scheduled", "work_completed", "invoice_sent")
    go(space, found.id, *path)
    done = instances.transition(space, found.id)[1]
    assert (done.status, done.state) == ("completed", "9")
    made = [(state, kind) for state, kind, _ in done.created]
    assert made == [("0", "customer"), ("2", "quote"), ("4", "order"), ("6", "task"), ("8", "invoice")]
    chain = [reading.entity(space, name) for _, _, name in done.created]
    assert [e.parent for e in chain] == ["", *(e.id for e in chain[:-1])]
    assert [e.status for e in chain] == ["Lead", "Sent", "Confirmed", "Completed", "Paid"]
    with pytest.raises(TrainError, match="has ended: completed"):
        instances.transition(space, found.id)


def test_the_fields_of_the_automation_domain(at: Board) -> None:
    space = workspace(at("tiny"))
    found = go(space, start(space).id, "quote_generation")
    told = listing.seed(space, found)
    assert (told["workflow_head_id"], told["current_state_id"], told["current_state"]) == (
        "HS_STD",
        2,
        "quote_generation",
    )
    assert [(s["from"], s["to"]) for s in told["state_history"]] == [(None, 0), (0, 2)]
    assert told["created_entities"][1] == {"state": 2, "entity": "quote", "id": found.entities["quote"]}
    assert (told["workflow_status"], told["completed_ts"], told["next"], told["lost"]) == ("active", None, [3, 4], [])


def test_it_must_be_a_train_and_a_template(at: Board, repo: Path) -> None:
    with pytest.raises(TrainError):
        start(workspace(repo))
    space = workspace(at("tiny"))
    with pytest.raises(UsageError, match="no workflow template 'NONE'"):
        start(space, "NONE")
    with pytest.raises(UsageError, match="no item '999'"):
        start(space, item="999")
    with pytest.raises(UsageError, match="no instance 'wnone'"):
        instances.transition(space, "wnone")
    assert listing.found(space) == ([], 0)


def test_an_instance_of_a_work_item_names_it(at: Board) -> None:
    space = workspace(at("tiny-opened"))
    found = start(space, item="142")
    after = instances.transition(space, found.id, "quote_generation")[1]
    assert after.item == "142" and {e.item for e in space.log.of_subject(f"entity/{after.entities['quote']}")} == {
        "142"
    }


def test_an_inactive_template_starts_nothing(at: Board) -> None:
    repo = at("tiny")
    save(repo, "OLD", step("a", "b"), end("b"), active=False)
    with pytest.raises(UsageError, match="OLD is not active"):
        start(workspace(repo), "OLD")


def test_who_thought_it_stood_elsewhere_is_told(at: Board) -> None:
    repo = at("tiny")
    space = workspace(repo)
    found = start(space)
    go(space, found.id, "quote_generation")
    with pytest.raises(ConflictError, match="stands in quote_generation, not in lead_generation") as error:
        instances.transition(space, found.id, "quote_sent", source="lead_generation")
    assert "workflow show" in error.value.hint
    assert instances.transition(space, found.id, "quote_sent", source="2")[1].state == "3"


def test_what_moved_between_the_look_and_the_lock(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny")
    found = start(workspace(repo))
    slow = workspace(repo)
    real = slow.transaction

    def meanwhile(purpose: str) -> Any:
        go(workspace(repo), found.id, "customer_onboarding")
        return real(purpose)

    monkeypatch.setattr(slow, "transaction", meanwhile)
    with pytest.raises(ConflictError, match="stands in customer_onboarding"):
        instances.transition(slow, found.id, "quote_generation")


def test_an_instance_is_held(at: Board) -> None:
    space = workspace(at("tiny"))
    name = start(space).id
    assert instances.hold(space, "workflow_paused", name, "permit").status == "paused"
    with pytest.raises(TrainError, match="it is paused"):
        instances.hold(space, "workflow_paused", name)
    with pytest.raises(TrainError, match="is paused: permit"):
        go(space, name, "quote_generation")
    assert instances.hold(space, "workflow_resumed", name).status == "active"
    with pytest.raises(TrainError, match="it is active, not paused"):
        instances.hold(space, "workflow_resumed", name)
    gone = instances.hold(space, "workflow_cancelled", name, "moved away")
    assert (gone.status, gone.reason) == ("cancelled", "moved away")
    with pytest.raises(TrainError, match="has ended"):
        instances.hold(space, "workflow_cancelled", name)


def test_an_instance_keeps_its_version(at: Board) -> None:
    repo = at("tiny")
    save(repo, "T", step("a", "b"), end("b"))
    commit_all(repo)
    space = workspace(repo)
    old = start(space, "T")
    save(repo, "T", step("a", "c"), end("c"), version="2")
    fresh = workspace(repo)
    assert start(fresh, "T").version == "2"
    assert instances.transition(fresh, old.id)[1].state == "b"


def test_a_state_starts_a_workflow_and_waits_for_it(at: Board) -> None:
    repo = at("tiny")
    save(repo, "IN", step("x", "y", entity="task", status="Open"), step("y", "z", "w"), end("z"), end("w", False))
    ways = (Edge("good"), Edge("bad"))
    save(
        repo,
        "OUT",
        step("a", "b", entity="cust", status="Lead"),
        State("b", "b", template="IN", days=1.0, next=ways),
        end("good"),
        end("bad"),
    )
    space = workspace(repo)
    outer = go(space, start(space, "OUT", name="Roof", data={"k": 1}).id, "b")
    (inner,) = [i for i in listing.found(space)[0] if i.parent]
    inner = reading.instance(space, inner.id)
    assert (inner.template, inner.parent, inner.name, inner.data) == ("IN", outer.id, "Roof", {"k": 1})
    assert inner.entities["cust"] == outer.entities["cust"] and inner.created[0][1] == "task"
    with pytest.raises(TrainError, match=f"goes on when {inner.id}"):
        instances.transition(space, outer.id, "good")
    assert instances.ways(space, outer) == []
    go(space, inner.id, "y", "z")
    assert [e.to for e in instances.ways(space, outer)] == ["good", "bad"]
    assert instances.transition(space, outer.id, "good")[1].status == "completed"


def test_a_graph_on_which_nothing_travels_starts_nothing(at: Board) -> None:
    repo = at("tiny")
    save(repo, "ROUND", step("a", "b"), step("b", "a", "c"), end("c"))
    save(repo, "AWAY", step("a", "b", "nowhere"), end("b"))
    space = workspace(repo)
    for code, words in (("ROUND", "round in a circle: a → b → a"), ("AWAY", "unknown state 'nowhere'")):
        with pytest.raises(StateError, match=words):
            start(space, code)
    assert listing.found(space)[1] == 0


def test_with_an_instance_what_it_started_is_given_up(at: Board) -> None:
    repo = at("tiny")
    save(repo, "IN", step("x", "y"), end("y"))
    save(repo, "OUT", step("a", "z", template="IN"), end("z"))
    space = workspace(repo)
    outer = start(space, "OUT")
    instances.hold(space, "workflow_cancelled", outer.id, "off")
    assert {i.status for i in listing.found(space)[0]} == {"cancelled"} and listing.found(space)[1] == 2


def test_a_workflow_that_starts_itself_is_refused(at: Board) -> None:
    repo = at("tiny")
    save(repo, "LOOP", step("a", "z", template="LOOP"), end("z"))
    space = workspace(repo)
    with pytest.raises(StateError, match="more than 8 deep"):
        start(space, "LOOP")
    assert listing.found(space)[1] == 0


def test_a_voided_step_gives_back_the_former_state(at: Board) -> None:
    space = workspace(at("tiny"))
    found = go(space, start(space).id, "quote_generation")
    with space.transaction("test") as tx:
        tx.append(Draft("voided", f"instance/{found.id}", data={"events": [found.last]}))
    assert reading.instance(space, found.id).state == "0"
    assert go(space, found.id, "customer_onboarding").state == "1"


def test_instances_are_found_by_what_they_are(at: Board) -> None:
    repo = at("tiny")
    space = workspace(repo)
    for number in range(5):
        start(space, name=f"n{number}", client="c1" if number % 2 else "c2", agent="ada")
    other = start(space, "HVAC_EMERG", client="c1")
    moved = start(space)
    go(space, moved.id, "quote_generation")
    instances.hold(space, "workflow_paused", moved.id)
    assert listing.found(space)[1] == 7
    assert {i.id for i in listing.found(space, state="quote_generation")[0]} == {moved.id}
    assert {i.id for i in listing.found(space, template="HS_STD", state="2", status="paused")[0]} == {moved.id}
    assert listing.found(space, template="HS_STD", client="c1")[1] == 2
    assert [i.id for i in listing.found(space, template="HVAC_EMERG")[0]] == [other.id]
    rows, total = listing.found(space, 2, agent="ada")
    assert (len(rows), total) == (2, 5)
    assert listing.places(space, rows) == {i.id: (0, "lead_generation") for i in rows}
    assert listing.found(space, state="no such state") == ([], 0)


def test_many_move_in_bulk(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SIZE", 4)
    repo = at("tiny")
    space = workspace(repo)
    names = [start(space).id for _ in range(5)]
    go(space, names[4], "quote_generation")
    lines = [json.dumps({"id": name, "to": "quote_generation", "data": {"amount": 7}}) for name in names]
    lines += [json.dumps({"id": names[0], "to": "quote_sent", "from": "quote_generation"}), "", "{broken"]
    lines += [json.dumps({"id": names[1], "to": "quote_sent", "from": "lead_generation"}), '{"id": "wnone"}']
    before = space.log.last_lamport()
    found = list(bulk.transitions(space, lines))
    assert [o.ok for o in found] == [True] * 4 + [False, True, False, False, False]
    assert [o.exit for o in found] == [0, 0, 0, 0, 5, 0, 2, 5, 2] and [o.line for o in found] == [
        1,
        2,
        3,
        4,
        5,
        6,
        8,
        9,
        10,
    ]
    assert [reading.instance(space, name).state for name in names] == ["3", "2", "2", "2", "2"]
    assert reading.instance(space, names[1]).data == {"amount": 7}
    assert space.log.last_lamport() == before + 5 * 2
    assert msgspec.json.decode(msgspec.json.encode(found[0])) == {"line": 1, "id": names[0], "ok": True, "to": "2"}


def test_one_secret_in_bulk_costs_one_line(at: Board) -> None:
    space = workspace(at("tiny"))
    names = [start(space).id for _ in range(4)]
    lines = [json.dumps({"id": name, "to": "quote_generation"}) for name in names]
    key = "AKIA" + "QWERTYUIOPASDFGH"
    lines[2] = json.dumps({"id": names[2], "to": "quote_generation", "data": {"note": key}})
    found = list(bulk.transitions(space, lines))
    assert [o.ok for o in found] == [True, True, False, True] and key not in found[2].error


def test_a_step_that_fails_halfway_writes_nothing(at: Board) -> None:
    repo = at("tiny")
    save(repo, "OUT", step("a", "b"), step("b", "z", template="NONE"), end("z"))
    space = workspace(repo)
    name = start(space, "OUT").id
    good = start(space).id
    found = list(bulk.transitions(space, [json.dumps({"id": name, "to": "b"}), json.dumps({"id": good, "to": "2"})]))
    assert [o.ok for o in found] == [False, True] and "NONE" in found[0].error
    assert reading.instance(space, name).state == "a" and reading.instance(space, good).state == "2"


def test_several_steps_in_one_transaction(at: Board) -> None:
    space = workspace(at("tiny"))
    name = start(space).id
    with space.transaction("test") as tx:
        for state in ("quote_generation", "quote_sent"):
            instances.step(tx, space, reading.instance(space, name, tx), state, by="f1")
        quote = reading.instance(space, name, tx).entities["quote"]
        records.update(tx, space, reading.entity(space, quote, tx), {"amount": 5})
    found = reading.instance(space, name)
    assert [s.to for s in found.history] == ["0", "2", "3"] and found.lost == ()
    assert {e.data.get("by") for e in space.log.of_subject(f"instance/{name}")} == {None, "f1"}
    entity = reading.entity(space, quote)
    assert (entity.status, entity.fields) == ("Sent", {"amount": 5})
