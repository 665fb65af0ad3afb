from __future__ import annotations

import pytest

from agenticops.core.sync import settings
from agenticops.errors import StateError

WHOLE = b"""\
schema: 1

repository: acme/train

board: acme/7

policies:
  title: remote

aliases:
  P0: now

exceptions: [VT482]

brake:
  share: 0.5
"""


def test_settings_say_how_both_sides_go_together() -> None:
    found = settings.read(WHOLE)
    assert (found.repository, found.exceptions, found.status_field) == ("acme/train", ("VT482",), "Status")
    rules = found.rules
    assert (rules.policies, rules.aliases, rules.board) == ({"title": "remote"}, {"P0": "now"}, True)
    assert (rules.share, rules.least) == (0.5, 10)


def test_no_file_says_nothing() -> None:
    assert settings.read(None) == settings.Settings()
    assert not settings.read(None).rules.board


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("policies: {}", 1, "schema is missing"),
        ("schema: 2", 1, "schema 2 is not known"),
        ("schema: 1\npolicies:\n  colour: ask", 3, "no field 'colour'"),
        ("schema: 1\npolicies:\n  title: mine", 2, "unknown value 'mine'"),
        ("schema: 1\naliases:\n  P0: urgent", 3, "no label of the train"),
        ("schema: 1\nexceptions: [VT100]", 2, "no flow rule"),
        ("schema: 1\nboard: seven", 2, "no project"),
        ("schema: 1\nbrake:\n  share: 2", 2, "share"),
        ("schema: 1\ntoken: abc", 2, "token"),
        ("- 1", 1, "mapping"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(StateError) as found:
        settings.read(text.encode())
    assert words in found.value.message
    assert found.value.place == f"config/forge.yml:{line}"


def test_comments_are_kept_unless_the_settings_say_no() -> None:
    assert settings.read(WHOLE).comments
    assert not settings.read(b"schema: 1\n\ncomments: false\n").comments
