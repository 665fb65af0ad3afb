"""The file `config/drive.yml`: what may stand in it, and where it says what is wrong."""

from __future__ import annotations

import pytest

from agenticops.core import documents
from agenticops.core.drive import lint, settings
from agenticops.errors import StateError
from tests.support import TINY

WHOLE = """\
schema: 1

prefer: [script, claude_code]

providers:
  script:
    command: [python3, scripts/agent.py, "{model}"]
    models:
      - {name: small, complexity: 4, money: 0.1}
    environment: {TOKEN: "env:MY_TOKEN"}
    files: [scripts/agent.py]

budgets:
  ticket: {money: 5, runs: 12}
  day: {money: 50}
  phases:
    build: {minutes: 90, per: month}
    "*": {tokens: 1000000}
  models:
    opus: {money: 20, per: day}

complexity:
  build: 8

roles:
  maker: developer
"""


def test_it_is_read_whole() -> None:
    found = settings.read(WHOLE.encode())
    assert list(settings.providers(found)) == ["script", "claude_code"]
    assert found.budgets.phases["build"] == settings.Budget(minutes=90, per="month")
    assert found.budgets.day.money == 50 and found.complexity == {"build": 8}
    assert list(lint.lint(WHOLE.encode(), documents.read_pipeline(TINY.encode()))) == []


def test_without_a_file_only_the_agent_that_is_paid_for_already_is_used() -> None:
    assert list(settings.providers(settings.read(None))) == ["claude_code"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("- 1", 1, "a mapping"),
        ("tries: 3", 1, "schema is missing"),
        ("schema: 2", 1, "schema 2 is not known"),
        ("schema: 1\nretries: 3", 2, "retries: unknown field"),
        ("schema: 1\ntries: 0", 2, "at least 1"),
        ("schema: 1\nheartbeat: 60", 2, "at most 30 seconds"),
        ("schema: 1\nseconds: 0", 2, "more than 0"),
        ("schema: 1\nprefer: [gpt]", 2, "no provider 'gpt'"),
        ("schema: 1\nproviders:\n  a:\n    command: []", 3, "no word"),
        ("schema: 1\nproviders:\n  a:\n    command: ls", 2, "providers.command: a list is wanted"),
        ("schema: 1\nproviders:\n  a:\n    command: [x, '{who}']", 3, "{who} is not known"),
        ("schema: 1\nproviders:\n  a:\n    command: [x, '{model}']", 3, "it has none"),
        ("schema: 1\nproviders:\n  a:\n    command: [x]\n    models:\n      - {name: m, complexity: 11}", 5, "1 to 10"),
        ("schema: 1\nbudgets:\n  ticket: {money: -1}", 2, "not negative"),
        ("schema: 1\nbudgets:\n  day: {money: 1, per: month}", 3, "it is for a day"),
        ("schema: 1\nbudgets:\n  ticket:\n    euros: 1", 4, "euros: unknown field"),
        ("schema: 1\ncomplexity:\n  build: 11", 3, "1 to 10"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(StateError) as found:
        settings.read(text.encode())
    assert words in found.value.message
    assert found.value.place == f"config/drive.yml:{line}"


@pytest.mark.parametrize(
    ("text", "code", "line", "words"),
    [
        ("complexity:\n  biuld: 5", "VT301", 3, "complexity: unknown phase 'biuld'"),
        ("budgets:\n  phases:\n    biuld: {money: 1}", "VT301", 4, "budgets.phases: unknown phase 'biuld'"),
        ("budgets:\n  models:\n    gpt: {money: 1}", "VT304", 4, "budgets.models: unknown model 'gpt'"),
        ("roles:\n  john: pm", "VT303", 3, "roles: unknown agent 'john'"),
    ],
)
def test_a_name_that_nobody_knows_is_a_finding(text: str, code: str, line: int, words: str) -> None:
    (found,) = lint.lint(f"schema: 1\n{text}\n".encode(), documents.read_pipeline(TINY.encode()))
    assert (found.code, found.line, found.message, found.path) == (code, line, words, "config/drive.yml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("alerts:\n  memry: {warning: 1, critical: 2, emergency: 3}\n", "alerts: unknown value 'memry'"),
        ("alerts:\n  cpu: {warning: 3, critical: 2, emergency: 3}\n", "the levels go up"),
        ("alerts:\n  cpu: {warning: -1, critical: 2, emergency: 3}\n", "the levels go up"),
        ("roles:\n  lab: boss\n", "roles: unknown value 'boss'"),
    ],
)
def test_levels_and_roles_that_there_are_not_are_refused(text: str, said: str) -> None:
    with pytest.raises(StateError, match=said) as caught:
        settings.read(f"schema: 1\n\n{text}".encode())
    assert caught.value.place.startswith("config/drive.yml:") and "class" not in caught.value.hint
