"""A seeded slice of the hostile harness, and its mutants."""

from __future__ import annotations

import pytest

from tests.stress import hostile
from tests.support import some, thorough


def test_a_slice_holds_and_covers_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = some(hostile.every_call(), 5)
    monkeypatch.setattr(hostile, "every_call", lambda: calls)
    assert len(hostile.REPOSITORIES) >= 50
    (result,) = hostile.measure(["include.path to a tracked file"], False)
    assert (result.executed, result.escaped, result.wrong) == ([], [], [])


@thorough
def test_the_shields_mutant_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "every_call", lambda: [("doctor",), ("check", "--staged")])
    with hostile._no_shield():
        (result,) = hostile.measure(["core.fsmonitor"], False)
    assert result.executed
