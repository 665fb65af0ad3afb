"""`decision` and `adr`: every attribute of the data model, calibration, and chains that both sides know."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.stations import ITEM, SHAPE, Board, codes, data, events, must, refused
from tests.support import write

SEED = (
    *("decision_id", "decision_type", "context_data", "reasoning_process", "outcome", "confidence_score"),
    *("agent_assignments", "resource_optimization", "learning_notes", "created_at", "updated_at"),
)
FULL = (
    *("--type", "resource_allocation", "--context", "disagreement=0.08", "--context", '{"readers": {"now": [1]}}'),
    *("--reasoning", "One was wrong.\nTwo cost more.", "--outcome", "Two until May", "--confidence", "7"),
    *("--assign", "planner=relabel", "--resource", "readers=2", "--notes", "Ask earlier"),
    *("--item", ITEM, "--ticket", SHAPE, "--gate", "default", "--execution", "0f0e"),
)


def new(repo: Path, title: str = "Go on", *arguments: str) -> str:
    given = arguments or ("--reasoning", "Because.")
    found: str = data(repo, "decision", "new", "--title", title, *given)["id"]
    return found


def test_every_attribute_of_the_data_model(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "Go on: with two", *FULL)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d-go-on-with-two", name)
    shown = data(repo, "decision", "show", name)
    assert set(SEED) <= set(shown)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", shown["decision_id"])
    assert shown["context_data"] == {"disagreement": 0.08, "readers": {"now": [1]}}
    assert shown["agent_assignments"] == {"planner": "relabel"} and shown["resource_optimization"] == {"readers": 2}
    assert shown["reasoning_process"] == "One was wrong.\nTwo cost more." and shown["confidence_score"] == 7
    assert (shown["tickets"], shown["gates"], shown["executions"]) == ([SHAPE], ["default"], ["0f0e"])
    page = (repo / f"docs/decisions/{name}.md").read_text()
    assert "created_at" not in page and "updated_at" not in page
    must(repo, "decision", "edit", name, "--result", "right")
    assert data(repo, "decision", "show", name)["result"] == "right"
    assert [e["subject"] for e in events(repo, "document_edited")] == [f"decision/{name}"]
    assert codes(repo, "check") == []


def test_equal_titles_of_a_day_are_two_decisions(at: Board) -> None:
    repo = at("tiny-opened")
    first, second = new(repo), new(repo)
    assert second == f"{first}-2"
    ids = {d["decision_id"] for d in data(repo, "decision", "list")}
    assert len(ids) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("--reasoning", "x", "--confidence", "11"),
        ("--reasoning", "x", "--confidence", "0"),
        ("--reasoning", "x", "--type", "whim"),
        ("--reasoning", "x", "--context", "no pair"),
        ("--reasoning", "x", "--context", "{broken"),
        ("--reasoning", "x", "--gate", "none"),
        (),
    ],
)
def test_a_decision_that_cannot_be(at: Board, arguments: tuple[str, ...]) -> None:
    repo = at("tiny-opened")
    refused(repo, "decision", "new", "--title", "x", *arguments, code=2)
    assert not (repo / "docs/decisions").exists()


def test_reasoning_is_more_than_an_empty_word(at: Board) -> None:
    assert "reasoning_process" in refused(at("tiny-opened"), "decision", "new", "--title", "x", "--reasoning", "")


def test_what_is_sensitive_is_a_reference_until_it_is_revealed(at: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = at("tiny-opened")
    name = new(
        repo, "Renew", "--reasoning", "It pays.", "--context", "price=env:LICENCE_PRICE", "--outcome", "env:GONE_1"
    )
    assert data(repo, "decision", "show", name)["context_data"] == {"price": "env:LICENCE_PRICE"}
    refused(repo, "decision", "show", name, "--reveal", code=4)
    monkeypatch.setenv("LICENCE_PRICE", "12000")
    monkeypatch.setenv("GONE_1", "yes")
    assert data(repo, "decision", "show", name, "--reveal")["context_data"] == {"price": "12000"}
    assert "12000" not in (repo / f"docs/decisions/{name}.md").read_text()


def test_the_report_compares_outcomes_with_confidence(at: Board) -> None:
    repo = at("tiny-opened")
    for title, confidence, result in (("A", "9", "right"), ("B", "9", "wrong"), ("C", "2", "open")):
        name = new(repo, title, "--reasoning", "r", "--confidence", confidence, "--assign", "planner=x")
        must(repo, "decision", "edit", name, "--result", result)
    found = data(repo, "decision", "report")
    bands = {r["name"]: r for r in found["bands"]}
    assert (bands["9-10"]["count"], bands["9-10"]["hits"], bands["1-3"]["open"]) == (2, 0.5, 1)
    assert [(a["name"], a["count"], a["hits"]) for a in found["agents"]] == [("planner", 3, 0.5)]
    assert re.search(r"9-10 +2 +0 +1 +0 +1 +50%", must(repo, "decision", "report"))


def test_search(at: Board) -> None:
    repo = at("tiny-opened")
    name = new(repo, "Go on", *FULL)
    new(repo, "Stop")
    for arguments in (("TWO", "may"), ("--agent", "planner"), ("--about", SHAPE)):
        assert [d["id"] for d in data(repo, "decision", "search", *arguments)] == [name]
    assert data(repo, "decision", "search", "never") == []


def test_records_supersede_each_other_on_both_sides(at: Board) -> None:
    repo = at("tiny-opened")
    old = data(repo, "adr", "new", "Use one queue")["id"]
    new_one = data(repo, "adr", "new", "Use two queues", "--supersedes", old[:18])
    assert new_one["supersedes"] == [old]
    listed = {r["id"]: r for r in data(repo, "adr", "list")}
    assert listed[old]["by"] == new_one["id"] and listed[new_one["id"]]["status"].startswith("accepted, ")
    assert codes(repo, "check") == []
    assert "superseded by" in refused(repo, "adr", "new", "Use three", "--supersedes", old)
    assert len(data(repo, "adr", "list")) == 2
    page = repo / f"docs/architecture/adr/{old}.md"
    page.write_text(page.read_text().replace("superseded by", "accepted; see"))
    assert codes(repo, "check") == ["VT905"]


def test_a_numbered_folder_goes_on_numbering(at: Board) -> None:
    repo = at("tiny-opened")
    write(repo, "docs/architecture/adr/0007-a.md", "# 0007. A\n\nStatus: accepted, 2026-01-01\n")
    made = data(repo, "adr", "new", "B", "--proposed")
    assert (made["id"], made["title"]) == ("0008-b", "B") and made["status"].startswith("proposed, ")
    refused(repo, "adr", "new", "C", "--supersedes", "0099", code=2)
