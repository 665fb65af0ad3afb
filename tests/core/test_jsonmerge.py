"""JSON merge: our keys go in and come out, and everything else stays byte for byte."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import jsonmerge
from agenticops.core.insertions import without
from agenticops.core.jsonmerge import Graft
from agenticops.errors import StateError

HOOK = {"matcher": "*", "hooks": [{"type": "command", "command": "agenticops-guard"}]}
GRAFTS = (
    Graft(("permissions", "allow"), "Bash(agenticops:*)", "append"),
    Graft(("hooks", "PreToolUse"), HOOK, "append"),
    Graft(("hooks", "Stop"), {"hooks": []}, "append"),
    Graft(("mcpServers", "agenticops"), {"command": "agenticops"}),
    Graft(("name",), "ours", "offer"),
)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
USERS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES,
        "permissions": st.fixed_dictionaries({}, optional={"allow": st.lists(WORDS, max_size=2), "deny": VALUES}),
        "hooks": st.dictionaries(st.sampled_from(["PreToolUse", "Stop", "x"]), st.lists(VALUES, max_size=2)),
        "mcpServers": st.dictionaries(WORDS, VALUES, max_size=2),
        "z": VALUES,
    },
)


@given(
    user=USERS,
    indent=st.sampled_from([None, 0, 2, 4, "\t"]),
    newline=st.sampled_from(["\n", "\r\n"]),
    end=st.sampled_from(["", "\n", "\n\n", " "]),
)
def test_what_goes_in_comes_out(user: dict[str, Any], indent: int | str | None, newline: str, end: str) -> None:
    text = (json.dumps(user, indent=indent, ensure_ascii=False) + end).replace("\n", newline)
    merged = jsonmerge.merge(text, GRAFTS, "f.json")
    assert without(merged.text.text, merged.text.spans) == text
    found = json.loads(merged.text.text)
    assert all(jsonmerge.standing(merged.text.text, g, "f.json") == "there" for g in merged.ours)
    for key in user:
        assert key in found and list(found)[: len(user)] == list(user), "the user's order stays"
    again = jsonmerge.merge(merged.text.text, GRAFTS, "f.json")
    assert again.text.text == merged.text.text and not again.ours, "put in once"
    back = json.loads(jsonmerge.remove(merged.text.text, merged.ours, "f.json"))
    for key, value in user.items():
        if value not in ({}, []) and not isinstance(value, dict):
            assert back[key] == value


@pytest.mark.parametrize("text", ["{ }\n", "{\n}", "{}", "", " \n", '{"hooks": {}}', '{\n  "hooks": {\n  }\n}\n'])
def test_empty_containers(text: str) -> None:
    merged = jsonmerge.merge(text, GRAFTS, "f.json")
    assert without(merged.text.text, merged.text.spans) == text
    assert json.loads(merged.text.text)["hooks"]["PreToolUse"] == [HOOK]


def test_the_manner_of_the_file_is_kept() -> None:
    text = '{\n\t"hooks": {\n\t\t"Stop": [\n\t\t\t1\n\t\t]\n\t}\n}\n'
    merged = jsonmerge.merge(text, GRAFTS[2:3], "f.json").text.text
    assert merged == text.replace("\t\t\t1\n", '\t\t\t1,\n\t\t\t{\n\t\t\t\t"hooks": []\n\t\t\t}\n')


def test_after_a_change_only_ours_goes() -> None:
    merged = jsonmerge.merge('{\n  "a": 1\n}\n', GRAFTS, "f.json")
    changed = merged.text.text.replace('"a": 1', '"a": 2').replace('"name": "ours"', '"name": "ours",\n  "b": 3')
    assert json.loads(jsonmerge.remove(changed, merged.ours, "f.json")) == {"a": 2, "name": "ours", "b": 3}
    edited = merged.text.text.replace('"matcher": "*"', '"matcher": "Bash"')
    assert jsonmerge.standing(edited, GRAFTS[1], "f.json") == "absent"
    left = json.loads(jsonmerge.remove(edited, merged.ours, "f.json"))
    assert left["hooks"] == {"PreToolUse": [{**HOOK, "matcher": "Bash"}]}, "what was made of ours by hand stays"


def test_an_offer_is_no_claim() -> None:
    assert jsonmerge.standing('{"name": "theirs"}', GRAFTS[4], "f.json") == "there"
    assert jsonmerge.standing('{"mcpServers": {"agenticops": 1}}', GRAFTS[3], "f.json") == "theirs"
    merged = jsonmerge.merge('{"name": "theirs"}', GRAFTS[4:], "f.json")
    assert merged.ours == () and merged.text.text == '{"name": "theirs"}'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("// no\n{}", "no plain JSON"),
        ('{"a": 1,}', "no plain JSON"),
        ("[]", "an object is wanted"),
        ('{"hooks": []}', "hooks is no object"),
        ('{"hooks": {"PreToolUse": {}}}', "hooks.PreToolUse is no list"),
        ('{"hooks": {}, "hooks": {}}', "twice"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ("\ufeff{}", "no plain JSON"),
    ],
)
def test_what_cannot_be_merged_is_refused_with_what_to_paste(text: str, said: str) -> None:
    with pytest.raises(StateError) as caught:
        jsonmerge.merge(text, GRAFTS, "f.json")
    assert said.replace("an object", "object") in caught.value.message
    assert caught.value.place.startswith("f.json")
    if "twice" not in said:
        assert json.loads(caught.value.hint.partition("{")[1] + caught.value.hint.partition("{")[2])["hooks"]


def test_the_snippet_is_all_of_ours() -> None:
    found = json.loads(jsonmerge.snippet(GRAFTS))
    assert found["hooks"] == {"PreToolUse": [HOOK], "Stop": [{"hooks": []}]}
    assert found["mcpServers"] == {"agenticops": {"command": "agenticops"}}
