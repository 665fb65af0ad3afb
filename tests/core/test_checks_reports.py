"""The checks that read reports: JUnit, Cobertura, SARIF, figures, sizes. A report may hold anything."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from agenticops.core import gate, reports
from agenticops.core.case import Case
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.pipeline import CheckCall, Gate
from tests.support import ITEM, event, ticket, tiny_train

TICKET = ticket()
BOMB = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><testsuite tests="1"><testcase name="&b;"/></testsuite>'
CASE = '<testcase name="a"/>'
BAD = '<testcase name="b"><failure>x</failure></testcase>'


def found(check: str, content: str | bytes | None, *events: Event, **parameters: Any) -> list[Finding]:
    """Judge one report, `out/<item>.FORM`, or what the parameters name."""
    file = parameters.get("file", "out/{item}.json")
    files = {} if content is None else {file.replace("{item}", ITEM): content}
    call = CheckCall(check, parameters=parameters)
    return gate.one(Case(tiny_train(TICKET, events=events, files=files), TICKET), Gate(name="g", checks=(call,)), call)


def codes(check: str, content: str | bytes | None, *events: Event, **parameters: Any) -> list[str]:
    return [f.code for f in found(check, content, *events, **parameters)]


def junit(content: str | bytes | None, **parameters: Any) -> list[str]:
    return codes("tests", content, file="out/{item}.xml", **parameters)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (f"<testsuite>{CASE}</testsuite>", []),
        (f'<?xml version="1.0"?><testsuites><testsuite tests="1">{CASE}</testsuite></testsuites>', []),
        (f"\ufeff<testsuite>{CASE}</testsuite>", []),
        (f'<x:testsuite xmlns:x="u">{CASE.replace("testcase", "x:testcase")}</x:testsuite>', []),
        (f"<testsuite>{CASE}<system-out><![CDATA[<!DOCTYPE html>]]></system-out></testsuite>", []),
        (f"<testsuite>{CASE}{BAD}</testsuite>", ["VT414"]),
        (f"<testsuite>{CASE}{BAD.replace('failure', 'error')}</testsuite>", ["VT414"]),
        (f"<testsuite>{CASE}<error>cannot be collected</error></testsuite>", ["VT414"]),
        (f'<testsuite failures="1">{CASE}</testsuite>', ["VT414"]),
        (f'<testsuites><testsuite errors="2">{CASE}</testsuite></testsuites>', ["VT414"]),
        ("<testsuite/>", ["VT415"]),
        ('<testsuite tests="9"><testcase name="a"><skipped/></testcase></testsuite>', ["VT415"]),
        ('<testsuite><testcase name="a" status="notrun"/></testsuite>', ["VT415"]),
        (None, ["VT412"]),
        ("", ["VT413"]),
        ("<testsuite>", ["VT413"]),
        ("not xml", ["VT413"]),
        ("<html/>", ["VT413"]),
        ('<testsuite failures="many"/>', ["VT413"]),
        ('<testsuite failures="-1"/>', ["VT413"]),
        ('<testsuite failures="٣"/>', ["VT413"]),
        (b"\xff\xfe<\0t\0", ["VT413"]),
        (b'<?xml version="1.0" encoding="utf-16"?><testsuite>\xff</testsuite>', ["VT413"]),
        (BOMB, ["VT413"]),
        (BOMB.encode("utf-16"), ["VT413"]),
        ('<!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuite/>', ["VT413"]),
        ("<a>" * 100_000 + "</a>" * 100_000, ["VT413"]),
    ],
)
def test_tests(content: str | bytes | None, wanted: list[str]) -> None:
    assert junit(content) == wanted


def test_how_many_tests() -> None:
    text = f"<testsuite>{CASE * 3}{BAD * 2}</testsuite>"
    assert junit(text, max_failures=2, min_tests=5) == []
    assert junit(text, max_failures=1, min_tests=6) == ["VT414", "VT415"]
    assert "2 of 5 tests failed" in found("tests", text, file="a.xml")[0].message
    assert junit(text, max_failures=-1) == ["VT404"] and codes("tests", text) == ["VT404"]


def test_a_bomb_is_refused_before_it_grows() -> None:
    rows = "".join(f'<!ENTITY x{n + 1} "{f"&x{n};" * 10}">' for n in range(9))
    bomb = f'<!DOCTYPE t [<!ENTITY x0 "ha">{rows}]><testsuite><testcase name="&x9;"/></testsuite>'
    began = time.monotonic()
    assert junit(bomb) == ["VT413"] and time.monotonic() - began < 5


def test_a_report_that_is_too_large_is_not_read() -> None:
    (finding,) = found("tests", b" " * (reports.MAX_BYTES + 1), file="a.xml")
    assert finding.code == "VT413" and "are read" in finding.message


def lines(*hits: int, rate: str = "1", also: str = "") -> str:
    rows = "".join(f'<line number="{n}" hits="{h}"/>' for n, h in enumerate(hits))
    inside = (
        f'<class filename="a.py"><methods><method><lines>{also}</lines></method></methods><lines>{rows}</lines></class>'
    )
    return (
        f'<coverage line-rate="{rate}"><packages><package><classes>{inside}</classes></package></packages></coverage>'
    )


@pytest.mark.parametrize(
    ("content", "least", "wanted"),
    [
        (lines(1, 2, 0, 5), 0.75, []),
        (lines(1, 2, 0, 5), 75, []),
        (lines(1, 2, 0, 5), 76, ["VT416"]),
        (lines(1, 2, 0, 5), 1, ["VT416"]),
        (lines(1, 1), 1, []),
        (lines(0, 0, rate="1"), 0.5, ["VT416"]),
        (lines(0, 1, also='<line number="0" hits="3"/>'), 1, []),
        ('<coverage line-rate="0.9"/>', 0.9, []),
        ('<coverage line-rate="0.8"/>', 0.9, ["VT416"]),
        ('<coverage line-rate="nan"/>', 0, ["VT413"]),
        ('<coverage line-rate="7"/>', 0, ["VT413"]),
        ("<coverage/>", 0, ["VT413"]),
        (lines(1).replace('hits="1"', 'hits="x"'), 0, ["VT413"]),
        ("<testsuite/>", 0, ["VT413"]),
        (BOMB, 0, ["VT413"]),
        (None, 0, ["VT412"]),
        (lines(1), 101, ["VT404"]),
        (lines(1), -1, ["VT404"]),
        (lines(1), "nan", ["VT404"]),
    ],
)
def test_coverage(content: str | None, least: Any, wanted: list[str]) -> None:
    assert codes("coverage", content, file="cov.xml", min=least) == wanted


def sarif(*results: dict[str, Any], **run: Any) -> str:
    driver = {"name": "x", "rules": [{"id": "soft", "defaultConfiguration": {"level": "note"}}, {"id": "plain"}]}
    return json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results, **run}]})


@pytest.mark.parametrize(
    ("content", "parameters", "wanted"),
    [
        (sarif(), {}, []),
        (sarif({"level": "error"}), {}, ["VT417"]),
        (sarif({"level": "error"}), {"max": {"error": 1}}, []),
        (sarif({"level": "warning"}), {}, []),
        (sarif({"level": "warning"}), {"max": {"warning": 0}}, ["VT417"]),
        (sarif({"ruleId": "plain"}), {"max": {"warning": 0}}, ["VT417"]),
        (sarif({"ruleId": "unknown"}), {"max": {"warning": 0}}, ["VT417"]),
        (sarif({"ruleId": "soft"}, {"ruleIndex": 0}), {"max": {"warning": 0, "note": 2}}, []),
        (sarif({"ruleIndex": 0}), {"max": {"note": 0}}, ["VT417"]),
        (sarif({"level": "fatal"}), {}, ["VT417"]),
        (sarif({"level": "error", "kind": "pass"}), {}, []),
        (sarif({"level": "error", "baselineState": "absent"}), {}, []),
        (sarif({"level": "error", "suppressions": [{"kind": "inSource"}]}), {}, ["VT417"]),
        (sarif({"level": "error", "suppressions": [{"kind": "inSource"}]}), {"allow_suppressed": True}, []),
        (
            sarif({"level": "error", "suppressions": [{"status": "rejected"}]}),
            {"allow_suppressed": True},
            ["VT417"],
        ),
        (sarif(invocations=[{"executionSuccessful": False}]), {}, ["VT413"]),
        (sarif(externalPropertyFileReferences={"results": []}), {}, ["VT413"]),
        (json.dumps({"version": "2.1.0", "runs": [{"tool": {}}]}), {}, ["VT413"]),
        (json.dumps({"version": "2.1.0", "runs": []}), {}, ["VT413"]),
        (json.dumps({"version": "2.1.0", "runs": {}}), {}, ["VT413"]),
        (json.dumps({"version": "2.1.0", "runs": [7]}), {}, ["VT413"]),
        (json.dumps({"version": "1.0.0", "runs": [{"results": []}]}), {}, ["VT413"]),
        (sarif(results=7), {}, ["VT413"]),
        ("[]", {}, ["VT413"]),
        ("{", {}, ["VT413"]),
        ("[" * 200_000, {}, ["VT413"]),
        (None, {}, ["VT412"]),
        (sarif(), {"max": {"fatal": 1}}, ["VT404"]),
        (sarif(), {"max": {"error": -1}}, ["VT404"]),
    ],
)
def test_scan(content: str | None, parameters: dict[str, Any], wanted: list[str]) -> None:
    assert codes("scan", content, file="scan.sarif", **parameters) == wanted


JSON = '{"accuracy": 0.91, "runs": [{"loss": 2}], "flag": true, "words": "0.95", "big": 1' + "0" * 400 + "}"


@pytest.mark.parametrize(
    ("parameters", "wanted"),
    [
        ({"field": "accuracy", "min": 0.9}, []),
        ({"field": "accuracy", "min": "0.9"}, []),
        ({"field": "accuracy", "min": 0.91, "max": 0.91}, []),
        ({"field": "accuracy", "above": 0.91}, ["VT418"]),
        ({"field": "accuracy", "below": 0.91}, ["VT418"]),
        ({"field": "accuracy", "min": 0.92, "max": 0.5}, ["VT418", "VT418"]),
        ({"says": "accuracy >= 0.9"}, []),
        ({"says": "accuracy>0.91"}, ["VT418"]),
        ({"says": "accuracy == 0.91"}, []),
        ({"says": " runs.0.loss <= 2 "}, []),
        ({"field": "runs.0.loss", "below": 2}, ["VT418"]),
        ({"field": "runs.7.loss", "max": 2}, ["VT419"]),
        ({"field": "runs.-1.loss", "max": 2}, ["VT419"]),
        ({"field": "accuracy.x", "max": 2}, ["VT419"]),
        ({"field": "none", "max": 2}, ["VT419"]),
        ({"field": "flag", "min": 0}, ["VT419"]),
        ({"field": "words", "min": 0}, ["VT419"]),
        ({"field": "runs", "min": 0}, ["VT419"]),
        ({"field": "big", "min": 0}, ["VT419"]),
        ({"field": "accuracy"}, ["VT404"]),
        ({"min": 1}, ["VT404"]),
        ({"field": "accuracy", "says": "accuracy > 1"}, ["VT404"]),
        ({"says": "accuracy >= good"}, ["VT404"]),
        ({"says": "accuracy"}, ["VT404"]),
        ({"says": "accuracy >= 1e999"}, ["VT404"]),
        ({"says": "accuracy >= 1.2.3"}, ["VT404"]),
        ({"field": "accuracy", "min": "nan"}, ["VT404"]),
        ({"field": "accuracy", "min": 1, "event": "effort_spent"}, ["VT404"]),
    ],
)
def test_metric(parameters: dict[str, Any], wanted: list[str]) -> None:
    assert codes("metric", JSON, file="out/{item}.json", **parameters) == wanted


@pytest.mark.parametrize(
    ("file", "content", "wanted"),
    [
        ("a.yml", "accuracy: 0.95\n", []),
        ("a.yaml", "accuracy: 0.85\n", ["VT418"]),
        ("a.yml", 'accuracy: "0.95"\n', ["VT419"]),
        ("a.yml", "accuracy: .nan\n", ["VT419"]),
        ("a.yml", "accuracy: .inf\n", ["VT419"]),
        ("a.yml", "accuracy: 1e999\n", ["VT419"]),
        ("a.yml", "- 1\n", ["VT419"]),
        ("a.yml", "", ["VT419"]),
        ("a.yml", "a: &a [1]\nb: [*a, *a]\n", ["VT413"]),
        ("a.yml", "a: [", ["VT413"]),
        ("a.yml", b"\xff", ["VT413"]),
        ("a.json", '{"accuracy": NaN}', ["VT413"]),
        ("a.json", '{"accuracy": Infinity}', ["VT413"]),
        ("a.json", '{"accuracy": 1e999}', ["VT419"]),
        ("a.json", '{"accuracy": ' + "9" * 5000 + "}", ["VT413"]),
        ("a.json", "[" * 200_000, ["VT413"]),
        ("a.json", b"\xef\xbb\xbf{}", ["VT419"]),
        ("a.json", None, ["VT412"]),
        ("../a.json", None, ["VT412"]),
    ],
)
def test_metric_files(file: str, content: str | bytes | None, wanted: list[str]) -> None:
    assert codes("metric", content, file=file, field="accuracy", min=0.9) == wanted


def test_metric_of_the_log() -> None:
    def spent(number: int, hours: object) -> Event:
        return event("effort_spent", f"ticket/{TICKET.id}", number, data={"hours": hours})

    asked = {"event": "effort_spent", "says": "hours < 8"}
    assert codes("metric", None, **asked) == ["VT419"]
    assert codes("metric", None, spent(1, 9), spent(2, 7), **asked) == []
    assert codes("metric", None, spent(1, 7), spent(2, 9), **asked) == ["VT418"]
    assert codes("metric", None, spent(1, "7"), **asked) == ["VT419"]
    assert codes("metric", None, event="nothing_known", says="hours < 8") == ["VT404"]


def test_size() -> None:
    big = {"file": "data/big.csv"}  # where the content is laid
    call = {"max_bytes": 10, "paths": ["data/**"]}

    def sized(content: str, **parameters: Any) -> list[str]:
        train = tiny_train(TICKET, files={big["file"]: content})
        asked = CheckCall("size", parameters=parameters)
        return [f.code for f in gate.one(Case(train, TICKET), Gate(name="g", checks=(asked,)), asked)]

    assert sized("x" * 10, **call) == [] and sized("x" * 11, **call) == ["VT423"]
    assert sized("x" * 11, max_bytes=10, paths=["src"]) == []
    assert len(sized("x" * 11, max_bytes=10)) > 1, "all files count, unless told"
    assert sized("x", max_bytes=-1) == ["VT404"]
