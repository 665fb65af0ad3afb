"""Overrides: until when, what is open, and what ran out."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core import override
from agenticops.errors import UsageError
from agenticops.model.event import Event
from tests.support import event, ticket, tiny_train

NOW = "2026-01-01T10:00:00.000Z"
SUBJECT = f"ticket/{ticket().id}"


def overridden(number: int = 1, **data: Any) -> Event:
    said = {"gate": "default", "codes": ["VT101"], "reason": "late", "expires": "2026-01-15T10:00:00.000Z", **data}
    return event(override.OVERRIDDEN, SUBJECT, number, data=said)


def repaid(number: int, *events: Event) -> Event:
    return event(override.REPAID, SUBJECT, number, data={"overrides": [e.id for e in events]})


@pytest.mark.parametrize(
    ("words", "until"),
    [
        ("12h", "2026-01-01T22:00:00.000Z"),
        ("14d", "2026-01-15T10:00:00.000Z"),
        ("2w", "2026-01-15T10:00:00.000Z"),
        ("2026-01-01", "2026-01-01T23:59:59.999Z"),
        (" 2026-12-31 ", "2026-12-31T23:59:59.999Z"),
    ],
)
def test_a_duration_or_a_day(words: str, until: str) -> None:
    assert override.expiry(words, NOW) == until


@pytest.mark.parametrize("words", ["", "0d", "-1d", "soon", "2025-12-31", "2026-02-30", "367d", "99999w", "2027-06-01"])
def test_no_time_the_past_and_for_ever_are_refused(words: str) -> None:
    with pytest.raises(UsageError):
        override.expiry(words, NOW)


def test_an_override_is_open_until_it_is_repaid() -> None:
    first, second = overridden(1, risk="r1"), overridden(2, risk="r2")
    assert [o.risk for o in override.open_overrides([first, second])] == ["r1", "r2"]
    assert [o.risk for o in override.open_overrides([first, second, repaid(3, first)])] == ["r2"]
    assert override.open_overrides([first, second, repaid(3, first, second)]) == []


def test_a_repayment_that_was_voided_repaid_nothing() -> None:
    first = overridden()
    paid = repaid(2, first)
    void = event("voided", SUBJECT, 3, data={"events": [paid.id]})
    assert len(override.open_overrides([first, paid, void])) == 1


def test_what_an_override_of_an_older_version_lacks_is_empty() -> None:
    one = override.open_overrides([event(override.OVERRIDDEN, SUBJECT, 1, data={"gate": "default"})])[0]
    assert (one.expires, one.risk, one.codes, one.operator) == ("", "", (), "Ada Lovelace <ada@example.org>")


@pytest.mark.parametrize(
    ("expires", "now", "codes"),
    [
        ("2026-01-15T10:00:00.000Z", "2026-01-15T09:59:59.999Z", []),
        ("2026-01-15T10:00:00.000Z", "2026-01-15T10:00:00.000Z", ["VT460"]),
        ("", "2099-01-01T00:00:00.000Z", []),
    ],
)
def test_past_its_end_it_is_a_finding(expires: str, now: str, codes: list[str]) -> None:
    first = overridden(expires=expires)
    assert [f.code for f in override.findings(tiny_train(ticket(), events=[first]), now)] == codes
    assert override.findings(tiny_train(ticket(), events=[first, repaid(2, first)]), now) == []
