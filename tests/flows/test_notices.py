"""Telling people: the inbox has it, the outbox what goes further; roles, templates, quiet hours, limits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agenticops.errors import UsageError
from agenticops.flows import notices
from agenticops.workspace import Workspace
from tests.support import write

SETTINGS = """\
channels:
  mail: {type: email}
people:
  ada: {email: ada@example.org, channels: [mail]}
  bo: {}
templates:
  hello: {subject: "Hello {{name}}", text: "Welcome, {{name}}."}
"""


@pytest.fixture
def repo(train: Path) -> Path:
    write(train, "config/automation.yml", SETTINGS)
    return train


def outbox(repo: Path) -> list[tuple[str, str, str]]:
    return Workspace(str(repo)).index.rows("SELECT channel, status, due FROM outbox ORDER BY id")


def test_a_notice_is_in_the_inbox_and_on_its_way(repo: Path) -> None:
    assert notices.send(Workspace(str(repo)), ["ada", "bo", "ada"], "Back", "Since noon.") == ["ada", "bo"]
    here = Workspace(str(repo))
    assert [(n.who, n.data["subject"], n.read) for n in notices.inbox(here, "bo")] == [("bo", "Back", "")]
    assert [row[0] for row in outbox(repo)] == ["email"]


def test_what_was_read_is_not_shown_again(repo: Path) -> None:
    for subject in ("one", "two"):
        notices.send(Workspace(str(repo)), ["bo"], subject)
    first = notices.inbox(Workspace(str(repo)), "bo")[1]
    assert [n.id for n in notices.read(Workspace(str(repo)), [first.id[-6:]], "bo")] == [first.id]
    assert [n.data["subject"] for n in notices.inbox(Workspace(str(repo)), "bo")] == ["two"]
    notices.read(Workspace(str(repo)), [], "bo")
    assert notices.inbox(Workspace(str(repo)), "bo") == []
    assert len(notices.inbox(Workspace(str(repo)), "bo", everything=True)) == 2
    with pytest.raises(UsageError, match="no unread notice"):
        notices.read(Workspace(str(repo)), [first.id], "bo")


def test_templates_are_filled_in(repo: Path) -> None:
    notices.send(Workspace(str(repo)), ["bo"], "", template="hello", fields={"name": "Bo"})
    assert notices.inbox(Workspace(str(repo)), "bo")[0].data["subject"] == "Hello Bo"
    for wrong, words in (({"template": "hello"}, "names nothing"), ({"template": "bye"}, "no template")):
        with pytest.raises(UsageError, match=words):
            notices.send(Workspace(str(repo)), ["bo"], "", **wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("more", "urgent", "sent", "held"),
    [
        ("throttle: {most: 1}\n", False, 1, 1),
        ("throttle: {most: 1}\n", True, 2, 0),
        ("throttle: {most: 2}\n", False, 2, 0),
    ],
)
def test_so_much_goes_out(repo: Path, more: str, urgent: bool, sent: int, held: int) -> None:
    write(repo, "config/automation.yml", SETTINGS + more)
    for subject in ("one", "two"):
        notices.send(Workspace(str(repo)), ["ada"], subject, urgent=urgent)
    found = notices.inbox(Workspace(str(repo)), "ada")
    assert (len(outbox(repo)), len([n for n in found if n.data.get("held")]), len(found)) == (sent, held, 2)


def test_quiet_hours_are_waited_for(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, "config/automation.yml", SETTINGS + 'quiet: {begin: "22:00", end: "06:00"}\n')
    monkeypatch.setenv("AGENTICOPS_NOW", "1795302000000")  # 2026-11-21T23:00:00Z
    notices.send(Workspace(str(repo)), ["ada"], "later")
    notices.send(Workspace(str(repo)), ["ada"], "at once", urgent=True)
    assert sorted(row[2] for row in outbox(repo)) == ["2026-11-21T23:00:00.000Z", "2026-11-22T06:00:00.000Z"]


def test_a_role_is_its_members(repo: Path) -> None:
    text = (repo / "config/pipeline.yml").read_text()
    assert "\nroles:\n" in text
    member = '  keeper:\n\n    members: ["Cy <cy@example.org>", bo@example.org]\n'
    write(repo, "config/pipeline.yml", text.replace("\nroles:\n", f"\nroles:\n\n{member}", 1))
    who: Any = notices.send(Workspace(str(repo)), ["keeper"], "x")
    assert who == ["cy@example.org", "bo@example.org"]


def test_a_steady_flow_beyond_the_limit_is_not_silence(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repo, "config/automation.yml", SETTINGS + "throttle: {most: 1, per: hour}\n")
    for minute in range(0, 130, 40):
        monkeypatch.setenv("AGENTICOPS_NOW", str(1795302000000 + minute * 60_000))
        notices.send(Workspace(str(repo)), ["ada"], f"at {minute}")
    assert len(outbox(repo)) == 2  # at 0 and 80: what was held at 40 does not hold the next one


@pytest.mark.parametrize(
    ("who", "subject", "words"),
    [
        ([], "x", "nobody is to be told"),
        ([" "], "x", "nobody is to be told"),
        (["a\nb"], "x", "nobody's name"),
        (["b" * 300], "x", "nobody's name"),
        (["bo"], "x" * 300, "has 300 characters"),
        (["bo"], " \n", "says something"),
    ],
)
def test_what_is_no_notice(repo: Path, who: list[str], subject: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        notices.send(Workspace(str(repo)), who, subject)
    assert Workspace(str(repo)).index.rows("SELECT * FROM notice") == []


def test_as_a_step_declares_it(repo: Path) -> None:
    here = Workspace(str(repo))
    steps = [s for phase in here.train.pipeline.phases.values() for stage in phase.stages for s in stage.steps]
    one = next(notification for step in steps for notification in step.notifications)
    found = notices.declared(here, one.name)
    assert (found.to, found.message, found.channel) == (one.to, one.message, "")
    with pytest.raises(UsageError, match="declares a notification 'nope'"):
        notices.declared(here, "nope")


def test_unread_is_counted_for_oneself(repo: Path) -> None:
    here = Workspace(str(repo))
    me = here.operator.rpartition("<")[2].rstrip(">")
    assert (notices.unread(here), notices.waiting(here)) == (0, False)
    notices.send(here, [me, "bo"], "two\nlines")
    here = Workspace(str(repo))
    assert (notices.unread(here), notices.inbox(here)[0].data["subject"]) == (1, "two lines")
    notices.send(here, ["ada"], "by mail")
    assert notices.waiting(Workspace(str(repo)))
