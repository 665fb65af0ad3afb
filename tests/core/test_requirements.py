"""What a receiving agent may require, and what counts as brought."""

from __future__ import annotations

from typing import Any

import pytest

from agenticops.core.requirements import REQUIREMENTS, Brought, lacking
from agenticops.model.session import Session, Todo

FULL = Session(ticket="shape_1", next_steps=("go",), notes=("n",), decisions=("d",))
BUSY = Todo("d1", "draw", "in_progress")


def found(name: str, session: Session = FULL, **more: Any) -> list[tuple[str, str, str]]:
    return [(f.code, f.message, f.hint) for f in lacking([name], Brought(session, **more), "maker", "s.md")]


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_what_is_brought_is_no_finding(name: str) -> None:
    assert found(name) == []


@pytest.mark.parametrize(
    ("name", "session", "more", "words", "way"),
    [
        ("next_steps", Session(), {}, "maker requires next steps at a hand-off", "--next"),
        ("notes", Session(), {}, "maker requires notes at a hand-off", "--note"),
        ("decisions", Session(), {}, "maker requires decisions at a hand-off", "session decide"),
        ("artifacts", FULL, {"owed": (("brief", "docs/1/brief.md"),)}, "docs/1/brief.md is neither", "--next"),
        ("todos", Session(todos=(BUSY,)), {}, "the to-do d1 is in progress: draw", "session todo done"),
        ("blockers", Session(blockers=("no key", "b", "c", "d")), {}, "no key, b, c and 1 more", "session unblock"),
        ("evidence", FULL, {"unproven": ("unit-tests",)}, "no fresh evidence of: unit-tests", "gate run shape_1"),
        ("clean", FULL, {"dirty": ("a file",)}, "uncommitted changes: a file", "git add 'a file'"),
    ],
)
def test_what_is_missing_says_how_to_bring_it(
    name: str, session: Session, more: dict[str, Any], words: str, way: str
) -> None:
    ((code, message, hint),) = found(name, session, **more)
    assert code == "VT505" and words in message and way in hint


@pytest.mark.parametrize("said", ["write the brief", "see docs/1/brief.md"])
def test_an_open_artifact_may_be_named_to_the_next_one(said: str) -> None:
    assert found("artifacts", Session(next_steps=(said,)), owed=(("brief", "docs/1/brief.md"),)) == []


def test_an_unknown_requirement_is_never_met() -> None:
    ((code, message, hint),) = found("next_step")
    assert (code, message) == ("VT506", "maker requires 'next_step', which is unknown") and "next_steps" in hint
