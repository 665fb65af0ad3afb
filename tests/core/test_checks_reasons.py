"""The checks that ask for reasons: criteria, issue, labels, ready and risk."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import papers
from agenticops.core.case import Case
from agenticops.core.gate import one
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.layout import PIPELINE
from agenticops.model.paper import SHELVES
from agenticops.model.pipeline import CheckCall, Gate
from agenticops.model.ticket import Ticket
from tests.core.test_papers import DAY, MITIGATION, RISK, text
from tests.support import ITEM, TINY, event, item, ticket, tiny_train

DOCUMENT = item().path


def judged(
    check: str,
    one_ticket: Ticket,
    *events: Event,
    files: dict[str, str] | None = None,
    moving: bool = True,
    **asked: Any,
) -> list[Finding]:
    """Run one check as a gate does, with parameters."""
    call = CheckCall(check, parameters=asked)
    case = Case(tiny_train(one_ticket, events=events, files=dict(files or {})), one_ticket, moving=moving)
    return one(case, Gate(name="g", checks=(call,)), call)


def codes(found: list[Finding]) -> list[str]:
    return [f.code for f in found]


# criteria

CRITERION = "The *scope* is agreed."


def checklist(*bullets: str) -> dict[str, str]:
    return {ticket().checklist_path: "# Checklist\n\n" + "\n\n".join(f"- {b}" for b in bullets) + "\n"}


@pytest.mark.parametrize(
    "bullet", ["The scope is agreed", "the SCOPE is agreed. *", "The **scope** is agreed. <!-- id: s -->"]
)
def test_a_criterion_is_met_by_a_checked_bullet_in_the_same_words(bullet: str) -> None:
    own = ticket(exit=(CRITERION,))
    assert judged("criteria", own, files=checklist(f"[x] {bullet}")) == []
    (found,) = judged("criteria", own, files=checklist("[ ] Other", f"[ ] {bullet}"))
    assert (found.code, found.line) == ("VT424", 5) and "checklist tick" in found.hint


def test_a_criterion_that_no_bullet_says_is_not_met() -> None:
    (found,) = judged("criteria", ticket(entry=(CRITERION,)), files=checklist("[x] Something else"))
    assert found.code == "VT424" and 'checklist add "The *scope* is agreed." --section "Entry criteria"' in found.hint


@pytest.mark.parametrize(("which", "count"), [("entry", 1), ("exit", 2), ("both", 3)])
def test_which_criteria_are_asked_for(which: str, count: int) -> None:
    assert len(judged("criteria", ticket(entry=("a",), exit=("b", "c")), which=which)) == count


def test_a_ticket_without_its_own_has_those_of_its_mode() -> None:
    files = {PIPELINE: TINY.replace("    title: Plan\n", "    title: Plan\n    exit: [The goal has a number]\n")}
    assert codes(judged("criteria", ticket(), files=files)) == ["VT424"]


# issue


def observed(state: str, number: int = 1, issue: int = 7) -> Event:
    return event("issue_observed", f"item/{ITEM}", number, data={"issue": issue, "state": state})


def with_issue(number: int | None = 7) -> dict[str, str]:
    from agenticops.core import documents

    return {DOCUMENT: documents.write_item(item(issue=number))}


@pytest.mark.parametrize(
    ("events", "words"),
    [
        ((), "nobody has observed"),
        ((observed("open"),), "was open when it was last observed"),
        ((observed("closed", 1), observed("open", 2)), "was open"),
        ((observed("closed", issue=8),), "nobody has observed"),
        ((observed(""),), "in no known state"),
    ],
)
def test_what_nobody_saw_closed_is_not_closed(events: tuple[Event, ...], words: str) -> None:
    (found,) = judged("issue", ticket(), *events, files=with_issue())
    assert (found.code, found.path) == ("VT425", DOCUMENT) and words in found.message


def test_an_issue_that_was_last_seen_closed() -> None:
    assert judged("issue", ticket(), observed("open", 1), observed("closed", 2), files=with_issue()) == []
    assert judged("issue", ticket(), observed("open"), files=with_issue(), state="open") == []
    void = event("voided", f"item/{ITEM}", 2, data={"events": [observed("closed").id]})
    assert codes(judged("issue", ticket(), observed("closed"), void, files=with_issue())) == ["VT425"]


def test_without_an_issue_nothing_is_closed() -> None:
    (found,) = judged("issue", ticket(), files=with_issue(None))
    assert found.code == "VT425" and f"work edit {ITEM} --issue" in found.hint


def test_before_the_merge_no_issue_is_asked_for() -> None:
    assert judged("issue", ticket(), files=with_issue(), moving=False) == []


# labels


def labelled(*labels: str) -> dict[str, str]:
    from agenticops.core import documents

    return {DOCUMENT: documents.write_item(item(labels=labels))}


@pytest.mark.parametrize(
    "labels", [("PRD", "next"), ("PRD", "next", "auto", "phase:shape", "agent:planner"), ("phased", "PRD", "next")]
)
def test_labels_that_agree(labels: tuple[str, ...]) -> None:
    assert judged("labels", ticket(), files=labelled(*labels)) == []


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("next",), "no kind label; 'PRD' is wanted"),
        (("PRD",), "no priority label; 'next' is wanted"),
        (("PRD", "CRD", "next"), "kind label PRD, CRD"),
        (("PRD", "now"), "priority label now; the document says 'next'"),
        (("PRD", "next", "phase:limbo"), "unknown phase; the pipeline knows: shape, build, ship"),
        (("PRD", "next", "phase:build"), "the ticket's phase is shape"),
        (("PRD", "next", "agent:ghost"), "unknown agent"),
        (("PRD", "next", "agent:maker"), "the ticket's agent is planner"),
    ],
)
def test_labels_that_say_something_else(labels: tuple[str, ...], words: str) -> None:
    (found,) = judged("labels", ticket(), files=labelled(*labels))
    assert (found.code, found.path) == ("VT426", DOCUMENT) and words in found.message


# ready


def test_the_next_phase_must_find_its_inputs() -> None:
    (found,) = judged("ready", ticket())
    assert (found.code, found.path) == ("VT427", f"docs/{ITEM}/brief.md")
    assert found.message == "not ready for build: build needs brief, which is missing"


def test_every_next_phase_is_asked_and_the_last_has_none() -> None:
    build = ticket("build")
    assert judged("ready", build) == []
    files = {PIPELINE: TINY.replace("  ship:\n    mode: make", "  ship:\n    inputs: [plan, brief]\n    mode: make")}
    assert codes(judged("ready", build, files=files)) == ["VT427", "VT427"]
    assert judged("ready", ticket("ship")) == []


@pytest.mark.parametrize(
    ("file", "there"), [("docs/{item}/score.json", True), ("docs/none.json", False), ("../x", False)]
)
def test_what_the_entry_gate_reads_must_be_there(file: str, there: bool) -> None:
    gate = f"gates:\n  way-in:\n    checks:\n      - check: metric\n        file: {file}\n        says: a >= 1\n"
    pipeline = TINY.replace("  ship:\n    mode: make", "  ship:\n    entry_gate: way-in\n    mode: make") + gate
    files = {PIPELINE: pipeline, f"docs/{ITEM}/score.json": "{}"}
    assert codes(judged("ready", ticket("build"), files=files)) == ([] if there else ["VT427"])


# risk


def risky(likelihood: str = "high", severity: str = "high", **fields: Any) -> dict[str, str]:
    content = text("risk", RISK, likelihood=likelihood, severity=severity, **{"items": [ITEM], **fields})
    return {SHELVES["risk"].path(RISK): content}


@pytest.mark.parametrize(
    ("likelihood", "severity", "limit", "held"),
    [
        ("high", "high", "high", True),
        ("high", "high", "critical", False),
        ("high", "medium", "medium", True),
        ("high", "medium", "high", False),
        ("medium", "medium", "medium", False),
        ("medium", "medium", "low", True),
        ("low", "medium", "low", False),
    ],
)
def test_a_risk_above_the_limit_holds_the_gate(likelihood: str, severity: str, limit: str, held: bool) -> None:
    found = judged("risk", ticket(), files=risky(likelihood, severity), max=limit)
    assert codes(found) == (["VT428"] if held else [])


def test_whose_risks_count() -> None:
    other = risky(items=["7"])
    assert judged("risk", ticket(), files=other) == []
    assert codes(judged("risk", ticket(), files=other, of="all")) == ["VT428"]


def test_mitigated_means_implemented() -> None:
    files = risky(status="mitigated")
    assert "without an implemented mitigation" in judged("risk", ticket(), files=files)[0].message
    answer = text("mitigation", MITIGATION, risks=[RISK], state="implemented")
    assert judged("risk", ticket(), files={**files, SHELVES["mitigation"].path(MITIGATION): answer}) == []


def test_who_accepts_a_risk_names_the_decision() -> None:
    assert codes(judged("risk", ticket(), files=risky(status="accepted"))) == ["VT429"]
    files = risky(status="accepted", decision=DAY)
    assert codes(judged("risk", ticket(), files=files)) == ["VT429"]
    assert judged("risk", ticket(), files={**files, SHELVES["decision"].path(DAY): text("decision", DAY)}) == []


def test_a_risk_that_cannot_be_read_holds_the_gate() -> None:
    assert codes(judged("risk", ticket(), files={SHELVES["risk"].path(RISK): "---\nid: 1\n---\n"})) == ["VT901"]
    assert papers.shelved(tiny_train(ticket()).tree, "risk") == ([], [])


@pytest.mark.parametrize(
    ("check", "asked"),
    [
        ("criteria", {"which": "some"}),
        ("issue", {"state": "shut"}),
        ("labels", {"strict": True}),
        ("ready", {"to": "build"}),
        ("risk", {"max": "huge"}),
        ("risk", {"limit": "low"}),
    ],
)
def test_a_check_that_cannot_be_asked_so(check: str, asked: dict[str, Any]) -> None:
    assert codes(judged(check, ticket(), **asked)) == ["VT404"]
