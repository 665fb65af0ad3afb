from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agenticops.core.contract import examine, kind
from agenticops.model.finding import Finding
from agenticops.model.pipeline import ArtifactType, Contract

TEMPLATE = """\
---
decision: ""
---
# Fraud: brief

## Need
> Who has it?

## Value
<!-- a range -->
- Range:

## Risks
| risk | owner |
| --- | --- |
"""
FILLED = (
    TEMPLATE.replace("> Who has it?", "The clerks.")
    .replace("Range:", "Range: 1-2")
    .replace("| --- | --- |", "| --- | --- |\n| a | b |")
)
BRIEF = Contract(name="brief", path="d/brief.md", title="Brief", headings=("Need", "Value", "Risks"))
DECISION = {"type": "object", "required": ["decision"], "properties": {"decision": {"enum": ["go", "no-go"]}}}


def judged(path: str, content: str | bytes | None, template: str | None = None, **fields: Any) -> list[Finding]:
    raw = content.encode() if isinstance(content, str) else content
    start = None if template is None else template.encode()
    return examine(Contract(name="one", path=path, **fields), path, raw, start)


def brief(content: str, template: str | None = TEMPLATE, **fields: Any) -> list[Finding]:
    return judged("d/brief.md", content, template, headings=BRIEF.headings, **fields)


def codes(found: list[Finding]) -> list[str]:
    return [f.code for f in found]


@pytest.mark.parametrize(
    ("path", "named", "expected"),
    [
        ("a.md", None, "markdown"),
        ("a.IPYNB", None, "notebook"),
        ("a.csv", None, "csv"),
        ("a.json", None, "json"),
        ("a.yaml", None, "yaml"),
        ("a.yml", None, "yaml"),
        ("a.py", None, "python"),
        ("a.txt", None, "text"),
        ("Makefile", None, "text"),
        ("a.md", "text", "text"),
    ],
)
def test_kind(path: str, named: ArtifactType | None, expected: str) -> None:
    assert kind(Contract(path=path, type=named)) == expected


@pytest.mark.parametrize(
    ("content", "code", "line", "words"),
    [
        (None, "VT201", 0, "missing: one"),
        (b"", "VT202", 0, "empty"),
        (b" \n\t", "VT202", 0, "empty"),
        (b"x" * 101, "VT209", 0, "101 bytes; at most 100"),
        (b"a\n\0", "VT208", 2, "NUL"),
        (b"a\n\xff", "VT208", 2, "not UTF-8 (byte 0xff)"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0", "VT208", 0, "git-lfs pointer"),
        (b"a\n<<<<<<< ours\nb\n=======\nc\n>>>>>>> theirs\n", "VT208", 2, "conflict markers"),
    ],
)
@pytest.mark.parametrize("path", ["a.md", "a.ipynb", "a.csv", "a.json", "a.yaml", "a.py", "a.txt"])
def test_what_no_type_survives(path: str, content: bytes | None, code: str, line: int, words: str) -> None:
    (found,) = judged(path, content, max_bytes=100)
    assert (found.code, found.line, found.path) == (code, line, path)
    assert words in found.message
    assert found.hint


def test_the_hint_for_a_missing_artifact_is_a_command() -> None:
    assert judged("a.md", None)[0].hint == "agenticops artifact new one"


def test_filled_sections_pass_with_and_without_a_template() -> None:
    assert brief(FILLED) == brief(FILLED, None) == brief(FILLED.replace("\n", "\r\n")) == brief("\ufeff" + FILLED) == []


def test_an_untouched_template_is_one_finding() -> None:
    (found,) = brief(TEMPLATE)
    assert (found.code, found.line) == ("VT203", 6)
    assert found.message == "still the template: 3 of 3 sections untouched (Need, Value, Risks)"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("The clerks.", "> Who has it?", "1 of 3 sections untouched (Need)"),
        ("The clerks.", "", "1 of 3 sections untouched (Need)"),
        ("The clerks.", "<!-- later\n\n-->", "1 of 3 sections untouched (Need)"),
        ("- Range: 1-2", "-   Range:\n\n", "1 of 3 sections untouched (Value)"),
        ("- Range: 1-2", "", "1 of 3 sections untouched (Value)"),
        ("| a | b |", "", "1 of 3 sections untouched (Risks)"),
        ("| risk | owner |", "", ""),
        ("The clerks.", "### Who\nThe clerks.", ""),
        ("## Need", "## **need** ##", ""),
        ("## Risks", "## Risks\n\n## Risks", ""),
    ],
)
def test_sections_one_by_one(old: str, new: str, message: str) -> None:
    found = brief(FILLED.replace(old, new))
    assert codes(found) == (["VT203"] if message else [])
    assert not message or message in found[0].message


def test_many_untouched_sections_are_cut_short() -> None:
    names = [f"S{n}" for n in range(8)]
    text = "".join(f"## {name}\n> x\n" for name in names)
    (found,) = judged("a.md", text, text, headings=tuple(names))
    assert found.message == "still the template: 8 of 8 sections untouched (S0, S1, S2 …)"


@pytest.mark.parametrize("heading", ["", "# Value", "### Value", "```\n## Value\n```"])
def test_a_heading_that_is_missing(heading: str) -> None:
    (found,) = brief(FILLED.replace("## Value", heading))
    assert (found.code, found.message) == ("VT204", "the heading '## Value' is missing")


def test_a_section_that_is_empty_and_not_of_the_template() -> None:
    (found,) = brief(FILLED.replace("The clerks.", "> quoted"), None)
    assert (found.code, found.line, found.message) == ("VT204", 6, "the section 'Need' is empty")


@pytest.mark.parametrize(
    ("front", "expected"),
    [
        ("decision: go", []),
        ("title: x\ndecision: maybe", [("VT205", 3, 'decision: is "maybe"; one of "go", "no-go" is wanted')]),
        ("title: x", [("VT205", 1, "lacks 'decision'")]),
        ("decision: go\ndecision: go", [("VT208", 3, "the key 'decision' stands twice")]),
        ("# none", [("VT205", 1, "lacks 'decision'")]),
        ("", [("VT205", 1, "no front-matter; wanted: decision")]),
    ],
)
def test_front_matter(front: str, expected: list[tuple[str, int, str]]) -> None:
    found = brief(FILLED.replace('decision: ""', front), front_matter=DECISION)
    assert [(f.code, f.line, f.message) for f in found] == expected


def test_front_matter_has_types() -> None:
    schema = {"properties": {"score": {"type": "number", "maximum": 5}, "by": {"type": "string"}}}
    text = '---\nby: "7"\nscore: 9\n---\nwords'
    (found,) = judged("a.md", text, front_matter=schema)
    assert (found.code, found.line, found.message) == ("VT205", 3, "score: 9 is greater than the maximum of 5")


@pytest.mark.parametrize(
    ("content", "template", "expected"),
    [
        ("# T\n\nwords\n", None, []),
        ("# T\n\nwords\n", "# T\n", []),
        ("# T\n", "#  T\n> guidance", ["VT203"]),
        ("<!-- a -->\n> b\n", None, ["VT202"]),
    ],
)
def test_markdown_without_headings_is_compared_as_a_whole(
    content: str, template: str | None, expected: list[str]
) -> None:
    assert codes(judged("a.md", content, template)) == expected


def notebook(count: int | None) -> str:
    cell = {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [], "execution_count": count}
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]})


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (notebook(1), []),
        (notebook(None), ["VT206"]),
        ("{}", ["VT206"]),
        ("{", ["VT208"]),
        (notebook(1).replace('"1"', "NaN"), ["VT206"]),
    ],
)
def test_notebook(content: str, expected: list[str]) -> None:
    assert codes(judged("a.ipynb", content)) == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,amount\n1,2\n", []),
        ('\ufeffamount , id\r\n"1\n2",3\r\n\r\n', []),
        ("id,amount,note\n1,2,a\u2028b", []),
        ("id;amount\n1;2\n", [("VT207", 1, "columns missing: id, amount; there are: id;amount")]),
        ("id,amount\n", [("VT202", 1, "a header without a data row")]),
        ("id,amount\n1,2\n1\n1,2,3\n", [("VT208", 3, "the row has 1 fields, the header 2 (and 1 more rows)")]),
        ('id,amount\n1,"2"x\n', [("VT208", 2, "not CSV: ',' expected after '\"'")]),
        ('id,amount\n1,"2', [("VT208", 2, "not CSV: unexpected end of data")]),
    ],
)
def test_csv(content: str, expected: list[tuple[str, int, str]]) -> None:
    found = judged("a.csv", content, columns=("id", "amount"))
    assert [(f.code, f.line, f.message) for f in found] == expected


METRICS = {
    "type": "object",
    "required": ["metrics"],
    "properties": {"metrics": {"type": "object", "additionalProperties": {"type": "number"}}},
}


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("a.json", '{"metrics": {"auc": 0.9}}', []),
        ("a.json", '{"metrics": {"auc": null}}', [("VT215", 0, "$.metrics.auc: is null; number is wanted")]),
        ("a.json", "{}", [("VT215", 0, "$: lacks 'metrics'")]),
        ("a.json", '{\n"a": }', [("VT208", 2, "not JSON: expecting value")]),
        ("a.json", '{"metrics": {"auc": NaN}}', [("VT208", 0, "not JSON: NaN is no JSON number")]),
        ("a.json", '{"metrics": 1, "metrics": {}}', [("VT208", 0, "not JSON: the key 'metrics' stands twice")]),
        ("a.yaml", "metrics:\n  auc: 0.9\n", []),
        ("a.yaml", 'metrics:\n  auc: "0.9"\n', [("VT215", 0, '$.metrics.auc: is "0.9"; number is wanted')]),
        ("a.yaml", "# c\n", [("VT202", 0, "nothing but comments")]),
    ],
)
def test_data(path: str, content: str, expected: list[tuple[str, int, str]]) -> None:
    assert [(f.code, f.line, f.message) for f in judged(path, content, schema=METRICS)] == expected


@pytest.mark.parametrize("content", ["a: 1\n  b: 2", "a: *x", "a: [1"])
def test_yaml_that_does_not_parse_has_a_line(content: str) -> None:
    (found,) = judged("a.yaml", content)
    assert found.code == "VT208"
    assert found.line


@pytest.mark.parametrize(
    ("path", "depth"), [("a.json", 100_000), ("a.ipynb", 100_000), ("a.yaml", 100_000), ("a.py", 10_000)]
)
def test_deep_nesting_is_a_finding(path: str, depth: int) -> None:
    assert codes(judged(path, "[" * depth + "]" * depth)) == ["VT208"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("x = 1\n", []),
        ('"\\d"', []),
        ("# only\n", [("VT202", 0)]),
        ("x = 1\nif\n", [("VT208", 2)]),
    ],
)
def test_python(content: str, expected: list[tuple[str, int]]) -> None:
    assert [(f.code, f.line) for f in judged("a.py", content)] == expected


@pytest.mark.parametrize(
    ("content", "expected"),
    [("https://x", []), ("# c\nhttps://x", []), ("# c\n  # d\n", ["VT202"]), ("<!-- a\nb -->\n", ["VT202"])],
)
def test_text(content: str, expected: list[str]) -> None:
    assert codes(judged("a.txt", content)) == expected


@pytest.mark.parametrize("path", ["a.csv", "a.json", "a.yaml", "a.py", "a.txt", "a.ipynb"])
def test_an_untouched_template_of_any_type(path: str) -> None:
    assert codes(judged(path, "a,b\n1,2\r\n", "a,b\n\n1,2")) == ["VT203"]


@given(
    st.sampled_from(["a.md", "a.ipynb", "a.csv", "a.json", "a.yaml", "a.py", "a.txt"]),
    st.binary(max_size=60),
    st.binary(max_size=20),
)
def test_any_bytes_are_judged(path: str, content: bytes, template: bytes) -> None:
    contract = Contract(path=path, headings=("A",), columns=("a",), schema={}, front_matter={})
    assert all(f.code.startswith("VT2") and f.message for f in examine(contract, path, content, template))
