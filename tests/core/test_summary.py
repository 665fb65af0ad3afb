"""The summary of a session at rest."""

from __future__ import annotations

from agenticops.core import summary
from agenticops.core.summary import Facts
from agenticops.model.session import Session, Todo, Touched
from tests.support import event

SESSION = Session(
    id="s-1",
    agent="planner",
    mode="plan",
    ticket="shape_1",
    decisions=("drop the\npostcode",),
    blockers=("no key",),
    todos=(Todo("d1", "draw"), Todo("d2", "ask", "completed")),
    artifacts=Touched(("a.py", "b.py"), ("c.py",)),
)


def test_it_is_told_from_the_log_since_the_session_began() -> None:
    def of_ticket(kind: str, number: int, **data: object):  # type: ignore[no-untyped-def]
        return event(kind, "ticket/shape_1", number, at=f"2026-01-0{number}T10:00:00.000Z", data=data)

    began = event("session_began", "session/s-1", 2, at="2026-01-02T10:00:00.000Z", ticket="shape_1")
    events = [
        of_ticket("bullet_ticked", 1, bullet="before"),
        began,
        of_ticket("bullet_ticked", 3, bullet="a"),
        of_ticket("bullet_ticked", 4, bullet="a"),
        of_ticket("artifact_recorded", 5, artifact="brief"),
        of_ticket("effort_spent", 6, hours=1.5),
        of_ticket("effort_spent", 7, hours=2),
        of_ticket("effort_spent", 8, hours="many"),
    ]
    found = summary.facts([began], events)
    assert found == Facts(began.at, "2026-01-08T10:00:00.000Z", 3.5, 1, ("brief",), ())
    assert summary.text(SESSION, found, timed=True).splitlines() == [
        "- planner worked shape_1 in mode plan",
        "- from 2026-01-02 10:00 to 2026-01-08 10:00 (UTC), 3.5 hours noted",
        "- 1 bullets ticked; recorded brief; 2 files created; 1 files modified",
        "- decided: drop the postcode",
        "- left open: draw",
        "- blocked by: no key",
    ]
    assert "2026" not in summary.text(SESSION, found, timed=False)


def test_a_session_whose_beginning_is_unknown() -> None:
    assert summary.facts([], [event("bullet_ticked", "ticket/shape_1")]) == Facts()


def test_a_summary_takes_the_place_of_an_earlier_one_of_ours() -> None:
    once = summary.placed("---\na: b\n---\n\n# Notes\n\nMine.\n", "- one")
    assert once.endswith("Mine.\n\n## Summary\n\n<!-- agenticops wrote this summary -->\n\n- one\n")
    twice = summary.placed(once + "\n## Later\n\nMore of mine.\n", "- two")
    assert twice.count("## Summary") == 1 and "- one" not in twice and "More of mine." in twice
    own = "---\na: b\n---\n\n## Summary\n\nA person wrote this.\n"
    assert "A person wrote this." in summary.placed(own, "- x")
    assert "\n" not in summary.placed("---\r\na: b\r\n---\r\n", "- x").replace("\r\n", "")
