"""Reading templates in both forms, writing the named one, and the digest."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenticops.core import condition
from agenticops.core.workflow import lint, seedform, source
from agenticops.core.workflow.templates import digest, read, repaired, write
from agenticops.errors import StateError
from agenticops.model.pipeline import Role, Stage, WorkflowStep
from agenticops.model.workflow import Edge, State, Template
from agenticops.workspace import RESOURCES

HEAD = {"code": "HS", "name": "Home", "sector": "Home Services"}
PACKS = sorted(Path(RESOURCES, "workflows").glob("*.yml"))
NAMED = """\
schema: 1
code: ROOF
name: Roofing
sector: Roofing
version: "1.2"
default: true
roles:
  roofer: {description: climbs}
phases:
  called:
    title: Called
    owner: roofer
    entity: customer
    status: Lead
    days: 0.5
    inputs: [address]
    outputs: [visit]
    stages: [{name: hear, steps: [{name: ask, roles: [roofer]}]}]
    next:
      - {to: roofed, when: {field: data.amount, gt: 1000}}
      - lost
  roofed: {entity: order, status: Done, done: true, success: true}
  lost: {entity: customer, status: Lost, done: true, success: false}
"""


def seed(**changes: Any) -> dict[str, Any]:
    """A bare graph of three states in the automation domain's shape, with fields of the first changed."""
    first = {"id": 0, "name": "lead", "descr": "A lead", "parent_ids": [], "child_ids": [1, 2], "avg_duration_days": 2}
    first |= {"entity_name": "cust", "entity_status": "Lead", "terminal_flag": False}
    ends = [
        {"id": n, "name": name, "parent_ids": [0], "child_ids": [], "entity_name": "cust", "entity_status": name}
        | {"terminal_flag": True, "success": n == 1}
        for n, name in ((1, "won"), (2, "lost"))
    ]
    return {"workflow_version": "1.0", "states": [first | changes, *ends]}


def one(data: Any, path: str = "config/workflows/x.json", /, **head: Any) -> Template:
    """Read one template."""
    text = data if isinstance(data, str) else json.dumps(data)
    (found,) = read(text.encode(), path, head)
    return found


def test_the_numbered_form() -> None:
    found = one(seed(), **HEAD)
    assert (found.code, found.sector, found.version, found.start, found.numbered) == (
        "HS",
        "Home Services",
        "1.0",
        "0",
        True,
    )
    assert found.states["0"].next == (Edge("1"), Edge("2")) and found.states["0"].days == 2
    assert found.states["1"].terminal and found.states["1"].success is True and found.states["1"].parents == ("0",)
    assert seedform.fields(found)[0] == {**seed()["states"][0], "success": None}
    assert isinstance(seedform.fields(found)[0]["avg_duration_days"], int)


def test_a_row_of_the_head_with_its_graph_inside() -> None:
    row: dict[str, Any] = {
        "id": "9b2f",
        "code": "HS",
        "name": "Home",
        "industry_sector": "Home Services",
        "workflow_graph": seed(),
    }
    row |= {
        "active_workflow_flag": False,
        "default_workflow_flag": True,
        "avg_duration_days": 22,
        "success_rate_pct": 68.5,
    }
    found = one(row)
    assert (found.active, found.default, found.version) == (False, True, "1.0")
    assert digest(found) == digest(one(seed(), **HEAD))


def test_what_is_shown_is_read_again() -> None:
    guarded = seed(guards={"1": {"field": "data.amount", "gt": 10}}, template="ROOF")
    found = one(guarded, **HEAD)
    again = one({"workflow_version": "1.0", "states": seedform.fields(found)}, **HEAD)
    assert again == found and found.states["0"].next[0].when == condition.read({"field": "data.amount", "gt": 10})


def test_the_named_form() -> None:
    found = one(NAMED, "config/workflows/roof.yml")
    assert (found.start, found.numbered, found.default, found.version) == ("called", False, True, "1.2")
    called = found.states["called"]
    assert called.next == (Edge("roofed", condition.read({"field": "data.amount", "gt": 1000})), Edge("lost"))
    assert called.stages[0].steps[0].roles == ("roofer",) and called.days == 0.5 and called.outputs == ("visit",)
    assert found.roles == {"roofer": Role("roofer", "climbs")}
    assert found.states["lost"].success is False and found.parents["lost"] == ("called",)


def test_yaml_and_json_say_the_same() -> None:
    numbered = one(seed(), **HEAD)
    as_yaml = one(json.dumps(seed()), "config/workflows/x.yaml", **HEAD)
    assert msgspec.structs.replace(as_yaml, path=numbered.path) == numbered


def test_several_in_one_file() -> None:
    both = [{**seed(), "code": "HS", "name": "Home", "industry_sector": "S", "workflow_version": v} for v in ("1", "2")]
    found = read(json.dumps(both).encode(), "x.json")
    assert [t.version for t in found] == ["1", "2"]
    assert len({digest(t) for t in found}) == 2


@pytest.mark.parametrize("path", PACKS, ids=lambda p: p.stem)
def test_packs_read_lint_and_are_written_as_they_are(path: Path) -> None:
    (found,) = read(path.read_bytes(), f"workflows/{path.name}")
    assert lint.lint(found, set()) == []
    assert found.code == path.stem.upper() and found.active and found.default
    ends = {state.success for state in found.states.values() if state.terminal}
    assert ends == {True, False}
    assert all(state.entity and state.status for state in found.states.values())
    (again,) = read(write(found).encode(), found.path)
    assert again == repaired(found) and digest(again) == digest(found)


def test_the_pack_of_the_automation_domain_has_its_ten_states() -> None:
    found = {p.stem: read(p.read_bytes(), p.name)[0] for p in PACKS}
    assert sorted(found) == ["const_res", "elec_comm", "hs_std", "hvac_emerg", "plumb_maint"]
    rows = seedform.fields(found["hs_std"])
    assert [(row["id"], row["child_ids"]) for row in rows] == [
        *((0, [1, 2]), (1, [2, 3]), (2, [3, 4]), (3, [4, 5]), (4, [6])),
        *((5, []), (6, [7]), (7, [8]), (8, [9]), (9, [])),
    ]
    assert [row["avg_duration_days"] for row in rows] == [2, 3, 1, 5, 1, None, 7, 1, 1, None]


def test_blank_lines_stand_between_fields_and_states() -> None:
    text = write(one(NAMED, "x.yml"))
    assert "\n\nphases:\n  called:\n" in text and "\n\n  roofed:\n    entity: order\n" in text
    assert (
        "    next:\n      - to: roofed\n        when:\n          field: data.amount\n          gt: 1000\n      - lost\n"
        in text
    )


def test_the_digest_is_of_the_graph_and_not_of_the_words() -> None:
    plain = digest(one(seed(), **HEAD))
    assert digest(one(seed(descr="Somebody calls", avg_duration_days=9, parent_ids=[2]), **HEAD)) == plain
    assert digest(one(seed(), code="HS", name="Houses", sector="Home Services", default=True)) == plain
    for change in ({"child_ids": [1]}, {"entity_status": "New"}, {"name": "call"}, {"template": "X"}):
        assert digest(one(seed(**change), **HEAD)) != plain
    assert digest(one(seed(guards={"1": {"amount": 1}}), **HEAD)) != plain


def test_the_digest_is_the_same_of_what_the_index_kept() -> None:
    guarded = one(seed(guards={"1": {"field": "child.status", "eq": "completed"}}), **HEAD)
    kept = msgspec.json.decode(msgspec.json.encode(guarded), type=Template)
    assert kept == guarded and digest(kept) == digest(guarded)


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        (NAMED.replace("title: Called", "titel: Called"), "titel: unknown field", 11),
        (NAMED.replace("days: 0.5", "days: soon"), "days", 15),
        (NAMED.replace("{field: data.amount, gt: 1000}", "{field: data.amount, above: 1}"), "one operator", 20),
        (NAMED.replace("{field: data.amount, gt: 1000}", "{field: data.amount, matches: '('}"), "no pattern", 20),
        (NAMED.replace("  lost: {", "  called: {"), "stands twice", 23),
        (NAMED.replace("  lost: {", "  lost: {id: roofed, "), "stands twice", 23),
        (NAMED.replace("schema: 1", "schema: 2"), "schema 2 is not known", 1),
        (NAMED.replace("code: ROOF\n", ""), "code is missing", 1),
        (NAMED.replace("phases:", "phase:"), "neither phases nor states", 1),
        ("- 1\n", "a mapping of fields", 1),
        ("[]\n", "holds no template", 0),
        ("a: &a [x]\nb: *a\n", "alias", 0),
        ("code: X\nstates: {a: 1}\nname: x\nindustry_sector: y\n", "a list is wanted", 2),
        ("states: []\n", "without code, name and industry_sector", 1),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, says: str, line: int) -> None:
    with pytest.raises(StateError) as e:
        one(text, "config/workflows/x.yml")
    assert says in e.value.message
    assert e.value.place.startswith("config/workflows/x.yml") and e.value.hint
    if line:
        assert e.value.place.endswith(f":{line}")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda g: g["states"][1].update(id=0), "the state id 0 stands twice"),
        (lambda g: g["states"][0].update(guards={"7": {"a": 1}}), "none of the child_ids"),
        (lambda g: g["states"][0].update(avg_duration_days="soon"), "avg_duration_days"),
        (lambda g: g["states"][0].update(color="red"), "color: unknown field"),
        (lambda g: g["states"].append(7), "a mapping of fields is wanted"),
        (lambda g: g["states"][0].pop("name"), "name is missing"),
    ],
)
def test_a_wrong_state_of_the_numbered_form(change: Callable[[dict[str, Any]], Any], says: str) -> None:
    graph = seed()
    change(graph)
    with pytest.raises(StateError, match=says):
        one(json.dumps(graph, indent=1), **HEAD)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"states": [', "not JSON"),
        ('{"a": 1, "a": 2, "states": []}', "'a' stands twice"),
        ('{"states": [], "x": NaN}', "NaN is no number"),
        ("[" * 100_000, "nested too deep"),
        ('{"x": ' + "9" * 5000 + "}", "too long"),
    ],
)
def test_json_that_is_none(text: str, says: str) -> None:
    with pytest.raises(StateError, match=says):
        one(text, **HEAD)


def test_lines_of_states() -> None:
    (found,) = source.lines(NAMED)
    assert found["called"] == 10 and found["lost"] == 23 and found[""] == 1
    (numbered,) = source.lines(json.dumps(seed(), indent=1))
    assert numbered["0"] == numbered["lead"] == 4


def test_ten_thousand_states_take_linear_time() -> None:
    def graph(size: int) -> bytes:
        states = [
            {"id": n, "name": f"s{n}", "child_ids": [n + 1], "parent_ids": [n - 1], "avg_duration_days": 1}
            for n in range(size - 1)
        ]
        states.append({"id": size - 1, "name": "end", "child_ids": [], "terminal_flag": True, "success": True})
        return json.dumps({"states": states}, indent=1).encode()

    begun = time.process_time()
    (found,) = read(graph(10_000), "big.json", HEAD)
    assert [f.code for f in lint.lint(found)] == ["VT514"]
    assert len(digest(found)) == 64
    assert time.process_time() - begun < 5
    with pytest.raises(StateError, match="more than 20000 lines and values"):
        read(graph(3000), "big.yml", HEAD)


WORDS = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=20).map(str.strip)
NAMES = st.from_regex(r"\A[a-z][a-z0-9_-]{0,8}\Z")


@st.composite
def templates(draw: st.DrawFn) -> Template:
    """Any template that a person could write."""
    names = draw(st.lists(NAMES, min_size=1, max_size=5, unique=True))
    numbered = draw(st.booleans())
    ids = [str(n) for n in range(len(names))] if numbered else names
    guards = st.none() | st.builds(
        lambda field, value: condition.read({"all": [{"field": field, "lt": value}, {"not": {field: "x"}}]}),
        NAMES,
        st.integers(0, 9),
    )
    states = {}
    for at, (id_, name) in enumerate(zip(ids, names, strict=True)):
        ways = tuple(Edge(to, draw(guards)) for to in ids[at + 1 :])
        states[id_] = State(
            id_,
            name,
            title=draw(WORDS),
            description=draw(WORDS),
            entity=draw(NAMES),
            status=draw(WORDS),
            terminal=not ways,
            success=None if ways else draw(st.booleans()),
            days=draw(st.none() | st.floats(0.25, 99, width=16)),
            next=ways,
            outputs=tuple(draw(st.lists(NAMES, max_size=2))),
            stages=(Stage("s", steps=(WorkflowStep("t", description=draw(WORDS)),)),) if draw(st.booleans()) else (),
        )
    head = (draw(NAMES), draw(WORDS.filter(bool)), draw(WORDS.filter(bool)))
    return Template(*head, version="1.0", start=ids[0], states=states, numbered=numbered, path="x.yml")


@settings(max_examples=20)
@given(templates())
def test_what_is_written_reads_back(template: Template) -> None:
    assert read(write(template).encode(), "x.yml") == (template,)


@settings(max_examples=20)
@given(
    st.recursive(st.none() | st.booleans() | st.integers() | WORDS, lambda s: st.lists(s) | st.dictionaries(WORDS, s))
)
def test_whatever_stands_there_is_read_or_refused(value: Any) -> None:
    for data in (value, {"states": value, **seed()}, {"states": [value]}, {"phases": value, "code": "X"}):
        for text in (json.dumps(data), json.dumps({**HEAD, **data}) if isinstance(data, dict) else "{}"):
            for path in ("x.json", "x.yml"):
                try:
                    read(text.encode(), path)
                except StateError as e:
                    assert e.place.startswith("x.")
