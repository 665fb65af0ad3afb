"""Reading what a coding agent tells a hook."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenticops.core import agentjson, noted
from agenticops.core.agentjson import Payload
from tests.support import THOROUGH

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=4,
)
KEYS = ("todos", "content", "status", "subject", "taskId", "task", "id", "priority")
CALLS = st.dictionaries(st.sampled_from(KEYS), JSON | st.lists(st.dictionaries(st.sampled_from(KEYS), JSON)))


@pytest.mark.parametrize(
    "data",
    [
        b"no json",
        b"\0",
        b"[1, 2]",
        b'"text"',
        b"null",
        b'{"a": ',
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b'{"a": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe{}",
    ],
    ids=range(10),
)
def test_what_is_no_object_is_none(data: bytes) -> None:
    assert agentjson.read(data) is None


@pytest.mark.parametrize("data", [b"", b" \n", b"\xef\xbb\xbf"], ids=["empty", "blank", "mark"])
def test_nothing_is_an_empty_call(data: bytes) -> None:
    found = agentjson.read(data)
    assert found is not None and found.raw == {}


def test_bytes_that_are_no_text_do_not_spoil_the_rest() -> None:
    found = agentjson.read(b'\xef\xbb\xbf{"cwd": "/a\xff", "prompt": "\\ud800x"}')
    assert found is not None
    assert (found.text("cwd"), found.text("prompt")) == ("/a\ufffd", "?x")


def test_values_of_another_type_are_empty() -> None:
    call = Payload({"cwd": 5, "stop_hook_active": "true", "tool_input": [1], "todos": {"a": 1}, "list": [1, {"a": 2}]})
    assert (call.text("cwd"), call.flag("stop_hook_active"), call.below("tool_input").raw) == ("", False, {})
    assert call.entries("todos") == [] and [e.raw for e in call.entries("list")] == [{"a": 2}]


def test_a_list_gets_ids_and_keeps_what_it_says() -> None:
    todos = [
        {"content": " Read\nit ", "status": "in_progress", "activeForm": "Reading"},
        {"content": "", "status": "pending"},
        {"content": "Write", "status": "blocked", "priority": "high"},
        "no entry",
    ]
    assert agentjson.listed(Payload({"todos": todos})) == [
        {"id": "m1", "content": "Read it", "status": "in_progress", "priority": "medium"},
        {"id": "m2", "content": "Write", "status": "pending", "priority": "high"},
    ]


def test_ids_of_an_agents_list_are_known_by_their_letter() -> None:
    assert agentjson.MIRRORED == noted.MIRRORED


def test_a_list_is_kept_to_a_size() -> None:
    found = agentjson.listed(Payload({"todos": [{"content": "x" * 10_000}] * 1000}))
    assert len(found) == agentjson.MOST and {len(t["content"]) for t in found} == {agentjson.WIDTH}


@pytest.mark.parametrize(("text", "kept"), [("see [1] {a}", "see [1] {a}"), ("[" * 9, "(" * 9), ("{[]", "(()")])
def test_brackets_that_nobody_closes_are_no_nesting(text: str, kept: str) -> None:
    assert agentjson.listed(Payload({"todos": [{"content": text}]}))[0]["content"] == kept


def test_tasks_are_created_changed_and_deleted() -> None:
    answer = Payload({"task": {"id": "7", "subject": "Read"}})
    made = agentjson.created(Payload({"subject": "Read", "description": "…"}), answer, [])
    assert made == [{"id": "m7", "content": "Read", "status": "pending", "priority": "medium"}]
    assert agentjson.created(Payload({"subject": "Read"}), answer, made) == made
    done = agentjson.updated(Payload({"taskId": "7", "status": "completed"}), made)
    assert [t["status"] for t in done] == ["completed"]
    assert agentjson.updated(Payload({"taskId": "7", "subject": "Read twice"}), done)[0]["content"] == "Read twice"
    assert agentjson.updated(Payload({"taskId": "8", "status": "completed"}), made) == made
    assert agentjson.updated(Payload({"taskId": "7", "status": "deleted"}), done) == []


@pytest.mark.parametrize("name", ["", "a b", "../x", "ä", "1" * 13])
def test_a_task_whose_id_is_none_is_not_taken_in(name: str) -> None:
    assert agentjson.created(Payload({"subject": "Read"}), Payload({"task": {"id": name}}), []) == []


@settings(max_examples=25 if THOROUGH else 8)
@given(call=CALLS, answer=CALLS)
def test_any_call_gives_to_dos_that_can_be_written_down(call: dict[str, Any], answer: dict[str, Any]) -> None:
    for found in (
        agentjson.listed(Payload(call)),
        agentjson.created(Payload(call), Payload(answer), []),
        agentjson.updated(Payload(call), [{"id": "m1", "content": "a", "status": "pending", "priority": "low"}]),
    ):
        json.dumps(found).encode()
        assert all(set(t) == {"id", "content", "status", "priority"} and t["content"] for t in found)
