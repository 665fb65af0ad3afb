"""The check `command`: which evidence counts, for what, and how far. Forged and negligent logs are refused."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import covers, evidence, gate
from agenticops.core.case import Case
from agenticops.core.train import Train
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.layout import SIGNERS
from agenticops.model.pipeline import CheckCall, Gate
from tests.support import event, ticket, tiny_train

TICKET = ticket()
SOURCE = "src/app.py"
ARGV = ["make", "test"]
NOW = "2026-01-01T10:00:00.000Z"


def train(*events: Event, **files: str) -> Train:
    return tiny_train(TICKET, events=events, files={SOURCE: "x", "docs/a.md": "y", SIGNERS: "ada", **files})


def tree(source: str = "x") -> str:
    where = tiny_train(TICKET, files={SOURCE: source}).tree
    return covers.digest(where.ids([SOURCE]))


def ran(number: int = 1, **fields: Any) -> Event:
    at = fields.pop("at", NOW)
    said = {"gate": "g", "check": "unit", "argv": ARGV, "outcome": "passed", "code": 0, "tree": tree()}
    data = {**said, "level": "verified", "by": "operator", **fields}
    return event("evidence_recorded", f"ticket/{TICKET.id}", number, at=at, data=data)


def vouched(number: int = 2, **fields: Any) -> Event:
    said = {"gate": "g", "check": "unit", "tree": tree(), "reason": "seen", "signer": "ada@example.org"}
    text = evidence.payload(TICKET.id, "g", "unit", tree(), "seen", "ada@example.org", "00")
    data = {**said, "payload": text, "signature": "good", "level": "attested", **fields}
    return event("evidence_attested", f"ticket/{TICKET.id}", number, data=data)


def holds(payload: bytes, signature: str, identity: str, signers: bytes) -> str:
    return "" if (signature, identity, signers) == ("good", "ada@example.org", b"ada") else "another key"


def found(*events: Event, level: Any = None, moving: bool = True, now: str = NOW, **parameters: Any) -> list[Finding]:
    asked = {"command": ARGV, "covers": ["src"], **parameters}
    call = CheckCall("command", name="unit", level=level, parameters=asked)
    case = Case(train(*events), TICKET, now=now, moving=moving, verify=holds)
    return gate.one(case, Gate(name="g", checks=(call,)), call)


def codes(*events: Event, **how: Any) -> list[str]:
    return [f.code for f in found(*events, **how)]


FORGED = {
    "no run at all": ([], "VT405"),
    "a run of another gate": ([ran(gate="other")], "VT405"),
    "a run of another check": ([ran(check="lint")], "VT405"),
    "a run of another ticket": ([event("evidence_recorded", "ticket/build_x", data=ran().data)], "VT405"),
    "a run that git took back": (
        [ran(), event("voided", f"ticket/{TICKET.id}", 2, data={"events": [ran().id]})],
        "VT405",
    ),
    "of other files": ([ran(tree=tree("other"))], "VT406"),
    "of no files": ([ran(tree="")], "VT406"),
    "another command": ([ran(argv=["true"])], "VT406"),
    "words as one text": ([ran(argv="make test")], "VT406"),
    "failed": ([ran(outcome="failed", code=1)], "VT407"),
    "an outcome that nobody knows": ([ran(outcome="fine")], "VT407"),
    "no outcome": ([ran(outcome=None)], "VT407"),
    "failed after it had passed": ([ran(1), ran(2, outcome="failed")], "VT407"),
    "only recorded": ([ran(level="recorded")], "VT408"),
    "an agent says that it is verified": ([ran(by="agent")], "VT408"),
    "a level that nobody knows": ([ran(level="divine")], "VT408"),
    "from tomorrow": ([ran(at="2026-01-02T10:00:00.000Z")], "VT409"),
    "no time": ([ran(at="soon")], "VT409"),
    "a time without zone": ([ran(at="2026-01-01T09:00:00")], "VT409"),
    "timed out": ([ran(outcome="timeout")], "VT410"),
    "flooded": ([ran(outcome="flood")], "VT410"),
    "signed by another key": ([ran(level="recorded"), vouched(signature="bad")], "VT421"),
    "an attestation of another ticket": (
        [vouched(payload=evidence.payload("build_x", "g", "unit", tree(), "seen", "ada@example.org", "0"))],
        "VT421",
    ),
    "an attestation with other words": ([vouched(reason="all is well")], "VT421"),
    "an attestation of other files": (
        [vouched(payload=evidence.payload(TICKET.id, "g", "unit", "0", "seen", "ada@example.org", "0"))],
        "VT421",
    ),
    "an attestation that is no text": ([vouched(payload="[]")], "VT421"),
    "an attestation without signature": ([vouched(signature=None)], "VT421"),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_does_not_count(name: str) -> None:
    events, code = FORGED[name]
    assert code in codes(*events), found(*events)
    assert any(f.severity == "error" and f.hint for f in found(*events))


def test_what_counts() -> None:
    assert codes(ran()) == []
    assert codes(ran(1), ran(2, level="recorded")) == []
    assert codes(ran(1, outcome="failed"), ran(2)) == []
    assert codes(ran(1, tree="older"), ran(2)) == []
    assert codes(ran(level="recorded"), level="recorded") == []
    assert codes(ran(at="2026-01-01T10:04:00.000Z")) == [], "two clocks may differ by five minutes"
    assert codes(vouched()) == [] and codes(vouched(), level="attested") == []
    assert codes(vouched(), level="attested", command=[]) == []


def test_an_attestation_vouches_for_nothing_that_failed_after_it() -> None:
    assert codes(ran(1, outcome="failed"), vouched(2)) == []
    assert codes(vouched(1), ran(2, outcome="failed")) == ["VT407"]
    assert codes(vouched(1), ran(2, outcome="failed"), ran(3), level="attested") == ["VT408"]


def test_one_wrong_clock_is_mended_by_another_run() -> None:
    findings = found(ran(1, at="2027-01-01T10:00:00.000Z"), ran(2))
    assert [(f.code, f.severity) for f in findings] == [("VT409", "info")]


def test_for_a_review_what_is_recorded_is_enough_and_said() -> None:
    (finding,) = found(ran(level="recorded"), moving=False)
    assert (finding.code, finding.severity) == ("VT408", "info")
    assert "verified" in finding.message
    assert [f.severity for f in found(ran(), level="attested", moving=False)] == ["error"]


def test_what_covers_nothing_proves_nothing() -> None:
    (finding,) = found(ran(tree=covers.digest({})), covers=["none"], command=ARGV)
    assert finding.code == "VT406" and "it covers no file" in finding.message


@pytest.mark.parametrize(
    "parameters",
    [{"command": "make test"}, {"command": [1]}, {"seconds": 0}, {"seconds": 1e9}, {"seconds": "nan"}, {"covres": []}],
)
def test_what_cannot_be_meant_holds_nothing(parameters: dict[str, Any]) -> None:
    assert codes(ran(), **parameters) == ["VT404"]


def test_who_may_sign_is_said_by_the_base() -> None:
    call = CheckCall("command", name="unit", level="attested", parameters={"command": ARGV, "covers": ["src"]})
    base = tiny_train(TICKET)
    case = Case(train(vouched()), TICKET, judge=base, verify=holds)
    assert "there is no config/allowed_signers" in gate.one(case, Gate(name="g"), call)[0].message
    case = Case(train(vouched()), TICKET)
    assert "cannot be verified here" in gate.one(case, Gate(name="g"), call)[0].message
