"""Approvals, folded: the status of a review, what each reviewer said, and keys by their fingerprints."""

from __future__ import annotations

import base64

import msgspec
import pytest

from agenticops.core import approval
from agenticops.model.approval import LIFE_CYCLE, Statement
from agenticops.model.event import Actor, Event
from tests.support import event

ADA, BOB = "Ada <ada@example.org>", "Bob <bob@example.org>"
SUBJECT = approval.subject("shape_142", "review")


def statement(nonce: str, who: str = "ada@example.org", at: int = 0, **more: object) -> Statement:
    found = Statement(
        at=f"2026-01-01T10:00:{at:02d}.000Z",
        decision="approved",
        digest="d",
        gate="review",
        nonce=nonce,
        reason="looked",
        role="",
        score=8.0,
        signer=who,
        suggestions=(),
        ticket="shape_142",
    )
    return msgspec.structs.replace(found, **more)


def fact(kind: str, number: int, who: str = ADA, **data: object) -> Event:
    return event(kind, SUBJECT, number, ticket="shape_142", data=data, actor=Actor(who))


def decided(number: int, said: Statement, who: str = ADA) -> Event:
    text = approval.payload(said)
    return fact("approval_decided", number, who, **approval.fields(said), payload=text, signature="")


def test_the_empty_record_is_pending() -> None:
    assert approval.record("shape_142", "review", []).status == "pending" == LIFE_CYCLE.start


def test_two_reviews_at_a_time_do_not_mix() -> None:
    events = [
        fact("approval_begun", 1, ADA, nonce="a"),
        fact("approval_begun", 2, BOB, nonce="b"),
        decided(3, statement("b", "bob@example.org", decision="rejected"), BOB),
    ]
    half = approval.record("shape_142", "review", events)
    assert (half.status, half.reviews, half.problems) == ("in_review", {"a": "ada@example.org"}, ())
    whole = approval.record("shape_142", "review", [*events, decided(4, statement("a", at=1))])
    assert (whole.status, whole.reviews, len(whole.given)) == ("approved", {}, 2)
    assert [f.verdict for f in whole.feedback] == ["rejected", "approved"]


@pytest.mark.parametrize(
    "events",
    [
        [fact("approval_begun", 1, nonce="a"), fact("approval_begun", 2, nonce="a")],
        [fact("approval_begun", 1, nonce="a"), fact("approval_begun", 2, BOB, nonce="a")],
        [decided(1, statement("a"))],
        [fact("approval_begun", 1, BOB, nonce="a"), decided(2, statement("a"))],
        [fact("approval_begun", 1, nonce="a"), *(decided(n, statement("a")) for n in (2, 3))],
        [fact("review_given", 1, verdict="blessed", score=5)],
        [fact("review_given", 1, verdict="approved", score=50)],
    ],
)
def test_steps_off_the_life_cycle_are_problems(events: list[Event]) -> None:
    assert len(approval.record("shape_142", "review", events).problems) == 1


def test_what_was_voided_does_not_count() -> None:
    events = [fact("approval_begun", 1, nonce="a"), decided(2, statement("a"))]
    gone = event("voided", "train", 3, data={"events": [e.id for e in events]})
    assert approval.record("shape_142", "review", [*events, gone]).given == ()


def test_the_last_word_is_told_by_the_time_that_was_signed() -> None:
    given = []
    for number, said in enumerate(
        [statement("a", at=5, role="x"), statement("b", at=1, role="x", decision="rejected")]
    ):
        one, _ = approval.read(decided(number + 1, said))
        assert one is not None
        given.append(one)
    assert [g.statement.nonce for g in approval.latest(given, "x")] == ["a"]
    assert [g.statement.nonce for g in approval.latest(given[::-1])] == ["a"]


def test_the_last_word_in_a_role_is_not_hidden_by_one_in_another() -> None:
    said = [statement("a", at=1, role="x"), statement("b", at=2, role="y")]
    given = [one for n, s in enumerate(said) if (one := approval.read(decided(n + 1, s))[0]) is not None]
    assert [g.statement.nonce for g in approval.latest(given, "x")] == ["a"]
    assert [g.statement.nonce for g in approval.latest(given, "z")] == ["b"]


def test_owners_are_who_worked_the_ticket() -> None:
    events = [
        event("ticket_started", "ticket/shape_142", 1, actor=Actor(ADA, "lab")),
        event("bullet_ticked", "ticket/shape_142", 2, actor=Actor(BOB)),
    ]
    assert approval.owners(events, "Eve <eve@x.org>") == {"ada@example.org", "agent:lab", "eve@x.org"}
    assert approval.owners([], "") == set()


@pytest.mark.parametrize("text", ["", "horse", "!!!!", base64.b64encode(b"SSHSIG\0\0\0\1\0\0\0\x40short").decode()])
def test_what_is_no_signature_has_no_fingerprint(text: str) -> None:
    assert approval.fingerprint(text) == ""
