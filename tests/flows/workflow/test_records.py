"""Records: entities are created, changed and put away, and their instances follow."""

from __future__ import annotations

import pytest

from agenticops.errors import TrainError, UsageError
from agenticops.flows.workflow import instances, listing, reading, records
from agenticops.model.workflow import Instance
from agenticops.workspace import Workspace
from tests.stations import Board
from tests.support import workspace


@pytest.fixture
def space(at: Board) -> Workspace:
    return workspace(at("tiny"))


def start(space: Workspace, *entities: str) -> Instance:
    return instances.start(space, "HS_STD", Instance("", "HS_STD", "", "", name="Roof"), entities)


def test_a_customer_is_written_down_and_changed(space: Workspace) -> None:
    made, moved = records.new(space, "customer", " Mrs  Hart", "Lead", {"email": "hart@example.org"})
    assert moved == "" and made.id.startswith("e") and len(made.id) == 13
    assert (made.kind, made.name, made.status, made.fields) == (
        *("customer", "Mrs Hart", "Lead"),
        {"email": "hart@example.org"},
    )
    found, _ = records.set_fields(space, made.id[:5], {"status": "Active", "email": "hart@example.org", "since": 2020})
    assert (found.status, found.fields["since"]) == ("Active", 2020)
    last = space.log.of_subject(f"entity/{made.id}")[-1]
    assert last.data == {
        "entity": "customer",
        "fields": {"status": "Active", "since": 2020},
        "was": {"status": "Lead"},
    }
    before = space.log.last_lamport()
    records.set_fields(space, made.id, {"status": "Active"})
    assert space.log.last_lamport() == before


def test_names_of_links_are_found_and_fixed_fields_refused(space: Workspace) -> None:
    above = records.new(space, "customer")[0]
    below = records.new(space, "quote", parent=above.id[:6])[0]
    assert below.parent == above.id and [e.id for e in listing.records(space, parent=above.id[:6])[0]] == [below.id]
    with pytest.raises(UsageError, match="no entity 'e0000'"):
        records.new(space, "quote", parent="e0000")
    with pytest.raises(UsageError, match="no entity 'e0000'"):
        records.set_fields(space, below.id, {"parent": "e0000"})
    for name in (above.id, below.id):
        with pytest.raises(UsageError, match="would hang below itself"):
            records.set_fields(space, above.id, {"parent": name})
    with pytest.raises(UsageError, match="instance is not a field to set"):
        records.set_fields(space, below.id, {"instance": "w1"})
    with pytest.raises(UsageError, match="is no kind"):
        records.new(space, "A Quote")


def test_what_is_deleted_stays_in_the_log(space: Workspace) -> None:
    made = records.new(space, "customer")[0]
    gone = records.put_away(space, made.id, "twice")
    assert gone.deleted and listing.records(space) == ([], 0)
    assert [e.id for e in listing.records(space, deleted=True)[0]] == [made.id]
    for again in (
        lambda: records.put_away(space, made.id, "again"),
        lambda: records.set_fields(space, made.id, {"a": 1}),
    ):
        with pytest.raises(TrainError, match="is deleted"):
            again()
    assert [e.kind for e in listing.history(space, "entity", made.id)] == ["entity_created", "entity_deleted"]


def test_an_instance_follows_a_new_quote_and_its_status(space: Workspace) -> None:
    flow = start(space)
    quote, moved = records.new(space, "quote", "Roof", "Draft", {"amount": 3}, instance=flow.id)
    found = reading.instance(space, flow.id)
    assert moved == "quote_generation" and found.state == "2" and found.entities["quote"] == quote.id
    assert ("2", "quote", quote.id) in found.created
    assert records.set_fields(space, quote.id, {"status": "Sent"})[1] == "quote_sent"
    assert records.set_fields(space, quote.id, {"status": "Draft"})[1] == ""
    assert records.set_fields(space, quote.id, {"status": "Rejected"})[1] == "quote_rejected"
    over = reading.instance(space, flow.id)
    assert (over.status, over.state) == ("failed", "5") and reading.entity(space, quote.id).status == "Rejected"
    assert records.set_fields(space, quote.id, {"status": "Sent"})[1] == ""


def test_another_quote_of_the_instance_does_not_move_it(space: Workspace) -> None:
    flow = start(space)
    records.new(space, "quote", status="Draft", instance=flow.id)
    assert records.new(space, "quote", status="Sent", instance=flow.id)[1] == ""
    assert reading.instance(space, flow.id).state == "2"


def test_a_paused_instance_does_not_follow(space: Workspace) -> None:
    flow = start(space)
    instances.hold(space, "workflow_paused", flow.id)
    quote, moved = records.new(space, "quote", status="Draft", instance=flow.id)
    assert moved == "" and reading.instance(space, flow.id).state == "0" and quote.status == "Draft"


def test_a_customer_comes_along(space: Workspace) -> None:
    cust = records.new(space, "customer", "Mrs Hart", "Old")[0]
    flow = start(space, cust.id[:6])
    assert flow.entities == {"customer": cust.id} and flow.created == ()
    found = reading.entity(space, cust.id)
    assert (found.status, found.instance) == ("Lead", flow.id)
    assert records.set_fields(space, cust.id, {"status": "Qualified"})[1] == "customer_onboarding"
    other = start(space, cust.id)
    assert reading.entity(space, cust.id).instance == flow.id and other.entities == flow.entities
    twice = records.new(space, "customer")[0]
    with pytest.raises(UsageError, match="of each kind one entity"):
        start(space, cust.id, twice.id)


def test_a_rule_creates_the_same_entity_once(space: Workspace) -> None:
    for _ in range(2):
        with space.transaction("test") as tx:
            made = records.create(tx, space, "task", "Call", id="e0123456789ab", by="f1")
            assert records.create(tx, space, "task", "Call", id="e0123456789ab", by="f1") == made
    assert [e.data["by"] for e in space.log.of_subject("entity/e0123456789ab")] == ["f1"]


def test_beginnings_of_ids(space: Workspace) -> None:
    with space.transaction("test") as tx:
        for name in ("e11110000000a", "e11110000000b"):
            records.create(tx, space, "task", id=name)
    assert reading.entity(space, "e11110000000a").kind == "task"
    for wanted, words in (
        ("e1111", "the start of several"),
        ("e11", "too short"),
        ("", "no entity"),
        ("e2222", "no ent"),
    ):
        with pytest.raises(UsageError, match=words):
            reading.entity(space, wanted)
