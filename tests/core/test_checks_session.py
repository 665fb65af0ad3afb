"""The check `session`: readable, of this ticket, and nothing left in the air."""

from __future__ import annotations

import pytest

from agenticops.core.case import Case
from agenticops.core.checks import run
from agenticops.model.finding import Finding
from agenticops.model.layout import ROOT_SESSION
from tests.support import ticket, tiny_train

OWN = ticket().session_path


def found(path: str, text: str) -> list[Finding]:
    return run("session", Case(tiny_train(ticket(), files={path: text}), ticket()))


def session(status: str, name: str = ticket().id, phase: str = "shape", mode: str = "plan", more: str = "") -> str:
    return f"---\nstatus: {status}\nticket: {name}\nphase: {phase}\nmode: {mode}\n{more}---\nNotes\n"


@pytest.mark.parametrize("path", [OWN, ROOT_SESSION])
@pytest.mark.parametrize("status", ["init", "active", "paused", "done", "archived"])
def test_a_session_of_this_ticket(path: str, status: str) -> None:
    assert found(path, session(status)) == []


def test_no_session_at_all() -> None:
    assert run("session", Case(tiny_train(ticket()), ticket())) == []


@pytest.mark.parametrize("path", [OWN, ROOT_SESSION])
def test_a_session_that_cannot_be_read_names_its_line(path: str) -> None:
    (finding,) = found(path, "---\nstatus: asleep\n---\n")
    assert (finding.code, finding.path, finding.line) == ("VT501", path, 2)


def test_a_session_of_another_ticket_counts_in_the_tickets_folder_only() -> None:
    (finding,) = found(OWN, session("init", "shape_7"))
    assert (finding.code, finding.message) == ("VT502", "the session belongs to shape_7")
    assert found(ROOT_SESSION, session("active", "shape_7", phase="build")) == []


@pytest.mark.parametrize(("phase", "mode"), [("build", "plan"), ("shape", "make"), ('""', '""')])
@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_session_that_stands_elsewhere(status: str, phase: str, mode: str) -> None:
    (finding,) = found(ROOT_SESSION, session(status, phase=phase, mode=mode))
    assert finding.code == "VT503"
    assert "agenticops mode enter plan" in finding.hint


def test_a_hand_off_that_nobody_took() -> None:
    (finding,) = found(ROOT_SESSION, session("handed_off", more="handoff:\n  to: maker\n"))
    assert (finding.code, finding.message) == ("VT504", "handed to maker, who has not begun")
    assert "--agent maker" in finding.hint
