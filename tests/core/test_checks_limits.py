"""The rule `limits`: what a ticket's branch changed, one of the ticket's modes writes."""

from __future__ import annotations

import pytest

from agenticops.core import checks, documents
from agenticops.core.span import Side, Span
from agenticops.model.event import Event
from agenticops.model.finding import Finding
from agenticops.model.history import Change
from tests.support import ITEM, TINY, event, ticket, tiny_train

TICKET = f"shape_{ITEM}"
BOUND = TINY.replace("    title: Plan\n", "    title: Plan\n    writable: [src/**]\n", 1)
BOTH = BOUND.replace("    title: Make\n", "    title: Make\n    writable: [lib/**, config/**]\n", 1)


def found(pipeline: str, *paths: str, branch: str = f"phase/{TICKET}", events: tuple[Event, ...] = ()) -> list[Finding]:
    """Judge a step that changed some paths; its own pipeline says nothing, the base's does."""
    train = tiny_train(ticket(), events=events)
    side = Side(train, "base", {p: Change("", "1") for p in paths}, {}, {})
    return checks.rule("limits", Span(train, [side], documents.read_pipeline(pipeline.encode()), branch=branch))


def entered(mode: str) -> Event:
    return event("mode_entered", "session/s-1", 5, ticket=TICKET, data={"mode": mode, "from": "plan"})


def test_what_the_mode_does_not_write_is_found() -> None:
    (finding,) = found(BOUND, "src/a.py", "lib/b.py")
    assert (finding.code, finding.path) == ("VT470", "lib/b.py")
    assert "(plan)" in finding.message and "agenticops mode enter" in finding.hint


@pytest.mark.parametrize(
    "path",
    [
        f"docs/{ITEM}/brief.md",
        f"tickets/{TICKET}/ticket.yml",
        f"tickets/{TICKET}/artifacts/x.csv",
        ".agenticops/events/2026/01/x.jsonl",
        "docs/work/142.md",
        "docs/risks/r1.md",
        "docs/architecture/adr/0001-x.md",
        ".gitattributes",
        # These are another rule's, VT806:
        "config/pipeline.yml",
        "tickets/build_t00000002/x",
        "docs/session-context/ACTIVE_SESSION.md",
    ],
)
def test_what_is_the_train_s_own_is_fine(path: str) -> None:
    assert found(BOUND, path) == []


def test_a_mode_without_limits_writes_everything() -> None:
    assert found(TINY, "lib/b.py", ".mcp.json") == []


def test_modes_that_were_entered_count_and_others_do_not() -> None:
    assert [f.path for f in found(BOTH, "lib/b.py", events=(entered("plan"),))] == ["lib/b.py"]
    assert found(BOTH, "src/a.py", "lib/b.py", events=(entered("make"),)) == []
    assert [f.path for f in found(BOTH, "x", events=(entered("make"), entered("nowhere")))] == ["x"]
    assert found(BOUND, "x", events=(entered("make"),)) == [], "make has no limits in this pipeline"


def test_only_a_ticket_s_branch_is_judged() -> None:
    for branch in ("", "main", "side", "phase/", "phase/nothing", "phase/build_t00000009"):
        assert found(BOUND, "lib/b.py", branch=branch) == [], branch


def test_what_an_installation_wrote_is_fine_with_its_manifest() -> None:
    files = (".claude/settings.json", "AGENTS.md", ".mcp.json")
    assert [f.path for f in found(BOUND, *files)] == sorted(files)
    assert found(BOUND, *files, ".agenticops/agents.json") == []


def test_what_a_merge_brings_is_not_judged() -> None:
    train = tiny_train(ticket())
    ours, theirs = ({"lib/a": Change("", "1"), "lib/b": Change("1", "2")}, {"lib/b": Change("2", "3")})
    sides = [Side(train, n, c, {}, {}) for n, c in (("ours", ours), ("theirs", theirs))]
    span = Span(train, sides, documents.read_pipeline(BOUND.encode()), branch=f"phase/{TICKET}")
    assert [f.path for f in checks.rule("limits", span)] == ["lib/b"]
