"""Enough tests ran and none failed too many, as a JUnit XML report says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from agenticops.core import reports
from agenticops.core.case import Case
from agenticops.model.finding import Finding

Count = Annotated[int, Meta(ge=0)]
BAD = ("failure", "error")


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """The report, how many tests may fail, and how many must have run."""

    file: str
    max_failures: Count = 0
    min_tests: Count = 1


class _Tally:
    """Counts by what is in the report; the sums at its root are believed only when they are worse."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.ran = self.failed = self.claimed = 0
        self.bad = self.skipped = False

    def __call__(self, names: Sequence[str], attributes: Mapping[str, str]) -> None:
        name, parent = names[-1], names[-2] if len(names) > 1 else ""
        if name in BAD and parent == "testcase":
            self.bad = True
        elif name in BAD and parent in ("testsuite", "testsuites"):
            self.failed += 1  # a suite that could not even begin
        elif name == "skipped" and parent == "testcase":
            self.skipped = True
        elif name == "testcase":
            self.failed += self.bad
            self.ran += not self.skipped and attributes.get("status") not in ("notrun", "disabled", "skipped")
            self.bad = self.skipped = False
        elif len(names) == 1 or (len(names) == 2 and name == "testsuite"):
            claimed = sum(reports.number(attributes, n, self.where) for n in ("failures", "errors"))
            self.claimed = max(self.claimed, claimed)


def read(data: bytes, where: str, asked: Parameters) -> dict[str, int]:
    """Count the tests of a report: how many `ran`, and how many `failed`. Raises Unusable."""
    tally = _Tally(where)
    root = reports.xml(data, where, tally)
    if root not in ("testsuites", "testsuite"):
        raise reports.broken(where, f"its root is <{root[:40]}>, not <testsuites>")
    return {"ran": tally.ran, "failed": max(tally.failed, tally.claimed)}


def check(case: Case) -> Iterator[Finding]:
    """Judge how many tests ran and failed."""
    where = reports.path(case, case.asked.file)
    try:
        found = reports.figures(case, read)
        ran, failed = (reports.value(found, name, where) for name in ("ran", "failed"))
    except reports.Unusable as e:
        yield e.finding
        return
    if failed > case.asked.max_failures:
        message = f"{failed:g} of {ran:g} tests failed; at most {case.asked.max_failures} may"
        yield Finding("VT414", message, where, hint="mend them, and run the tests again")
    if ran < case.asked.min_tests:
        message = f"{ran:g} tests ran; at least {case.asked.min_tests} must"
        yield Finding("VT415", message, where, hint="skipped tests prove nothing: run them")
