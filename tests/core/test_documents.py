"""Documents: typed reading that names field and line, and writing that reads back."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import documents
from agenticops.core.documents import edit_front, read_item, read_pipeline, read_session, read_ticket, render
from agenticops.errors import StateError
from agenticops.model.pipeline import CheckCall
from agenticops.model.session import Handoff, Todo
from agenticops.model.ticket import Ticket
from tests.support import TINY, item, ticket


def test_a_pipeline_is_read_with_names_order_and_start() -> None:
    pipeline = read_pipeline(TINY.encode())
    assert list(pipeline.phases) == ["shape", "build", "ship"]
    assert (pipeline.name, pipeline.start) == ("tiny", "shape")
    assert pipeline.phases["build"].name == "build"
    assert pipeline.phases["build"].next == ("shape", "ship")
    assert pipeline.phases["ship"].done is True
    assert pipeline.artifacts["brief"].path == "docs/{item}/brief.md"


def test_without_a_start_the_first_phase_is_it() -> None:
    assert read_pipeline(TINY.replace("start: shape\n", "").encode()).start == "shape"


def test_a_gate_lists_checks_by_name_or_with_parameters() -> None:
    call = "{check: inputs, name: deep, level: recorded, depth: 2, on: true}"
    gates = f"gates:\n  strict:\n    checks:\n      - checklist\n      - {call}\n"
    pipeline = read_pipeline((TINY + gates).encode())
    deep = CheckCall("inputs", "deep", "recorded", {"depth": 2, "on": True})
    assert pipeline.gates["strict"].checks == (CheckCall("checklist"), deep)


def test_schemas_inside_a_contract_are_typed() -> None:
    more = "    front_matter:\n      properties:\n        n: {minimum: 1, const: '1'}\n"
    contract = read_pipeline(TINY.rstrip("\n").encode() + b"\n" + more.encode()).artifacts["plan"]
    assert contract.front_matter == {"properties": {"n": {"minimum": 1, "const": "1"}}}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("    owner: maker\n    artifacts", "    ownr: maker\n    artifacts", 17, "phases.build.ownr"),
        ("done: true", "done: maybe", 24, "phases.ship.done"),
        ("next: [build]", "next: build", 14, "phases.shape.next"),
        ("title: Tiny train", "titel: Tiny train", 5, "titel"),
        ("schema: 1", "schema: 2", 1, "schema 2 is not known"),
        ("    path: docs/{item}/plan.md", "    type: pdf", 43, "artifacts.plan.type"),
        ("  ship:\n    mode: make", "  ship: make\n  more:\n    mode: make", 21, "phases.ship: a mapping of fields"),
    ],
)
def test_a_misspelt_pipeline_names_field_and_line(old: str, new: str, line: int, words: str) -> None:
    assert old in TINY
    with pytest.raises(StateError, match=re.escape(words)) as caught:
        read_pipeline(TINY.replace(old, new, 1).encode())
    assert caught.value.place == f"config/pipeline.yml:{line}"


@pytest.mark.parametrize("text", ["", "just words\n", "- a\n- list\n"])
def test_a_pipeline_that_is_no_mapping(text: str) -> None:
    with pytest.raises(StateError) as caught:
        read_pipeline(text.encode())
    assert "pipeline.yml:1" in caught.value.place


def test_a_section_must_be_a_mapping() -> None:
    with pytest.raises(StateError, match="modes must map names to definitions") as caught:
        read_pipeline(b"schema: 1\nname: x\nmodes: [a]\n")
    assert caught.value.place == "config/pipeline.yml:3"


def test_a_ticket_is_written_without_times_and_reads_back() -> None:
    one = ticket(operator='Ada "the first" <a@b>', entry=("it is: ready",), optional=("plan",))
    text = documents.write_ticket(one)
    assert read_ticket(text.encode(), one.path) == one
    assert documents.write_ticket(one) == text


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(names, st.lists(names, max_size=3))
def test_any_ticket_reads_back(operator: str, entry: list[str]) -> None:
    one = ticket(operator=operator, entry=tuple(entry))
    assert read_ticket(documents.write_ticket(one).encode(), "t.yml") == one


def test_ids_that_look_like_numbers_stay_text() -> None:
    one = ticket(item="142")
    text = documents.write_ticket(one)
    assert 'item: "142"' in text
    assert read_ticket(text.encode(), "t").item == "142"
    assert read_ticket(text.replace('"142"', "142").encode(), "t").item == "142"


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("status: todo", "status: finished"), 15, "status"),
        (("status: todo\n", ""), 1, "status"),
        (("artifacts:\n  - brief", "artifacts: brief"), 25, "artifacts"),
        (("phase: shape", "phase: [shape]"), 7, "phase"),
    ],
)
def test_a_broken_ticket_names_its_field(change: tuple[str, str], line: int, words: str) -> None:
    text = documents.write_ticket(ticket())
    assert change[0] in text
    with pytest.raises(StateError, match=words) as caught:
        read_ticket(text.replace(*change).encode(), "t.yml")
    assert caught.value.place == f"t.yml:{line}"


def test_unknown_fields_of_a_ticket_are_left_to_their_owner() -> None:
    assert read_ticket((documents.write_ticket(ticket()) + "\nmine: 1\n").encode(), "t") == ticket()


@pytest.mark.parametrize("text", ["", "- a\n", "word\n"])
def test_a_ticket_that_is_no_mapping(text: str) -> None:
    with pytest.raises(StateError, match="mapping"):
        read_ticket(text.encode(), "t.yml")


def test_a_work_item_reads_back_with_its_text() -> None:
    one = item(kind="CRD", parent="t00000002", issue=7, labels=("a", "b: c"), revenue_value=1.5, body="# H\n\nText")
    read = read_item(documents.write_item(one).encode(), one.path)
    assert msgspec.structs.replace(read, body="") == msgspec.structs.replace(one, body="")
    assert read.body == "# Refills\n\n# H\n\nText"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("No front-matter\n", "i.md:2"),
        ("---\nid: t1\nkind: Epic\ntitle: x\n---\n", "i.md:3"),
        ("---\nid: t1\nkind: PRD\ntitle: x\nissue: soon\n---\n", "i.md:5"),
        ("---\n- a\n---\n", "i.md:2"),
    ],
)
def test_a_broken_work_item_names_its_line(text: str, place: str) -> None:
    with pytest.raises(StateError) as caught:
        read_item(text.encode(), "i.md")
    assert caught.value.place == place


def test_a_session_is_read_deeply() -> None:
    text = (
        "---\nstatus: handed_off\ntodos:\n  - id: '1'\n    content: Write\n    status: completed\n"
        "handoff:\n  to: maker\n  requirements: [next_steps]\nmine: kept\n---\nText\n"
    )
    session = read_session(text.encode(), "s.md")
    assert session.todos == (Todo("1", "Write", "completed"),)
    assert session.handoff == Handoff("maker", ("next_steps",))


@pytest.mark.parametrize(
    ("text", "place", "hint"),
    [
        ("# Old session\n", "s.md:1", "migrate"),
        ("---\nstatus: asleep\n---\n", "s.md:2", ""),
        ("---\nstatus: active\ntodos:\n  - id: '1'\n    status: maybe\n    content: x\n---\n", "s.md:5", ""),
    ],
)
def test_a_broken_session_names_its_line(text: str, place: str, hint: str) -> None:
    with pytest.raises(StateError) as caught:
        read_session(text.encode(), "s.md")
    assert caught.value.place == place
    assert hint in caught.value.hint


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_front_matter_is_edited_in_place(newline: str) -> None:
    text = "---\nstatus: init # by the tool\nmine:  1\n---\n\n# Notes\n\nstatus: init is text here\n---\n"
    text = text.replace("\n", newline)
    assert edit_front(text, {"status": "active"}, "s") == text.replace("status: init #", "status: active #")


def test_front_matter_is_added_where_there_is_none() -> None:
    assert edit_front("# Notes\n", {"status": "init"}, "s") == "---\nstatus: init\n---\n\n# Notes\n"


def test_a_page_that_begins_with_a_rule_has_no_front_matter() -> None:
    page = "---\n\nA rule above.\n"
    assert edit_front(page, {"status": "init"}, "s") == "---\nstatus: init\n---\n\n" + page
    assert edit_front("---\n---\nText\n", {"status": "init"}, "s") == "---\nstatus: init\n---\nText\n"


@given(st.dictionaries(st.from_regex(r"\w{1,5}", fullmatch=True), st.text(max_size=10), max_size=3))
def test_placeholders_are_filled_in_one_pass(values: dict[str, str]) -> None:
    template = "".join(f"<{{{{{name}}}}}>" for name in values) + "{{ spaced }}{{}}"
    assert render(template, values) == "".join(f"<{v}>" for v in values.values()) + "{{ spaced }}{{}}"


def test_an_unknown_placeholder_stays() -> None:
    values: dict[str, Any] = {"item": "{{title}}", "title": "x"}
    assert render("{{item}} {{nobody}}", values) == "{{title}} {{nobody}}"


def test_every_ticket_field_that_is_written_is_read() -> None:
    written = set(re.findall(r"^(\w+):", documents.write_ticket(ticket()), re.M))
    assert written <= set(Ticket.__struct_fields__)
