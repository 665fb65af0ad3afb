"""Formats: what other programs read of a verdict, and that a user's words stay words in each."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest

from agenticops.core import formats
from agenticops.core.formats import github
from agenticops.model.finding import Finding, Verdict

PAGES = {
    "VT103": "# VT103 · A checked bullet was unchecked\n\n## What it means\n\nSomebody\ntook it back.\n\n## Why\n\nSo\n"
}
EVIL = (
    "x\n::error file=a::b\r::add-mask::c %0A %25 ##[error]d ]]> <script>&amp; </testcase> \x1b[31m \u202e \x00 "
    "\ufffe\ud800 | `code` **b** [l](https://evil.example) @ada www.evil.example {0} <!-- -->"
)
TEXT = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string"}, "markdown": {"type": "string"}},
}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
# The part of the official schema (2.1.0, errata 01) that is used here; what it does not name, is not written.
SARIF: dict[str, Any] = {
    "type": "object",
    "required": ["version", "runs"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "items": {"$ref": "#/$defs/run"}},
    },
    "$defs": {
        "run": {
            "required": ["tool", "results"],
            "additionalProperties": False,
            "properties": {
                "tool": {
                    "required": ["driver"],
                    "properties": {
                        "driver": {
                            "required": ["name"],
                            "additionalProperties": False,
                            "properties": {
                                "name": {"type": "string"},
                                "version": {"type": "string"},
                                "rules": {"type": "array", "uniqueItems": True, "items": {"$ref": "#/$defs/rule"}},
                            },
                        }
                    },
                },
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"type": "array", "items": {"$ref": "#/$defs/result"}},
                "properties": {"type": "object"},
            },
        },
        "rule": {
            "required": ["id"],
            "additionalProperties": False,
            "properties": {
                "id": {"type": "string"},
                "name": {"type": "string"},
                "shortDescription": TEXT,
                "fullDescription": TEXT,
                "help": TEXT,
                "defaultConfiguration": {"properties": {"level": LEVEL}, "additionalProperties": False},
            },
        },
        "result": {
            "required": ["message"],
            "additionalProperties": False,
            "properties": {
                "ruleId": {"type": "string"},
                "ruleIndex": {"type": "integer", "minimum": -1},
                "level": LEVEL,
                "message": TEXT,
                "locations": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "required": ["physicalLocation"],
                        "properties": {
                            "physicalLocation": {
                                "properties": {
                                    "artifactLocation": {
                                        "properties": {"uri": {"type": "string", "pattern": "^[!-~]+$"}}
                                    },
                                    "region": {"properties": {"startLine": {"type": "integer", "minimum": 1}}},
                                }
                            }
                        },
                    },
                },
                "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
                "properties": {"type": "object"},
            },
        },
    },
}


def verdict(*findings: Finding) -> Verdict:
    return Verdict("train", "", findings, 3)


def evil(path: str = "docs/:: ,%ü\n.md") -> Finding:
    return Finding("VT103", EVIL, path, 7, hint=EVIL, commit="0123456789abcdef")


def test_sarif_is_what_its_schema_says() -> None:
    found = verdict(evil(), Finding("VT999", "one", severity="warning"), Finding("VT103", "two", "a.md", 2))
    log = json.loads(formats.write("sarif", found, PAGES))
    jsonschema.Draft202012Validator(SARIF).validate(log)
    run = log["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == ["VT103", "VT999"]
    assert all(rules[r["ruleIndex"]]["id"] == r["ruleId"] for r in run["results"])
    assert rules[0]["shortDescription"]["text"] == "A checked bullet was unchecked"
    assert (
        rules[0]["fullDescription"]["text"] == "Somebody took it back."
        and rules[0]["help"]["markdown"] == PAGES["VT103"]
    )
    assert [r["level"] for r in run["results"]] == ["error", "error", "warning"]
    where = [r["locations"][0]["physicalLocation"] for r in run["results"]]
    assert unquote(where[0]["artifactLocation"]["uri"]) == "docs/:: ,%ü\n.md"
    assert (where[2]["artifactLocation"]["uri"], where[2]["region"]["startLine"]) == ("config/pipeline.yml", 1)
    assert "[l](https" not in run["results"][0]["message"]["text"] and "{{0}}" in run["results"][0]["message"]["text"]


def test_a_fingerprint_outlives_a_moved_line_and_tells_twins_apart() -> None:
    def prints(*findings: Finding) -> list[str]:
        log = json.loads(formats.write("sarif", verdict(*findings), {}))
        return [r["partialFingerprints"]["agenticopsFinding/v1"] for r in log["runs"][0]["results"]]

    one, moved, other = (Finding("VT103", m, "a.md", n) for m, n in (("one", 1), ("one", 9), ("two", 1)))
    assert prints(one) == prints(moved) != prints(other)
    assert len(set(prints(one, one, other))) == 3


def test_junit_is_read_as_what_was_found() -> None:
    found = verdict(evil(), Finding("VT107", "reworded", "b.md", severity="warning"))
    top = ElementTree.fromstring(formats.write("junit", found, PAGES).encode())
    suite = top[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "2", "0")
    assert [c.get("classname") for c in suite] == ["agenticops", "VT103", "VT107"]
    assert [len(c.findall("failure")) for c in suite] == [1, 1, 0]
    assert "</testcase>" in (suite[1][0].text or "") and "\\u0000" in (suite[1][0].text or "")
    assert (suite[2][0].tag, suite[1].get("file")) == ("system-out", "docs/:: ,%ü\\n.md")


@pytest.mark.parametrize("name", formats.FORMATS)
def test_what_holds_fails_nowhere(name: str) -> None:
    text = formats.write(name, verdict(), {})
    assert "failure>" not in text and "::error" not in text
    assert name != "sarif" or '"results": []' in text
    assert name != "junit" or 'tests="1" failures="0"' in text
    assert name != "github" or text == "the train holds (0 findings)\n"


def test_each_finding_is_one_annotation() -> None:
    text = formats.write("github", verdict(evil(), Finding("VT107", "reworded", "b.md", severity="info")), PAGES)
    rows = text.split("\n")
    assert len(rows) == 4 and rows[-1] == ""
    match = re.fullmatch(r"::error file=([^,:]*),line=7,title=([^,:]*)::(.*)", rows[0])
    assert match and match[1] == "docs/%3A%3A %2C%25ü\\n.md" and match[2] == "VT103 A checked bullet was unchecked"
    assert match[3].startswith("0123456789: x\\n::error") and "%250A" in match[3] and "\r" not in match[3]
    assert rows[1] == "::notice file=b.md,line=1,title=VT107 VT107::reworded"
    assert rows[2] == "the train does not hold (2 findings)"


def test_a_summary_is_one_table_whatever_is_in_it() -> None:
    text = github.summary(verdict(evil("a|b.md")), PAGES)
    rows = text.rstrip("\n").split("\n")
    assert rows[0] == "### ❌ the train does not hold \\(1 finding\\)" and len(rows) == 5
    cells = re.split(r"(?<!\\)\|", rows[4])
    assert len(cells) == 6 and "a\\|b\\.md" in cells[2]
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", rows[4]).replace("<br>", "")
    assert not re.search(r"[<>`*\[\]()@_&#!]", bare), "no sign is left that means something"
    assert "https\\:" in rows[4] and "www\\." in rows[4]


def test_a_long_summary_is_cut() -> None:
    text = github.summary(verdict(*[Finding("VT103", f"number {n}", "a.md", n) for n in range(300)]), {})
    assert text.count("\n| error") == github.MOST and "… and 200 more" in text
