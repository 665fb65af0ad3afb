"""Until: a time of the day, a time, an item or a ticket."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from agenticops.errors import UsageError
from agenticops.flows.drive.until import until
from agenticops.flows.drive.work import Outcome
from agenticops.workspace import Workspace
from tests.drive import rig
from tests.support import NOW, FixedClock

HERE = datetime.fromtimestamp(NOW / 1000).astimezone()
HOUR = 3_600_000


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return rig.train(tmp_path / "repo", ["good", "good"])


@pytest.mark.parametrize(
    ("words", "hours"),
    [
        (f"{(HERE.hour + 2) % 24}:{HERE.minute:02}", 2),
        (f"{HERE.hour:02}:{HERE.minute:02}", 24),
        (datetime.fromtimestamp(NOW / 1000 + 10_800).isoformat(), 3),
        (datetime.fromtimestamp(NOW / 1000 + 10_800).astimezone().isoformat(), 3),
    ],
    ids=["in two hours", "tomorrow", "local time", "time with its zone"],
)
def test_a_time_is_due_when_it_comes(repo: Path, words: str, hours: int) -> None:
    clock = FixedClock()
    due = until(Workspace(str(repo), clock), words)
    clock.now = NOW + hours * HOUR - 120_000
    assert not due(None)
    clock.now = NOW + hours * HOUR + 1000
    assert due(None) and due(Outcome("build_1", "delivered"))


@pytest.mark.parametrize("words", ["1", "build_1"])
@pytest.mark.parametrize("state", ["delivered", "blocked", "left"])
def test_an_item_or_a_ticket_is_due_when_it_ended(repo: Path, words: str, state: str) -> None:
    due = until(Workspace(str(repo)), words)
    assert due(Outcome("build_1", state))
    assert not due(None) and not due(Outcome("build_2", state)) and not due(Outcome("build_1", "stopped"))


def test_an_item_that_goes_on_has_not_ended(repo: Path) -> None:
    due = until(Workspace(str(repo)), "1")
    assert not due(Outcome("build_1", "delivered", successor="ship_1")) and due(Outcome("ship_1", "delivered"))


@pytest.mark.parametrize("words", ["later", "2020-01-01T10:00", "2020-13-45", "25:00", "99"])
def test_what_is_neither_is_refused(repo: Path, words: str) -> None:
    with pytest.raises(UsageError):
        until(Workspace(str(repo)), words)


def test_a_drive_ends_with_the_ticket_that_was_named(repo: Path) -> None:
    report = rig.drive(repo, until=until(Workspace(str(repo)), "build_1"))
    assert [o.ticket for o in report.outcomes] == ["build_1"] and report.ended == "until"
    for words in ("1", "build_1"):
        with pytest.raises(UsageError, match=f"{words} has ended already"):
            until(Workspace(str(repo)), words)
