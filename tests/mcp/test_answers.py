"""Answers and pages: what a command said, in few words; and the command that an address means."""

from __future__ import annotations

import json

from agenticops.mcp import answers, pages
from agenticops.mcp.calls import Answer
from agenticops.mcp.server import Face
from tests.served import needs_sdk
from tests.stations import SHAPE, Board, data

needs_sdk()


def answer(data: object, code: int = 0, kind: str = "x", error: str = "") -> Answer:
    return Answer(code, kind, data, "", error)


def test_data_without_lines_of_its_own_is_json_without_what_is_empty() -> None:
    said = answers.words(answer({"a": 1, "b": "", "c": None, "d": [], "e": {"f": {}, "g": 0}, "h": False}))
    assert json.loads(said) == {"a": 1, "e": {"g": 0}, "h": False}
    assert "\u202e" not in answers.words(answer({"title": "x\u202ey\x1b[2J"}))


def test_a_long_answer_is_cut_and_says_where_the_rest_is() -> None:
    said = answers.words(answer({"text": "x" * 10_000}))
    assert len(said) < answers.LONGEST + 100 and said.endswith("characters more in structuredContent")


def test_a_list_and_a_verdict_are_objects() -> None:
    assert answers.structured(answer([1, 2])) == {"items": [1, 2]}
    assert answers.structured(answer(None)) is None
    assert answers.structured(answer({"state": "refused"}, 3)) == {"state": "refused", "holds": False}
    assert answers.words(answer({"state": "refused"}, 3)) == '{"state":"refused"}'


def test_a_verdict_says_its_findings(at: Board) -> None:
    repo = at("tiny-opened")
    for call, kind in (
        (("advance",), "advance"),
        (("check", SHAPE), "check"),
        (("artifact", "check"), "artifact-check"),
    ):
        said = answers.words(answer(data(repo, *call, code=3), 3, kind))
        assert said.startswith(("✗ ", "{")) and ("VT" in said or "missing" in said), call


def test_an_error_is_said_as_on_stderr_and_an_answer_with_complaints_has_both() -> None:
    assert answers.words(answer(None, 1, error="✗ no\n  next  do it")) == "✗ no\n  next  do it"
    assert answers.words(answer(None, 70)) == "the command ended with exit code 70"
    assert answers.words(answer({"a": 1}, 0, error="! mind")) == '{"a":1}\n! mind'


def test_an_address_means_a_command() -> None:
    for uri, words in (
        ("train://status", ["status", "--json"]),
        ("train://ticket/shape_142", ["ticket", "show", "--json", "shape_142"]),
        ("train://ticket/a%20b", ["ticket", "show", "--json", "a b"]),
        ("train://ticket/--all", ["ticket", "show", "--json", "--", "--all"]),
        ("train://mode/plan", ["mode", "show", "plan"]),
    ):
        found = pages.command(uri)
        assert found is not None and found[1] == words
    for uri in ("", "train://", "train://status/x", "train://ticket/", "file:///x", "TRAIN://status", "train://mode"):
        assert pages.command(uri) is None, uri


def test_tools_are_gathered_once() -> None:
    asked: list[int] = []

    def give() -> tuple[()]:
        asked.append(1)
        return ()

    face = Face(give)
    assert asked == [] and face.tools == {} and face.tools == {} and asked == [1]
