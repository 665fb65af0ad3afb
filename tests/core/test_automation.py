"""The file config/automation.yml: read with the line of what is wrong, and without secrets."""

from __future__ import annotations

import pytest

from agenticops.core import automation
from agenticops.errors import StateError

GOOD = """\
schema: 1
mail: {host: mail.example.org, user: train, password: "env:MAIL_PASSWORD", sender: train@example.org}
webhooks: {allow: [10.0.0.0/8], secret: "env:HOOK_SECRET"}
channels:
  team: {type: slack, url: "env:SLACK_URL"}
templates:
  welcome: {subject: "Hello {{name}}", text: "Welcome, {{name}}."}
quiet: {begin: "22:00", end: "06:30", timezone: Europe/Berlin}
throttle: {most: 5}
retries: {attempts: 3, first: 1, factor: 2}
scripts:
  tidy: {command: [python3, tools/tidy.py]}
people:
  ada: {email: ada@example.org, channels: [team, email]}
"""


def test_it_is_read() -> None:
    found = automation.read(GOOD.encode())
    assert found.channel("team").url == "env:SLACK_URL"
    assert found.channel("email").type == "email"
    assert found.scripts["tidy"].command == ("python3", "tools/tidy.py")
    assert [found.retries.wait(n) for n in (1, 2, 3)] == [1.0, 2.0, None]
    with pytest.raises(StateError, match="no channel 'pager'"):
        found.channel("pager")


@pytest.mark.parametrize("text", ["mail: {tls: none}", "channels:\n  team: {type: sms}", "lease: both"])
def test_what_a_field_may_say_is_named_however_deep_it_stands(text: str) -> None:
    with pytest.raises(StateError, match="unknown value") as error:
        automation.read(f"schema: 1\n{text}\n".encode())
    assert error.value.hint in (
        "known: starttls, always, never",
        "known: log, terminal, email, slack, telegram, webhook",
        "known: local, remote",
    )


def test_without_a_file_everything_is_by_default() -> None:
    assert automation.read(None) == automation.read(b"schema: 1\n") == automation.Automation()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("schema: 2\n", 1, "schema 2 is not known"),
        ("mial: {}\n", 1, "mial"),
        ("mail:\n  password: hunter2\n", 2, "does not stand in a file"),
        ("channels:\n  team: {type: slack, url: https://hooks.example.org/T0}\n", 2, "does not stand in a file"),
        ("channels:\n  team: {type: telegram}\n", 2, "needs token"),
        ("people:\n  ada: {channels: [pager]}\n", 2, "no channel 'pager'"),
        ('quiet: {begin: "25:00", end: "06:00"}\n', 1, "no time of day"),
        ('quiet: {begin: "22:00", end: "06:00", timezone: Mars}\n', 1, "no time zone"),
        ("retries: {attempts: 0}\n", 1, "1 to 50 attempts"),
        ("throttle: {most: 0}\n", 1, "one message at least"),
        ("webhooks: {seconds: 0}\n", 1, "at most 120"),
        ("engine: {workers: 99}\n", 1, "1 to 32"),
        ("scripts:\n  a: {command: []}\n", 2, "a command"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(StateError, match=words) as e:
        automation.read(text.encode())
    assert e.value.place == f"config/automation.yml:{line}"
