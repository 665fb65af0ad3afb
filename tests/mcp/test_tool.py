"""A tool becomes the words of a command line: each argument stays the value that it is."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agenticops.cli import root
from agenticops.errors import UsageError
from agenticops.mcp import core
from agenticops.mcp.tool import LONGEST, Call, Tool, words

BY_NAME = {t.name: t for t in core.TOOLS}
# Words that a shell or an option parser would take for something else.
HOSTILE = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["--json", "--help", "--", "-C", "-t", "--ticket=x", "-", "--all", "a b", "--override", "\n", ""]),
)


@cache
def command_of(call: Call) -> Any:
    """Find the command of the tree that a call names."""
    found: Any = root.load(call.words[0])
    for name in call.words[1:]:
        found = found.commands[name]
    return found


def parsed(call: Call, line: list[str]) -> dict[str, Any]:
    """Read the words as the CLI does, and give the values by the name that the tool has for them."""
    command = command_of(call)
    values = command.make_context("x", line[len(call.words) :]).params
    found = {}
    for p in command.params:
        name = p.name if p.param_type_name == "argument" else p.opts[0].lstrip("-").replace("-", "_")
        found.setdefault(name, values.get(p.name))
    return found


def values_of(rule: dict[str, Any]) -> st.SearchStrategy[Any]:
    if "enum" in rule:
        return st.sampled_from(rule["enum"])
    return {
        "string": HOSTILE,
        "boolean": st.booleans(),
        "array": st.lists(HOSTILE, max_size=3),
    }[rule["type"]]


CALLS = [(tool, chosen, call) for tool in core.TOOLS for chosen, call in tool.calls.items()]


@pytest.mark.parametrize(("tool", "chosen", "call"), CALLS, ids=[f"{t.name} {c}".strip() for t, c, _ in CALLS])
def test_each_argument_of_a_core_tool_is_one_of_its_command(tool: Tool, chosen: str, call: Call) -> None:
    parameters = command_of(call).params
    places = [p.name for p in parameters if p.param_type_name == "argument"]
    options = {o for p in parameters for o in p.opts}
    assert len(call.places) <= len(places)
    assert {f"--{n.replace('_', '-')}" for n in call.options} <= options
    assert set(call.takes) <= set(tool.properties)


@pytest.mark.parametrize(("tool", "chosen", "call"), CALLS, ids=[f"{t.name} {c}".strip() for t, c, _ in CALLS])
@settings(max_examples=25)
@given(data=st.data())
def test_a_value_never_becomes_an_option(tool: Tool, chosen: str, call: Call, data: st.DataObject) -> None:
    given_ = {n: data.draw(values_of(tool.properties[n]), label=n) for n in call.takes}
    # A single place takes one value only; the CLI refuses two.
    single = {p.name for p in command_of(call).params if p.param_type_name == "argument" and p.nargs == 1}
    places = [p.name for p in command_of(call).params if p.param_type_name == "argument"][: len(call.places)]
    for name, place in zip(call.places, places, strict=True):
        if place in single and isinstance(given_[name], list):
            given_[name] = (given_[name] or ["x"])[:1]
    line = words(tool, {**given_, **({tool.chooser: chosen} if tool.chooser else {})})
    assert line[: len(call.words) + 1] == [*call.words, "--json"]
    read = parsed(call, line)
    assert read["json"] is True
    for name, value in given_.items():
        name_there = dict(zip(call.places, places, strict=True)).get(name, name)
        there = read[name_there]
        if isinstance(value, list) and not isinstance(there, list | tuple):
            value = value[0]
        if isinstance(value, list):
            assert list(there or []) == value
        else:
            assert (getattr(there, "value", there) or "") == value or there is value


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("session_note", {"text": "x"}, "'kind' is a required property"),
        ("session_note", {"kind": "shout", "text": "x"}, "kind: 'shout' is not one of"),
        ("session_note", {"kind": "note", "text": 3}, "text: 3 is not of type 'string'"),
        ("session_note", {"kind": "note", "text": None}, "text: None is not of type 'string'"),
        ("session_note", {"kind": "note", "text": "x", "more": 1}, "there is no argument 'more'"),
        ("session_note", {"kind": "note", "text": "x", "priority": "high"}, "note takes no argument 'priority'"),
        ("session_note", {"kind": ["note"], "text": "x"}, "kind: ['note'] is not of type 'string'"),
        ("session_note", {"kind": "note", "text": "x" * (LONGEST + 1)}, "text has 65,537 characters"),
        ("work", {"do": "tick", "names": ["x" * (LONGEST + 1)]}, "names has 65,537 characters"),
        ("work", {"do": "tick", "names": "one"}, "names: 'one' is not of type 'array'"),
        ("work", {"do": "tick", "names": [1]}, "names.0: 1 is not of type 'string'"),
        ("work", {"do": "tick", "all": True}, "tick takes no argument 'all'"),
        ("advance", {"commit": "yes"}, "commit: 'yes' is not of type 'boolean'"),
        ("train_status", {"x\x1b[2J": 1}, "there is no argument"),
    ],
)
def test_what_the_schema_does_not_allow_is_refused_with_the_way_out(
    tool: str, arguments: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        words(BY_NAME[tool], arguments)
    assert said in refused.value.message and refused.value.hint.startswith(f"{tool} takes")
    assert refused.value.message.isprintable() and len(refused.value.message) < 300
