"""Papers: one reader and writer for risks, mitigations, clients, needs and decisions; what is wrong has its line."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from agenticops.core import papers, yamltext
from agenticops.core.train import Train
from agenticops.errors import StateError, TrainError
from agenticops.model.finding import Finding
from agenticops.model.paper import DEGREES, SHELVES, Decision, Risk
from agenticops.model.tree import MemoryTree
from tests.support import ITEM, event, ticket, tiny_train

RISK, MITIGATION, NEED, CLIENT = "r00000001", "m00000001", "n00000001", "c00000001"
DAY = "2026-01-01-go-on"
UUID = "01a1fcb2-7a99-1b9d-2fee-d94585e7ee16"


def text(noun: str, name: str, **fields: Any) -> str:
    more = {"decision_id": UUID, "reasoning_process": "Because."} if noun == "decision" else {}
    return papers.write(SHELVES[noun], papers.fill(SHELVES[noun], {"id": name, "title": "T", **more, **fields}))


def train(*events: Any, **files: str) -> Train:
    """A tiny train with papers; a name is `risk_r00000001` and the like."""
    laid = {}
    for key, content in files.items():
        noun, _, name = key.partition("_")
        laid[SHELVES[noun].path(name.replace("_", "-"))] = content
    return tiny_train(ticket(), events=events, files=laid)  # type: ignore[arg-type]


def found(*events: Any, **files: str) -> list[Finding]:
    return papers.findings(train(*events, **files))


@pytest.mark.parametrize("noun", SHELVES)
def test_what_is_written_reads_back_with_every_field_and_a_line_between(noun: str) -> None:
    shelf = SHELVES[noun]
    name = DAY if noun == "decision" else f"{noun[0]}00000001"
    written = text(noun, name, description="Some *text*.\n\nMore.")
    paper = papers.read(shelf, written.encode(), shelf.path(name))
    assert (paper.id, paper.title, paper.description) == (name, "T", "Some *text*.\n\nMore.")
    front, _, _ = yamltext.split(written)
    fields = [f for f in shelf.type.__struct_fields__ if f != "description"]
    assert list(yamltext.load(front, "p")) == fields
    assert front.count("\n\n") == len(fields) - 1


def test_an_edit_keeps_unknown_fields_comments_and_text() -> None:
    before = text("risk", RISK, description="Mine.").replace(
        'cause: ""\n', 'cause: ""  # ask the ward\n\nour_own: [a, b]\n'
    )
    after = papers.edited(before, {"status": "closed", "items": (ITEM,)}, "p")
    assert after == before.replace("status: open", "status: closed").replace("items: []", f"items:\n  - {ITEM}")
    other = papers.edited(after, {"description": "Ours."}, "p")
    assert other == after.replace("Mine.", "Ours.")


@pytest.mark.parametrize("likelihood", DEGREES)
@pytest.mark.parametrize("severity", DEGREES)
def test_the_level_is_likelihood_times_severity(likelihood: Any, severity: Any) -> None:
    level = Risk("r", "t", likelihood=likelihood, severity=severity).level
    scale = {1: "low", 2: "low", 3: "medium", 4: "medium", 6: "high", 9: "critical"}
    assert level == scale[DEGREES[likelihood] * DEGREES[severity]]


@pytest.mark.parametrize(
    ("noun", "name", "was", "now", "words", "line"),
    [
        ("risk", RISK, "severity: medium", "severity: awful", "unknown value 'awful'", 18),
        ("risk", RISK, "title: T\n", "", "title is missing", 2),
        ("risk", RISK, f"id: {RISK}", "id: r00000002", "calls itself r00000002", 2),
        ("risk", RISK, "cause:", "title:", "stands twice", 8),
        ("decision", DAY, "confidence_score: 5", "confidence_score: 11", "<= 10", 16),
        ("decision", DAY, "reasoning_process: Because.", 'reasoning_process: ""', "length >= 1", 8),
        ("decision", DAY, UUID, "7", "decision_id", 4),
    ],
)
def test_a_broken_paper_is_a_finding_with_its_line(
    noun: str, name: str, was: str, now: str, words: str, line: int
) -> None:
    content = text(noun, name)
    assert was in content
    (one,) = found(**{f"{noun}_{name.replace('-', '_')}": content.replace(was, now, 1)})
    assert (one.code, one.path, one.line) == ("VT901", SHELVES[noun].path(name), line)
    assert words in one.message


@pytest.mark.parametrize(
    ("noun", "name", "fields", "missing"),
    [
        ("mitigation", MITIGATION, {"risks": ["r0000000z"]}, "r0000000z"),
        ("mitigation", MITIGATION, {"items": ["shape_999"]}, "shape_999"),
        ("need", NEED, {"client": CLIENT}, CLIENT),
        ("need", NEED, {"items": ["999"]}, "999"),
        ("risk", RISK, {"decision": DAY}, DAY),
        ("risk", RISK, {"ticket": "shape_999"}, "shape_999"),
        ("decision", DAY, {"gates": ["release"]}, "release"),
        ("decision", DAY, {"risks": [RISK]}, RISK),
    ],
)
def test_a_link_that_leads_nowhere_is_a_finding(noun: str, name: str, fields: dict[str, Any], missing: str) -> None:
    content = text(noun, name, **fields)
    (one,) = found(**{f"{noun}_{name.replace('-', '_')}": content})
    field = next(iter(fields))
    assert one.code == "VT902" and repr(missing) in one.message
    assert content.split("\n")[one.line - 1].startswith(f"{field}:")


def test_links_that_lead_somewhere_are_none() -> None:
    files = {
        f"client_{CLIENT}": text("client", CLIENT),
        f"need_{NEED}": text("need", NEED, client=CLIENT, items=[ITEM]),
        f"risk_{RISK}": text("risk", RISK, items=[ITEM], ticket=ticket().id, decision=DAY),
        f"mitigation_{MITIGATION}": text("mitigation", MITIGATION, risks=[RISK], items=[ITEM, ticket().id]),
        f"decision_{DAY.replace('-', '_')}": text("decision", DAY, gates=["default"], items=[ITEM], risks=[RISK]),
    }
    assert found(**files) == []


def test_what_nothing_reads_is_told_and_a_readme_is_not() -> None:
    tree = dict(train().tree.files)  # type: ignore[attr-defined]
    tree |= {"docs/risks/README.md": b"# Risks\n", "docs/risks/drift.md": b"---\nid: drift\n---\n"}
    (one,) = papers.findings(Train(MemoryTree(tree), train().log, MemoryTree({})))
    assert (one.code, one.path) == ("VT903", "docs/risks/drift.md") and "risk or mitigation" in one.message


def test_two_decisions_do_not_share_an_id() -> None:
    files = {f"decision_{name.replace('-', '_')}": text("decision", name) for name in (DAY, "2026-01-02-stop")}
    (one,) = found(**files)
    assert one.code == "VT901" and "has the decision_id of 2026-01-01-go-on" in one.message


def test_a_paper_that_the_log_knows_must_be_there() -> None:
    path = SHELVES["risk"].path(RISK)
    made = event(papers.CREATED, f"risk/{RISK}", 1, data={"path": path, "title": "T"})
    (one,) = found(made)
    assert (one.code, one.path) == ("VT904", path)
    assert found(made, **{f"risk_{RISK}": text("risk", RISK)}) == []
    void = event("voided", f"risk/{RISK}", 2, data={"events": [made.id]})
    assert found(made, void) == []


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Go on", "go-on"),
        ("  Ärger: 20 % — über/unter!  ", "arger-20-uber-unter"),
        ("日本", ""),
        ("x" * 99, "x" * 60),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_slug_is_a_file_name(title: str, slug: str) -> None:
    assert papers.slug(title) == slug


def test_a_missing_paper_says_where_it_is_listed() -> None:
    with pytest.raises(StateError) as caught:
        papers.get(train().tree, "risk", RISK)
    assert caught.value.hint == "agenticops risk list"


def test_fields_that_cannot_be_are_refused() -> None:
    with pytest.raises(TrainError) as caught:
        papers.fill(SHELVES["decision"], {"id": DAY, "decision_id": UUID, "title": "T", "reasoning_process": ""})
    assert "reasoning_process" in caught.value.message


def test_numbers_in_a_context_are_numbers() -> None:
    content = text("decision", DAY, context_data={"size": 3, "share": 0.5, "on": True, "name": "3", "deep": {"a": [1]}})
    paper = papers.read(SHELVES["decision"], content.encode(), SHELVES["decision"].path(DAY))
    assert isinstance(paper, Decision)
    assert paper.context_data == {"size": 3, "share": 0.5, "on": True, "name": "3", "deep": {"a": [1]}}
    assert msgspec.json.decode(msgspec.json.encode(paper), type=Decision) == paper
