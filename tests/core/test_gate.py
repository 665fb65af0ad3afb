"""Gates: the named checks of a phase; what is unknown fails."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from agenticops.core import gate
from agenticops.core.case import Case
from agenticops.core.checks import CHECKS, find, run
from agenticops.core.train import Train
from agenticops.model.event import Event
from agenticops.model.finding import Finding, Verdict
from agenticops.model.pipeline import CheckCall, Gate
from tests.support import BRIEF, ITEM, TINY, event, state, ticket, tiny_train

PATH = f"docs/{ITEM}/brief.md"
TICKED = "# Checklist\n\n- [x] Ask the nurses *\n\n- [ ] Draw a sketch\n"
EVENTS = [
    state(f"ticket/{ticket().id}", "todo", 1, kind="ticket_opened"),
    event(
        "artifact_recorded",
        f"ticket/{ticket().id}",
        2,
        data={"artifact": "brief", "sha256": hashlib.sha256(BRIEF.encode()).hexdigest()},
    ),
]


def finished(events: list[Event] = EVENTS, **files: Any) -> Train:
    """A train whose first ticket owes nothing any more; `files` are laid over it (`__` for `/`)."""
    known = {PATH: BRIEF, ticket().checklist_path: TICKED}
    return tiny_train(ticket(), events=events, files={**known, **{k.replace("__", "/"): v for k, v in files.items()}})


def codes(verdict: Verdict) -> list[str]:
    return [f.code for f in verdict.findings]


def with_pipeline(old: str, new: str) -> Train:
    assert old in TINY
    return finished(**{"config__pipeline.yml": TINY.replace(old, new, 1)})


def test_the_default_gate_holds_when_nothing_is_owed() -> None:
    verdict = gate.judge(Case(finished(), ticket()))
    assert verdict.holds
    assert (verdict.gate, verdict.checks, codes(verdict)) == ("default", 4, [])


def test_what_is_open_fails_it_and_every_check_is_run() -> None:
    verdict = gate.judge(Case(tiny_train(ticket()), ticket()))
    assert not verdict.holds
    assert codes(verdict) == ["VT101", "VT201", "VT311"]


@pytest.mark.parametrize(
    ("train", "one", "code"),
    [
        (finished(), ticket(phase="nope"), "VT301"),
        (with_pipeline("    artifacts: [brief]", "    gate: nope\n    artifacts: [brief]"), ticket(), "VT402"),
    ],
)
def test_an_unknown_phase_or_gate_holds_nothing(train: Train, one: Any, code: str) -> None:
    verdict = gate.judge(Case(train, one))
    assert (codes(verdict), verdict.holds) == ([code], False)


def test_a_gate_of_the_pipeline_runs_its_own_checks_with_parameters() -> None:
    more = TINY.replace("    artifacts: [brief]", "    gate: strict\n    artifacts: [brief]", 1)
    more += "\ngates:\n  strict:\n    checks: [checklist, spelling, inputs]\n"
    verdict = gate.judge(Case(finished(**{"config__pipeline.yml": more}), ticket()))
    assert (verdict.gate, verdict.checks, codes(verdict)) == ("strict", 3, ["VT401"])
    assert "known: checklist" in verdict.findings[0].hint


def test_an_empty_default_may_be_defined_and_is_used() -> None:
    more = TINY + "\ngates:\n  default:\n    checks: [ticket]\n"
    assert gate.judge(Case(finished(**{"config__pipeline.yml": more}), ticket())).checks == 1


def test_warnings_do_not_hold_a_gate() -> None:
    assert Verdict("g", "t", (Finding("VT606", "x", severity="warning"),), 1).holds
    assert not Verdict("g", "t", (Finding("VT606", "x", severity="warning"), Finding("VT101", "y")), 1).holds


def test_the_digest_changes_with_all_that_was_judged_and_only_with_that() -> None:
    base = gate.digest(finished(), ticket())
    assert base == gate.digest(finished(**{"README.md": "x", f"docs__work__{ITEM}.md": "---\nid: x\n---\n"}), ticket())
    changed = [
        finished(**{PATH: BRIEF + "more"}),
        finished(**{ticket().checklist_path: TICKED + "\n"}),
        with_pipeline("headings: [Goal]", "headings: [Aim]"),
        with_pipeline("next: [build]", "next: [build, ship]"),
    ]
    digests = {gate.digest(t, ticket()) for t in changed}
    assert len(digests) == len(changed)
    assert base not in digests
    assert gate.digest(with_pipeline("title: Tiny train", "title: Another"), ticket()) == base


def test_integrity_is_what_must_hold_of_any_ticket() -> None:
    train = finished(EVENTS[:1])
    assert gate.integrity(Case(train, ticket())) == []
    blocked = [*EVENTS, state(f"ticket/{ticket().id}", "blocked", 3, EVENTS[0])]
    assert gate.integrity(Case(finished(blocked), ticket(status="blocked"))) == []
    assert [f.code for f in gate.integrity(Case(finished(blocked), ticket(status="done")))] == ["VT305"]


# What a check asks for, and what it finds in a train that knows nothing of it.
ASKED: dict[str, tuple[dict[str, object], set[str]]] = {
    "command": ({"command": ["python3", "-V"]}, {"VT405"}),
    "tests": ({"file": "unit.xml"}, {"VT412"}),
    "coverage": ({"file": "coverage.xml", "min": 0.9}, {"VT412"}),
    "scan": ({"file": "scan.sarif"}, {"VT412"}),
    "metric": ({"file": "metrics.json", "says": "accuracy >= 0.9"}, {"VT412"}),
    "approval": ({"role": "reviewer"}, {"VT430"}),
    "issue": ({}, {"VT425"}),
    "labels": ({}, {"VT426"}),
    "size": ({"max_bytes": 1_000_000}, set()),
}


@pytest.mark.parametrize("name", CHECKS)
def test_every_registered_check_runs(name: str) -> None:
    parameters, wanted = ASKED.get(name, ({}, set()))
    call = CheckCall(name, parameters=parameters)
    found = gate.one(Case(finished(), ticket()), Gate(name="g", checks=(call,)), call)
    assert {f.code for f in found} == wanted, found


def test_an_unknown_check_is_none() -> None:
    assert find("nope") is None
    assert run("nope", Case(finished(), ticket())) == []


def test_a_case_hands_each_check_its_own_parameters() -> None:
    case = Case(finished(), ticket(), before=finished(), now="2026")
    guard, call = Gate(name="g", level="recorded"), CheckCall("size", level="attested")
    other = case.at(guard, call, {"b": 2})
    assert (other.asked, other.now, other.before, other.after) == ({"b": 2}, "2026", case.before, case.after)
    assert (other.level, case.at(guard, CheckCall("size")).level) == ("attested", "recorded")
    assert case.asked is None and case.judge is case.before


@pytest.mark.parametrize("parameters", [{"nope": 1}, {"check": "x"}])
def test_an_unknown_parameter_fails_the_gate(parameters: dict[str, object]) -> None:
    call = CheckCall("checklist", parameters=parameters)
    found = gate.one(Case(finished(), ticket()), Gate(name="g", checks=(call,)), call)
    assert [f.code for f in found] == ["VT404"] and "'g'" in found[0].message
