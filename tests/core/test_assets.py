"""The registry as text: reading it strictly, adding to it with every other byte kept."""

from __future__ import annotations

import difflib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core import assets
from agenticops.errors import StateError
from agenticops.model.asset import KINDS, Asset

TEXT = """\
# what we have
schema: 1

assets:

  # the first
  scanner:

    kind: tool   # a program

    command: [scan, --raw]

    satisfies:

      - Data sources

  wiki:
    kind: mcp
    url: https://wiki.example.org/mcp

    # the end of it

# and of the file
"""
TRACKER = Asset(kind="tool", name="mlflow", title="Tracking: runs", url="https://ml.example.org", agents=("lab",))


def test_reading_gives_typed_assets_in_the_order_of_the_file() -> None:
    found = assets.read(TEXT.encode())
    assert list(found) == ["scanner", "wiki"]
    assert found["scanner"] == Asset(
        kind="tool", name="scanner", command=("scan", "--raw"), satisfies=("Data sources",)
    )
    assert assets.read(b"schema: 1\n") == assets.read(b"schema: 1\nassets:\n") == {}


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("", "1", "mapping"),
        ("- a\n", "1", "mapping"),
        ("assets: {}\n", "1", "schema is missing"),
        ("schema: 2\n", "1", "schema 2 is not known"),
        ("schema: 1\n\ntools: {}\n", "3", "tools: unknown field"),
        ("schema: 1\nassets: [a]\n", "2", "map names"),
        ("schema: 1\nassets:\n  a:\n    title: x\n", "3", "kind is missing"),
        ("schema: 1\nassets:\n  a:\n", "3", "kind is missing"),
        ("schema: 1\nassets:\n  a:\n    kind: robot\n", "4", "unknown value 'robot'"),
        ("schema: 1\nassets:\n  a:\n    kind: tool\n    titel: x\n", "5", "unknown field"),
        ("schema: 1\nassets:\n  a:\n    kind: tool\n    agents: lab\n", "5", "a list is wanted"),
        ("schema: 1\nassets:\n  a: {kind: tool}\n  a: {kind: mcp}\n", "4", "stands twice"),
        ("schema: 1\nassets:\n  a: &x {kind: tool}\n  b: *x\n", "3", "aliases"),
        ("schema: 1\n<<<<<<< HEAD\n", "2", "conflict markers"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, place: str, words: str) -> None:
    with pytest.raises(StateError, match=words) as told:
        assets.read(text.encode())
    assert told.value.place == f"config/assets.yml:{place}"


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_adding_changes_nothing_else(newline: str) -> None:
    text = TEXT.replace("\n", newline)
    fresh = assets.add(text, TRACKER)
    assert assets.read(fresh.encode()) == {**assets.read(text.encode()), "mlflow": TRACKER}
    rows = list(difflib.ndiff(text.splitlines(keepends=True), fresh.splitlines(keepends=True)))
    assert not [row for row in rows if row.startswith(("-", "?"))]
    assert fresh.count("\n") == fresh.count(newline)


@pytest.mark.parametrize(
    "text",
    [
        assets.EMPTY,
        "schema: 1",
        "schema: 1\nassets:\n",
        "schema: 1\nassets: {}\n",
        "schema: 1\nassets:\n  # nothing yet\n",
        "assets:\n    deep:\n        kind: tool\nschema: 1\n",
    ],
)
def test_adding_to_a_file_of_another_shape(text: str) -> None:
    fresh = assets.add(text, TRACKER)
    assert assets.read(fresh.encode()) == {**assets.read(text.encode()), "mlflow": TRACKER}
    assert "# nothing yet" in fresh or "# nothing yet" not in text


def test_what_cannot_be_added_to_is_left_to_hands() -> None:
    with pytest.raises(StateError, match="cannot be added") as told:
        assets.add("schema: 1\nassets: {a: {kind: tool}}\n", TRACKER)
    assert told.value.place == "config/assets.yml:2"


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), max_size=20)
MANY = st.lists(WORDS.filter(bool), max_size=3).map(tuple)


@given(
    st.lists(
        st.builds(
            Asset,
            kind=st.sampled_from(list(KINDS)),
            name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,20}", fullmatch=True),
            title=WORDS,
            description=WORDS,
            version=WORDS,
            command=MANY,
            satisfies=MANY,
        ),
        max_size=4,
        unique_by=lambda a: a.name,
    )
)
def test_whatever_is_added_reads_back(wanted: list[Asset]) -> None:
    text = TEXT.replace("wiki:", "wiki-of-ours:")
    for asset in wanted:
        text = assets.add(text, asset)
    found = list(assets.read(text.encode()).values())[2:]
    assert found == wanted
    assert all(msgspec.convert(assets.fields(a) | {"name": a.name}, Asset) == a for a in found)
