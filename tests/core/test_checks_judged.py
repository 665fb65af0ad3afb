"""The judge of closings: which tickets a step closed, as what, and by which case they are judged."""

from __future__ import annotations

import pytest

from agenticops.core import documents
from agenticops.core.checks import judged
from agenticops.core.span import Side, Span, Until
from agenticops.core.train import Train
from agenticops.model.event import Event
from tests.support import BRIEF, ITEM, TINY, event, state, ticket, tiny_train

SHAPE = f"shape_{ITEM}"
SUBJECT = f"ticket/{SHAPE}"
OPENED = state(SUBJECT, "todo", 1, kind="ticket_opened")


def span(*events: Event, base: Train | None = None, status: str = "done") -> Span:
    """A step that brings these events, and a ticket with this status."""
    after = tiny_train(ticket(status=status), events=[OPENED, *events], files={f"docs/{ITEM}/brief.md": BRIEF})
    side = Side(tiny_train(ticket()), "base", {}, {e.id: e for e in events}, {})
    return Span(after, [side], documents.read_pipeline(TINY.encode()), base=base)


def closing(to: str = "done", number: int = 5, kind: str = "ticket_done", digest: str = "d") -> Event:
    return event(kind, SUBJECT, number, prev=OPENED.id, data={"to": to, "digest": digest})


@pytest.mark.parametrize("kind", ["ticket_done", "ticket_started", "ticket_unblocked"])
def test_it_counts_where_an_event_leads(kind: str) -> None:
    assert list(dict(judged.closings(span(closing(kind=kind))))) == [SHAPE]


def test_what_went_on_since_is_not_closed() -> None:
    review = closing("in_review", kind="ticket_in_review")
    again = event("ticket_started", SUBJECT, 6, prev=review.id, data={"to": "in_progress"})
    assert list(judged.closings(span(review, again, status="in_progress"))) == []
    assert [e for _, e in judged.closings(span(review, status="in_review"))] == [review]


@pytest.mark.parametrize(
    ("verdicts", "word"),
    [
        ((), "unproven"),
        ((("gate_passed", "d"),), "passed"),
        ((("gate_passed", "other"),), "unproven"),
        ((("gate_overridden", "d"),), "overridden"),
        ((("gate_overridden", "other"),), "unproven"),
        ((("gate_overridden", "d"), ("gate_refused", "d")), "unproven"),
        ((("gate_overridden", "d"), ("gate_passed", "d")), "passed"),
    ],
)
def test_what_the_log_claims(verdicts: tuple[tuple[str, str], ...], word: str) -> None:
    claims = [event(k, SUBJECT, n, data={"digest": d}) for n, (k, d) in enumerate(verdicts, 2)]
    end = closing()
    step = span(*claims, end)
    assert judged.word(step, SHAPE, end) == word
    assert bool(list(judged.check(step))) == (word != "overridden")


def test_a_verdict_that_comes_later_claims_nothing() -> None:
    end = closing()
    later = event("gate_overridden", SUBJECT, 9, data={"digest": "d"})
    assert judged.word(span(end, later), SHAPE, end) == "unproven"


def test_the_case_has_the_base_the_time_and_the_log_of_the_closing() -> None:
    base = tiny_train()
    end, later = closing(), event("bullet_ticked", SUBJECT, 9, data={"bullet": "x"})
    step = span(end, later, base=base)
    step.verify = lambda content, signature, identity, signers: "no"
    case = judged.case_of(step, step.after.ticket(SHAPE), end, step.judge)
    assert (case.now, case.judge, case.moving, case.verify) == (end.at, base, True, step.verify)
    assert later not in case.after.log.of_ticket(SHAPE) and end in case.after.log.of_ticket(SHAPE)
    assert later in step.after.log.of_ticket(SHAPE), "the step's own train sees all"
    review = closing("in_review", kind="ticket_in_review")
    assert not judged.case_of(step, case.ticket, review, step.judge).moving


def test_a_log_until_an_event_has_what_came_before() -> None:
    one, two, three = (event("bullet_ticked", SUBJECT, n) for n in (1, 2, 3))
    log = Until(tiny_train(events=[one, two, three]).log, two)
    assert log.of_ticket(SHAPE) == log.of_subject(SUBJECT) == log.of_item(ITEM) == [one, two]


def test_a_ticket_that_cannot_be_read_is_refused() -> None:
    end = closing()
    after = tiny_train(ticket(status="done"), events=[OPENED, end], files={f"tickets/{SHAPE}/checklist.md": b"\xff"})
    step = Span(after, [Side(tiny_train(), "b", {}, {end.id: end}, {})], documents.read_pipeline(TINY.encode()))
    (finding,) = judged.check(step)
    assert finding.code == "VT810" and "cannot be judged" in finding.message
