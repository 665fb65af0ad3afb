"""The body of a pull request: evidence and risks by their last word, and only the last phase closes the issue."""

from __future__ import annotations

from agenticops.core import pullbody
from agenticops.core.pullbody import Facts
from agenticops.core.risks import standing
from agenticops.core.sticky import Progress
from agenticops.model.finding import Finding, Verdict
from agenticops.model.paper import Mitigation, Risk
from tests.support import event, item, ticket

RUN, VOUCHED = "evidence_recorded", "evidence_attested"
TOLD = Progress("shape_142", "shape", "planner", "in_review", 2, 2, 1, 1)


def facts(**fields: object) -> Facts:
    verdict = Verdict("default", "shape_142", (), 4)
    defaults = {"item": item("142", issue=142, title="Refills #9"), "ticket": ticket(item="142"), "verdict": verdict}
    return Facts(**{**defaults, "progress": TOLD, **fields})  # type: ignore[arg-type]


def ran(number: int, outcome: str, check: str = "tests", kind: str = RUN, **data: str) -> object:
    told = {"gate": "default", "check": check, "outcome": outcome, "level": "verified", **data}
    return event(kind, "ticket/shape_142", number, data=told)


def test_the_last_run_of_each_check_is_told() -> None:
    events = (ran(1, "failed"), ran(2, "passed"), ran(3, "", "legal", VOUCHED), ran(4, "failed", "lint", by="agent"))
    body = pullbody.write(facts(events=events), {})
    assert "- default › tests: passed, verified by Ada Lovelace" in body and body.count("tests:") == 1
    assert "- default › legal: passed, attested by Ada Lovelace" in body
    assert "- default › lint: failed, verified by agent" in body


def test_risks_say_what_answers_them() -> None:
    risk = Risk("r00000001", "Boxes run out", status="mitigated")
    planned = Mitigation("m00000001", "A spare box", risks=("r00000001",))
    body = pullbody.write(facts(risks=[standing(risk, [planned]), standing(Risk("r00000002", "Dust"), [])]), {})
    assert "- Boxes run out: medium, open; answered by A spare box \\(planned\\)" in body
    assert "- Dust: medium, open; nothing answers it" in body


def test_what_is_wrong_is_told_and_only_the_end_closes() -> None:
    wrong = Verdict("default", "shape_142", (Finding("VT101", "a bullet is open", "x.md"),), 4)
    body = pullbody.write(facts(verdict=wrong), {})
    assert "❌" in body and "VT101" in body and "Part of #142 ·" in body and "Closes" not in body
    assert "Closes #142 ·" in pullbody.write(facts(last=True), {})
    assert "Work item t00000001 ·" in pullbody.write(facts(item=item()), {})
    assert "#9" not in body and pullbody.title(facts()) == "shape: Refills #\u200b9"


def test_of_the_item_its_first_words_are_told() -> None:
    text = "# Refills\n\nFor ward 7.\n\n## More\n\nTwo.\n\nThree.\n\nFour, closes #9.\n"
    body = pullbody.write(facts(item=item("142", body=text)), {})
    assert "For ward 7\\." in body and "Three" in body and "Four" not in body
