"""`workflow template`: what its commands print, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agenticops.core.workflow.templates import write
from agenticops.model.layout import WORKFLOWS
from agenticops.model.workflow import Edge, State, Template
from tests.stations import Board, codes, data, must, refused
from tests.support import cli, snapshot
from tests.support import write as put

TEMPLATE = ("workflow", "template")
GRAPH: dict[str, Any] = {
    "workflow_version": "1.0",
    "states": [
        {"id": 0, "name": "lead", "descr": "A lead", "parent_ids": [], "child_ids": [1, 2], "avg_duration_days": 2}
        | {"entity_name": "cust", "entity_status": "Lead", "terminal_flag": False},
        {"id": 1, "name": "won", "parent_ids": [0, 2], "child_ids": [], "terminal_flag": True, "success": True},
        {"id": 2, "name": "lost", "parent_ids": [0], "child_ids": [], "terminal_flag": True, "success": False},
    ],
}


def test_the_packs_are_listed_and_shown(at: Board) -> None:
    repo = at("tiny")
    listed = must(repo, *TEMPLATE, "list")
    assert "HS_STD" in listed and "packaged" in listed and "agenticops workflow template show CODE" in listed
    assert [t["code"] for t in data(repo, *TEMPLATE, "list", "--sector", "hvac")] == ["HVAC_EMERG"]
    shown = data(repo, *TEMPLATE, "show", "HS_STD")
    assert shown["industry_sector"] == "Home Services" and shown["default_workflow_flag"] is True
    assert shown["avg_duration_days"] is None and shown["success_rate_pct"] is None
    assert shown["states"][3] == {
        "id": 3,
        "name": "quote_sent",
        "descr": "Quote sent to customer",
        "parent_ids": [1, 2],
        "child_ids": [4, 5],
        "entity_name": "quote",
        "entity_status": "Sent",
        "terminal_flag": False,
        "success": None,
        "avg_duration_days": 5,
    }
    page = must(repo, *TEMPLATE, "show", "PLUMB_MAINT")
    assert "repair_quoted when data.defects > 0, invoice_sent" in page
    assert "there is no workflow template 'NONE'" in refused(repo, *TEMPLATE, "show", "NONE", code=2)


def test_a_graph(at: Board) -> None:
    repo = at("tiny")
    assert must(repo, *TEMPLATE, "graph", "HS_STD").startswith("flowchart TD\n")
    tree = must(repo, *TEMPLATE, "graph", "HS_STD", "--format", "text")
    assert (
        tree.startswith("lead_generation  customer · Lead\n  → customer_onboarding")
        and "quote_rejected  quote · Rejected  ✗" in tree
    )
    assert tree.count("payment_received  invoice · Paid  ✓") == 1
    assert "        → quote_accepted  order · Confirmed\n        ↓ work_scheduled" in tree, "a line that goes on"
    assert data(repo, *TEMPLATE, "graph", "HS_STD")["mermaid"].count("-->") == 12


def test_an_import(at: Board, tmp_path: Path) -> None:
    repo = at("tiny")
    file = put(tmp_path, "graph", json.dumps(GRAPH))
    assert "--code CODE" in refused(repo, *TEMPLATE, "import", str(file))
    words = (*TEMPLATE, "import", str(file), "--code", "ROOF", "--name", "Roofing", "--sector", "Roofing", "--default")
    before = snapshot(repo)
    plan = must(repo, *words, "--dry-run")
    assert (
        "create  ROOF 1.0 · 3 states" in plan
        and "repairs  ROOF: state 1 (won): its parents are [0], not [0, 2]" in plan
    )
    assert snapshot(repo) == before
    assert f"{WORKFLOWS}/roof.yml" in must(repo, *words)
    shown = data(repo, *TEMPLATE, "show", "ROOF")
    assert shown["default_workflow_flag"] and [s["id"] for s in shown["states"]] == [0, 1, 2]
    assert "the templates are sound" in must(repo, *TEMPLATE, "lint") and codes(repo, "check") == []
    assert codes(repo, *words) == ["VT517"]
    assert "cannot be read" in refused(repo, *TEMPLATE, "import", "no-such-file", code=2)


def test_faults_end_with_3_and_write_nothing(at: Board) -> None:
    repo = at("tiny")
    circle = json.loads(json.dumps(GRAPH))
    circle["states"][1] |= {"child_ids": [0]}
    put(repo, "graph.json", json.dumps(circle))
    head = ("--code", "ROOF", "--name", "R", "--sector", "S")
    code, out, _ = cli(repo, *TEMPLATE, "import", "graph.json", *head)
    assert code == 3 and "nothing was written" in out and "lead → won → lead" in out
    assert not (repo / WORKFLOWS).exists()
    put(
        repo,
        f"{WORKFLOWS}/roof.json",
        json.dumps({"code": "ROOF", "name": "R", "industry_sector": "S", **circle}, indent=1),
    )
    code, out, _ = cli(repo, *TEMPLATE, "lint")
    assert code == 3 and f"{WORKFLOWS}/roof.json:" in out and "agenticops explain VT508" in out
    assert "VT508" in codes(repo, "check")


def test_new_diff_and_migrate(at: Board) -> None:
    repo = at("tiny")
    must(repo, *TEMPLATE, "new", "ROOF", "--name", "Roofing", "--sector", "Roofing")
    assert "nothing differs" in must(repo, *TEMPLATE, "diff", "ROOF", "--from", "1.0")
    ends = {"finished": State("finished", "finished", terminal=True, success=True)}
    begun = State("seen", "seen", days=1.0, next=(Edge("finished"),))
    put(
        repo,
        f"{WORKFLOWS}/roof-2.yml",
        write(Template("ROOF", "Roofing", "Roofing", "2", start="seen", states={"seen": begun, **ends})),
    )
    out = must(repo, *TEMPLATE, "diff", "ROOF", "--from", "1.0")
    assert "+ state    seen" in out and "- edge     begun → given_up" in out
    changes = data(repo, *TEMPLATE, "diff", "ROOF", "--from", "1.0", "--to", "2")["changes"]
    assert {"part": "state", "verb": "removed", "name": "begun", "details": []} in changes
    plan = must(repo, *TEMPLATE, "migrate", "ROOF", "--from", "1.0", "--to", "2")
    assert "0 instances would go on by 2; 0 stay" in plan


@pytest.mark.parametrize("words", [("new", "no code"), ("new", "X" * 60)])
def test_a_code_that_is_none_is_refused(at: Board, words: tuple[str, ...]) -> None:
    repo = at("tiny")
    assert codes(repo, *TEMPLATE, *words) == ["VT517"] and not (repo / WORKFLOWS).exists()
