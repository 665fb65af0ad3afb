"""What differs between two versions, and where an instance goes on."""

from __future__ import annotations

import msgspec
import pytest

from agenticops.core import condition
from agenticops.core.workflow import diff
from agenticops.core.workflow.templates import digest
from agenticops.errors import UsageError
from agenticops.model.workflow import Edge, Instance, State, Template

OLD = Template(
    "X",
    "Old",
    "S",
    start="0",
    numbered=True,
    states={
        "0": State("0", "lead", entity="customer", status="Lead", days=2.0, next=(Edge("1"),)),
        "1": State("1", "quote", days=1.0, next=(Edge("2"), Edge("3"))),
        "2": State("2", "won", terminal=True, success=True),
        "3": State("3", "lost", terminal=True, success=False),
    },
)
GUARD = condition.read({"field": "amount", "gt": 5})
# Numbers are given anew: what was 1 is 2 now.
NEW = Template(
    "X",
    "Old",
    "S",
    version="2",
    start="0",
    numbered=True,
    states={
        "0": State("0", "lead", entity="customer", status="New", days=2.5, next=(Edge("1"),)),
        "1": State("1", "visit", days=1.0, next=(Edge("2"),)),
        "2": State("2", "quote", days=1.0, next=(Edge("3", GUARD),)),
        "3": State("3", "won", terminal=True, success=True),
    },
)


def test_a_template_does_not_differ_from_itself() -> None:
    assert diff.diff(OLD, OLD) == () == diff.diff(NEW, NEW)


def test_states_are_known_by_name() -> None:
    found = [(c.part, c.verb, c.name, c.details) for c in diff.diff(OLD, NEW)]
    assert found == [
        ("template", "changed", "X", ("version: 1 → 2",)),
        ("state", "changed", "lead", ("status: Lead → New", "days: 2 → 2.5")),
        ("state", "removed", "lost", ()),
        ("state", "added", "visit", ()),
        ("edge", "removed", "lead → quote", ()),
        ("edge", "changed", "quote → won", ("no guard → when amount > 5",)),
        ("edge", "removed", "quote → lost", ()),
        ("edge", "added", "lead → visit", ()),
        ("edge", "added", "visit → quote", ()),
    ]


def instance(state: str, **fields: str) -> Instance:
    return Instance(**{"id": "w1", "template": "X", "version": "1", "state": state, "digest": digest(OLD), **fields})  # type: ignore[arg-type]


def test_an_instance_goes_on_in_the_state_of_the_same_name() -> None:
    assert diff.migrate(instance("1"), OLD, NEW, {}) == diff.Way("w1", "quote", "2")
    assert diff.migrate(instance("0", status="paused"), OLD, NEW, {}).to == "0"


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (instance("3", status="failed"), "it is failed"),
        (instance("1", template="Y"), "an instance of Y"),
        (instance("1", digest=digest(NEW)), "goes by this version 2 already"),
        (instance("3"), "has no state 'lost'; send it: --map lost=NEW"),
        (instance("2"), "won is an end"),
        (instance("9"), "has no state '9'"),
    ],
)
def test_what_does_not_go_on_says_why(found: Instance, why: str) -> None:
    way = diff.migrate(found, OLD, NEW, {})
    assert way.to == "" and why in way.why


def test_a_map_sends_what_has_another_name() -> None:
    mapping = diff.state_map(["lost=quote", "1=visit"], OLD, NEW)
    assert mapping == {"3": "2", "1": "1"}
    assert diff.migrate(instance("3"), OLD, NEW, mapping).to == "2"
    assert diff.migrate(instance("1"), OLD, NEW, mapping).to == "1"


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("lost", "OLD=NEW is wanted"),
        ("gone=quote", "version 1 has no state 'gone'"),
        ("lost=gone", "version 2 has no state 'gone'"),
    ],
)
def test_a_map_of_unknown_states_is_refused(word: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        diff.state_map([word], OLD, NEW)
    with pytest.raises(UsageError, match="two states"):
        diff.state_map(["lost=quote", "3=visit"], OLD, NEW)


def test_where_the_old_text_is_lost_a_number_tells_nothing() -> None:
    assert "send it: --map 1=NEW" in diff.migrate(instance("1"), None, NEW, {}).why
    assert diff.migrate(instance("1"), None, NEW, {"1": "2"}).to == "2"
    mapping = diff.state_map(["begun=quote"], OLD, NEW, {"begun"})
    assert diff.migrate(instance("begun"), None, NEW, mapping).to == "2", "as its reason says"
    named = Template("X", "X", "S", states={"quote": State("quote", "quote", days=1.0)}, start="quote")
    assert diff.migrate(instance("quote"), None, named, {}).to == "quote"


def test_flags_and_words_are_differences_too() -> None:
    other = msgspec.structs.replace(OLD, active=False, default=True, name="New")
    (found,) = diff.diff(OLD, other)
    assert found.details == ("name: Old → New", "active: true → false", "default: false → true")
