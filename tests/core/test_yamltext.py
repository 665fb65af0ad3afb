"""YAML as text: what is refused, and that a write changes only what it means."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from agenticops.core import documents, yamltext
from agenticops.core.yamltext import Plain, decode, dump, load, locate, splice, split, typed
from agenticops.errors import StateError
from agenticops.model.ticket import Ticket
from tests.support import ticket


def refused(text: str) -> StateError:
    with pytest.raises(StateError) as caught:
        load(text, "f.yml")
    return caught.value


# What is refused


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: &x 1\nb: *x\n", 1, "aliases are not read"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", 3, "merge keys are not read"),
        ("c:\n  <<: {b: 1}\n", 2, "merge keys are not read"),
        ("a: 1\nb: 2\na: 3\n", 3, "the key 'a' stands twice"),
        ("x:\n  a: 1\n  'a': 2\n", 3, "the key 'a' stands twice"),
        ("a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "the tag"),
        ("a: !!str 1\n", 1, "the tag"),
        ("? [a, b]\n: 1\n", 1, "a key must be a word"),
        ("~: 1\n", 1, "a key must be a word"),
        ("a: 1\n b: 2\n", 2, "not YAML"),
        ("a: [1, 2\n", 2, "not YAML"),
        ("a: 'open\n", 2, "not YAML"),
        ("a: 1\n---\nb: 2\n", 2, "not YAML"),
        ("a: *nowhere\n", 1, "not YAML"),
        ("a: &x [*x]\n", 1, "aliases are not read"),
        ("a: \t- b\n\tc: 1\n", 1, "not YAML"),
    ],
)
def test_what_yaml_could_mean_otherwise_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    error = refused(text)
    assert words in error.message
    assert error.place == f"f.yml:{line}"


def test_a_bomb_of_aliases_costs_nothing() -> None:
    rows = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    begun = time.monotonic()
    assert "aliases are not read" in refused("\n".join(rows)).message
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    "text",
    ["[" * 30_000, "{a: " * 15_000, "- " * 30_000, "? " * 30_000, "a:\n" + " " * 300 + "b: 1\n",
     "".join(" " * n + f"k{n}:\n" for n in range(200))],
)  # fmt: skip
def test_deep_nesting_is_refused_before_it_overflows_a_stack(text: str) -> None:
    error = refused(text)
    assert "nested deeper than 64 levels" in error.message or "indented by more than 256" in error.message


def test_sixty_levels_are_fine() -> None:
    assert load("[" * 60 + "]" * 60, "f.yml")


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"a: 1\nb: \x00\n", "f.yml:2", "NUL"),
        (b"a: 1\n\nb: \xff\xfe\n", "f.yml:3", "not UTF-8"),
        (b"a: \xed\xa0\x80\n", "f.yml:1", "not UTF-8"),
        (b"a: 1\n<<<<<<< HEAD\nb: 1\n=======\nb: 2\n>>>>>>> x\n", "f.yml:2", "conflict markers"),
        (b"a: 1\r\nb: 2\r\n>>>>>>> theirs\r\n", "f.yml:3", "conflict markers"),
        (b"a" * 65_537, "f.yml", "65537 bytes; at most 65536"),
    ],
)
def test_bytes_that_are_no_state_file(data: bytes, place: str, words: str) -> None:
    with pytest.raises(StateError, match=words) as caught:
        decode(data, "f.yml")
    assert caught.value.place == place


def test_what_only_looks_like_a_conflict_is_text() -> None:
    text = "a: |-\n  a heading\n  =======\n  <<<<<<< HEAD\n"
    assert decode(text.encode(), "f.yml") == text


def test_size_counts_before_anything_is_parsed() -> None:
    assert decode(b"a" * 65_536, "f.yml")
    assert "characters; at most" in refused("a: " + "x" * 65_536).message


# What is read


def test_words_stay_words_until_a_type_says_otherwise() -> None:
    loaded = load("a: 2_7\nb: 0x1F\nc: no\nd: 12:30\ne: 1.10\nf: 2026-01-01\n", "f.yml")
    assert loaded == {"a": "2_7", "b": "0x1F", "c": "no", "d": "12:30", "e": "1.10", "f": "2026-01-01"}
    assert all(isinstance(v, Plain) for v in loaded.values())


def test_typed_follows_the_core_schema_and_leaves_quoted_words_alone() -> None:
    loaded = load("[1, -2, 1.5, true, False, '1', \"true\", 2_7, no, ~, 'null', 1e3, 12345678901234567890123]", "f")
    wanted = [1, -2, 1.5, True, False, "1", "true", "2_7", "no", None, "null", 1000.0, "12345678901234567890123"]
    assert typed(loaded) == wanted
    assert [type(v) for v in typed(loaded)] == [type(v) for v in wanted]


def test_split_takes_front_matter_off() -> None:
    assert split("---\na: 1\n---\n\nBody\n") == ("a: 1\n", "\nBody\n", 4)
    assert split("---\r\na: 1\r\n---\r\nBody") == ("a: 1\r\n", "Body", 4)
    assert split("Body\n---\n") == ("", "Body\n---\n", 1)
    assert split("---\na: 1\n---") == ("a: 1\n", "", 3)


def test_convert_names_field_and_line() -> None:
    text = "id: shape_1\nitem: '1'\nphase: shape\nmode: plan\nagent: a\nstatus: finished\n"
    with pytest.raises(StateError) as caught:
        yamltext.convert(load(text, "t.yml"), Ticket, "t.yml", text)
    assert caught.value.place == "t.yml:6"
    assert caught.value.message.startswith("status: ")


def test_locate_finds_the_deepest_key_that_is_there() -> None:
    text = "a:\n  b:\n    - x\n    - c: 1\n      d: 2\n"
    assert locate(text, ("a", "b", "1", "d")) == 5
    assert locate(text, ("a", "b", "0")) == 3
    assert locate(text, ("a", "nope", "d")) == 1
    assert locate(text, ("a", "b"), first_line=10) == 11


# What is written

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
KEYS = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)


@given(st.text())
@example("\ufffe\uffff")
@example("a\n\ufeffb")
@example("\u0085\u2028\u2029\x7f\x80\x9f")
@example("say \"so\" \\ and 'so'")
@example("one\n\n  two \n\nthree")
@example("one\n ")
@example("---\n...\n")
@example("# no comment\n- no entry")
@example("a: b")
@example("<<<<<<< HEAD\n>>>>>>> x")
@example("true")
@example("~")
@example("12_3")
def test_any_text_comes_back_as_it_was(text: str) -> None:
    for value in (text, [text], {"deep": text}):
        written = dump({"a": value, "z": "end"})
        assert typed(load(decode(written.encode(), "f.yml"), "f.yml")) == {"a": value, "z": "end"}


@given(st.dictionaries(KEYS, VALUES, min_size=1, max_size=5))
def test_any_fields_come_back_as_they_were(fields: dict[str, Any]) -> None:
    assert typed(load(dump(fields), "f.yml")) == fields


def test_fields_stand_apart() -> None:
    assert dump({"id": "t1", "labels": ["a", "b"], "n": 3, "empty": [], "gone": None}) == (
        "id: t1\n\nlabels:\n  - a\n  - b\n\nn: 3\n\nempty: []\n\ngone:\n"
    )


HAND_MADE = """\
# Kept by hand, with care.
id:   "shape_1"   # quoted

unknown-field: {  keep: me }
status: todo # the tool's

artifacts: # owed
  - brief   # first
  # - not yet
  - plan

# about the text
description: |
  Line one
    indented

  Line three

entry: []
last: 'it''s'
"""


@pytest.mark.parametrize(
    ("changes", "old", "new"),
    [
        ({"status": "done"}, "status: todo #", "status: done #"),
        ({"entry": ["a", "b"]}, "entry: []", "entry:\n  - a\n  - b"),
        ({"last": "new"}, "last: 'it''s'", "last: new"),
        ({"unknown-field": "x"}, "unknown-field: {  keep: me }", "unknown-field: x"),
        ({"id": "142"}, 'id:   "shape_1"   #', 'id: "142"   #'),
        (
            {"description": "short"},
            "description: |\n  Line one\n    indented\n\n  Line three\n",
            "description: short\n",
        ),
        (
            {"artifacts": ["only"]},
            "artifacts: # owed\n  - brief   # first\n  # - not yet\n  - plan",
            "artifacts:\n  - only",
        ),
        ({"fresh": "x y"}, "last: 'it''s'\n", "last: 'it''s'\n\nfresh: x y\n"),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_write_keeps_every_byte_that_it_does_not_mean(
    changes: dict[str, Any], old: str, new: str, newline: str
) -> None:
    before = HAND_MADE.replace("\n", newline)
    assert before.count(old.replace("\n", newline)) == 1
    assert splice(before, changes, "f.yml") == before.replace(old.replace("\n", newline), new.replace("\n", newline))


def test_several_fields_at_once_and_none_at_all() -> None:
    text = splice(HAND_MADE, {"status": "blocked", "blocked_by": "the vendor: late"}, "f.yml")
    assert text == HAND_MADE.replace("status: todo", "status: blocked") + '\nblocked_by: "the vendor: late"\n'
    assert splice(HAND_MADE, {}, "f.yml") == HAND_MADE
    assert splice("", {"a": "b"}, "f.yml") == "a: b\n"
    assert splice("# only a comment", {"a": "b"}, "f.yml") == "# only a comment\n\na: b\n"


def test_an_empty_field_takes_its_value_before_its_comment() -> None:
    assert splice("a:   # why\nb: 1\n", {"a": "x"}, "f") == "a: x   # why\nb: 1\n"


def test_a_file_that_cannot_be_parsed_is_not_edited() -> None:
    with pytest.raises(StateError, match="stands twice"):
        splice("a: 1\na: 2\n", {"b": "x"}, "f.yml")


@pytest.mark.parametrize("text", ["{a: 1}\n", "a: 1\n...\n", "- a\n"])
def test_what_cannot_be_edited_in_place_is_said_and_left(text: str) -> None:
    with pytest.raises((StateError, TypeError)):
        splice(text, {"b": ["x"]}, "f.yml")


GAPS = st.sampled_from(["", "\n", "# a remark\n", "\n# wide ümlaut 𝒳\n\n", "#\n"])
FIELD = st.tuples(KEYS, VALUES, GAPS, st.sampled_from(["", "  # why", " #"]))


@given(st.lists(FIELD, min_size=1, max_size=6, unique_by=lambda f: f[0]), VALUES, st.data(), st.booleans())
def test_splice_changes_only_what_it_means(fields: list[Any], value: Any, data: st.DataObject, crlf: bool) -> None:
    parts = []
    for key, old, gap, remark in fields:
        one = dump({key: old})
        simple = one.count("\n") == 1
        parts.append((key, gap, one[:-1] + (remark if simple else "") + "\n", remark if simple else ""))
    text = "".join(gap + one for _, gap, one, _ in parts)
    index = data.draw(st.integers(0, len(parts) - 1))
    key, _, _, remark = parts[index]
    if crlf:
        text = text.replace("\n", "\r\n")
    after = splice(text, {key: value}, "f.yml")
    assume("\n" not in dump({key: value})[:-1] or not remark)
    wanted = "".join(
        gap + (dump({key: value})[:-1] + remark + "\n" if n == index else one)
        for n, (_, gap, one, _) in enumerate(parts)
    )
    assert after == (wanted.replace("\n", "\r\n") if crlf else wanted)


@pytest.mark.parametrize("breaker", ["\u2028", "\u2029", "\u0085", "\r"])
def test_unusual_line_ends_never_shift_a_write(breaker: str) -> None:
    text = f"# one{breaker}# two\na: 1\nb: 2\nc: 3 # c\n"
    try:
        after = splice(text, {"b": "new"}, "f.yml")
    except StateError:
        return  # refused is fine; written elsewhere would not be
    assert after == text.replace("b: 2", "b: new")


# Two branches


def merged(base: str, ours: str, theirs: str, folder: Path) -> tuple[int, str]:
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        (folder / name).write_text(text)
    done = subprocess.run(
        ["git", "merge-file", "-p", "ours", "base", "theirs"], cwd=folder, capture_output=True, text=True
    )
    return done.returncode, done.stdout


def test_two_branches_that_edit_two_fields_merge(tmp_path: Path) -> None:
    base = documents.write_ticket(ticket(operator="Ada", entry=("a",), exit=("b",)))
    names = [f for f in msgspec.structs.fields(Ticket) if f.encode_name in load(base, "t")]
    for one in names:
        for other in names:
            if one is other:
                continue
            ours = splice(base, {one.encode_name: "changed here"}, "t")
            theirs = splice(base, {other.encode_name: "changed there"}, "t")
            code, text = merged(base, ours, theirs, tmp_path)
            assert code == 0, (one.encode_name, other.encode_name, text)
            both = {one.encode_name: "changed here", other.encode_name: "changed there"}
            assert load(text, "t") == {**load(base, "t"), **both}


def test_two_branches_that_edit_one_field_meet_in_a_conflict(tmp_path: Path) -> None:
    base = documents.write_ticket(ticket())
    ours, theirs = (splice(base, {"operator": who}, "t") for who in ("Ada", "Grace"))
    code, text = merged(base, ours, theirs, tmp_path)
    assert code == 1
    with pytest.raises(StateError, match="conflict markers"):
        decode(text.encode(), "t")


def test_what_is_no_mapping_is_not_edited() -> None:
    with pytest.raises(StateError, match="a mapping of fields is wanted"):
        splice("- a\n", {"status": "done"}, "t")


def test_fields_are_set_and_added_in_one_go() -> None:
    text = "a: 1\n\nb: |-\n  x\n  y\n\nc: [1,\n  2] # why\n"
    assert splice(text, {"c": "3", "new": "fresh", "a": "2", "other": "o"}, "t") == (
        'a: "2"\n\nb: |-\n  x\n  y\n\nc: "3" # why\n\nnew: fresh\n\nother: o\n'
    )


@pytest.mark.parametrize("row", ["- [[[[]]]]\n", "-\n", "k,\n", "-\t-\tx\r", "-\u2028"])
def test_so_many_values_are_refused_before_they_are_parsed(row: str) -> None:
    text = row * (yamltext.PIPELINE_LIMIT // len(row) - 1)
    begun = time.process_time()
    with pytest.raises(StateError, match="more than 20000"):
        load(text, "t", limit=yamltext.PIPELINE_LIMIT)
    # Parsing it would take seconds; a tracer may slow this down.
    assert time.process_time() - begun < 0.5
